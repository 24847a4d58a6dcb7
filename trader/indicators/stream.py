"""The streaming form: one candle at a time; live, warm-up and restart."""

from itertools import compress
from operator import itemgetter

import msgspec

from trader.indicators.cipher_a import CipherA
from trader.indicators.cipher_b import CipherB, Row
from trader.indicators.oscillators import Atr
from trader.indicators.primitives import Cross, Ema
from trader.indicators.rules_a import COLUMNS_A
from trader.indicators.rules_b import COLUMNS_B
from trader.indicators.settings import CipherASettings, CipherBSettings, IndicatorSettings
from trader.indicators.snapshots import (
    DIAMONDS,
    FLAGS,
    HIGHER_VALUES,
    MARKS_OF_B,
    PLACES,
    VALUES,
    cold_marks,
    higher_needs,
    progress,
)
from trader.model.market import Candle
from trader.model.views import MARKS, Higher, Snapshot

_values = itemgetter(*map(COLUMNS_B.index, VALUES))
_higher_values = itemgetter(*map(COLUMNS_B.index, HIGHER_VALUES))
_marks_b = itemgetter(*map(COLUMNS_B.index, MARKS_OF_B))
_turns = itemgetter(*map(COLUMNS_B.index, ("wt_cross", "wt_cross_up", "wt_cross_down")))
_ribbon = itemgetter(slice(0, 8))
_ribbon_up = itemgetter(COLUMNS_A.index("ribbon_up"))
_marks_a = itemgetter(slice(COLUMNS_A.index("ribbon_up") + 1, None))


class StreamMemory(msgspec.Struct, tag=True):
    """All that the streaming form remembers of a symbol."""

    cipher_a: CipherA
    cipher_b: CipherB
    atr: Atr
    ema_fast: Ema
    ema_slow: Ema
    ema_cross: Cross
    higher: tuple[Higher, ...]
    last: list[int]
    """As in Snapshot."""
    candles: int = 0
    closed: int = 0
    """Candles of higher timeframes when `higher` was made."""
    cold: tuple[str, ...] = (*FLAGS, *DIAMONDS)
    """Marks that are left out, since their timeframes are not warm."""
    growing: bool = True
    """Whether any part on a higher timeframe is not warm yet."""
    newest: int = 0
    """Close of the newest candle (ns)."""
    hole: int | None = None
    """Which candle came after the newest hole."""


class StreamIndicators:
    """Folds one candle after another (implements `trader.ports.Indicators`).

    Snapshots begin so many candles `early`, for those who want to see how the needed one came.
    """

    def __init__(
        self,
        settings: IndicatorSettings,
        cipher_a: CipherASettings,
        cipher_b: CipherBSettings,
        early: int = 0,
    ) -> None:
        self.needed = settings.history
        self._look_back = settings.gap_candles
        self._first = settings.history - early
        self._settings = settings
        self._a = cipher_a
        self._b = cipher_b
        self._needs = higher_needs(self._b)

    def start(self) -> StreamMemory:
        """Return the memory of a worker that has seen no candle."""
        s = self._settings
        return StreamMemory(
            cipher_a=CipherA.of(self._a),
            cipher_b=CipherB.of(self._b),
            atr=Atr.of(s.atr_length),
            ema_fast=Ema.of(s.ema_fast),
            ema_slow=Ema.of(s.ema_slow),
            ema_cross=Cross(),
            higher=progress(self._needs, (0, 0, 0, 0)),
            last=[0] * len(MARKS),
        )

    def taken(self, memory: StreamMemory) -> int:
        """Return how many candles were taken."""
        return memory.candles

    def take(self, memory: StreamMemory, candle: Candle) -> Snapshot | None:
        """Fold one closed candle; None before the history is whole and where a value is missing."""
        a = memory.cipher_a.next(self._a, candle)
        b = memory.cipher_b.next(self._b, candle)
        atr = memory.atr.next(candle.high, candle.low, candle.close)
        fast, slow = memory.ema_fast.next(candle.close), memory.ema_slow.next(candle.close)
        ema_cross = memory.ema_cross.next(fast, slow)
        self._count(memory, candle)
        marks = tuple(compress(MARKS, (*_marks_b(b), *_marks_a(a))))
        if marks:
            marks = _remember(memory, marks, candle.ts_event)
        wt1, wt2, rsi, zone, flow, k, d, schaff = _values(b)
        ribbon = _ribbon(a)
        every = wt1 + wt2 + rsi + flow + k + d + atr + slow + fast + sum(ribbon)
        if memory.candles < self._first or every != every:
            return None
        wave, macd, signal, macd_flow = _higher(memory, b)
        crossed, up, down = _turns(b)
        return Snapshot(
            candle.ts_event,
            candle.close,
            wt1,
            wt2,
            up - down if crossed else 0,
            rsi,
            zone,
            flow,
            k,
            d,
            schaff,
            atr,
            fast,
            slow,
            ema_cross,
            ribbon,
            _ribbon_up(a),
            wave,
            macd,
            signal,
            macd_flow,
            memory.higher,
            self._gap(memory),
            marks,
            tuple(memory.last),
        )

    def _count(self, memory: StreamMemory, candle: Candle) -> None:
        memory.candles += 1
        if candle.ts_open != memory.newest and memory.newest:
            memory.hole = memory.candles - 1
        memory.newest = candle.ts_event
        if memory.growing:
            self._grow(memory)

    def _grow(self, memory: StreamMemory) -> None:
        b = memory.cipher_b
        frames = (b.flag.frame, b.diamonds[0].frame, b.diamonds[1].frame, b.macd.frame)
        closed = sum(frame.closed for frame in frames)
        if closed != memory.closed:
            memory.closed = closed
            memory.higher = progress(self._needs, (frame.closed for frame in frames))
            memory.cold = cold_marks(memory.higher)
            memory.growing = any(part.candles < part.needed for part in memory.higher)

    def _gap(self, memory: StreamMemory) -> int | None:
        if memory.hole is None:
            return None
        since = memory.candles - memory.hole
        return since if since <= self._look_back else None


def _remember(memory: StreamMemory, marks: tuple[str, ...], ts_event: int) -> tuple[str, ...]:
    if memory.cold:
        marks = tuple(mark for mark in marks if mark not in memory.cold)
    for mark in marks:
        memory.last[PLACES[mark]] = ts_event
    return marks


def _higher(memory: StreamMemory, b: Row) -> tuple[float | None, ...]:
    wave, *macd = _higher_values(b)
    flag, _, _, part = memory.higher
    return (
        _known(wave, flag.candles >= flag.needed),
        *(_known(value, part.candles >= part.needed) for value in macd),
    )


def _known(value: float, warm: bool) -> float | None:
    return value if warm and value == value else None
