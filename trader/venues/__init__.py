"""Ring 4: where prices come from and where orders go.

candle_file   candles from a CSV file, checked row by row
clock         the time of real markets: the venue's, and monotonic
embedded      the embedded market: seeded, made up, and the same on every machine
frame_market  the market of a recording of frames
instruments   price levels and trading rules of simulated instruments
live          a real venue's market: history by REST, then its stream, or polling
paths         seeded price paths that no rule has an edge on: volatility, jumps, spreads, volume
recorded      the recorded market: the candles of a series, one after another
rest          a venue's public REST by way of ccxt: candles, prices, instrument rules
simulated     the simulated venue: an exchange in memory, and connections that take their time
sink          where simulated markets show their prices before anybody hears of them
streams       venues' websockets: frames, adapters, connection, recordings
symbols       users' spellings of a symbol, the engine's, and ccxt's
"""
