"""Values are read by the type of their setting, and text reads back as it was written."""

import math
from decimal import Decimal
from typing import Annotated, Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from trader.settings.ranges import RANGES
from trader.settings.schema import Field, LogLevel, Settings, fields, leaves
from trader.settings.values import accepted, shown, to_text, to_value

SYMBOLS = st.sampled_from(["BTC-USD", "ETH-USD", "SOL-EUR"])
MODELS = st.from_regex(r"(openai|ollama):[a-z0-9.:-]{1,9}", fullmatch=True)
LEVELS = st.sampled_from(get_args(LogLevel))


def read(path: str, text: str) -> Any:
    """Read the text of a setting."""
    return to_value(fields()[path], text, text=True)


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("risk.max_daily_loss_pct", "3", 3.0),
        ("risk.max_daily_loss_pct", ' "2.5" ', 2.5),
        ("risk.max_concurrent_trades", "2", 2),
        ("system.dry_run", "FALSE", False),
        ("system.log_level", "DEBUG", "DEBUG"),
        (
            "system.log_filter",
            "risk_guard=DEBUG, ccxt=ERROR",
            {"risk_guard": "DEBUG", "ccxt": "ERROR"},
        ),
        ("system.log_filter", '{"ccxt": "ERROR"}', {"ccxt": "ERROR"}),
        ("system.log_filter", "{}", {}),
        ("trading.symbols", "BTC-USD, ETH-USD", ("BTC-USD", "ETH-USD")),
        ("trading.symbols", '["BTC-USD"]', ("BTC-USD",)),
        ("market.data", "candles.csv", "candles.csv"),
        ("market.data", "None", None),
        ("market.candles", "null", None),
        ("market.speed", "max", "max"),
        ("market.speed", "'10'", 10.0),
        ("simulation.maker_fee_pct", "0.075", Decimal("0.075")),
        ("advice.advisor", "ema-cross", "ema-cross"),
        ("llm.model", "openai:gpt-5-mini", "openai:gpt-5-mini"),
        ("llm.fallbacks", "ollama:llama3:8b,anthropic:x", ("ollama:llama3:8b", "anthropic:x")),
        ("llm.fallbacks", "[]", ()),
        ("llm.base_url", "http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("llm.input_prices", "ollama:llama3:8b=0.5", {"ollama:llama3:8b": 0.5}),
    ],
)
def test_text_is_read_by_the_type_of_its_setting(path: str, text: str, value: object) -> None:
    """Numbers, booleans, lists, tables, null and quoted text are understood."""
    assert read(path, text) == value
    assert type(read(path, text)) is type(value)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("risk.max_daily_loss_pct", "nan"),
        ("risk.max_daily_loss_pct", "inf"),
        ("risk.max_daily_loss_pct", "0"),
        ("risk.max_daily_loss_pct", "3%"),
        ("risk.max_daily_loss_pct", ""),
        ("risk.max_daily_loss_pct", "null"),
        ("risk.max_concurrent_trades", "2.5"),
        pytest.param("market.seed", "9" * 5000, id="long"),
        ("system.dry_run", "maybe"),
        ("system.data_dir", ""),
        ("system.data_dir", "a\nb"),
        ("system.data_dir", "~/data"),
        ("system.data_dir", "a\ud800"),
        ("system.log_filter", "risk_guard"),
        ("system.log_filter", "risk_guard=LOUD"),
        ("system.log_filter", "a b=INFO"),
        ("system.log_filter", "[1]"),
        ("trading.symbols", ""),
        ("trading.symbols", "btc-usd"),
        ("trading.symbols", "BTC-USD,BTC-USD"),
        ("trading.symbols", '["BTC-USD"'),
        ("trading.symbols", "[1]"),
        pytest.param("trading.symbols", "[" * 100_000, id="deep"),
        ("trading.interval", "1x"),
        ("llm.model", "gpt-5"),
        ("llm.model", "other:gpt-5"),
        ("llm.model", "openai:a b"),
        ("llm.fallbacks", "openai:a,openai:a"),
        ("llm.base_url", "ftp://127.0.0.1"),
        ("llm.base_url", "https://key@models.example.org/v1"),
        ("llm.base_url", "https://models.example.org/v1?key=1"),
        ("llm.allowed_hosts", "https://models.example.org"),
        ("llm.input_prices", "openai:a=-1"),
        ("llm.input_prices", "a=1"),
        ("llm.timeout_seconds", "0"),
        ("market.speed", "0"),
        ("market.speed", "fast"),
        ("simulation.start_equity", "NaN"),
        ("simulation.start_equity", "1e999999999"),
        ("simulation.maker_fee_pct", "1e-999999999"),
        ("simulation.maker_fee_pct", "0E-999999999"),
    ],
)
def test_wrong_text_is_refused_with_what_is_accepted(path: str, text: str) -> None:
    """The refusal says what the setting accepts."""
    with pytest.raises(ValueError, match=r"\w") as refusal:
        read(path, text)
    assert str(refusal.value) == accepted(fields()[path])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("risk.max_daily_loss_pct", "3"),
        ("risk.max_daily_loss_pct", True),
        ("risk.max_daily_loss_pct", math.nan),
        ("risk.max_daily_loss_pct", 10**400),
        ("simulation.start_equity", -(10**400)),
        ("trading.leverage", 1.5),
        ("trading.leverage", True),
        ("system.dry_run", 1),
        ("trading.symbols", "BTC-USD"),
        ("trading.symbols", [10**400]),
        ("market.data", 5),
    ],
)
def test_a_file_must_give_the_type(path: str, value: object) -> None:
    """JSON and TOML have types of their own; text for a number is an error there."""
    with pytest.raises(ValueError, match=r"\w"):
        to_value(fields()[path], value)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("risk.max_daily_loss_pct", "a number above 0, at most 100"),
        ("trading.leverage", "a whole number from 1 to 125"),
        ("market.speed", "max or a number from 0.001 to 1000000"),
        ("market.candles", "null or a whole number from 1 to 1000000000"),
        ("market.venue", "embedded, replay, or a venue of ccxt such as kraken"),
        ("market.data", "null or text"),
        ("system.dry_run", "true or false"),
    ],
)
def test_a_setting_says_what_it_accepts(path: str, text: str) -> None:
    """In words and numbers, as a person is told them."""
    assert accepted(fields()[path]) == text


def test_an_annotated_type_accepts_what_its_type_does() -> None:
    """A section may annotate its types."""
    assert accepted(Field("x", Annotated[int, Meta(ge=1)], 1)) == "a whole number"


@given(st.data())
def test_text_reads_back(data: st.DataObject) -> None:
    """What is printed for a value is accepted by `--set` for the same value."""
    field = data.draw(st.sampled_from(list(fields().values())))
    value = data.draw(_values(field))
    assert to_value(field, to_text(value), text=True) == value


def test_defaults_read_back() -> None:
    """The text of each default is accepted for it."""
    for path, default in leaves(Settings()):
        assert read(path, to_text(default)) == default


@given(st.recursive(st.text() | st.integers() | st.floats(), st.lists))
def test_what_was_given_is_shown_in_short(value: object) -> None:
    """An error shows the start of what was given, whatever that is."""
    assert len(shown(value)) <= 70


def test_what_was_given_is_shown_whatever_it_is() -> None:
    """Text is told from numbers; what Python itself does not write is described."""
    assert [shown("3"), shown(3), shown(True), shown(None)] == ['"3"', "3", "true", "null"]
    assert shown(16**6000) == "a value too long to show"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("http://user:sk-1234@host/v1", '"http://***@host/v1"'),
        ("https://user:sk/12@34@host", '"https://***@host"'),
        ("http://host/v1?key=sk-1234", '"http://host/v1?***"'),
        (["https://sk-1234@host"], "['https://***@host']"),
        ("http://127.0.0.1:1/v1", '"http://127.0.0.1:1/v1"'),
        ("is@it?", '"is@it?"'),
    ],
)
def test_what_was_given_is_shown_without_a_login(given: object, text: str) -> None:
    """An address that is refused for the password in it is not repeated with it."""
    assert shown(given) == text


def _values(field: Field) -> st.SearchStrategy[Any]:
    if field.path == "trading.symbols":
        return st.lists(SYMBOLS, min_size=1, unique=True).map(tuple)
    if field.path == "system.log_filter":
        return st.dictionaries(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), LEVELS)
    if field.kind == dict[str, float]:
        return st.dictionaries(MODELS, st.floats(0, 10_000))
    range_ = RANGES.get(field.path)
    if range_ is None or isinstance(field.default, bool):
        return st.just(field.default)
    whole = st.integers(int(range_.low) + range_.above, int(range_.high))
    if "float" in str(field.kind):
        return st.floats(range_.low, range_.high, exclude_min=range_.above)
    return whole.map(Decimal) if isinstance(field.default, Decimal) else whole
