"""Ring 2: whether what the market sent is whole, new and in order.

lanes       one symbol's newest data, and the checks on what follows
conditions  what a symbol's feed is good for, and what is told of it
"""
