"""The whole-series form: every indicator over columns, for backtests, files and plots.

It says what the form candle by candle says, to the last bit: on a still market WaveTrend divides
one rounding error by another, and crosses would differ there otherwise. Modules mirror those one
level up. numpy takes a tenth of a second to import, so that these are imported where they are used.

candles      a series as arrays, without the candles that have no price
cipher_a     all columns of Cipher A
cipher_b     all columns of Cipher B
fractals     fractals, divergences and the pivots before
higher       candles of higher timeframes, and the Heikin-Ashi candles of those
oscillators  RSI, ATR, WaveTrend, money flow, stochastic, Schaff trend cycle
primitives   means, extremes and crosses
scan         recursions: each value from the one before
snapshots    the snapshots of a series
"""
