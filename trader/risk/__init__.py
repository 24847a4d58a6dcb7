"""Ring 2: may we, how much, and is it protected? Owns the portfolio, the limits and trading state.

guard       what may go to the broker: approvals, made here alone, orders and cancels
holds       what keeps trading from being active, and what it says of the trading state
limits      the checks on an entry: a table of pure functions, each with its reason
losses      equity marks, loss windows and drawdown against their limits
orders      fold what the broker tells of an order into position, campaign and commands
proposals   judge a proposal: approve it with a size, or deny it with a reason
protection  keep every position under a stop, or close it
reconcile   the ledger against the venue's balances
settings    what a person may set
sizing      quantities: what risk, size and cash allow, and what is too little to trade
state       the memory of the RiskGuard
"""
