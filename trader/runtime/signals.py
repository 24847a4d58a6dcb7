"""Signals on a thread of their own, so that a wedged handler cannot keep them waiting."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from loguru import logger

SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2})

_INTERRUPT = signal.SIGALRM
_PATIENCE = 1.0


@contextmanager
def open_signals(handle: Callable[[signal.Signals], None]) -> Iterator[None]:
    """Call `handle` with each signal until the block ends; enter it on the main thread, first.

    The signals are blocked in every thread made inside, and stay blocked after the block: a run
    that has ended has nothing left to interrupt.
    """
    # Who started us with nohup wants us to outlive the terminal.
    ignored = {signal.SIGHUP} if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else set()
    awaited, ended = SIGNALS - ignored, threading.Event()
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    earlier = signal.signal(_INTERRUPT, signal.default_int_handler)

    def wait() -> None:
        while True:
            number = signal.Signals(signal.sigwait(awaited))
            if ended.is_set():
                return
            try:
                handle(number)
            except Exception as error:  # noqa: BLE001 - the next signal has to be heard
                logger.opt(exception=error).error("signal_not_handled")

    thread = threading.Thread(target=wait, name="signals", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        signal.pthread_kill(thread.ident or 0, signal.SIGUSR1)
        thread.join(_PATIENCE)
        signal.signal(_INTERRUPT, earlier)


def interrupt() -> None:
    """Raise KeyboardInterrupt in the main thread, even out of a sleep or a wait for a lock."""
    signal.pthread_kill(threading.main_thread().ident or 0, _INTERRUPT)
