"""What a symbol's feed is good for, and what is told of it; each function returns messages."""

from collections.abc import Iterable

import msgspec

from trader.feed.lanes import Lane, clear, take_bad, take_candle
from trader.model import messages as m
from trader.model.market import SECOND, Candle, FeedCondition, Quote
from trader.model.messages import Message

_HARMLESS = frozenset({"duplicate", "out of order"})
"""What venues send after every reconnection: it is counted, and nobody is told."""
_NO_DOUBT = frozenset({"revised", "unknown symbol", "late trade"})
"""What is told, and gives no reason to doubt what comes next."""


_MOST_WAITING = 500
"""Candles that wait behind a hole, at most: then they go on, and the hole is a gap."""


class FeedState(msgspec.Struct):
    """Lanes by symbol, symbols whose history is awaited, streams that broke, drops by reason.

    `candles` counts those passed on since the session started.
    """

    candles: int = 0
    lanes: dict[str, Lane] = {}
    awaited: list[str] = []
    breaks: int = 0
    ended: bool = False
    dropped: dict[str, int] = {}

    def drop(self, reason: str) -> None:
        """Count something that is not passed on."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1


def begin(state: FeedState, symbols: Iterable[str], now: int) -> list[Message]:
    """Connect, or go on after an earlier run, with the symbols of this one."""
    state.lanes = {symbol: state.lanes.get(symbol, Lane()) for symbol in symbols}
    state.ended = False
    state.candles = state.breaks = 0
    for lane in state.lanes.values():
        lane.seen = now
    return [tell(s, lane, FeedCondition.CONNECTING) for s, lane in state.lanes.items()]


def wait(
    state: FeedState, symbol: str, candle: Candle, interval: int, now: int
) -> tuple[list[Message], int]:
    """Keep a candle that came behind a hole; return how many candles up to now reach over it."""
    lane = state.lanes[symbol]
    if not lane.waiting and (fault := candle.fault(interval)):
        return refuse(state, symbol, candle, fault), 0
    lane.waiting.append(candle)
    if len(lane.waiting) > 1:
        over = len(lane.waiting) >= _MOST_WAITING
        return let_go(state, symbol, interval, now) if over else [], 0
    why = f"{(candle.ts_open - lane.closed) // SECOND} s of candles are missing"
    told = tell(symbol, lane, FeedCondition.RECOVERING, why)
    return [told], (now - lane.closed) // interval + 1


def let_go(state: FeedState, symbol: str, interval: int, now: int) -> list[Message]:
    """Take the candles that waited behind a hole, be it filled or not."""
    lane, told = state.lanes[symbol], list[Message]()
    waiting, lane.waiting = lane.waiting, []
    for candle in waiting:
        gap = take_candle(lane, candle, interval, now)
        if isinstance(gap, str):
            told += refuse(state, symbol, candle, gap)
        else:
            state.candles += 1
            told.append(m.CandleClosed(symbol, candle, gap))
            if not lane.live:
                told += settle(state, symbol, lane)
    return told


def refuse(
    state: FeedState, symbol: str, candle: Candle | None, reason: str, detail: str = ""
) -> list[Message]:
    """Keep a bad row from everybody; bad rows that repeat hold the symbol."""
    state.drop(reason)
    if reason in _HARMLESS:
        return []
    told: list[Message] = [m.DataQuarantined(symbol, reason, candle, detail)]
    lane = state.lanes.get(symbol)
    if lane is not None and reason not in _NO_DOUBT and take_bad(lane):
        told.append(tell(symbol, lane, FeedCondition.HELD, "bad rows keep coming"))
    return told


def load(
    state: FeedState, symbol: str, candles: Iterable[Candle], interval: int, now: int
) -> list[Message]:
    """Take what is good of a history and newer than the lane."""
    lane, good, told = state.lanes[symbol], list[Candle](), list[Message]()
    for candle in candles:
        if candle.ts_event > lane.closed:
            fault = take_candle(lane, candle, interval, now)
            if isinstance(fault, str):
                told += refuse(state, symbol, candle, fault)
            else:
                good.append(candle)
    return [m.HistoryLoaded(symbol, tuple(good)), *told] if good else told


def confirm_quote(state: FeedState, symbol: str, lane: Lane, quote: Quote) -> list[Message]:
    """Let a quote made after a spike confirm it, if it stands by its close."""
    if quote.ts_event <= lane.spiked or not lane.low < quote.bid <= quote.ask < lane.high:
        return []
    lane.spiked = 0
    return settle(state, symbol, lane)


def confirm_stream(state: FeedState, symbol: str, interval: int, now: int) -> list[Message]:
    """Go live at once where no candle is missing: the next may be a day away."""
    lane = state.lanes.get(symbol)
    if lane is None or lane.live or not 0 < now - lane.closed < 2 * interval:
        return []
    lane.seen = now
    return [] if lane.spiked or lane.barred or lane.waiting else settle(state, symbol, lane)


def break_off(state: FeedState, text: str) -> list[Message]:
    """Take every symbol for stale."""
    return [
        tell(symbol, lane, FeedCondition.STALE, text)
        for symbol, lane in state.lanes.items()
        if lane.condition is not FeedCondition.STALE
    ]


def recover(state: FeedState) -> list[Message]:
    """Say that the stream is being opened again."""
    return [tell(s, lane, FeedCondition.RECOVERING) for s, lane in state.lanes.items()]


def look(state: FeedState, stale_after: int, now: int) -> tuple[list[Message], int]:
    """Find the symbols that have gone stale; return when (ns) the next one could."""
    told: list[Message] = []
    oldest = now
    for symbol, lane in state.lanes.items():
        if now - lane.seen <= stale_after:
            oldest = min(oldest, lane.seen)
        elif lane.condition is not FeedCondition.STALE:
            told.append(tell(symbol, lane, FeedCondition.STALE))
    # Not before what comes at that very moment: then a check would find each symbol a candle older.
    return told, oldest + stale_after + 1


def settle(state: FeedState, symbol: str, lane: Lane) -> list[Message]:
    """Go live where nothing is in doubt; say what is where it is new."""
    if clear(lane):
        lane.live, lane.condition = True, FeedCondition.LIVE
        state.breaks = 0
        return [m.FeedRecovered(symbol)]
    if lane.spiked == lane.closed:
        return [tell(symbol, lane, FeedCondition.HELD, "a spike that nothing confirms yet")]
    return []


def tell(symbol: str, lane: Lane, condition: FeedCondition, detail: str = "") -> Message:
    """Change the condition of a symbol that is not live."""
    lane.live, lane.condition = False, condition
    return m.FeedStalled(symbol, lane.seen, condition, detail)
