"""Ring 2: may we, how much, and is it protected? Owns the portfolio, the limits and trading state.

breaches    how each limit is breached on purpose
checks      what is wrong with an entry: a pure function a rule
drill       breach every limit on purpose, and see that each denies with its own reason
exits       stops that follow the market, and positions that last too long
guard       what may go to the broker: approvals, made here alone, orders and cancels
holds       what keeps trading from being active, and what it says of the trading state
limits      the table of what an entry must pass, each row with its reason and its setting
locks       what a run of bad trades locks: protections by freqtrade's names
losses      equity marks, loss windows and drawdown against their limits
orders      fold what the broker tells of an order into position, campaign and commands
portfolio   every symbol at once: exposure, margin, groups
proposals   judge a proposal: approve it with a size, or deny it with a reason
protection  keep every position under a stop, or close it
reconcile   the ledger against the venue's balances
settings    what a person may set
returns     how symbols move, from close to close, and together
situation   what is judged, before it has a size and after
sizing      quantities: what a method asks for, what risk, size and cash allow, what is too little
state       the memory of the RiskGuard
tail        value at risk and expected shortfall, with an entry and without it
"""
