"""Orders, quotes and candles in; reports of what became of each order out."""

import math
from collections.abc import Callable, Mapping
from decimal import Decimal

import msgspec

from trader.matching import margin
from trader.matching.admission import admit, reject
from trader.matching.book import STOPS, Book, Record, Stake, Tick
from trader.matching.pricing import Match, Pricing, Range, quiet_range
from trader.matching.settings import SimulationSettings
from trader.matching.settlement import Execution, affordable, settle
from trader.model.instrument import Instrument, Terms, to_decimal
from trader.model.market import Candle, Quote
from trader.model.messages import ExecutionReported, FlowReported, LiquidationReported
from trader.model.orders import (
    Fill,
    Flow,
    FlowKind,
    Order,
    OrderKind,
    OrderState,
    OrderStatus,
    TimeInForce,
)
from trader.model.reasons import Reason
from trader.model.views import Account

Reports = list[ExecutionReported | FlowReported | LiquidationReported]
Price = Callable[[Record], Match | None]


class MatchingEngine:
    """A venue without its network: one account, spot and perpetuals, many symbols.

    `book` is the whole memory: another engine that is given it goes on alike. A fresh account has
    the settings' money in the first instrument's quote currency. Nothing that is reported is ever
    better for the account than the market was (see `pricing`), but that a position in a perpetual
    never loses more than its margin to a liquidation. A perpetual is marked at the market's last
    price.
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        settings: SimulationSettings,
        book: Book | None = None,
    ) -> None:
        granted = {symbol: _granted(i) for symbol, i in instruments.items()}
        self._pricing = {symbol: Pricing(i, settings) for symbol, i in granted.items()}
        self._share = settings.max_volume_share
        # An account has one currency; what is only watched for its price comes last.
        currencies = [instrument.quote for instrument in instruments.values()][:1]
        self.book = book or Book(balances=dict.fromkeys(currencies, settings.start_equity))
        # Not part of the memory: it follows from the open orders.
        self._quiet: dict[str, Range] = {}

    def submit(self, order: Order, ts: int) -> Reports:
        """Take an order and fill what it crosses; raise Rejected, its reason's code first."""
        pricing = self._pricing.get(order.symbol)
        if pricing is None:
            reject(Reason.VENUE_UNKNOWN_SYMBOL, f"{order.symbol} is not traded here")
        quote = self._quote(order.symbol)
        record = admit(order, pricing, self.book, quote, ts)
        self.book.order_count += 1
        self.book.add(record)
        self._quiet.pop(order.symbol, None)
        reports: Reports = [ExecutionReported(record.state, None)]
        match = None if quote is None else pricing.on_arrival(record, quote)
        if match is not None:
            self._fill(record, match, self._recent_volume(order.symbol), ts, reports)
        if order.tif is not TimeInForce.GTC and not record.state.status.final:
            self._end(record, OrderStatus.EXPIRED, ts, reports)
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

    def transfer(self, currency: str, amount: Decimal, ts: int) -> Reports:
        """Take a deposit, or pay a withdrawal (negative); raise Rejected beyond what is free."""
        if amount < 0 and self.book.free(currency) < -amount:
            reject(Reason.VENUE_BALANCE, f"free are {self.book.free(currency)} {currency}")
        self.book.credit(currency, amount)
        # Counted with the trades, so that no two events of an account bear one number.
        self.book.trade_count += 1
        flow = Flow(f"transfer {self.book.trade_count}", FlowKind.TRANSFER, amount, ts)
        self.book.keep(flow)
        return [FlowReported(flow)]

    def on_quote(self, symbol: str, quote: Quote, volume: float) -> Reports:
        """Match resting orders against bid and ask, `volume` of the base being there to take."""
        book = self.book
        book.quotes[symbol] = quote
        if self._sleeps(symbol, quote.bid, quote.ask, quote.ts_event):
            return []
        pricing, ts = self._pricing[symbol], quote.ts_event
        reports: Reports = []
        middle = (quote.bid + quote.ask) / 2
        if self._strains(symbol, middle, middle, ts):
            reports = self._carry(symbol, middle, ts)
        return reports + self._match(symbol, lambda r: pricing.at_quote(r, quote), volume, ts)

    def on_open(self, symbol: str, price: float, ts: int) -> Reports:
        """Fill market orders that wait for a price, at the open of a candle that is recorded."""
        book = self.book
        book.ticks[symbol] = Tick(ts, price)
        if symbol not in book.open and symbol not in book.stakes:
            return []  # as most are
        quiet = self._sleeps(symbol, price, price, ts)
        return [] if quiet else self._open(symbol, price, ts)

    def _open(self, symbol: str, price: float, ts: int) -> Reports:
        pricing = self._pricing[symbol]

        def first(record: Record) -> Match | None:
            waits = record.order.kind is OrderKind.MARKET and not record.state.filled
            return pricing.on_arrival(record, pricing.around(price, ts)) if waits else None

        reports: Reports = []
        if self._strains(symbol, price, price, ts):
            reports = self._carry(symbol, price, ts)
        return reports + self._match(symbol, first, self._recent_volume(symbol), ts)

    def on_candle(self, symbol: str, candle: Candle) -> Reports:
        """Match resting orders against a candle that has just closed; fills bear a time in it."""
        book = self.book
        book.candles[symbol] = candle
        ts = candle.ts_event - 1
        if symbol not in book.open and symbol not in book.stakes:
            return []
        quiet = self._sleeps(symbol, candle.low, candle.high, ts)
        return [] if quiet else self._trade(symbol, candle, ts)

    def _trade(self, symbol: str, candle: Candle, ts: int) -> Reports:
        pricing = self._pricing[symbol]

        def price(record: Record) -> Match | None:
            return pricing.in_candle(record, candle)

        if not self._strains(symbol, candle.low, candle.high, ts):
            reports = self._match(symbol, price, candle.volume, ts)
            return reports + self._squeeze(symbol, candle, ts) if reports else reports
        # In doubt to the account's disadvantage: only a stop comes before a liquidation.
        reports = self._carry(symbol, candle.open, ts)
        reports += self._match(symbol, self._saving(symbol, price), candle.volume, ts)
        reports += self._squeeze(symbol, candle, ts)
        others = self._match(
            symbol, lambda r: None if _protects(r) else price(r), candle.volume, ts
        )
        return reports + others + self._squeeze(symbol, candle, ts)

    def order(self, client_order_id: str) -> OrderState | None:
        """Return an order as it stands, None if there is none or it was long ago."""
        record = self.book.orders.get(client_order_id)
        return record.state if record else None

    def fills(self, client_order_id: str) -> tuple[Fill, ...]:
        """Return the fills of an order, oldest first."""
        record = self.book.orders.get(client_order_id)
        return tuple(record.fills) if record else ()

    def account(self) -> Account:
        """Return balances and open orders, positions and leverage."""
        states = tuple(record.state for record in self.book.opened())
        book = self.book
        return Account(
            balances=dict(book.balances),
            open_orders=states,
            positions={symbol: s.position.quantity for symbol, s in book.stakes.items()},
            flows=tuple(book.flows),
            fills=tuple(book.fills),
            leverages={
                s: p.instrument.terms.leverage
                for s, p in self._pricing.items()
                if p.instrument.terms
            },
        )

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

    def _sleeps(self, symbol: str, low: float, high: float, ts: int) -> bool:
        """Tell whether prices leave the open orders and the position alone: most do."""
        book = self.book
        if symbol in book.open:
            quiet = self._quiet.get(symbol)
            if quiet is None:
                quiet = self._quiet[symbol] = quiet_range(book.resting(symbol))
            if not quiet[0] < low <= high < quiet[1]:
                return False
        return symbol not in book.stakes or not self._strains(symbol, low, high, ts)

    # -- positions in perpetuals -------------------------------------------------------------------

    def _staked(self, symbol: str) -> tuple[Stake, Terms] | None:
        stake, terms = self.book.stakes.get(symbol), self._pricing[symbol].instrument.terms
        return None if stake is None or terms is None else (stake, terms)

    def _strains(self, symbol: str, low: float, high: float, ts: int) -> bool:
        """Tell whether prices have funding paid or a position liquidated: hardly any do."""
        stake = self.book.stakes.get(symbol)
        if stake is None:
            return False
        return ts >= stake.funding_due or margin.is_breached(stake, low if stake.long else high)

    def _carry(self, symbol: str, mark: float, ts: int) -> Reports:
        """Pay what funding is due and liquidate what the mark has reached."""
        found, reports = self._staked(symbol), Reports()
        if found is None:
            return reports
        stake, terms = found
        if ts >= stake.funding_due:
            flows = margin.fund(self.book, terms, symbol, mark, ts)
            reports += [FlowReported(flow) for flow in flows]
        if margin.is_breached(stake, mark):
            reports += self._liquidate(symbol, stake, terms, mark, ts)
        return reports

    def _saving(self, symbol: str, price: Price) -> Price:
        """Price the stops that a candle meets before it liquidates the position."""

        def stops(record: Record) -> Match | None:
            stake, trigger = self.book.stakes.get(symbol), record.trigger
            if stake is None or not _protects(record):
                return None
            beyond = trigger is not None and margin.is_breached(stake, trigger)
            return None if beyond else price(record)

        return stops

    def _squeeze(self, symbol: str, candle: Candle, ts: int) -> Reports:
        """Liquidate a position that a candle has carried beyond its margin."""
        found = self._staked(symbol)
        if found is None:
            return []
        stake, terms = found
        if not margin.is_breached(stake, candle.low if stake.long else candle.high):
            return []
        return self._liquidate(symbol, stake, terms, stake.liquidation, ts)

    def _liquidate(self, symbol: str, stake: Stake, terms: Terms, mark: float, ts: int) -> Reports:
        pricing = self._pricing[symbol]
        fill = margin.liquidate(self.book, pricing, terms, stake, mark, ts)
        reports: Reports = [LiquidationReported(fill)]
        for record in self.book.resting(symbol):
            self._end(record, OrderStatus.CANCELED, ts, reports)
        return reports

    # -- fills -------------------------------------------------------------------------------------

    def _fill(self, record: Record, match: Match, volume: float, ts: int, reports: Reports) -> None:
        order = record.order
        if record.waits:
            record.triggered = True
            self._quiet.pop(order.symbol, None)
            for sibling in self.book.siblings(record):
                self._end(sibling, OrderStatus.CANCELED, ts, reports)
        if match.price is None:
            return
        wanted = Execution(self._available(record, volume), match.price, match.liquidity)
        quantity = affordable(record, wanted, self._pricing[order.symbol], self.book)
        if order.tif is TimeInForce.FOK and quantity < record.remaining:
            return
        if quantity > 0:
            self._execute(record, msgspec.structs.replace(wanted, quantity=quantity), ts, reports)
        if quantity < wanted.quantity and not record.state.status.final:
            self._end(record, OrderStatus.EXPIRED, ts, reports)

    def _available(self, record: Record, volume: float) -> Decimal:
        """Return how much of the rest the market bears now, and the position, if it is to close."""
        order, rest = record.order, record.remaining
        instrument = self._pricing[order.symbol].instrument
        if order.reduce_only and instrument.terms:
            rest = min(rest, margin.closing(self.book, order))
        most = volume * self._share
        return rest if most >= rest else instrument.floor_quantity(to_decimal(most))

    def _execute(self, record: Record, done: Execution, ts: int, reports: Reports) -> None:
        order = record.order
        fill = settle(record, done, ts, self._pricing[order.symbol], self.book)
        reports.append(record.take(fill))
        ended = record.state.status.final
        for sibling in self.book.siblings(record):
            reports.append(sibling.reduce(sibling.remaining if ended else done.quantity, ts))
            self._put_away(sibling)
        self._put_away(record)
        if self._pricing[order.symbol].instrument.terms:
            self._let_go(order.symbol, ts, reports)

    def _let_go(self, symbol: str, ts: int, reports: Reports) -> None:
        """Cancel what was to close a position in a perpetual that is not there any more."""
        for record in self.book.resting(symbol):
            if record.order.reduce_only and not margin.closing(self.book, record.order):
                self._end(record, OrderStatus.CANCELED, ts, reports)

    def _end(self, record: Record, status: OrderStatus, ts: int, reports: Reports) -> None:
        reports.append(record.move(status, ts))
        self._put_away(record)

    def _put_away(self, record: Record) -> None:
        if record.state.status.final:
            self.book.finish(record)
            self._quiet.pop(record.order.symbol, None)


def _granted(instrument: Instrument) -> Instrument:
    """Return an instrument with the leverage that is in force, of the one that is asked for."""
    terms = instrument.terms
    if terms is None or terms.leverage <= terms.max_leverage:
        return instrument
    at_most = msgspec.structs.replace(terms, leverage=terms.max_leverage)
    return msgspec.structs.replace(instrument, terms=at_most)


def _protects(record: Record) -> bool:
    return record.order.kind in STOPS and record.order.reduce_only
