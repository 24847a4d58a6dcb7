"""Ring 5: composition, the life of a run, and what is told of it.

accounts   which paper account a run trades, and what an earlier run left of it
compose    build the eight actors, their ports and the two kernels of one run
drive      run the two kernels to their end, on virtual time or on real
ending     the ways a run ends, the orderly one and the others
highs      the highest use of each limit that was seen
history    past runs of a data directory, read from its journal
proving    the limits in force, and the drill that proves them
reporter   the status line, the panel, the status file and the dump
reports    the status of a run, read from its actors
results    the summary of a run that has ended
resuming   an operator's word that lifts a hard halt, until a run goes by it
screen     whether a run has a panel, and what stands on it now
session    one run from the lock of its data directory to its exit code
stuck      what becomes of a handler that does not return although the run is to end
tally      counts what a run does, as it is sent
terminal   standard error as a place that never holds the engine up
trades     what becomes of each decision: the newest ones, and the trades they made
watching   what another shell sees of a run, from its status file
"""
