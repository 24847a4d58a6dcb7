"""Start the engine: `python run.py --help`."""

import gc
import os
import signal
import sys
import threading
from contextlib import suppress

_YOUNG = 20_000
"""Objects that are new when garbage is looked for: a start makes many more than 700, to stay."""


def leave(ended: SystemExit) -> None:
    """End the process with its exit code, where it leaves a thread behind.

    Such as one that a model's server keeps hanging, or that still imports the model's client. The
    interpreter would unwind it, which aborts the process where a library is not written in C.
    """
    if isinstance(ended.code, int) and any(each.daemon for each in threading.enumerate()):
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        os._exit(ended.code)


if __name__ == "__main__":
    # Until the engine listens itself, an interrupt just ends the process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.set_threshold(_YOUNG)
    try:
        from trader.cli import main
    except ImportError as error:
        cure = "use .venv/bin/python, as README.md makes it of Python 3.11 to 3.13"
        sys.stderr.write(f"error: {error}; {cure}\n")
        sys.exit(2)
    try:
        main()
    except SystemExit as ended:
        gc.freeze()  # the interpreter would look through all there is once more as it ends
        leave(ended)
        raise
