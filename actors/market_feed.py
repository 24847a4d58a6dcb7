"""Turn venue streams into checked candles and quotes; say when they go stale."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from trader.feed.lanes import FeedState, Lane, take_candle, take_history, take_quote
from trader.model import messages as m
from trader.model.market import SECOND
from trader.ports import Market
from trader.runtime import Actor

LONGEST_WAIT = 60
"""Seconds between two attempts to open the stream, at most."""


class MarketFeed(Actor):
    """Pass on what is whole, new and in order; count the rest by what is wrong with it.

    A stream is always opened by way of the history, which warms the indicators at the start and
    fills the hole that a break has left. A symbol is as alive as its good candles: quotes alone,
    or bad candles, do not keep it from going stale.
    """

    role: ClassVar[str] = "market_feed"
    State: ClassVar[type[msgspec.Struct]] = FeedState
    state: FeedState

    def __init__(self, market: Market, symbols: Sequence[str], interval: int, history: int) -> None:
        super().__init__()
        self.market = market
        self.symbols = tuple(symbols)
        self.interval = interval
        self.history = history
        self.stale_after = max(5 * interval, 60 * SECOND)

    # -- what the market sends ---------------------------------------------------------------------

    def on_candle_received(self, message: m.CandleReceived) -> None:
        """Pass on a candle with the number of those missing before it."""
        symbol, candle = message.symbol, message.candle
        lane = self.state.lanes.get(symbol)
        if lane is None:
            self.state.drop("unknown symbol")
            return
        gap = take_candle(lane, candle, self.interval, self.now)
        if isinstance(gap, str):
            self.state.drop(gap)
        else:
            self.state.candles += 1
            self.send(m.CandleClosed(symbol, candle, gap))
            if lane.stalled:
                lane.stalled = False
                self.state.breaks = 0
                self.send(m.FeedRecovered(symbol))

    def on_quote_received(self, message: m.QuoteReceived) -> None:
        """Pass on a quote that is newer than any before it."""
        symbol, quote = message.symbol, message.quote
        lane = self.state.lanes.get(symbol)
        if lane is None:
            self.state.drop("unknown symbol")
        else:
            fault = take_quote(lane, quote, self.now)
            if fault is None:
                self.send(m.QuoteUpdated(symbol, quote))
            else:
                self.state.drop(fault)

    def on_history_received(self, message: m.HistoryReceived) -> None:
        """Pass on what is newer than the stream has been; open the stream after the last."""
        lane = self.state.lanes[message.symbol]
        candles = take_history(self.state, lane, message.candles, self.interval, self.now)
        if candles:
            self.send(m.HistoryLoaded(message.symbol, candles))
        self._arrived(message.symbol)

    def on_history_failed(self, message: m.HistoryFailed) -> None:
        """Go on without: the stream warms the indicators as well, and the hole shows as a gap."""
        self._arrived(message.symbol)

    # -- the stream --------------------------------------------------------------------------------

    def on_session_started(self, _message: m.SessionStarted) -> None:
        """Begin, or go on after an earlier run, with the symbols of this one."""
        state = self.state
        state.lanes = {symbol: state.lanes.get(symbol, Lane()) for symbol in self.symbols}
        state.ended = False
        state.candles = state.breaks = 0
        for lane in state.lanes.values():
            lane.seen = self.now
        self.after("stale", self.stale_after, m.StaleCheckDue(0))
        self._open()

    def on_stream_ended(self, _message: m.StreamEnded) -> None:
        """Say that nothing more will come."""
        self.state.ended = True
        self.send(m.FeedEnded("the market has no more candles"))

    def on_stream_failed(self, _message: m.StreamFailed) -> None:
        """Take every symbol for stalled; try again after 1, 2, 4 ... 60 s."""
        for symbol, lane in self.state.lanes.items():
            self._stall(symbol, lane)
        wait = min(1 << self.state.breaks, LONGEST_WAIT)
        self.state.breaks += 1
        self.after("retry", wait * SECOND, m.StreamRetryDue(self.state.breaks))

    def on_stream_retry_due(self, _message: m.StreamRetryDue) -> None:
        """Open the stream again."""
        self._open()

    def on_stale_check_due(self, message: m.StaleCheckDue) -> None:
        """Find the symbols that have gone stale; look again when the next one could have."""
        if self.state.ended:
            return
        oldest = self.now
        for symbol, lane in self.state.lanes.items():
            if self.now - lane.seen >= self.stale_after:
                self._stall(symbol, lane)
            else:
                oldest = min(oldest, lane.seen)
        self.after("stale", oldest + self.stale_after - self.now, m.StaleCheckDue(message.beat + 1))

    # -- in common ---------------------------------------------------------------------------------

    def _open(self) -> None:
        self.state.awaited = list(self.symbols)
        for symbol in self.symbols:
            work, count = self.market.history, self.history
            self.call(symbol, work, symbol, count, done=m.HistoryReceived, failed=m.HistoryFailed)

    def _arrived(self, symbol: str) -> None:
        awaited = self.state.awaited
        awaited.remove(symbol)
        if not awaited:
            work, post = self.market.stream, self.post
            self.call("stream", work, post, done=m.StreamEnded, failed=m.StreamFailed)

    def _stall(self, symbol: str, lane: Lane) -> None:
        if not lane.stalled:
            lane.stalled = True
            self.send(m.FeedStalled(symbol, lane.seen))
