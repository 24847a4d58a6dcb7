"""Ring 4: the actor substrate, on pykka and trio.

actor      the actor class, and the inbox and future that tie pykka's references to a kernel
digest     the digest over decisions that is equal across drivers, speeds and crashes
faults     crashes injected on purpose
interlock  the thread-safe epoch that stands between an approval and the venue
kernel     the run queue: one FIFO of envelopes, each delivered as a transaction
live       the driver on trio, in real or scaled time
mailbox    the bounds of the mailboxes: late quotes conflate, an overflow is announced
recorder   what of the queue goes into the journal
recovery   how a role fails, is rebuilt from checkpoint and log, and goes on where it was
role       envelopes and roles: an address with its mailbox, memory and history
schedule   timers and port coroutines, ordered by (due, seq)
signals    the thread that waits for signals
virtual    the driver that jumps from event to event
watch      the watch over a handler that does not return
wiring     topology turned into what the kernel looks up: routes, handlers, sources
"""

from trader.runtime.actor import Actor

__all__ = ["Actor"]
