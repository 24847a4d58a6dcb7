"""The top of an order book, kept from snapshots and changes."""

from collections.abc import Iterable
from decimal import Decimal
from zlib import crc32

from trader.model.market import Quote

Level = tuple[Decimal, Decimal]
"""A price and the quantity that rests there; 0 takes the level away."""


class Book:
    """The best levels of one symbol, `depth` a side, None for all."""

    def __init__(self, depth: int | None = None) -> None:
        self.depth = depth
        self.bids: dict[Decimal, Decimal] = {}
        self.asks: dict[Decimal, Decimal] = {}
        self._decimals = [0, 0]

    def reset(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Begin anew with a snapshot."""
        self.bids.clear()
        self.asks.clear()
        self.update(bids, asks)

    def update(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Change levels."""
        self._change(self.bids, bids, reverse=True)
        self._change(self.asks, asks, reverse=False)

    def top(self, ts: int) -> Quote | None:
        """Return the best bid and ask; None of a book with an empty side."""
        if not (self.bids and self.asks):
            return None
        return Quote(ts, float(max(self.bids)), float(min(self.asks)))

    def checksum(self) -> int:
        """Return Kraken's CRC-32 of ten levels a side.

        https://docs.kraken.com/api/docs/guides/spot-ws-book-v2
        """
        asks = sorted(self.asks.items())[:10]
        bids = sorted(self.bids.items(), reverse=True)[:10]
        return crc32("".join(self._digits(level) for level in asks + bids).encode())

    def _digits(self, level: Level) -> str:
        # The venue signs its own precision: zeros that a sender has cut off belong to it.
        return "".join(
            f"{value:.{places}f}".replace(".", "").lstrip("0")
            for value, places in zip(level, self._decimals, strict=True)
        )

    def _change(
        self, side: dict[Decimal, Decimal], levels: Iterable[Level], *, reverse: bool
    ) -> None:
        for price, quantity in levels:
            self._note_decimals(price, quantity)
            if quantity:
                side[price] = quantity
            else:
                side.pop(price, None)
        if self.depth is not None and len(side) > self.depth:
            for price in sorted(side, reverse=reverse)[self.depth :]:
                del side[price]

    def _note_decimals(self, *level: Decimal) -> None:
        for i, value in enumerate(level):
            exponent = value.as_tuple().exponent
            if isinstance(exponent, int) and -exponent > self._decimals[i]:
                self._decimals[i] = -exponent
