"""The rules that advise without a model: each turns one snapshot into advice, or None to hold.

Conviction is confluence: the mean of three readings, each 0 to 1, 1 where it agrees fully. Below
`min_conviction` a rule says nothing. Rules never say HOLD or SHORT.
"""

from collections.abc import Callable

from trader.advice.settings import AdviceSettings
from trader.model.views import Advice, Snapshot, Stance

Rule = Callable[[AdviceSettings, str, Snapshot, bool], Advice | None]
"""Settings, symbol, snapshot and whether a position is open, to advice."""

RULES = "rules"
EMA_CROSS = "ema-cross"


def rules_advice(
    settings: AdviceSettings, symbol: str, snapshot: Snapshot, position_open: bool
) -> Advice | None:
    """Buy where WaveTrend turns up from oversold, sell where it turns down from overbought."""
    if not snapshot.cross or (snapshot.cross > 0) == position_open:
        return None
    wt2, rsi, flow = snapshot.wt2, snapshot.rsi, snapshot.money_flow
    if snapshot.cross > 0:
        if wt2 > settings.oversold or rsi > settings.rsi_ceiling:
            return None
        stance, turned = Stance.LONG, "up from oversold"
        conviction = _mean(_depth(wt2, settings.oversold), 1.0 - rsi / 100.0, flow > 0.0)
    else:
        if wt2 < settings.overbought or rsi < settings.rsi_floor:
            return None
        stance, turned = Stance.FLAT, "down from overbought"
        conviction = _mean(_depth(wt2, settings.overbought), rsi / 100.0, flow < 0.0)
    rationale = f"WaveTrend turned {turned} {wt2:.1f} with RSI {rsi:.1f}, money flow {flow:+.1f}."
    return _advice(settings, symbol, snapshot, stance, conviction, RULES, rationale)


def ema_cross_advice(
    settings: AdviceSettings, symbol: str, snapshot: Snapshot, position_open: bool
) -> Advice | None:
    """Buy where the fast average of the close crosses above the slow one, sell where below."""
    if not snapshot.ema_cross or (snapshot.ema_cross > 0) == position_open:
        return None
    wt1, wt2, rsi, flow = snapshot.wt1, snapshot.wt2, snapshot.rsi, snapshot.money_flow
    if snapshot.ema_cross > 0:
        stance, side = Stance.LONG, "above"
        conviction = _mean(wt1 > wt2, rsi / 100.0, flow > 0.0)
    else:
        stance, side = Stance.FLAT, "below"
        conviction = _mean(wt1 < wt2, 1.0 - rsi / 100.0, flow < 0.0)
    rationale = (
        f"The fast average crossed {side} the slow one with WaveTrend {wt1 - wt2:+.1f} off its "
        f"signal, RSI {rsi:.1f}, money flow {flow:+.1f}."
    )
    return _advice(settings, symbol, snapshot, stance, conviction, EMA_CROSS, rationale)


ADVISORS: dict[str, Rule] = {RULES: rules_advice, EMA_CROSS: ema_cross_advice}
"""The rule for each value of the setting `advisor`."""


def _mean(first: float, second: float, third: float) -> float:
    return (first + second + third) / 3.0


def _depth(wt2: float, level: float) -> float:
    """Return how far beyond the level the turn came: 0 at the level, 0.5 at twice the level."""
    return 1.0 - level / wt2 if wt2 else 0.0


def _advice(
    settings: AdviceSettings,
    symbol: str,
    snapshot: Snapshot,
    stance: Stance,
    conviction: float,
    source: str,
    rationale: str,
) -> Advice | None:
    if conviction < settings.min_conviction:
        return None
    stop, target = _bracket(settings, snapshot) if stance is Stance.LONG else (None, None)
    return Advice(
        symbol=symbol,
        stance=stance,
        conviction=conviction,
        price=snapshot.close,
        stop=stop,
        target=target,
        source=source,
        rationale=rationale,
        ts_event=snapshot.ts_event,
    )


def _bracket(settings: AdviceSettings, snapshot: Snapshot) -> tuple[float, float]:
    """Return stop and target around the close."""
    price, atr = snapshot.close, snapshot.atr
    nearest = price * settings.min_stop_pct / 100.0
    farthest = price * settings.max_stop_pct / 100.0
    distance = min(max(settings.stop_atr * atr, nearest), farthest)
    return price - distance, price + distance * settings.target_atr / settings.stop_atr
