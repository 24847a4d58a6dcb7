"""The limits in force: their values, where each comes from, and the drill that proves them."""

import textwrap
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec.structs import replace

from trader.app.compose import rules_of
from trader.model.errors import UsageError
from trader.model.instrument import Instrument
from trader.model.reasons import Reason
from trader.risk.drill import Proof, drill, refused_when_sound
from trader.risk.limits import every_limit, unit_of
from trader.settings.fingerprint import fingerprint
from trader.settings.layers import Loaded
from trader.settings.schema import MarketSettings, Settings, SystemSettings
from trader.settings.values import to_text
from trader.storage.data_dir import open_kept
from trader.ui.render import iso
from trader.venues.instruments import price_level, simulated_instrument

_FILE = "limits.json"
_COLUMNS = "{:<24} {:>12}  {:<14} {}"
_INDENT = "    "


class LimitInForce(msgspec.Struct, frozen=True):
    """A limit as a person sees it; `proved` (UTC) is when a drill last breached it in vain."""

    reason: Reason
    setting: str
    value: str
    unit: str
    layer: str
    proved: str | None


class Proved(msgspec.Struct, frozen=True):
    """When (wall ns) every limit was proved, and with which settings."""

    fingerprint: str
    time: int


def limits_in_force(loaded: Loaded, directory: Path) -> tuple[LimitInForce, ...]:
    """Return every limit with its value, the layer it is from and its last proof."""
    values = {value.path: value for value in loaded.values}
    proved = _read(directory, loaded.settings)
    rows = []
    for limit in every_limit():
        value = values.get(limit.setting)
        text, layer = ("on", "always") if value is None else (to_text(value.value), value.layer)
        unit = unit_of(limit.setting)
        rows.append(LimitInForce(limit.reason, limit.setting, text, unit, layer, proved))
    return tuple(rows)


def prove(
    settings: Settings, instruments: Mapping[str, Instrument], prices: Mapping[str, float]
) -> tuple[Proof, ...]:
    """Breach every limit of a run; raise UsageError where one does not deny with its reason."""
    proofs = drill(rules_of(settings, instruments), prices)
    missed = [f"limit {p.reason} does not hold: {p.said}" for p in proofs if not p.proven]
    if missed:
        raise UsageError("\n".join(f"{line}; report it, with `config show`" for line in missed))
    return proofs


def prove_settings(settings: Settings) -> tuple[tuple[Proof, ...], str]:
    """Breach every limit without a market; also say what denies a sound proposal, if anything."""
    symbols, leverage = settings.trading.symbols, settings.trading.leverage
    prices = {symbol: price_level(symbol) for symbol in symbols}
    instruments = {
        symbol: simulated_instrument(symbol, level, settings.simulation, leverage)
        for symbol, level in prices.items()
    }
    unsound = refused_when_sound(rules_of(settings, instruments), prices)
    return prove(settings, instruments, prices), unsound


def note_proof(directory: Path, settings: Settings) -> None:
    """Remember that the limits of these settings were proved just now; a full disk forgets it."""
    proved = Proved(_of(settings), time.time_ns())
    try:
        (directory / _FILE).write_bytes(msgspec.json.encode(proved))
    except OSError:
        return


def to_table(rows: tuple[LimitInForce, ...], proofs: tuple[Proof, ...] = ()) -> str:
    """Write limits for a person, in 80 columns; below each what its drill said, if there was one.

    A drill proves all of them or none, so one line below them says when that was.
    """
    said = {proof.reason: proof.said for proof in proofs}
    lines = [_COLUMNS.format("limit", "value", "unit", "from")]
    for row in rows:
        lines.append(_COLUMNS.format(row.reason, row.value, row.unit, row.layer))
        denial = textwrap.wrap(said.get(row.reason, ""), 80 - len(_INDENT))
        lines += [f"{_INDENT}{line}" for line in denial]
    proved = {row.proved or "never, with these settings" for row in rows}
    return "\n".join([*lines, "", *(f"last proved: {when}" for when in proved)])


def to_json(rows: tuple[LimitInForce, ...], proofs: tuple[Proof, ...] = ()) -> str:
    """Write limits as JSON, with the proofs of a drill where there was one."""
    return msgspec.json.encode({"limits": rows, "proofs": proofs}).decode()


def _read(directory: Path, settings: Settings) -> str | None:
    try:
        with open_kept(directory / _FILE) as file:
            proved = msgspec.json.decode(file.read(), type=Proved)
    except (OSError, msgspec.DecodeError):
        return None
    if proved.fingerprint != _of(settings):
        return None
    return iso(proved.time)


def _of(settings: Settings) -> str:
    """Digest the settings that a proof is of: how a run is paced and logged moves no limit."""
    market = MarketSettings(settings.market.venue)
    return fingerprint(replace(settings, market=market, system=SystemSettings()))
