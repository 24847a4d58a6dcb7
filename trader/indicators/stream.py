"""The streaming form: one candle at a time; live, warm-up and restart."""

import msgspec

from trader.indicators.primitives import Atr, Cross, Ema, MoneyFlow, Rsi, WaveTrend
from trader.indicators.settings import IndicatorSettings
from trader.model.market import Candle
from trader.model.views import Snapshot


class StreamMemory(msgspec.Struct, tag=True):
    """All that the streaming form remembers of a symbol."""

    wavetrend: WaveTrend
    cross: Cross
    rsi: Rsi
    money_flow: MoneyFlow
    atr: Atr
    ema_fast: Ema
    ema_slow: Ema
    ema_cross: Cross


class StreamIndicators:
    """Folds one candle after another (implements `trader.ports.Indicators`)."""

    def __init__(self, settings: IndicatorSettings) -> None:
        self._settings = settings

    def start(self) -> StreamMemory:
        """Return the memory of a worker that has seen no candle."""
        s = self._settings
        return StreamMemory(
            wavetrend=WaveTrend.of(s.wavetrend_channel, s.wavetrend_average, s.wavetrend_signal),
            cross=Cross(),
            rsi=Rsi.of(s.rsi_length),
            money_flow=MoneyFlow(s.money_flow_length, s.money_flow_multiplier, s.money_flow_offset),
            atr=Atr.of(s.atr_length),
            ema_fast=Ema.of(s.ema_fast),
            ema_slow=Ema.of(s.ema_slow),
            ema_cross=Cross(),
        )

    def take(self, memory: StreamMemory, candle: Candle) -> Snapshot | None:
        """Fold one closed candle; None where not every indicator has a value."""
        high, low, close = candle.high, candle.low, candle.close
        wt1, wt2 = memory.wavetrend.next((high + low + close) / 3.0)
        cross = memory.cross.next(wt1, wt2)
        rsi = memory.rsi.next(close)
        money_flow = memory.money_flow.next(candle.open, high, low, close)
        atr = memory.atr.next(high, low, close)
        fast = memory.ema_fast.next(close)
        slow = memory.ema_slow.next(close)
        ema_cross = memory.ema_cross.next(fast, slow)
        if wt1 is None or wt2 is None or rsi is None or money_flow is None:
            return None
        if atr is None or fast is None or slow is None:
            return None
        return Snapshot(
            candle.ts_event, close, wt1, wt2, cross, rsi, money_flow, atr, fast, slow, ema_cross
        )
