"""Ring 1: fills -> positions, cash and P&L; imports the model alone.

Spot is held long and paid for in cash; a linear perpetual is long or short, one position a symbol,
and its gains, fees and funding settle in cash.

ledger       cash and positions of one account, each fill and flow counted once
money        the named rounding rules of amounts
performance  figures of a session: peak, drawdown, trades, wins
position     what is held of one symbol, what it cost, and the trades it made
windows      the loss of the current UTC day, week and month
"""
