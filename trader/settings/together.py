"""What settings must agree on, and what deserves a remark."""

from collections.abc import Iterator, Mapping

from trader.model.instrument import is_perpetual, split_symbol
from trader.model.market import interval_ns
from trader.settings.values import Value, to_text

AT_MOST = (
    ("risk.max_daily_loss_pct", "risk.max_weekly_loss_pct"),
    ("risk.max_weekly_loss_pct", "risk.max_monthly_loss_pct"),
    ("advice.min_stop_pct", "advice.max_stop_pct"),
)
"""Pairs of settings of which the first is at most the second."""

_LONGEST_HISTORY = 50 * 365 * interval_ns("1d")

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
    yield from _reaching_back(values)
    venue, data = values.get("market.venue"), values.get("market.data")
    if venue and data and venue.value == "replay" and data.value is None:
        yield f"{_placed(venue)} needs market.data; name a file of candles"
    yield from _misnamed(values)
    yield from _out_of_reach(values)


def _misnamed(values: Mapping[str, Value]) -> Iterator[str]:
    """Yield an error for each symbol that is not the instrument which was asked for."""
    instrument, symbols = values.get("trading.instrument"), values.get("trading.symbols")
    if instrument is None or symbols is None or instrument.value is None:
        return
    for symbol in symbols.value:
        if is_perpetual(symbol) != (instrument.value == "perp"):
            other = f"{'-'.join(split_symbol(symbol))}{'' if is_perpetual(symbol) else '-PERP'}"
            what = "spot" if instrument.value == "perp" else "a perpetual"
            yield f"{_placed(instrument)}, but {symbol} is {what}; trade {other}, or leave it out"


def _out_of_reach(values: Mapping[str, Value]) -> Iterator[str]:
    """Yield an error for a default stop that a liquidation would come before."""
    paths = (
        "trading.symbols",
        "trading.leverage",
        "risk.default_stop_loss_pct",
        "risk.max_slippage_pct",
        "simulation.maintenance_margin_pct",
    )
    yield from _overleveraged(values)
    if not values.keys() >= set(paths) or not any(map(is_perpetual, values[paths[0]].value)):
        return
    leverage, stop, slip, kept = (values[path] for path in paths[1:])
    room = 100 / leverage.value - float(kept.value) - slip.value
    if stop.value >= room:
        yield (
            f"{_placed(stop)} lies beyond liquidation: {_placed(leverage)} leaves {max(room, 0):g}"
            f" %, with {_placed(kept)} and {_placed(slip)}; lower one of them"
        )


def _overleveraged(values: Mapping[str, Value]) -> Iterator[str]:
    """Yield an error for a leverage at which no entry would ever be sent."""
    names = ("trading.symbols", "trading.leverage", "risk.max_leverage_x")
    if values.keys() >= set(names) and any(map(is_perpetual, values[names[0]].value)):
        leverage, most = values[names[1]], values[names[2]]
        if leverage.value > most.value:
            yield _misordered(leverage, "at most", most)


def _reaching_back(values: Mapping[str, Value]) -> Iterator[str]:
    """Yield an error for a history that begins before markets had clocks."""
    history, interval = values.get("indicators.history"), values.get("trading.interval")
    if history and interval and history.value * interval_ns(interval.value) > _LONGEST_HISTORY:
        yield (
            f"{_placed(history)} is more than 50 years at {_placed(interval)}; lower one of them"
        )


def remarks(values: Mapping[str, Value]) -> Iterator[str]:
    """Yield a line for each effective value that will not do what it seems to promise."""
    leverage, venue, data = (
        values[path] for path in ("trading.leverage", "market.venue", "market.data")
    )
    if leverage.value > 1 and not any(map(is_perpetual, values["trading.symbols"].value)):
        yield f"{_placed(leverage)} has no effect: spot is traded, and spot lends nothing"
    if data.value is not None and venue.value != "replay":
        yield f"{_placed(data)} has no effect: {_placed(venue)}, and only replay reads it"


def _misordered(first: Value, order: str, second: Value) -> str:
    cure = "lower the first or raise the second"
    return f"{_placed(first)} must be {order} {_placed(second)}; {cure}"


def _placed(value: Value) -> str:
    return f"{value.path} = {to_text(value.value)} ({value.layer})"
