"""Ring 2: whether what the market sent is whole, new and in order.

lanes  one symbol's newest data, and the checks on what follows
"""
