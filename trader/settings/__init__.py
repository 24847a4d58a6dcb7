"""Settings: what a person may set, where it may be set, and what is refused.

schema       every setting, section by section: what it means, its unit and its safe default
ranges       what each setting accepts, in one table
values       what a layer says -> the value the setting holds
together     what settings must agree on, and what deserves a remark
files        JSON, TOML and `.env` files as they stand on the disk
sources      each layer's values, with the place each stands in
problems     every error of a load, one line each
layers       default < profile < .env < environment < files < command line
show         the effective settings as text
fingerprint  a short digest of the effective settings
"""
