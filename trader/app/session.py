"""One run, from the lock of its data directory to its exit code."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from trader.app import accounts, proving, reports, results, resuming
from trader.app.advising import open_advising
from trader.app.compose import Engine, Taps, build_engine, build_world
from trader.app.drive import open_drive, settle
from trader.app.ending import CLEAN, CRASHED, ORDERS_REMAIN, Ending
from trader.app.introducing import introduce
from trader.app.reporter import Reporter
from trader.app.screen import Screen, open_screen
from trader.app.terminal import Terminal, open_terminal
from trader.app.waiting import NothingCame, Waiting
from trader.model.errors import JournalError, TraderError, UsageError
from trader.model.market import SECOND
from trader.model.messages import (
    ActorGaveUp,
    FeedEnded,
    Message,
    ResumeTrading,
    SessionStarted,
    ShutdownCompleted,
)
from trader.runtime import recovery
from trader.runtime.faults import Fault
from trader.runtime.signals import open_signals
from trader.settings.fingerprint import fingerprint
from trader.settings.layers import Loaded
from trader.settings.schema import Settings
from trader.storage.archive import Archive, open_journal
from trader.storage.data_dir import open_data_dir
from trader.storage.journal import Journal
from trader.storage.kill_file import KillFile
from trader.storage.pruning import prune_runs
from trader.storage.schema import RunInfo, run_id
from trader.topology import KILL_SWITCH, OPERATOR, RISK_GUARD
from trader.ui.lines import LogTap
from trader.ui.log import log_event, open_logging
from trader.ui.redact import redactor, secrets_of
from trader.ui.summary import SessionSummary, to_json
from trader.venues.instruments import price_level

_DAY = 86_400.0
_PRUNED = 20
"""Steps in which old runs are dropped at a start: about half a second."""
_SAME = 0.05
"""Wall seconds within which signals are one: `timeout` and systemd send two at once."""
_SOON = 3.0
"""Wall seconds that a signal waits for a run to begin, which then ends in order."""


class Crashed(Exception):
    """The engine failed outside of its actors; the log says how."""


class Options(msgspec.Struct, frozen=True):
    """What the command line says beside the settings."""

    profile: str
    resume: bool = False
    seconds: float | None = None
    faults: tuple[Fault, ...] = ()
    panel: bool = True


class Session:
    """A run under way."""

    def __init__(
        self,
        settings: Settings,
        options: Options,
        directory: Path,
        redact: Callable[[str], str],
        stack: ExitStack,
        screen: Screen | None = None,
        waiting: Waiting | None = None,
    ) -> None:
        began = time.monotonic()
        self._waiting = waiting or Waiting(options.seconds)
        self.settings = settings
        self.options = options
        self.directory = directory
        self.account = accounts.account_of(settings)
        self._retention = round(settings.system.retention_days * _DAY * SECOND)
        archive = None
        if settings.system.journal:
            archive = stack.enter_context(open_journal(directory / "journal.db"))
        self.estate = estate = self._look_back(archive)
        self.world = build_world(
            settings,
            None if estate is None else estate.exchange,
            None if estate is None else estate.resume_at,
            self._waiting,
        )
        proving.prove(settings, self.world.exchange.instruments, self._prices())
        proving.note_proof(directory, settings)
        self.advising = open_advising(
            settings, directory, archive, self.account, redact, lambda: self.ending.expected
        )
        kill_file = stack.enter_context(KillFile.open(directory / "kill_switch.jsonl"))
        # Last of what may fail: a run that is in the journal has begun.
        self.journal = None if archive is None else self._begin(archive)
        self.run = self.journal.run.id if self.journal is not None else run_id(0, time.time_ns())
        self.engine = self._build(kill_file, redact)
        self.drive = open_drive(self.engine)
        clock = self.drive.now
        parts = self.engine, self.run, began, clock, directory, redact, options.profile, screen
        self.reporter = Reporter(*parts)
        self._redact = redact
        self.engine.tally.book.on_trade = self._on_trade
        self.ending = Ending(self.engine, self.drive.stop, self._last_words)
        self._signaled: float | None = None

    # -- before ------------------------------------------------------------------------------------

    def _look_back(self, archive: Archive | None) -> accounts.Estate | None:
        if archive is None:
            if self.options.resume:
                raise UsageError("--resume: needs the journal, and system.journal = false; set it")
            return None
        for _ in range(_PRUNED):
            if not prune_runs(archive, time.time_ns(), self._retention):
                break
        if self.options.resume:
            estate = accounts.find_estate(archive, self.settings)
            if estate is None:
                why = f"each run of {self.account} died before its first row: it starts afresh"
                log_event("WARNING", "app", None, "nothing_to_resume", None, why=why)
            return estate
        last = archive.last_run(self.account)
        if last is not None and not last.clean:
            left = accounts.left_by(archive, last, self.settings)
            time_ns = last.time or last.market_start
            log_event("WARNING", "app", None, "unclean_end", time_ns, exception=None, **left)
        return None

    def _prices(self) -> dict[str, float]:
        """Return about what each symbol costs, which a drill needs to know of a market."""
        series, symbols = self.world.series, self.settings.trading.symbols
        return {s: price_level(s) if series is None else series.close[0] for s in symbols}

    def _begin(self, archive: Archive) -> Journal:
        info = RunInfo(
            account=self.account,
            profile=self.options.profile,
            fingerprint=fingerprint(self.settings),
            settings=msgspec.json.encode(self.settings).decode(),
            versions=msgspec.json.encode(reports.versions()).decode(),
            mode="paper",
            started=time.time_ns(),
            market_start=self.world.market.start,
            resumed_from=None if self.estate is None else self.estate.run.id,
        )
        return Journal.start(archive, info, self._retention)

    def _build(self, kill_file: KillFile, redact: Callable[[str], str]) -> Engine:
        settings, journal = self.settings, self.journal
        log = LogTap(settings.system.log_level, settings.system.log_filter)
        taps: list[Taps] = [dict.fromkeys(log.types, (log,))]
        keeper = None if journal is None else accounts.Keeper(self.world.exchange, journal)
        if keeper is not None:
            taps.insert(0, dict.fromkeys(keeper.types, (keeper.on_told,)))
        engine = build_engine(
            settings,
            self.world,
            self.options.faults,
            journal,
            kill_file,
            taps,
            self._on_trip,
            redact,
            self.advising,
        )
        if keeper is not None:
            keeper.attach(engine.main)
        return engine

    def _on_trade(self) -> None:
        actor = self.engine.main.roles[RISK_GUARD].actor
        if actor is not None:
            self.reporter.highs.take(reports.losses_of(self.settings.risk, actor.state))

    # -- while it runs -----------------------------------------------------------------------------

    def play(self) -> None:
        """Run the engine to its end."""
        engine, resumed = self.engine, self.estate is not None
        for kernel in (engine.kill, engine.main):
            kernel.now = self.world.market.start
        engine.kill.start()
        engine.main.start({} if self.estate is None else self.estate.roles)
        self.reporter.start = reports.start_of(engine, resumed)
        if resumed:
            reports.take_over(engine)
        engine.main.announce(SessionStarted(self.run, resumed))
        self._hear_operator()
        engine.main.flush(durable=False)
        self.ending.bailiff.start()
        with self.reporter.open(self.settings.system.status_seconds), self._time_limit():
            self.drive.run(self.ending)
            settle(engine, self.ending)
        self.ending.over()

    def _hear_operator(self) -> None:
        """Pass on why halts may be lifted, once; a run that begins afresh has none to lift."""
        if self.estate is None:
            return
        why = resuming.find_word(self.directory, self.estate.run.id)
        if why is not None:
            self.engine.main.arrive(RISK_GUARD, ResumeTrading(why), OPERATOR)
            resuming.forget_word(self.directory)

    @contextmanager
    def _time_limit(self) -> Iterator[None]:
        seconds = self._waiting.left
        if seconds is None:
            yield
            return
        timer = threading.Timer(seconds, self.ending.request, (f"--for {self.options.seconds:g}s",))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _last_words(self) -> None:
        self.reporter.dump()
        if isinstance(sys.stderr, Terminal):
            sys.stderr.close()

    def _on_trip(self, message: Message) -> None:
        if isinstance(message, ShutdownCompleted):
            self.ending.complete(message)
        elif isinstance(message, FeedEnded):
            self.ending.expect()
            if self.ending.kill_switch_lost:
                self.ending.request("the market has ended")
        elif isinstance(message, ActorGaveUp):
            if message.role == KILL_SWITCH:
                self.ending.kill_switch_lost = True
            self.ending.request(f"{message.role} gave up")

    def on_signal(self, number: signal.Signals) -> None:
        """Do what a signal asks for."""
        if number is signal.SIGUSR1:
            self.reporter.dump()
        elif number is signal.SIGUSR2:
            self.ending.halt(number.name)
        else:
            first, now = self._signaled, time.monotonic()
            if first is None:
                self._signaled = now
                self.ending.request(number.name)
            elif now - first > _SAME:
                self.ending.cut(f"second signal, {number.name}")
            log_event("INFO", "app", None, "signal", None, signal=number.name)

    # -- after -------------------------------------------------------------------------------------

    def finish(self) -> SessionSummary:
        """Sum up, close the journal and return the summary."""
        for fault, fired in self.engine.faults.fired.items():
            if not fired:
                log_event("WARNING", fault.role, None, "fault_never_fired", None, at=fault.at)
        self.engine.main.flush(durable=False)
        code = self.ending.exit_code()
        self.reporter.finish(code)
        if code != CLEAN:
            self.reporter.dump()
        if code == ORDERS_REMAIN and not self.ending.cut_short:
            self.ending.say(f"orders may remain; {self.ending.describe_open()}")
        summary = self._sum_up(code)
        try:
            self._close_journal(summary)
        except JournalError as error:
            log_event("CRITICAL", "app", None, "journal_not_closed", None, error=str(error))
            return self._sum_up(max(code, CRASHED))
        return summary

    def _sum_up(self, code: int) -> SessionSummary:
        return results.summary_of(
            self.engine,
            run=self.run,
            profile=self.options.profile,
            start=self.reporter.start,
            audit_digest="" if self.journal is None else self.journal.audit_digest,
            wall_s=time.monotonic() - self.reporter.began,
            exit_code=code,
            highs=self.reporter.highs,
            redact=self._redact,
        )

    def _close_journal(self, summary: SessionSummary) -> None:
        if self.journal is not None:
            recovery.checkpoint(self.engine.main)
            self.journal.checkpoint(accounts.EXCHANGE, 0, self.world.exchange.save())
            outcome = f"exit {summary.exit_code}"
            self.journal.finish(outcome, time.time_ns(), to_json(summary))

    def close(self) -> None:
        """Stop the actors."""
        for kernel in (self.engine.main, self.engine.kill):
            kernel.close()


def run_session(loaded: Loaded, options: Options) -> SessionSummary:
    """Run the engine once, on the main thread.

    Raise UsageError or JournalError before anything has begun, and Crashed for a fault of ours.
    """
    settings, secrets = loaded.settings, secrets_of(os.environ)
    system, sessions, summaries = settings.system, list[Session](), list[SessionSummary]()
    began, waiting, begun = time.monotonic(), Waiting(options.seconds), threading.Event()

    def on_signal(number: signal.Signals) -> None:
        ends = number not in {signal.SIGUSR1, signal.SIGUSR2}
        if not begun.is_set() and (not ends or waiting.end(number.name)):
            return
        if begun.wait(_SOON):
            sessions[0].on_signal(number)
        else:
            os._exit(CLEAN)  # nothing has begun

    with ExitStack() as stack:
        stack.enter_context(open_signals(on_signal))
        directory = stack.enter_context(open_data_dir(Path(system.data_dir)))
        terminal = stack.enter_context(open_terminal())
        screen = open_screen(terminal, sys.stdout, os.environ) if options.panel else None
        stack.enter_context(
            open_logging(system.log_level, system.log_filter, directory, True, secrets)
        )
        stack.enter_context(_crashes_logged())
        introduce(loaded, options.profile)
        try:
            session = Session(
                settings, options, directory, redactor(secrets), stack, screen, waiting
            )
        except NothingCame as error:
            log_event("WARNING", "app", None, "nothing_came", None, ended_by=str(error))
            return results.nothing_came(settings, options.profile, time.monotonic() - began)
        stack.callback(session.close)
        sessions.append(session)
        begun.set()
        session.play()
        summaries.append(session.finish())
    return summaries[0]


@contextmanager
def _crashes_logged() -> Iterator[None]:
    """Log what nobody expected, without secrets, on this thread and on all others."""

    def log(error: BaseException) -> None:
        log_event("CRITICAL", "app", None, "crashed", None, exception=error)

    earlier = threading.excepthook
    threading.excepthook = lambda args: log(args.exc_value or args.exc_type())
    try:
        yield
    except TraderError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, its text may hold a secret
        log(error)
        raise Crashed from None
    finally:
        threading.excepthook = earlier
