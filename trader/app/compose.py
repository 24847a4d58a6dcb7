"""Build the eight actors, their ports and the two kernels of one run."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from actors.execution_broker import ExecutionBroker
from actors.indicator_worker import IndicatorWorker
from actors.kill_switch import KillSwitch
from actors.llm_advisor import LLMAdvisor
from actors.market_feed import MarketFeed
from actors.risk_guard import RiskGuard
from actors.supervisor import Supervisor
from actors.validator import Validator
from trader.advice.window import SPAN
from trader.app.advising import Advising
from trader.app.tally import Tally
from trader.app.waiting import Waiting
from trader.app.world import Trading, World
from trader.indicators.columns import ColumnIndicators
from trader.indicators.stream import StreamIndicators
from trader.model.errors import UsageError
from trader.model.instrument import Instrument
from trader.model.market import SECOND, Series, interval_ns
from trader.model.messages import (
    ActorGaveUp,
    FeedEnded,
    HaltTrading,
    Message,
    SessionStarted,
    SnapshotTaken,
)
from trader.model.reasons import Reason
from trader.ports import Indicators
from trader.risk.state import Rules
from trader.runtime.digest import VIEWS, Digest
from trader.runtime.faults import Fault, FaultPlan
from trader.runtime.interlock import Interlock
from trader.runtime.kernel import Kernel
from trader.runtime.recorder import Journal
from trader.runtime.recovery import Memory
from trader.runtime.role import Tap
from trader.safety.settings import ShutdownSettings
from trader.settings.schema import SIMULATED, Settings
from trader.topology import (
    APP,
    EXECUTION_BROKER,
    INDICATOR_WORKER,
    KILL_SWITCH,
    LLM_ADVISOR,
    MARKET_FEED,
    RISK_GUARD,
    SUPERVISOR,
    VALIDATOR,
)
from trader.venues.candle_file import Stretch, load_candles
from trader.venues.embedded import EmbeddedMarket
from trader.venues.instruments import price_level, simulated_instrument
from trader.venues.recorded import RecordedMarket
from trader.venues.simulated import SimulatedExchange

Taps = Mapping[Any, tuple[Tap, ...]]
"""What looks on, by the type of the message, in the order given."""

RECONCILE_SECONDS = 3_600.0
"""Market time between two looks at a simulated account, which nobody else can change."""


class KernelClock:
    """A kernel's time, as its ports see it."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def now(self) -> int:
        """Return the time of the event being carried out, in ns."""
        return self._kernel.now


class Engine(msgspec.Struct):
    """Everything of one run."""

    settings: Settings
    world: World
    main: Kernel
    kill: Kernel
    interlock: Interlock
    digest: Digest
    tally: Tally
    faults: FaultPlan
    advising: Advising | None = None

    def start(self, run: str, roles: dict[str, Memory] | None = None) -> None:
        """Start the actors where their market begins, each as an earlier run left it if given."""
        for kernel in (self.kill, self.main):
            kernel.now = self.world.market.start
        self.kill.start()
        self.main.start(roles)
        self.main.announce(SessionStarted(run, resumed=roles is not None))

    def close(self) -> None:
        """Stop the actors."""
        for kernel in (self.main, self.kill):
            kernel.close()


def build_world(
    settings: Settings,
    saved: bytes | None,
    resume_at: int | None,
    waiting: Waiting | None = None,
) -> World:
    """Build the market and the venue; raise UsageError for recorded candles that are not sound.

    Raise NothingCame where the run ends before a real venue has answered.
    """
    chosen = settings.market
    if chosen.venue not in SIMULATED or (chosen.venue == "replay" and chosen.stream is not None):
        return _build_real(settings, saved, resume_at, waiting or Waiting())
    symbols, interval = settings.watched, interval_ns(settings.trading.interval)
    limit, series = chosen.candles, None
    if chosen.venue == "replay":
        if len(symbols) > 1:
            named = ", ".join(symbols)
            raise UsageError(f"replay: one file serves one symbol, not {named}; name one of them")
        stretch = None if limit is None else Stretch(limit, resume_at or 0)
        series = load_candles(Path(settings.market.data or ""), interval, stretch=stretch)
    exchange = SimulatedExchange(_instruments(settings, series), settings.simulation, saved)
    market: Trading
    if series is not None:
        market = RecordedMarket(symbols[0], series, exchange, limit, resume_at)
    else:
        market = EmbeddedMarket(
            symbols,
            interval,
            settings.market.seed,
            settings.indicators.history,
            exchange,
            limit,
            resume_at=resume_at,
        )
    return World(market, exchange, series)


def _build_real(
    settings: Settings, saved: bytes | None, resume_at: int | None, waiting: Waiting
) -> World:
    # What speaks to venues is imported where it is used alone: it is a third of the start.
    from trader.app.real import open_frames, open_real

    if settings.market.venue not in SIMULATED:
        return open_real(settings, saved, waiting)
    if resume_at is not None:
        raise UsageError(
            "--resume: a recording of frames is played from its first frame on, and an earlier run"
            " has seen those; leave it out, or replay candles"
        )
    return open_frames(settings, saved)


def _instruments(settings: Settings, series: Series | None) -> dict[str, Instrument]:
    return {
        symbol: simulated_instrument(
            symbol,
            series.close[0] if series is not None else price_level(symbol),
            settings.simulation,
            settings.trading.leverage,
        )
        for symbol in settings.watched
    }


def build_engine(
    settings: Settings,
    world: World,
    faults: tuple[Fault, ...] = (),
    journal: Journal | None = None,
    kill_journal: Journal | None = None,
    taps: Sequence[Taps] = (),
    on_trip: Callable[[Message], None] = lambda _message: None,
    redact: Callable[[str], str] = str,
    advising: Advising | None = None,
) -> Engine:
    """Wire the actors; `on_trip` is told what ends or halts the run as it passes to the KillSwitch.

    Also told: ShutdownCompleted, which the KillSwitch sends when all is done.
    """
    plan, interlock, digest, tally = FaultPlan(faults), Interlock(), Digest(), Tally()
    decisions = dict.fromkeys(VIEWS, (digest.take,))
    counted = dict.fromkeys(tally.types, (tally.take,))
    main = Kernel(
        journal=journal, faults=plan, taps=_join(decisions, counted, *taps), redact=redact
    )
    kill = Kernel(journal=kill_journal, faults=plan, taps=_join(counted, *taps), redact=redact)
    engine = Engine(settings, world, main, kill, interlock, digest, tally, plan, advising)
    _add_actors(engine)
    _add_kill_switch(engine, on_trip)
    return engine


def rules_of(settings: Settings, instruments: Mapping[str, Instrument]) -> Rules:
    """Return what the RiskGuard of a run judges by."""
    return Rules(
        settings.risk,
        settings.trading.max_size_pct,
        {symbol: instruments[symbol] for symbol in settings.trading.symbols},
        settings.protections,
        settings.exits,
        settings.sizing,
        settings.conversion,
    )


def _join(*parts: Taps) -> Taps:
    kinds = dict.fromkeys(kind for part in parts for kind in part)
    return {kind: tuple(tap for part in parts for tap in part.get(kind, ())) for kind in kinds}


def _connect(engine: Engine, kernel: Kernel) -> Any:
    return engine.world.exchange.connect(KernelClock(kernel), engine.interlock)


def _add_actors(engine: Engine) -> None:
    settings, world, main = engine.settings, engine.world, engine.main
    trading, system = settings.trading, settings.system
    interval = interval_ns(trading.interval)
    main.add(
        MARKET_FEED,
        partial(
            MarketFeed.start,
            world.market,
            settings.watched,
            interval,
            settings.indicators.history,
            world.real,
        ),
    )
    of = settings.indicators, settings.cipher_a, settings.cipher_b
    span = 0 if engine.advising is None else SPAN
    # Half warm is warm enough to be looked back at.
    early = min(span - 1, settings.indicators.history // 2) if span else 0
    indicators: Indicators[Any] = StreamIndicators(*of, early)
    if world.series is not None:
        # Where no journal, model or log reads snapshots, rules alone look at them.
        unread = main.recorder is None and not span and SnapshotTaken not in main.taps
        indicators = ColumnIndicators(*of, world.series, early, glances=unread)
    for symbol in trading.symbols:
        name = f"{INDICATOR_WORKER}[{symbol}]"
        main.add(name, partial(IndicatorWorker.start, symbol, indicators, span))
    if settings.conversion:
        # Its price is all that is wanted of it: nobody advises on it, and nobody is asked to.
        main.add_gateway(
            f"{INDICATOR_WORKER}[{settings.conversion}]", lambda _sender, _message: None
        )
    advisor = partial(LLMAdvisor.start, settings.advice, system.update_frequency_seconds)
    if engine.advising is not None:
        advising = engine.advising
        advisor = partial(advisor, advising.asking, advising.connect(KernelClock(main)))
    main.add(LLM_ADVISOR, advisor)
    main.add(VALIDATOR, partial(Validator.start, trading.symbols, settings.advice))
    instruments = world.exchange.instruments
    main.add(
        RISK_GUARD,
        partial(RiskGuard.start, rules_of(settings, instruments)),
    )
    main.add(
        EXECUTION_BROKER, partial(ExecutionBroker.start, _connect(engine, main), RECONCILE_SECONDS)
    )
    main.add(SUPERVISOR, partial(Supervisor.start, system.heartbeat_seconds))


def _add_kill_switch(engine: Engine, on_trip: Callable[[Message], None]) -> None:
    settings, main, kill = engine.settings, engine.main, engine.kill
    kill.add(
        KILL_SWITCH,
        partial(
            KillSwitch.start,
            _connect(engine, kill),
            engine.interlock,
            settings.shutdown if engine.world.real else _in_market_time(settings),
            tuple(engine.world.exchange.instruments[s] for s in settings.trading.symbols),
            2 * engine.world.exchange.latency / SECOND,
        ),
    )

    def to_kill_switch(sender: str, message: Message) -> None:
        kill.arrive(KILL_SWITCH, message, sender)
        if isinstance(message, ActorGaveUp):
            engine.tally.gave_up.add(message.role)
        if isinstance(message, ActorGaveUp | FeedEnded):
            on_trip(message)

    def lost_on_main(role: str, why: str) -> None:
        to_kill_switch(SUPERVISOR, ActorGaveUp(role, why))

    def lost_kill_switch(_role: str, why: str) -> None:
        # Nobody is left to trip: entries go off here, and the run ends without its cancels.
        halt = HaltTrading(engine.interlock.advance(), Reason.HALT_KILL_SWITCH_DOWN, why, False)
        engine.tally.take(KILL_SWITCH, halt, main.now)
        engine.tally.gave_up.add(KILL_SWITCH)
        for name in (RISK_GUARD, LLM_ADVISOR, EXECUTION_BROKER):
            main.arrive(name, halt, KILL_SWITCH)
        on_trip(ActorGaveUp(KILL_SWITCH, why))

    main.last_resort = lost_on_main
    kill.last_resort = lost_kill_switch
    main.add_gateway(KILL_SWITCH, to_kill_switch)
    for name in (RISK_GUARD, LLM_ADVISOR, EXECUTION_BROKER):
        kill.add_gateway(name, partial(_forward, main, name))
    kill.add_gateway(APP, lambda _sender, message: on_trip(message))


def _in_market_time(settings: Settings) -> ShutdownSettings:
    """Return how a run ends with its deadline in market time, which its actors know alone."""
    speed, shutdown = settings.market.speed, settings.shutdown
    seconds = shutdown.deadline_seconds * (1.0 if speed == "max" else speed)
    return msgspec.structs.replace(shutdown, deadline_seconds=seconds)


def _forward(main: Kernel, name: str, sender: str, message: Message) -> None:
    main.arrive(name, message, sender)
