"""Ring 1: fills -> positions, cash and P&L; imports the model alone.

Spot and long only. Another kind of instrument brings its own position with the same `apply`.

ledger       cash and positions of one account, each fill counted once
money        the named rounding rules of amounts
performance  figures of a session: peak, drawdown, trades, wins
position     what is held of one symbol, what it cost, and the trades it made
windows      the loss of the current UTC day, week and month
"""
