"""Ring 2: a venue's matching engine and its books, without I/O, clock or chance.

admission   what a venue asks of an order before it takes it
book        everything the engine remembers: balances, orders, fills, the newest prices
engine      orders, quotes and candles in; reports of what became of each order out
margin      positions in perpetuals: margin, funding, liquidation
pricing     at which price an order fills, if it does
settings    costs and frictions of simulated fills
settlement  what a fill moves: money, holding and fee
"""
