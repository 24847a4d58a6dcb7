"""Venues' websocket streams: frames in, events out, and one connection that carries them.

events      what a frame can mean, alike for every venue
adapter     what the connection asks of a venue
bars        candles out of trades and of candles that still change
book        the top of an order book, with its checksum or sequence
times       venues' times -> ns
kraken      Kraken WebSocket v2
coinbase    Coinbase Advanced Trade
binance     Binance spot and USD-M futures
kraken_v1   Kraken WebSocket v1, for recordings of it
bybit       Bybit v5, spot and linear
catalog     which venues there are
connection  connect, subscribe, watch, close: the one file that knows the websocket library
frames      recordings of frames: write, read, count
"""
