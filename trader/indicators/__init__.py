"""Ring 2: candles -> indicator snapshots, in two forms that agree to the last bit.

cipher_a     VuManChu Cipher A, candle by candle
cipher_b     VuManChu Cipher B, candle by candle
columns      the whole-series form of the snapshots: a recorded series, computed at once
fractals     fractals of an oscillator, and divergences between them and the price
higher       candles of higher timeframes, built from the chart's own
oscillators  RSI, ATR, WaveTrend, money flow, stochastic, Schaff trend cycle
primitives   means, extremes and crosses, with TradingView's seeding and rules
rules_a      columns and rules of Cipher A, for both forms
rules_b      columns and rules of Cipher B, for both forms
settings     what a person may set of the indicators
snapshots    what a snapshot takes of the columns, and when parts of it are warm
sources      the prices of a candle that an indicator may be of
stream       the streaming form of the snapshots: one candle at a time
whole        Cipher A and B over columns; imports numpy, so it is imported where used
"""
