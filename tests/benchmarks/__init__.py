"""Figures of speed, each beside a yardstick measured in the same run: `python -m tests.benchmarks`.

A machine's speed is its own, so nothing here is asserted; the tests only run each benchmark once.

advice    one advice of a model, the model's own time aside
chain     six actors in a row: on our kernel, on pykka's threads, on trio's channels
figures   a figure, its target, and the table
flood     one message, and chains of six, with the queue full
house     a whole engine over candles that are made up
latency   one message at a time from another thread, idle and beside a busy thread
month     a month of recorded minutes by `run.py`, as a person waits for it
orders    from a candle in to an order out, and what its intent's fsync takes
panel     a second of looking at a run
pipeline  a year of candles through the whole engine
risk      judging a proposal, value at risk, marking positions
startup   the first status line of `run.py`, and its memory
"""
