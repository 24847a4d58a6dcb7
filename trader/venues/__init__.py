"""Ring 4: where prices come from and where orders go.

candle_file  candles from a CSV file, checked row by row
embedded     the embedded market: seeded, made up, and the same on every machine
instruments  price levels and trading rules of simulated instruments
paths        seeded price paths: regimes, swings, clustered volatility, jumps, spreads, volume
recorded     the recorded market: the candles of a series, one after another
simulated    the simulated venue: an exchange in memory, and connections that take their time
sink         where simulated markets show their prices before anybody hears of them
"""
