"""Every setting, section by section: what it means, its unit and its safe default."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Literal

import msgspec

from trader.advice.settings import AdviceSettings, LlmSettings
from trader.indicators.settings import CipherASettings, CipherBSettings, IndicatorSettings
from trader.matching.settings import SimulationSettings
from trader.model.instrument import split_symbol
from trader.risk.settings import (
    ExitSettings,
    LowProfitPairs,
    MaxDrawdown,
    Protections,
    RiskSettings,
    SizingSettings,
    StoplossGuard,
)
from trader.safety.settings import ShutdownSettings

LogLevel = Literal["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


class TradingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is traded, on which candles, and how large a position may be."""

    symbols: tuple[str, ...] = ("BTC-USD",)
    """Symbols such as BTC-USD. Every layer may say `symbol` instead of a list of one."""
    interval: str = "1m"
    """Length of a candle: 1m, 15m, 4h, 1d."""
    instrument: Literal["spot", "perp"] | None = None
    """What the symbols are; null: what each says. `BTC-USDT-PERP` is a perpetual, the rest spot."""
    leverage: int = 1
    """A perpetual's notional over its margin. Without effect on spot, which lends nothing."""
    max_size_pct: float = 20.0
    """Notional of one position, in % of equity, before leverage: on a perpetual, its margin."""


SIMULATED = frozenset({"embedded", "replay"})
"""What may stand in `market.venue` and is no real venue."""


class MarketSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where candles and quotes come from. Fills are simulated at every venue."""

    venue: str = "embedded"
    """`embedded`: a simulated market, drawn from `seed`. `replay`: what is recorded in `data`.
    Any other is a real venue, by the name that ccxt gives it, such as kraken."""
    data: str | None = None
    """File of recorded candles, or of a stream's frames; `replay` needs one."""
    stream: str | None = None
    """The venue whose frames `data` holds; null: it holds candles."""
    speed: float | Literal["max"] = 60.0
    """Market seconds per wall second; `max` does not wait at all. A real venue keeps its own."""
    seed: int = 27
    """Seed of the simulated market: the same seed draws the same candles. In the first half an hour
    of 27 every profile enters and leaves."""
    candles: int | None = None
    """Candles of each symbol after which the market ends; null: when the data end, or never."""


class SystemSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the engine runs, records and reports."""

    dry_run: bool = True
    """True: no order leaves this machine. False needs `--live` beside it."""
    update_frequency_seconds: float = 60.0
    """Shortest market time between two briefs of the advisor on one symbol."""
    log_level: LogLevel = "INFO"
    """Lowest level that is logged."""
    log_filter: dict[str, LogLevel] = {}
    """Lowest level by role, before `log_level`. A higher layer replaces the whole."""
    data_dir: str = "data"
    """Directory of journals, dumps and reports; relative to the working directory."""
    journal: bool = True
    """Record every message, so that the run can be resumed, replayed and audited."""
    status_seconds: float = 10.0
    """Wall time between two status lines."""
    heartbeat_seconds: float = 3_600.0
    """Market time between two heartbeats in the log."""
    handler_limit_seconds: float = 5.0
    """Wall time after which a handler counts as wedged and the KillSwitch halts trading."""
    retention_days: float = 30.0
    """Age at which ended runs, and market data of the run itself, leave the journal."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every setting; each section is documented where it is read."""

    trading: TradingSettings = TradingSettings()
    risk: RiskSettings = RiskSettings()
    sizing: SizingSettings = SizingSettings()
    exits: ExitSettings = ExitSettings()
    stoploss_guard: StoplossGuard = StoplossGuard()
    max_drawdown: MaxDrawdown = MaxDrawdown()
    low_profit_pairs: LowProfitPairs = LowProfitPairs()
    advice: AdviceSettings = AdviceSettings()
    llm: LlmSettings = LlmSettings()
    indicators: IndicatorSettings = IndicatorSettings()
    cipher_a: CipherASettings = CipherASettings()
    cipher_b: CipherBSettings = CipherBSettings()
    simulation: SimulationSettings = SimulationSettings()
    shutdown: ShutdownSettings = ShutdownSettings()
    market: MarketSettings = MarketSettings()
    system: SystemSettings = SystemSettings()

    @property
    def conversion(self) -> str:
        """The symbol by whose price equity is converted; empty where it is not."""
        quote, currency = split_symbol(self.trading.symbols[0])[1], self.risk.currency
        return f"{quote}-{currency}" if currency not in ("quote", quote) else ""

    @property
    def watched(self) -> tuple[str, ...]:
        """What the market is asked for: every symbol that is traded, and the conversion."""
        return (*self.trading.symbols, *filter(None, [self.conversion]))

    @property
    def protections(self) -> Protections:
        """What a run of bad trades locks."""
        return Protections(self.stoploss_guard, self.max_drawdown, self.low_profit_pairs)


class Field(msgspec.Struct, frozen=True):
    """A setting by its path, such as `risk.max_daily_loss_pct`."""

    path: str
    kind: Any
    default: Any


@cache
def fields() -> dict[str, Field]:
    """Return every setting by path, in the order of the schema."""
    defaults = leaves(Settings())
    kinds = {
        f"{section.name}.{field.name}": field.type
        for section in msgspec.structs.fields(Settings)
        for field in msgspec.structs.fields(section.type)
    }
    return {path: Field(path, kinds[path], default) for path, default in defaults}


def sections() -> tuple[str, ...]:
    """Return the names of the sections."""
    return Settings.__struct_fields__


def leaves(settings: Settings) -> Iterator[tuple[str, Any]]:
    """Yield the path and the value of every setting, in the order of the schema."""
    for name in settings.__struct_fields__:
        section = getattr(settings, name)
        for field in section.__struct_fields__:
            yield f"{name}.{field}", getattr(section, field)
