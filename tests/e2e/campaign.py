"""Look for trouble at length: `python -m tests.e2e.campaign KIND [ROUNDS]`.

crashes   crash every role at every message, one run each: no decision may change
signals   end live runs at random moments: no entry order may be left, no position without a stop
kills     kill live runs at random moments, and resume them: the account must come back whole
deaths    resume from every row about an order that a kill may be the last to leave: the same
junk      a thousand pieces of junk a round, for whatever reads: refused in a line, or harmless
damage    a journal damaged at every 97th byte, another a round: refused, or harmless
feed      a hundred mixes of a venue's mishaps a round: no candle lost, no entry into a dead feed
lines     each mishap, and some together, on a socket of this machine; time flies
days      real days (TRADER_SHARED) of 2018, March 2023, June 2025: which limits trip, the worst day
year      a year of minutes as fast as it goes: memory, files, and how fast the journal opens
day       a day of minutes by the live driver, in two minutes: the same
"""

import os
import random
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGKILL, SIGTERM
from typing import Any

import pytest
import trio
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.e2e import days, feed, fuzz, long
from tests.e2e.deaths import die_often, faults_after
from tests.e2e.inside import last_run, play
from tests.e2e.process import Process, launched
from tests.e2e.venue import account_left, faults_of, legs_of
from trader.model.orders import Leg
from trader.runtime.faults import Fault
from trader.testing.venue_server import KINDS, Mishap, mixed
from trader.topology import ROLES
from trader.venues import live, rest
from trader.venues.streams.adapter import Manners
from trader.venues.streams.kraken import Kraken

LIVE = ("--profile", "aggressive", "--json", "--set", "trading.leverage=5")
SYMBOLS = ("--symbol", "BTC-USD", "--symbol", "ETH-USD-PERP")
POLICIES = ("protect", "flatten", "leave")
EXITS = (
    (),
    ("exits.break_even_at_r=0.3",),
    ("exits.trail_pct=0.5",),
    ("exits.trail_pct=0.5", "simulation.paired_exits=false"),
)
MARKET = (
    "market.candles=45",
    "system.journal=false",
    "exits.break_even_at_r=0.3",
    "exits.trail_atr=4",
    "simulation.trailing_orders=false",
)


def books(summary: dict[str, Any]) -> bool:
    """Tell whether the net profit is the change of equity, to the last digit."""
    equity = summary["equity"]
    return Decimal(equity["end"]) - Decimal(equity["start"]) == Decimal(summary["pnl"]["net"])


def wait_for_trouble(run: Process, chance: random.Random) -> None:
    """Wait for a moment at which an end is likely to hurt."""
    run.wait_for(" submit_order .* leg=e" if chance.random() < 0.8 else "START_RECONCILED")
    time.sleep(chance.choice([0.0, chance.random() / 20, chance.random()]))


def end_at_random(chance: random.Random) -> list[str]:
    """End one live run at a random moment; return what was wrong."""
    policy, latency = chance.choice(POLICIES), chance.choice([50, 5_000, 30_000])
    options = [*LIVE, *SYMBOLS, "--seed", str(chance.randrange(1000))]
    options += ["--speed", str(chance.choice([300, 1000, 5000]))]
    options += ["--set", f"shutdown.open_position={policy}"]
    options += ["--set", f"simulation.latency_ms={latency}"]
    options += ["--set", "simulation.max_volume_share=0.01"]
    with tempfile.TemporaryDirectory() as folder, launched(Path(folder), *options) as run:
        wait_for_trouble(run, chance)
        run.send(chance.choice([SIGINT, SIGTERM, SIGHUP]))
        code = run.end()
        found = [] if code == 0 else [f"exit code {code}"]
        found += faults_of(account_left(Path(folder)), policy)
        found += [] if books(run.summary) else ["the books do not balance"]
        return [*found, " ".join(options), run.log] if found else []


def kill_at_random(chance: random.Random) -> list[str]:
    """Kill one live run at a random moment and resume it; return what was wrong."""
    options = [*LIVE, *SYMBOLS, "--seed", str(chance.randrange(1000))]
    with tempfile.TemporaryDirectory() as folder:
        with launched(Path(folder), *options, "--speed", "2000") as run:
            wait_for_trouble(run, chance)
            run.send(SIGKILL)
            run.end()
        if not last_run(Path(folder)).rows:
            return []  # killed before anything was written: there is nothing to go on with
        left = account_left(Path(folder))
        protected = {symbol for symbol, legs in legs_of(left).items() if Leg.STOP in legs}
        options += ["--speed", "max", "--candles", "3", "--resume"]
        with launched(Path(folder), *options) as run:
            code = run.end()
            found = [] if code == 0 else [f"exit code {code}"]
            found += faults_of(account_left(Path(folder)), "protect")
            found += [] if books(run.summary) else ["the books do not balance"]
            found += [
                f"{trade['symbol']} was closed although it had its stop"
                for trade in run.summary["trade_log"]
                if trade["exit_reason"] == "EXIT_UNPROTECTED" and trade["symbol"] in protected
            ]
            return [*found, " ".join(options), str(left), run.log] if found else []


def die_everywhere(number: int) -> list[str]:
    """Resume a run from every row about an order; return what was wrong."""
    follow = EXITS[number % len(EXITS)]
    market = [f"market.seed={number + 10}", *follow]
    if number % 2:
        market += ["trading.symbol=BTC-USD-PERP", "trading.leverage=3"]
    with tempfile.TemporaryDirectory() as folder:
        return [
            f"{death.name}: {fault}"
            for death in die_often(Path(folder), *market, "market.candles=150")
            for fault in faults_after(death, *market)
        ]


def crash_everywhere(seed: int) -> list[str]:
    """Crash every role at every message of a market; return where decisions changed."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        market = (*MARKET, f"market.seed={seed}")
        plain = play(Path(folder), *market)
        for role in ROLES:
            at, fired = 1, True
            while fired:
                crashed = play(Path(folder), *market, faults=[Fault(role, at)])
                fired = bool(crashed.restarts)
                if crashed.digest != plain.digest or crashed.exit_code:
                    found.append(f"{role} at {at}: exit code {crashed.exit_code}")
                at += 1
    return found


def feed_junk(number: int) -> list[str]:
    """Play junk of every kind; return the smallest case that was not met as it should be."""
    kinds = [fuzz.command_lines, fuzz.shapes, fuzz.settings_files, fuzz.edges, fuzz.candle_files]

    @settings(max_examples=1000, deadline=None, database=None, suppress_health_check=HealthCheck)
    @seed(number)
    @given(st.one_of([kind() for kind in kinds]))
    def try_out(case: fuzz.Case) -> None:
        with tempfile.TemporaryDirectory() as folder:
            output = fuzz.play(case, Path(folder))
            fault = fuzz.fault_of(output)
            assert fault is None, f"{fault}: {case} {output.err}"

    try_out()
    return []


def damage_everywhere(number: int) -> list[str]:
    """Damage a journal and its head; return what was neither refused nor harmless."""
    with tempfile.TemporaryDirectory() as folder:
        source, copy = fuzz.small_journal(Path(folder)), Path(folder, "copy")
        return [
            *fuzz.journal_faults(source, "journal.head", copy, number % 7, 7),
            *fuzz.journal_faults(source, "journal.db", copy, number % 97, 97),
        ]


def feed_mishaps(number: int) -> list[str]:
    """Play a hundred mixes of mishaps; return which promises were broken by which seed."""
    found, entries, after = list[str](), 0, 0
    for mix in range(number * 100, number * 100 + 100):
        run = feed.played(mix)
        found += [f"seed {mix}: {fault}" for fault in run.faults()]
        entries, after = entries + len(run.entries), after + run.entries_after_a_break()
    sys.stdout.write(f"{entries} entries, {after} of them after a break\n")
    return found


def feed_over_a_socket(number: int) -> list[str]:
    """Play a mishap of the line, with the line cut later on; return what promises were broken."""
    kind = KINDS[number % len(KINDS)]
    mishaps = [Mishap(kind, 53), Mishap("close", 120), *mixed(number, 110)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(live, "_JITTER", 0.0)
        patched.setattr(rest, "TTL", 0.0)
        patched.setattr(Kraken, "manners", Manners(silence=0.5, pause=0.01))
        # The words that end a minute cannot be missed by anybody else, nor told from old ones.
        whole = [each for each in mishaps if each.at % 12 in range(6) or each.kind == "close"]
        run = trio.run(feed.played_over_a_socket, 7 - number % 2 * 5, whole)
    return [f"{whole}: {fault}" for fault in run.faults()]


def travel(*options: str) -> list[str]:
    """Make a long run; print its figures, and return what grew that should not."""
    with tempfile.TemporaryDirectory() as folder:
        journey = long.travel(Path(folder), *options, every=0.5, patience=3_600)
    sys.stdout.write(f"{long.to_text(journey)}\n")
    found = [f"{journey.growth} KB more in the last quarter"] * (journey.growth > 8_000)
    return [*found, *[f"the journal opens in {journey.opened:.2f} s"] * (journey.opened > 2)]


def live_through(number: int) -> list[str]:
    """Trade a real market by each profile, as shipped and stretched; print what tripped."""
    folder = Path(os.environ.get("TRADER_SHARED", "../shared"), "data", "ohlcv")
    name, (file, symbol) = list(days.FILES.items())[number]
    found = []
    for profile in days.PROFILES:
        for kind, traded, sets in (
            ("as shipped", symbol, ()),
            ("stretched", f"{symbol}-PERP", days.STRETCHED),
        ):
            book, limit = days.replay(folder / file, traded, profile, *sets)
            text = days.to_text(f"{name}, {kind}", profile, book, limit)
            sys.stdout.write(f"{text}\n")
            over = [day for day in book.days if days.beyond(day, limit) > 0]
            found += [f"{profile}, {kind}, {day}: {days.beyond(day, limit):.2f} %" for day in over]
    return found


def main() -> None:
    """Run a campaign."""
    campaigns = {"crashes": (lambda number: crash_everywhere(number + 10), 1)}
    campaigns["signals"] = (lambda number: end_at_random(random.Random(number)), 50)
    campaigns["kills"] = (lambda number: kill_at_random(random.Random(number)), 50)
    campaigns["deaths"] = (die_everywhere, 8)
    campaigns["junk"] = (feed_junk, 20)
    campaigns["damage"] = (damage_everywhere, 10)
    campaigns["feed"] = (feed_mishaps, 10)
    campaigns["lines"] = (feed_over_a_socket, 30)
    campaigns["days"] = (live_through, len(days.FILES))
    campaigns["year"] = (
        lambda number: travel("--candles", "525600", "--speed", "max", "--seed", str(number + 10)),
        1,
    )
    campaigns["day"] = (lambda _number: travel("--candles", "1440", "--speed", "720"), 1)
    kind = sys.argv[1] if len(sys.argv) > 1 else ""
    if kind not in campaigns:
        sys.exit(__doc__)
    one, rounds = campaigns[kind]
    bad = 0
    for number in range(int(sys.argv[2]) if len(sys.argv) > 2 else rounds):
        try:
            found = one(number)
        except AssertionError as error:
            found = [str(error)]
        bad += bool(found)
        sys.stdout.write(f"{kind} {number}: {'; '.join(found) or 'ok'}\n")
        sys.stdout.flush()
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
