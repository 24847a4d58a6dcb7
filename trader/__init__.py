"""The trading engine, in rings; imports point inward.

ring 0  model       frozen values and every message
ring 1  accounting  fills -> positions, balances and P&L
ring 2  feed, indicators, advice, risk, matching, execution, safety: siblings, all pure
ring 3  ports, topology, settings: what the core asks of the world, who sends what to whom
ring 4  venues, llm, storage, runtime, testing: adapters and the actor substrate
ring 5  app, cli, ui: composition, commands, terminal
"""
