"""Ring 5: composition, the life of a run, and what is told of it.

accounts   which paper account a run trades, and what an earlier run left of it
compose    build the eight actors, their ports and the two kernels of one run
download   fill the candle store from a venue, and say what it holds
drive      run the two kernels to their end, on virtual time or on real
ending     the ways a run ends, the orderly one and the others
real       a run on a real venue's prices, or on a recording of its frames
recording  record what a venue sends, and count what a recording holds
reporter   the status line now and then, the status dump when asked
reports    the status and the summary of a run, read from its actors
session    one run from the lock of its data directory to its exit code
stuck      what becomes of a handler that does not return although the run is to end
tally      counts what a run does, as it is sent
terminal   standard error as a place that never holds the engine up
world      what a run trades on
"""
