"""What stays on disk: the data directory of one engine and the journal of its runs.

data_dir     one directory, locked to one engine for as long as its process lives
schema       the journal's tables, its rows, and the hashes that make damage show
database     SQLite at arm's length: create, connect, transact; its errors become JournalError
head         a side file that says how far the journal is known to be on disk
candles      the local candle store: each candle once, gaps, and how far a download has come
instruments  instrument rules as a venue last gave them
archive      read past runs; every row is checked against its hash before it is returned
journal      write one run: append, flush, checkpoint, finish
line_file    a file that lines are appended to, bounded, and let go of while the disk is full
kill_file    the KillSwitch's own record, which never waits for the journal
pruning      drop old rows so that the chain of those that stay can still be checked
"""
