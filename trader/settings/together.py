"""What settings must agree on, and what deserves a remark."""

from collections.abc import Iterator, Mapping

from trader.settings.schema import SIMULATED
from trader.settings.values import Value, to_text

AT_MOST = (
    ("risk.max_daily_loss_pct", "risk.max_weekly_loss_pct"),
    ("risk.max_weekly_loss_pct", "risk.max_monthly_loss_pct"),
    ("advice.min_stop_pct", "advice.max_stop_pct"),
)
"""Pairs of settings of which the first is at most the second."""

BELOW = (
    ("indicators.ema_fast", "indicators.ema_slow"),
    ("advice.oversold", "advice.overbought"),
)
"""Pairs of settings of which the first is below the second."""


def disagreements(values: Mapping[str, Value]) -> Iterator[str]:
    """Yield an error for each rule that the effective values break.

    A rule is passed over where one of its settings is not in `values`, being in error itself.
    """
    for first, second in (pair for pair in AT_MOST if values.keys() >= set(pair)):
        if values[first].value > values[second].value:
            yield _misordered(values[first], "at most", values[second])
    for first, second in (pair for pair in BELOW if values.keys() >= set(pair)):
        if values[first].value >= values[second].value:
            yield _misordered(values[first], "below", values[second])
    venue, data = values.get("market.venue"), values.get("market.data")
    if venue and data and venue.value == "replay" and data.value is None:
        yield f"{_placed(venue)} needs market.data; name a file of candles"
    speed = values.get("market.speed")
    if venue and speed and venue.value not in SIMULATED and _is_chosen(speed) and speed.value != 1:
        yield f"{_placed(speed)}: {_placed(venue)} is real and keeps its own time; leave it out"


def remarks(values: Mapping[str, Value]) -> Iterator[str]:
    """Yield a line for each effective value that will not do what it seems to promise."""
    leverage, venue, data = (
        values[path] for path in ("trading.leverage", "market.venue", "market.data")
    )
    if leverage.value > 1:
        yield f"{_placed(leverage)} has no effect: spot is traded, and spot lends nothing"
    for unread in (data, values["market.stream"]):
        if unread.value is not None and venue.value != "replay":
            yield f"{_placed(unread)} has no effect: {_placed(venue)}, and only replay reads it"


def _is_chosen(value: Value) -> bool:
    """Tell whether a user gave a value, and not we."""
    return value.layer not in {"default"} and not value.layer.startswith("profile")


def _misordered(first: Value, order: str, second: Value) -> str:
    cure = "lower the first or raise the second"
    return f"{_placed(first)} must be {order} {_placed(second)}; {cure}"


def _placed(value: Value) -> str:
    return f"{value.path} = {to_text(value.value)} ({value.layer})"
