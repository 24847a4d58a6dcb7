"""Ring 5: what a person or a script reads of a run.

advice     what was advised in a run, by whom, at what cost, and what became of it
catalogue  past runs, a line for each
chart      a picture of candles with Cipher A and Cipher B; its traces are in chart_a and chart_b
charts     sparklines, bars, and a curve that a run of any length fits into
levels     log levels by actor: what `--log-level` and `--log-filter` mean
lines      which message is shown, at which level, with which fields; the kernel's tap
log        where log lines go: the terminal, a rotating text file and a JSON-lines file
paint      rows of a panel in the colours and the characters that a terminal has
panel      a status on a few rows, for a terminal of any size
redact     known secrets and their encoded forms, taken out of any text
render     how values are written: words, money, times, JSON
results    the results of a run for a person
rows       rows that stand below a log, and how they stay there
status     the status dump and the status line: what a run is doing now
summary    the session summary: what a run has done
typed      what a person types on a command line
"""
