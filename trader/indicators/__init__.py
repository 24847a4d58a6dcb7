"""Ring 2: candles -> indicator snapshots, in two forms that agree to the last bit.

columns     the whole-series form: every row computed at once over a recorded series
primitives  the streaming averages and oscillators, with TradingView's seeding and rules
settings    what a person may set of the indicators
stream      the streaming form: one candle at a time
vectors     the primitives over whole columns; imports numpy, so it is imported where used
"""
