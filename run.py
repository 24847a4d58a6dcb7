"""Start the engine: `python run.py --help`."""

import signal

if __name__ == "__main__":
    # Until the engine listens itself, an interrupt just ends the process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from trader.cli import main

    main()
