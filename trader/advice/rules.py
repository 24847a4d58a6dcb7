"""The rules that advise without a model: each turns one snapshot into advice, or None to hold.

Conviction is confluence: the mean of three readings, each 0 to 1, 1 where it agrees fully. Below
`min_conviction` a rule says nothing. Against a position it says FLAT; from flat, a fall is a reason
to go SHORT on a perpetual, and none on spot. Rules never say HOLD.
"""

from collections.abc import Callable

from trader.advice.settings import AdviceSettings
from trader.model.instrument import is_perpetual
from trader.model.views import Advice, Snapshot, Stance

Rule = Callable[[AdviceSettings, str, Snapshot, int], Advice | None]
"""Settings, symbol, snapshot and position (1 long, -1 short, 0 flat) to advice."""

RULES = "rules"
EMA_CROSS = "ema-cross"


def rules_advice(
    settings: AdviceSettings, symbol: str, snapshot: Snapshot, position: int
) -> Advice | None:
    """Buy where WaveTrend turns up from oversold, sell where it turns down from overbought."""
    if not snapshot.cross or snapshot.cross == position:
        return None
    stance = _stance(snapshot.cross, symbol, position)
    if stance is None:
        return None
    wt2, rsi, flow = snapshot.wt2, snapshot.rsi, snapshot.money_flow
    if snapshot.cross > 0:
        if wt2 > settings.oversold or rsi > settings.rsi_ceiling:
            return None
        turned = "up from oversold"
        conviction = _mean(_depth(wt2, settings.oversold), 1.0 - rsi / 100.0, flow > 0.0)
    else:
        if wt2 < settings.overbought or rsi < settings.rsi_floor:
            return None
        turned = "down from overbought"
        conviction = _mean(_depth(wt2, settings.overbought), rsi / 100.0, flow < 0.0)
    rationale = f"WaveTrend turned {turned} {wt2:.1f} with RSI {rsi:.1f}, money flow {flow:+.1f}."
    return _advice(settings, symbol, snapshot, stance, conviction, RULES, rationale)


def ema_cross_advice(
    settings: AdviceSettings, symbol: str, snapshot: Snapshot, position: int
) -> Advice | None:
    """Buy where the fast average of the close crosses above the slow one, sell where below."""
    if not snapshot.ema_cross or snapshot.ema_cross == position:
        return None
    stance = _stance(snapshot.ema_cross, symbol, position)
    if stance is None:
        return None
    wt1, wt2, rsi, flow = snapshot.wt1, snapshot.wt2, snapshot.rsi, snapshot.money_flow
    if snapshot.ema_cross > 0:
        side = "above"
        conviction = _mean(wt1 > wt2, rsi / 100.0, flow > 0.0)
    else:
        side = "below"
        conviction = _mean(wt1 < wt2, 1.0 - rsi / 100.0, flow < 0.0)
    rationale = (
        f"The fast average crossed {side} the slow one with WaveTrend {wt1 - wt2:+.1f} off its "
        f"signal, RSI {rsi:.1f}, money flow {flow:+.1f}."
    )
    return _advice(settings, symbol, snapshot, stance, conviction, EMA_CROSS, rationale)


ADVISORS: dict[str, Rule] = {RULES: rules_advice, EMA_CROSS: ema_cross_advice}
"""The rule for each value of the setting `advisor`."""


def _stance(cross: int, symbol: str, position: int) -> Stance | None:
    """Return what a turn up (1) or down (-1) asks for that the position is not, or None."""
    if position:
        return Stance.FLAT
    if cross > 0:
        return Stance.LONG
    return Stance.SHORT if is_perpetual(symbol) else None


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
    stop, target = _bracket(settings, snapshot, stance)
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
        atr=snapshot.atr,
        gap=snapshot.gap,
    )


def _bracket(
    settings: AdviceSettings, snapshot: Snapshot, stance: Stance
) -> tuple[float | None, float | None]:
    """Return an entry's stop and target around the close."""
    price, atr = snapshot.close, snapshot.atr
    if stance is Stance.FLAT:
        return None, None
    nearest = price * settings.min_stop_pct / 100.0
    farthest = price * settings.max_stop_pct / 100.0
    distance = min(max(settings.stop_atr * atr, nearest), farthest)
    gain = distance * settings.target_atr / settings.stop_atr
    if stance is Stance.SHORT:
        return price + distance, price - gain
    return price - distance, price + gain
