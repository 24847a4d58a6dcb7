"""Ring 5: composition, the life of a run, and what is told of it.

accounts   which paper account a run trades, and what an earlier run left of it
advised    what was advised in a past run and what became of it, read from its journal
advising   what a run's advisor asks: models, what they said in an earlier run, or nobody
compose    build the eight actors, their ports and the two kernels of one run
download   fill the candle store from a venue, and say what it holds
drive      run the two kernels to their end, on virtual time or on real
ending     the ways a run ends, the orderly one and the others
health     how the models of a run do, and what is left of their budget
highs      the highest use of each limit that was seen
history    past runs of a data directory, read from its journal
indicators the command that writes Cipher A or B of a file of candles
introducing what the log says of a run before it begins
proving    the limits in force, and the drill that proves them
real       a run on a real venue's prices, or on a recording of its frames
recording  record what a venue sends, and count what a recording holds
recount    what a run had done whose process died
reporter   the status line, the panel, the status file and the dump
reports    the status of a run, read from its actors
results    the summary of a run that has ended
resuming   an operator's word that lifts a hard halt, until a run goes by it
screen     whether a run has a panel, and what stands on it now
session    one run from the lock of its data directory to its exit code
standing   why trading is not active, since when, and what lifts it
stuck      what becomes of a handler that does not return although the run is to end
tally      counts what a run does, as it is sent
terminal   standard error as a place that never holds the engine up
trades     what becomes of each decision: the newest ones, and the trades they made
waiting    for a venue that does not answer, until the run's time is up or somebody ends it
watching   what another shell sees of a run, from its status file
world      what a run trades on
"""
