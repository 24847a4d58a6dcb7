"""Orders, quotes and candles in; reports of what became of each order out."""

import math
from collections.abc import Callable, Mapping
from decimal import Decimal

from trader.matching.admission import admit, reject
from trader.matching.book import Book, Record, Tick
from trader.matching.pricing import Match, Pricing
from trader.matching.settings import SimulationSettings
from trader.matching.settlement import affordable, settle
from trader.model.instrument import Instrument, to_decimal
from trader.model.market import Candle, Quote
from trader.model.messages import ExecutionReported
from trader.model.orders import Fill, Order, OrderKind, OrderState, OrderStatus
from trader.model.reasons import Reason
from trader.model.views import Account

Reports = list[ExecutionReported]
Price = Callable[[Record], Match | None]


class MatchingEngine:
    """A spot venue without its network: one account, many symbols.

    `book` is the whole memory: another engine that is given it goes on alike. A fresh account has
    the settings' money in the instruments' quote currency. Nothing that is reported is ever better
    for the account than the market was: see `pricing`.
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        settings: SimulationSettings,
        book: Book | None = None,
    ) -> None:
        self._pricing = {symbol: Pricing(i, settings) for symbol, i in instruments.items()}
        self._share = settings.max_volume_share
        money = {i.quote: settings.start_equity for i in instruments.values()}
        self.book = book or Book(balances=money)

    def submit(self, order: Order, ts: int) -> Reports:
        """Take an order and fill what it crosses; raise Rejected, its reason's code first."""
        pricing = self._pricing.get(order.symbol)
        if pricing is None:
            reject(Reason.VENUE_UNKNOWN_SYMBOL, f"{order.symbol} is not traded here")
        quote = self._quote(order.symbol)
        record = admit(order, pricing, self.book, quote, ts)
        self.book.order_count += 1
        self.book.add(record)
        reports = [ExecutionReported(record.state, None)]
        if quote is not None:
            match = pricing.on_arrival(record, quote)
            if match is not None:
                self._fill(record, match, self._recent_volume(order.symbol), ts, reports)
        return reports

    def cancel(self, client_order_id: str, ts: int) -> Reports:
        """Cancel an order; a final one is left as it is. Raises Rejected for an unknown id."""
        record = self.book.orders.get(client_order_id)
        if record is None:
            reject(Reason.VENUE_REJECTED, f"there is no order {client_order_id}")
        reports: Reports = []
        if not record.state.status.final:
            self._end(record, OrderStatus.CANCELED, ts, reports)
        return reports

    def on_quote(self, symbol: str, quote: Quote, volume: float) -> Reports:
        """Match resting orders against bid and ask, `volume` of the base being there to take."""
        self.book.quotes[symbol] = quote
        if symbol not in self.book.open:
            return []
        pricing = self._pricing[symbol]
        return self._match(symbol, lambda r: pricing.at_quote(r, quote), volume, quote.ts_event)

    def on_open(self, symbol: str, price: float, ts: int) -> Reports:
        """Fill market orders that wait for a price, at the open of a candle that is recorded."""
        self.book.ticks[symbol] = Tick(ts, price)
        if symbol not in self.book.open:
            return []
        pricing = self._pricing[symbol]

        def first(record: Record) -> Match | None:
            waits = record.order.kind is OrderKind.MARKET and not record.state.filled
            return pricing.on_arrival(record, pricing.around(price, ts)) if waits else None

        return self._match(symbol, first, self._recent_volume(symbol), ts)

    def on_candle(self, symbol: str, candle: Candle) -> Reports:
        """Match resting orders against a candle that has just closed; fills bear a time in it."""
        self.book.candles[symbol] = candle
        if symbol not in self.book.open:
            return []
        pricing = self._pricing[symbol]
        ts = candle.ts_event - 1
        return self._match(symbol, lambda r: pricing.in_candle(r, candle), candle.volume, ts)

    def order(self, client_order_id: str) -> OrderState | None:
        """Return an order as it stands, None if there is none or it was long ago."""
        record = self.book.orders.get(client_order_id)
        return record.state if record else None

    def fills(self, client_order_id: str) -> tuple[Fill, ...]:
        """Return the fills of an order, oldest first."""
        record = self.book.orders.get(client_order_id)
        return tuple(record.fills) if record else ()

    def account(self) -> Account:
        """Return balances and open orders."""
        states = tuple(record.state for record in self.book.opened())
        return Account(balances=dict(self.book.balances), open_orders=states)

    def busy(self, symbol: str) -> bool:
        """Tell whether a symbol has open orders."""
        return symbol in self.book.open

    def _quote(self, symbol: str) -> Quote | None:
        """Return the newest bid and ask, seen or made up around the newest price."""
        quote = self.book.quotes.get(symbol)
        tick = self.book.newest_tick(symbol)
        if tick is None or (quote is not None and quote.ts_event >= tick.ts_event):
            return quote
        return self._pricing[symbol].around(tick.price, tick.ts_event)

    def _recent_volume(self, symbol: str) -> float:
        """Return the measure of what the market bears between candles: the last one's volume."""
        candle = self.book.candles.get(symbol)
        return candle.volume if candle else math.inf

    def _match(self, symbol: str, price: Price, volume: float, ts: int) -> Reports:
        reports: Reports = []
        for record in self.book.resting(symbol):
            # A fill earlier in this loop may have ended it.
            match = price(record)
            if match is not None and not record.state.status.final:
                self._fill(record, match, volume, ts, reports)
        return reports

    def _fill(self, record: Record, match: Match, volume: float, ts: int, reports: Reports) -> None:
        if record.order.kind is OrderKind.STOP and not record.triggered:
            record.triggered = True
            for sibling in self.book.siblings(record):
                self._end(sibling, OrderStatus.CANCELED, ts, reports)
        pricing = self._pricing[record.order.symbol]
        wanted = self._available(record, volume)
        quantity = affordable(record, match, wanted, pricing, self.book)
        if quantity > 0:
            self._execute(record, match, quantity, ts, reports)
        if quantity < wanted:
            self._end(record, OrderStatus.EXPIRED, ts, reports)

    def _available(self, record: Record, volume: float) -> Decimal:
        """Return how much of the rest the market bears now."""
        most = volume * self._share
        if most >= record.remaining:
            return record.remaining
        return self._pricing[record.order.symbol].instrument.floor_quantity(to_decimal(most))

    def _execute(
        self, record: Record, match: Match, quantity: Decimal, ts: int, reports: Reports
    ) -> None:
        fill = settle(record, match, quantity, ts, self._pricing[record.order.symbol], self.book)
        reports.append(record.take(fill))
        done = record.state.status.final
        for sibling in self.book.siblings(record):
            reports.append(sibling.reduce(sibling.remaining if done else quantity, ts))
            self._put_away(sibling)
        self._put_away(record)

    def _end(self, record: Record, status: OrderStatus, ts: int, reports: Reports) -> None:
        reports.append(record.move(status, ts))
        self._put_away(record)

    def _put_away(self, record: Record) -> None:
        if record.state.status.final:
            self.book.finish(record)
