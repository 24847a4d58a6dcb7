"""Ring 0: frozen values and every message; imports the standard library and msgspec alone.

errors      the errors a caller may meet, and what each asks of them
ids         client order ids, derived so that a process without the journal can read the leg
instrument  what is traded: precision, minimums and fees, and the named rounding rules
market      candles, quotes and intervals
messages    the protocol: every message of the engine, grouped by sender
opinions    what a model is asked and what it may answer: the schema of both
orders      orders, fills, approvals and their enumerations
reasons     the code that every refusal, denial, halt and exit carries
views       advice, indicator snapshots, accounts: what actors tell one another about the world
"""
