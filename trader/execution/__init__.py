"""Ring 2: what is known of every order, and what follows from it; imports model alone.

blotter    the book of orders: reports, answers and failures are folded into it
doubt      when to ask the venue again about what is not known, and when to stop
lifecycle  the life cycle of an order, as a table
reconcile  our open orders against those of the venue
record     one order with its fills, and the events that each new fact is worth, each once
state      what the ExecutionBroker remembers
"""
