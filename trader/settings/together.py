"""What settings must agree on, and what deserves a remark."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from trader.model.instrument import PERPETUAL, is_perpetual, split_symbol
from trader.model.market import interval_ns
from trader.risk.settings import returns_needed
from trader.settings.schema import SIMULATED
from trader.settings.values import Value, to_text

AT_MOST = (
    ("risk.max_daily_loss_pct", "risk.max_weekly_loss_pct"),
    ("risk.max_weekly_loss_pct", "risk.max_monthly_loss_pct"),
    ("risk.max_var_pct", "risk.max_expected_shortfall_pct"),
    ("sizing.kelly_floor_pct", "risk.risk_per_trade_pct"),
    ("advice.min_stop_pct", "advice.max_stop_pct"),
    ("llm.max_tokens_per_day", "llm.max_tokens_per_month"),
    ("llm.max_cost_per_day", "llm.max_cost_per_month"),
)
"""Pairs of settings of which the first is at most the second."""

_LONGEST_HISTORY = 50 * 365 * interval_ns("1d")

BELOW = (
    ("indicators.ema_fast", "indicators.ema_slow"),
    ("advice.oversold", "advice.overbought"),
)
"""Pairs of settings of which the first is below the second."""

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""Hosts that are this machine."""


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
    yield from _trailing_twice(values)
    yield from _reaching_back(values)
    venue, data = values.get("market.venue"), values.get("market.data")
    if venue and data and venue.value == "replay" and data.value is None:
        yield f"{_placed(venue)} needs market.data; name a file of candles"
    yield from _unlisted_host(values)
    yield from _misnamed(values)
    yield from _mixed(values)
    yield from _inconvertible(values)
    yield from _out_of_reach(values)
    yield from _unmeasured(values)
    speed = values.get("market.speed")
    if venue and speed and venue.value not in SIMULATED and _is_chosen(speed) and speed.value != 1:
        yield f"{_placed(speed)}: {_placed(venue)} is real and keeps its own time; leave it out"


def _unlisted_host(values: Mapping[str, Value]) -> Iterator[str]:
    """Refuse to send prompts, and a key, to a host that nobody allowed."""
    url, allowed = values.get("llm.base_url"), values.get("llm.allowed_hosts")
    if url is None or allowed is None or url.value is None:
        return
    parts = urlsplit(url.value)
    if parts.hostname in LOOPBACK:
        return
    if parts.hostname not in {host.lower() for host in allowed.value}:
        yield f"{_placed(url)} names a host that is not in llm.allowed_hosts; add it there"
    elif parts.scheme != "https":
        yield f"{_placed(url)} would send prompts unencrypted; use https"


def _misnamed(values: Mapping[str, Value]) -> Iterator[str]:
    """Yield an error for each symbol that is not the instrument which was asked for."""
    instrument, symbols = values.get("trading.instrument"), values.get("trading.symbols")
    if instrument is None or symbols is None or instrument.value is None:
        return
    for symbol in symbols.value:
        if is_perpetual(symbol) != (instrument.value == "perp"):
            other = f"{'-'.join(split_symbol(symbol))}{'' if is_perpetual(symbol) else PERPETUAL}"
            what = "spot" if instrument.value == "perp" else "a perpetual"
            yield f"{_placed(instrument)}, but {symbol} is {what}; trade {other}, or leave it out"


def _mixed(values: Mapping[str, Value]) -> Iterator[str]:
    """Yield an error for symbols whose prices are of more than one currency: one USD is no USDT."""
    symbols = values.get("trading.symbols")
    quotes = dict.fromkeys(split_symbol(s)[1] for s in symbols.value) if symbols else {}
    if symbols and len(quotes) > 1:
        named = " and ".join(quotes)
        yield f"{_placed(symbols)} are paid in {named}, but an account has one currency; choose one"


def _inconvertible(values: Mapping[str, Value]) -> Iterator[str]:
    """Yield an error for a currency whose price a file of one symbol's candles cannot tell."""
    names = ("trading.symbols", "risk.currency", "market.venue", "market.stream")
    if not values.keys() >= set(names):
        return
    symbols, currency, venue, stream = (values[name] for name in names)
    own = "quote", split_symbol(symbols.value[0])[1]
    if currency.value not in own and venue.value == "replay" and stream.value is None:
        yield f"{_placed(currency)} needs a second symbol; {_placed(venue)} has one: leave it out"


def _out_of_reach(values: Mapping[str, Value]) -> Iterator[str]:
    """Yield an error for a default stop that a liquidation would come before."""
    paths = (
        "trading.symbols",
        "trading.leverage",
        "risk.default_stop_loss_pct",
        "risk.max_slippage_pct",
        "simulation.maintenance_pct",
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
    symbols, leverage = values.get("trading.symbols"), values.get("trading.leverage")
    if symbols is None or leverage is None or not any(map(is_perpetual, symbols.value)):
        return
    for name in ("risk.max_leverage_x", "simulation.max_leverage"):
        most = values.get(name)
        if most is not None and leverage.value > most.value:
            yield _misordered(leverage, "at most", most)


def _unmeasured(values: Mapping[str, Value]) -> Iterator[str]:
    """Yield an error for what rests on more returns than are kept."""
    names = ("sizing.method", "risk.returns_candles", "risk.var_confidence_pct")
    if not values.keys() >= set(names):
        return
    method, kept, confidence = (values[name] for name in names)
    needed = returns_needed(confidence.value)
    if method.value == "volatility" and not kept.value:
        yield f"{_placed(method)} rests on returns: {_placed(kept)} keeps none; raise it"
    if 0 < kept.value < needed:
        yield f"{_placed(confidence)} takes {needed} returns: {_placed(kept)} is too few; raise it"


def _trailing_twice(values: Mapping[str, Value]) -> Iterator[str]:
    """Yield an error for two distances of one trailing stop."""
    percent, ranges = values.get("exits.trail_pct"), values.get("exits.trail_atr")
    if percent and ranges and percent.value and ranges.value:
        yield f"{_placed(percent)} and {_placed(ranges)} name two distances; set one of them to 0"


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
    yield from _remarks_on_models(values)
    if not (kept := values["risk.returns_candles"]).value:
        yield f"{_placed(kept)} turns risk.max_var_pct and risk.max_expected_shortfall_pct off"
    for unread in (data, values["market.stream"]):
        if unread.value is not None and venue.value != "replay":
            yield f"{_placed(unread)} has no effect: {_placed(venue)}, and only replay reads it"


def _is_chosen(value: Value) -> bool:
    """Tell whether a user gave a value, and not we."""
    return not value.layer.startswith(("default", "profile "))


def _remarks_on_models(values: Mapping[str, Value]) -> Iterator[str]:
    model, fallbacks, url = (values[f"llm.{name}"] for name in ("model", "fallbacks", "base_url"))
    if model.value is None:
        if fallbacks.value:
            yield f"{_placed(fallbacks)} has no effect: there is no llm.model"
        return
    priced = values["llm.input_prices"].value.keys() & values["llm.output_prices"].value.keys()
    for name in (model.value, *fallbacks.value):
        if name not in priced:
            yield f"{name} has no llm.input_prices and llm.output_prices: tokens alone bound it"
        if url.value is not None and not name.startswith("openai:"):
            yield f"{_placed(url)} has no effect on {name}: only openai: models use it"


def _misordered(first: Value, order: str, second: Value) -> str:
    cure = "lower the first or raise the second"
    return f"{_placed(first)} must be {order} {_placed(second)}; {cure}"


def _placed(value: Value) -> str:
    return f"{value.path} = {to_text(value.value)} ({value.layer})"
