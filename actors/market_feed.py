"""Turn venue streams into checked candles and quotes; say when they go stale."""

from collections.abc import Iterable, Sequence

from trader.feed import conditions
from trader.feed.conditions import FeedState
from trader.feed.lanes import take_candle, take_quote
from trader.model import messages as m
from trader.model.market import SECOND
from trader.ports import Market
from trader.runtime import Actor
from trader.topology import MARKET_FEED

LONGEST_WAIT = 60
"""Seconds between two attempts to open the stream, at most."""


class MarketFeed(Actor):
    """Pass on what is whole, new and in order; count the rest by what is wrong with it.

    A stream is always opened by way of the history, which warms the indicators at the start and
    fills the hole that a break has left; where the market `repairs`, candles behind a hole wait
    until its history has been asked. A symbol is as alive as its good candles.
    """

    role = MARKET_FEED
    State = FeedState
    state: FeedState

    def __init__(
        self, market: Market, symbols: Sequence[str], interval: int, history: int, repairs: bool
    ) -> None:
        super().__init__()
        self.market = market
        self.symbols = tuple(symbols)
        self.interval = interval
        self.history = history
        self.repairs = repairs
        self.stale_after = max(5 * interval, 60 * SECOND)

    # -- what the market sends ---------------------------------------------------------------------

    def on_candle_received(self, message: m.CandleReceived) -> None:
        """Pass on a candle with the number of those missing before it."""
        state, symbol, candle = self.state, message.symbol, message.candle
        lane = state.lanes.get(symbol)
        if lane is None:
            self._tell(conditions.refuse(state, symbol, candle, "unknown symbol"))
        elif self.repairs and (lane.waiting or candle.ts_open > lane.closed > 0):
            told, count = conditions.wait(state, symbol, candle, self.interval, self.now)
            self._tell(told)
            if count:
                self._ask(symbol, min(count, self.history))
        elif isinstance(gap := take_candle(lane, candle, self.interval, self.now), str):
            self._tell(conditions.refuse(state, symbol, candle, gap))
        else:
            state.candles += 1
            self.send(m.CandleClosed(symbol, candle, gap))
            if not lane.live:
                self._tell(conditions.settle(state, symbol, lane))

    def on_quote_received(self, message: m.QuoteReceived) -> None:
        """Pass on a quote that is newer than any before it."""
        state, symbol, quote = self.state, message.symbol, message.quote
        lane = state.lanes.get(symbol)
        fault = "unknown symbol" if lane is None else take_quote(lane, quote, self.now)
        if lane is None or fault is not None:
            state.drop(fault or "")
        else:
            self.send(m.QuoteUpdated(symbol, quote))
            if lane.spiked:
                self._tell(conditions.confirm_quote(state, symbol, lane, quote))

    def on_data_faulted(self, message: m.DataFaulted) -> None:
        """Keep note of what was no data."""
        reason, detail = message.reason, message.detail
        self._tell(conditions.refuse(self.state, message.symbol, None, reason, detail))

    def on_history_received(self, message: m.HistoryReceived) -> None:
        """Pass on what is newer than the stream has been, then what waits behind it."""
        symbol, state = message.symbol, self.state
        self._tell(conditions.load(state, symbol, message.candles, self.interval, self.now))
        self._arrived(symbol)

    def on_history_failed(self, message: m.HistoryFailed) -> None:
        """Go on without: the stream warms the indicators as well, and the hole shows as a gap."""
        self._arrived(message.symbol)

    # -- the stream --------------------------------------------------------------------------------

    def on_session_started(self, _message: m.SessionStarted) -> None:
        """Begin, or go on after an earlier run, with the symbols of this one."""
        self._tell(conditions.begin(self.state, self.symbols, self.now))
        self.after("stale", self.stale_after, m.StaleCheckDue(0))
        self._open()

    def on_stream_confirmed(self, message: m.StreamConfirmed) -> None:
        """Go live at once where no candle is missing."""
        symbol = message.symbol
        self._tell(conditions.confirm_stream(self.state, symbol, self.interval, self.now))

    def on_stream_ended(self, _message: m.StreamEnded) -> None:
        """Say that nothing more will come."""
        self.state.ended = True
        self.send(m.FeedEnded("the market has no more candles"))

    def on_stream_failed(self, message: m.StreamFailed) -> None:
        """Take every symbol for stale; try again after 1, 2, 4 ... 60 s."""
        self._tell(conditions.break_off(self.state, message.failure.text))
        wait = min(1 << self.state.breaks, LONGEST_WAIT)
        self.state.breaks += 1
        self.after("retry", wait * SECOND, m.StreamRetryDue(self.state.breaks))

    def on_stream_retry_due(self, _message: m.StreamRetryDue) -> None:
        """Open the stream again."""
        self._tell(conditions.recover(self.state))
        self._open()

    def on_stale_check_due(self, message: m.StaleCheckDue) -> None:
        """Find the symbols that have gone stale; look again when the next one could have."""
        if not self.state.ended:
            now = self.now
            told, due = conditions.look(self.state, self.stale_after, now)
            self._tell(told)
            self.after("stale", due - now, m.StaleCheckDue(message.beat + 1))

    # -- history -----------------------------------------------------------------------------------

    def _open(self) -> None:
        self.state.awaited = list(self.symbols)
        for symbol in self.symbols:
            self._ask(symbol, self.history)

    def _ask(self, symbol: str, count: int) -> None:
        work, done, failed = self.market.history, m.HistoryReceived, m.HistoryFailed
        self.call(symbol, work, symbol, count, done=done, failed=failed)

    def _arrived(self, symbol: str) -> None:
        self._tell(conditions.let_go(self.state, symbol, self.interval, self.now))
        awaited = self.state.awaited
        if symbol in awaited:
            awaited.remove(symbol)
            if not awaited:
                work, post = self.market.stream, self.post
                self.call("stream", work, post, done=m.StreamEnded, failed=m.StreamFailed)

    def _tell(self, messages: Iterable[m.Message]) -> None:
        for message in messages:
            self.send(message)
