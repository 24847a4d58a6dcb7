"""A run whose advisor asks a model that fails in every way: it ends, trades, and stays affordable.

The model is the scripted server; what asks it is the real client.
"""

import random
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.e2e.inside import last_run, play
from tests.e2e.process import DEADLINE, launched
from trader.app.advised import report_of
from trader.app.advising import LEDGER, answers_of, to_lines
from trader.llm.spend import Days, Spent
from trader.runtime.faults import Fault
from trader.storage.archive import open_archive
from trader.testing.model_server import FAULTS, ModelServer, open_model_server
from trader.ui.summary import SessionSummary

pytest.importorskip("langchain_openai")

KEY = "sk-canary-0123456789abcdef"
CANDLES = 150
MIXED = ("ok", *FAULTS)
RECORDED = "bybit-linear_BTCUSDT_1m_2025-05-29_2025-06-29.csv.gz"
IMPATIENT = "llm.timeout_seconds=0.3"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """Serve a model that has a key and always wants in."""
    monkeypatch.setenv("LLM_API_KEY", KEY)
    with open_model_server() as opened:
        yield opened


def ask(data_dir: Path, server: ModelServer, *sets: str, **options: object) -> SessionSummary:
    """Run the engine with the server's model."""
    model = ("llm.model=openai:any", f"llm.base_url={server.url}")
    return play(data_dir, f"market.candles={CANDLES}", *model, *sets, **options)  # type: ignore[arg-type]


def spent(data_dir: Path) -> Spent:
    """Return what the ledger holds of the model."""
    days = msgspec.json.decode((data_dir / LEDGER).read_bytes(), type=Days)
    (models,) = days.values()
    return models["openai:any"]


def leaks(data_dir: Path) -> list[str]:
    """Name the files that hold the key."""
    files = (path for path in data_dir.rglob("*") if path.is_file())
    return [path.name for path in files if KEY.encode() in path.read_bytes()]


def test_a_models_advice_is_traded_on(tmp_path: Path, server: ModelServer) -> None:
    """By the same checks and limits as any; the ledger agrees with the server to the token."""
    summary = ask(tmp_path, server)

    assert summary.exit_code == 0
    assert summary.advice["openai:any"] > 50
    assert summary.fills > 0
    assert spent(tmp_path).tokens == server.tokens > 0
    told = report_of(last_run(tmp_path), tmp_path)
    assert sum(each.tokens for each in told.sums) == server.tokens
    assert {each.version for each in told.sums} == {"1", None}
    assert leaks(tmp_path) == []


def test_a_recorded_run_is_the_same_and_calls_nobody(tmp_path: Path, server: ModelServer) -> None:
    """Answers, faults and their order come from the journal, or from a file made of it."""
    modes = random.Random(5)
    server.script = lambda _n: modes.choice(MIXED)
    first = ask(tmp_path, server, IMPATIENT)
    calls = len(server.asked)
    with open_archive(tmp_path / "journal.db") as archive:
        lines = to_lines(answers_of(archive, last_run(tmp_path)))
    path = tmp_path / "answers.jsonl"
    path.write_text(lines)

    again = ask(tmp_path, server, "advice.advisor=recorded")
    from_file = ask(
        tmp_path, server, "advice.advisor=recorded", f"llm.recorded={path}", "system.journal=false"
    )

    assert calls > 10
    assert len(server.asked) == calls
    for run in (again, from_file):
        assert (run.digest, run.advice, run.orders, run.decisions, run.pnl) == (
            first.digest,
            first.advice,
            first.orders,
            first.decisions,
            first.pnl,
        )


def test_real_candles_with_every_fault_mixed(
    tmp_path: Path, server: ModelServer, shared: Path
) -> None:
    """A replay ends, model and rules advise by turns, and the ledger covers all that was used."""
    file = shared / "data" / "ohlcv" / RECORDED
    if not file.is_file():
        pytest.skip(f"no {file.name}")
    modes = random.Random(7)
    server.script = lambda _n: modes.choice(("ok", "ok", *MIXED))
    replay = ("market.venue=replay", f"market.data={file}", "trading.symbol=BTC-USDT")
    summary = ask(tmp_path, server, *replay, IMPATIENT, "market.candles=1500")

    assert (summary.exit_code, summary.halted) == (0, None)
    assert summary.candles == 1_500
    assert set(summary.advice) == {"openai:any", "rules"}
    assert spent(tmp_path).tokens >= server.tokens > 0
    assert leaks(tmp_path) == []


@pytest.mark.parametrize("mode", FAULTS)
def test_a_run_bears_every_fault(tmp_path: Path, server: ModelServer, mode: str) -> None:
    """It ends in order, the rules advise in the model's place, and no key is written anywhere."""
    server.script = lambda _n: mode
    once = "llm.breaker_seconds=3000"
    summary = ask(tmp_path, server, IMPATIENT, once, "system.log_level=TRACE")

    assert (summary.exit_code, summary.halted, summary.quarantined) == (0, None, 0)
    assert summary.advice.get("rules", 0) > 0
    assert "openai:any" not in summary.advice
    assert spent(tmp_path).tokens >= server.tokens
    assert leaks(tmp_path) == []


def test_a_budget_ends_questions_and_not_the_run(tmp_path: Path, server: ModelServer) -> None:
    """It holds to the token; rules go on, and a later run of the day has no more to spend."""
    budget = 60_000
    limit = f"llm.max_tokens_per_day={budget}"
    summary = ask(tmp_path, server, limit)
    asked = len(server.asked)

    assert summary.exit_code == 0
    assert 0 < server.tokens <= spent(tmp_path).tokens <= budget
    assert summary.advice["rules"] > 0

    again = ask(tmp_path, server, limit, "llm.max_output_tokens=60000")
    assert len(server.asked) == asked
    assert set(again.advice) == {"rules"}


def test_a_crash_of_the_advisor_changes_nothing(tmp_path: Path, server: ModelServer) -> None:
    """A snapshot or an answer that it crashes on is delivered again; nobody is asked twice."""
    few = "market.candles=30"
    calm = ask(tmp_path / "calm", server, few)
    calls = len(server.asked)
    for at in (2, 3, 4, 5, 30, 31):
        server.asked.clear()
        shaken = ask(tmp_path / str(at), server, few, faults=[Fault("llm_advisor", at)])

        assert shaken.restarts == {"llm_advisor": 1}
        assert (shaken.digest, shaken.advice) == (calm.digest, calm.advice)
        assert len(server.asked) == calls


def test_a_model_that_hangs_holds_up_no_signal(tmp_path: Path, server: ModelServer) -> None:
    """At full speed the engine's own thread waits for it, until the end is asked for."""
    asked = threading.Event()
    server.script = lambda _n: "hang" if asked.set() is None else ""
    model = ("llm.model=openai:any", f"llm.base_url={server.url}", "llm.timeout_seconds=60")
    sets = [part for text in model for part in ("--set", text)]
    with launched(tmp_path, "--candles", "60", "--speed", "max", "--json", *sets) as run:
        assert asked.wait(DEADLINE)
        run.send(signal.SIGINT)

        assert run.end() == 0
        assert run.summary["candles"] < 60


def test_a_model_that_hangs_holds_up_neither_exits_nor_the_end(
    tmp_path: Path, server: ModelServer
) -> None:
    """In real time: candles are traded on while it hangs, and the process ends with it hanging."""
    server.script = lambda _n: "hang"
    options = ("--candles", "60", "--speed", "1200", "--json", "--profile", "aggressive")
    model = ("llm.model=openai:any", f"llm.base_url={server.url}", "llm.timeout_seconds=30")
    sets = [part for text in model for part in ("--set", text)]
    with launched(tmp_path, *options, *sets, environ={"LLM_API_KEY": KEY}) as run:
        code = run.end()

        assert code == 0
        assert run.summary["candles"] == 60
        assert run.summary["advice"]["rules"] > 0
        assert KEY not in run.log + run.output
        (model,) = run.status()["models"]
        assert (model["model"], model["questions"]) == ("openai:any", 1)
        assert [each["questions"] for each in run.status()["budgets"]] == [1, 1]
    assert len(server.asked) == 1
    assert leaks(tmp_path) == []
