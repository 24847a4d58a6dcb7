"""Ring 4: what tests, and users, run actors and venues against.

model_server  a scripted, OpenAI-compatible model on loopback, and every way in which it fails
pace          a kernel on either driver, in time that a test moves by hand
stage         one actor alone on a kernel, on either driver
venue_server  a venue on this machine: a websocket that sends frames, and fails as it is told
"""
