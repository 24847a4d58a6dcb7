"""Layers: the highest wins, what it hides is kept, and every error is listed at once."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.model.errors import UsageError
from trader.settings.layers import Loaded, load
from trader.settings.schema import Settings, fields, leaves, sections
from trader.settings.sources import profiles
from trader.settings.values import Layered, Value

ISSUE = {
    "trading": {"symbol": "BTC-USD", "interval": "1m", "leverage": 5, "max_size_pct": 20.0},
    "risk": {
        "max_daily_loss_pct": 5.0,
        "max_concurrent_trades": 3,
        "default_stop_loss_pct": 2.0,
        "default_take_profit_pct": 4.0,
    },
    "system": {"dry_run": True, "update_frequency_seconds": 60.0, "log_level": "INFO"},
}
SEED = "market.seed"


def found(loaded: Loaded, path: str) -> Value:
    """Return the value of a path."""
    return next(value for value in loaded.values if value.path == path)


def errors(**layers: Any) -> list[str]:
    """Return the lines a load is refused with."""
    with pytest.raises(UsageError) as raised:
        load(**{"environ": {}, **layers})
    return str(raised.value).splitlines()


def json_file(path: Path, tree: Any) -> Path:
    """Write a JSON file."""
    path.write_text(json.dumps(tree))
    return path


def env_file(path: Path, text: str) -> Path:
    """Write a `.env` that its owner alone may read."""
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("profile", profiles())
def test_the_json_of_the_issue_loads_unchanged(tmp_path: Path, profile: str) -> None:
    """The file loads over every profile, `symbol` and all."""
    loaded = load(profile, environ={}, files=[json_file(tmp_path / "a.json", ISSUE)])
    settings = loaded.settings
    assert settings.trading.symbols == ("BTC-USD",)
    assert settings.trading.max_size_pct == 20.0
    assert settings.risk.max_daily_loss_pct == 5.0
    assert settings.system.dry_run is True
    assert [note.split(" (")[0] for note in loaded.notes] == ["trading.leverage = 5"]


def test_a_layer_hides_those_below_it(tmp_path: Path) -> None:
    """And the value in force knows them all."""
    one = json_file(tmp_path / "1.json", {"risk": {"max_daily_loss_pct": 2.3}})
    two = json_file(tmp_path / "2.json", {"risk": {"max_daily_loss_pct": 2.4}})
    dot_env = env_file(tmp_path / ".env", "TRADER__RISK__MAX_DAILY_LOSS_PCT=2.1")
    loaded = load(
        "conservative",
        environ={"TRADER__RISK__MAX_DAILY_LOSS_PCT": "2.2"},
        env_file=dot_env,
        files=[one, two],
        overrides=[("risk.max_daily_loss_pct", "2.5"), ("risk.max_daily_loss_pct", "2.6")],
    )
    assert loaded.settings.risk.max_daily_loss_pct == 2.6
    assert found(loaded, "risk.max_daily_loss_pct") == Value(
        "risk.max_daily_loss_pct",
        2.6,
        "command line",
        (
            Layered(2.5, "command line"),
            Layered(2.4, f"config {two}"),
            Layered(2.3, f"config {one}"),
            Layered(2.2, "environment"),
            Layered(2.1, str(dot_env)),
            Layered(2.0, "profile conservative"),
            Layered(3.0, "default"),
        ),
    )


@given(st.lists(st.none() | st.integers(0, 9), min_size=5, max_size=5))
def test_the_highest_layer_that_speaks_wins(
    tmp_path_factory: pytest.TempPathFactory, seeds: list[int | None]
) -> None:
    """For every choice of layers that set a value, the highest holds and hides the rest."""
    directory = tmp_path_factory.getbasetemp()
    dot_env, environ, one, two, line = seeds
    loaded = load(
        environ={} if environ is None else {"TRADER__MARKET__SEED": str(environ)},
        env_file=env_file(
            directory / ".env", "" if dot_env is None else f"TRADER__MARKET__SEED={dot_env}"
        ),
        files=[
            json_file(directory / f"{index}.json", {"market": {"seed": seed}})
            for index, seed in enumerate((one, two))
            if seed is not None
        ],
        overrides=[] if line is None else [(SEED, str(line))],
    )
    spoken = [Settings().market.seed, *(seed for seed in seeds if seed is not None)]
    value = found(loaded, SEED)
    assert loaded.settings.market.seed == spoken[-1]
    assert [value.value, *(hidden.value for hidden in value.hidden)] == spoken[::-1]
    assert (SEED in loaded.defaulted) is (len(spoken) == 1)


def test_every_value_is_listed_and_fits_the_settings() -> None:
    """The list of values and the settings say the same, in the order of the schema."""
    loaded = load(environ={})
    assert [(value.path, value.value) for value in loaded.values] == [*leaves(loaded.settings)]
    assert [value.path for value in loaded.values] == [*fields()]
    assert all(found(loaded, path).layer == "default" for path in loaded.defaulted)
    assert "trading.symbols" in loaded.defaulted


def test_the_moderate_profile_is_the_default_one() -> None:
    """Without a choice, and without any layer above, the defaults hold."""
    assert load(environ={}).settings == Settings()


@pytest.mark.parametrize(
    ("low", "high", "effective"),
    [
        ({"symbols": ["A-B", "C-D"]}, ("trading.symbol", "E-D"), ("E-D",)),
        ({"symbol": "A-B"}, ("trading.symbols", "C-D,E-D"), ("C-D", "E-D")),
        ({"symbol": "A-B"}, ("trading.symbol", '"C-D"'), ("C-D",)),
    ],
)
def test_symbol_and_symbols_hide_one_another(
    tmp_path: Path, low: Any, high: tuple[str, str], effective: tuple[str, ...]
) -> None:
    """The higher layer holds whichever of the two names it uses."""
    path = json_file(tmp_path / "a.json", {"trading": low})
    loaded = load(environ={}, files=[path], overrides=[high])
    assert loaded.settings.trading.symbols == effective
    assert found(loaded, "trading.symbols").hidden[0].layer == f"config {path}"


def test_symbol_beside_symbols_in_one_layer_is_refused(tmp_path: Path) -> None:
    """Nothing says which of the two is meant."""
    path = json_file(tmp_path / "a.json", {"trading": {"symbol": "A-B", "symbols": ["C-D"]}})
    assert errors(files=[path]) == [
        f"trading.symbol (config {path}): stands beside trading.symbols; give one of them"
    ]


def test_every_error_is_listed_at_once(tmp_path: Path) -> None:
    """Errors of all layers come together, each with its place and cure."""
    path = json_file(
        tmp_path / "a.json", {"risk": {"max_daily_loss_pct": -3, "max_dayly_loss_pct": 3}}
    )
    lines = errors(
        profile="bold",
        environ={"TRADER__SYSTEM__DRY_RUN": "maybe"},
        env_file=env_file(tmp_path / ".env", "TRADER__MARKET__SEED=x"),
        files=[path, tmp_path / "missing.toml"],
        overrides=[("indicators.ema_fast", "30"), ("market.venue", "replay"), ("x", "1")],
    )
    assert [line.replace(f"{tmp_path}/", "") for line in lines] == [
        'profile "bold": no such profile; choose one of aggressive, conservative, moderate',
        (
            "risk.max_dayly_loss_pct (config a.json): no such setting;"
            " did you mean risk.max_daily_loss_pct?"
        ),
        "missing.toml: no such file; check the path",
        "x (command line): no such setting; `python run.py config show` lists them all",
        'market.seed = "x" (.env line 1): give a whole number from 0 to 4294967295',
        'system.dry_run = "maybe" (environment): give true or false',
        "risk.max_daily_loss_pct = -3 (config a.json): give a number above 0, at most 100",
        (
            "indicators.ema_fast = 30 (command line) must be below"
            " indicators.ema_slow = 26 (default); lower the first or raise the second"
        ),
        "market.venue = replay (command line) needs market.data; name a file of candles",
    ]


def test_a_hidden_error_is_an_error() -> None:
    """A wrong value is refused though a higher layer would hide it."""
    assert errors(environ={"TRADER__MARKET__SEED": "x"}, overrides=[(SEED, "1")])


def test_dry_run_may_be_false() -> None:
    """The settings allow it; the command line asks for `--live` beside it."""
    assert not load(environ={}, overrides=[("system.dry_run", "false")]).settings.system.dry_run


NAMES = st.text(max_size=9) | st.sampled_from(
    sorted({part for path in fields() for part in path.split(".")} | {"symbol"})
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(["BTC-USD", "1m", 10**400, 1e308]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
SECTIONS = st.sampled_from(sections()) | NAMES
TREES = st.dictionaries(SECTIONS, st.dictionaries(NAMES, JSON, max_size=4) | JSON, max_size=4)


def outcome(**layers: Any) -> list[str]:
    """Return the lines a load is refused with, or none where it succeeds."""
    try:
        load(**{"environ": {}, **layers})
    except UsageError as error:
        return str(error).split("\n")
    return []


@given(TREES)
def test_junk_in_a_file_is_refused_a_line_an_error(
    tmp_path_factory: pytest.TempPathFactory, tree: Any
) -> None:
    """Whatever JSON a file holds, nothing but UsageError is raised, and each line has its place."""
    path = json_file(tmp_path_factory.getbasetemp() / "junk.json", tree)
    lines = outcome(files=[path])
    assert all(line.isprintable() and str(path) in line for line in lines)


@given(st.sampled_from([*fields(), "trading.symbol", "x"]), st.text(max_size=12))
def test_junk_text_is_refused_a_line_an_error(path: str, text: str) -> None:
    """Whatever stands in a variable or on the command line, each source answers for itself."""
    variable = outcome(environ={"TRADER__" + path.replace(".", "__").upper(): text})
    override = outcome(overrides=[(path, text)])
    assert all(line.isprintable() for line in variable + override)
    assert len(variable) == len(override)
