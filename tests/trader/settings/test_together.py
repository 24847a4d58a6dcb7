"""Settings that contradict one another are refused; idle ones are remarked upon."""

import pytest

from trader.settings.schema import Settings, leaves
from trader.settings.together import AT_MOST, BELOW, disagreements, remarks
from trader.settings.values import Value


def values(**changes: object) -> dict[str, Value]:
    """Return the defaults, changed: `risk__max_daily_loss_pct=7.0`."""
    changed = {path.replace("__", "."): value for path, value in changes.items()}
    return {
        path: Value(
            path, changed.get(path, default), "command line" if path in changed else "default"
        )
        for path, default in leaves(Settings())
    }


def test_the_defaults_agree() -> None:
    """The defaults break no rule and need no remark."""
    assert not [*disagreements(values()), *remarks(values())]


@pytest.mark.parametrize(("first", "second"), AT_MOST)
def test_the_first_of_a_pair_is_at_most_the_second(first: str, second: str) -> None:
    """The first may equal the second and no more."""
    equal = values() | {first: Value(first, 7.0, "x"), second: Value(second, 7.0, "x")}
    above = equal | {first: Value(first, 7.1, "x")}
    assert not [line for line in disagreements(equal) if line.startswith(first)]
    assert [line for line in disagreements(above) if line.startswith(first)] == [
        f"{first} = 7.1 (x) must be at most {second} = 7.0 (x); lower the first or raise the second"
    ]


@pytest.mark.parametrize(("first", "second"), BELOW)
def test_the_first_of_a_pair_is_below_the_second(first: str, second: str) -> None:
    """The first may not equal the second."""
    equal = values() | {first: Value(first, 0, "x"), second: Value(second, 0, "y")}
    assert [*disagreements(equal)] == [
        f"{first} = 0 (x) must be below {second} = 0 (y); lower the first or raise the second"
    ]


def test_history_does_not_reach_back_for_ever() -> None:
    """A count that is modest in minutes is absurd in months."""
    assert [*disagreements(values(indicators__history=100_000, trading__interval="1h"))] == []
    (error,) = disagreements(values(indicators__history=1_000, trading__interval="30d"))
    assert error.startswith("indicators.history = 1000 (command line) is more than 50 years at")


def test_a_tail_takes_as_many_returns_as_its_confidence_asks_for() -> None:
    """One of them has to be in it; none at all turns its limits off, and that is remarked upon."""
    (error,) = disagreements(values(risk__returns_candles=99, risk__var_confidence_pct=99.0))
    assert error == (
        "risk.var_confidence_pct = 99.0 (command line) takes 100 returns:"
        " risk.returns_candles = 99 (command line) is too few; raise it"
    )
    assert not [*disagreements(values(risk__returns_candles=100, risk__var_confidence_pct=99.0))]
    off = values(risk__returns_candles=0)
    assert [*disagreements(off)] == []
    (remark,) = remarks(off)
    assert remark.endswith("turns risk.max_var_pct and risk.max_expected_shortfall_pct off")


def test_a_volatility_target_needs_returns() -> None:
    """Other methods need none."""
    (error,) = disagreements(values(risk__returns_candles=0, sizing__method="volatility"))
    assert error.startswith("sizing.method = volatility (command line) rests on returns")


def test_an_account_has_one_currency() -> None:
    """A tether is not a dollar: it was worth 88 cents in March 2023."""
    (error,) = disagreements(values(trading__symbols=("BTC-USD", "ETH-USDT", "SOL-USDT-PERP")))
    assert error.endswith("are paid in USD and USDT, but an account has one currency; choose one")
    one = values(trading__symbols=("ETH-USDT", "SOL-USDT-PERP"))
    assert [*disagreements(one)] == []


def test_a_file_of_one_symbol_tells_no_rate() -> None:
    """A recording of frames may; where the symbols are of that currency none is needed."""
    file = {"market__venue": "replay", "market__data": "btc.csv", "risk__currency": "USD"}
    (error,) = disagreements(values(trading__symbols=("BTC-USDT",), **file))
    assert error.startswith("risk.currency = USD (command line) needs a second symbol")
    assert not [*disagreements(values(**file))]
    frames = file | {"market__stream": "kraken"}
    assert not [*disagreements(values(trading__symbols=("BTC-USDT",), **frames))]


def test_replay_needs_data() -> None:
    """A replay without a recording is refused, one with it is not."""
    assert [*disagreements(values(market__venue="replay"))] == [
        "market.venue = replay (command line) needs market.data; name a file of candles"
    ]
    assert not [*disagreements(values(market__venue="replay", market__data="btc.csv"))]


def test_a_rule_without_its_settings_is_passed_over() -> None:
    """What is already in error is not blamed again."""
    some = values(risk__max_daily_loss_pct=50.0, market__venue="replay")
    del some["risk.max_weekly_loss_pct"], some["market.data"]
    assert not [*disagreements(some)]


def test_what_has_no_effect_is_remarked_upon() -> None:
    """Leverage on spot, and data that nothing reads."""
    lines = [*remarks(values(trading__leverage=5, market__data="btc.csv"))]
    assert [line.split(" (")[0] for line in lines] == [
        "trading.leverage = 5",
        "market.data = btc.csv",
    ]


@pytest.mark.parametrize(
    ("url", "allowed", "why"),
    [
        ("http://127.0.0.1:8000/v1", (), ""),
        ("http://[::1]:8000/v1", (), ""),
        ("http://LOCALHOST/v1", (), ""),
        ("https://models.example.org/v1", ("Models.example.org",), ""),
        ("https://models.example.org/v1", (), "not in llm.allowed_hosts"),
        ("https://127.0.0.1.example.org/v1", (), "not in llm.allowed_hosts"),
        ("https://sub.models.example.org/v1", ("models.example.org",), "not in llm.allowed_hosts"),
        ("http://models.example.org/v1", ("models.example.org",), "use https"),
    ],
)
def test_a_model_is_asked_where_that_is_allowed(
    url: str, allowed: tuple[str, ...], why: str
) -> None:
    """Prompts and a key go to this machine, or encrypted to a host that a person listed."""
    lines = [*disagreements(values(llm__base_url=url, llm__allowed_hosts=allowed))]

    assert [why in line for line in lines] == ([True] if why else [])


def test_what_a_model_does_not_use_is_remarked_upon() -> None:
    """A model without a price, an address it does not use, fallbacks of nothing."""
    local = {"llm__model": "openai:a", "llm__base_url": "http://127.0.0.1/v1"}
    prices = {"openai:a": 1.0}
    priced = {"llm__input_prices": prices, "llm__output_prices": prices}

    assert [*remarks(values(**local, **priced))] == []
    assert [line.split()[0] for line in remarks(values(**local))] == ["openai:a"]
    assert "has no effect on ollama:b" in "".join(
        remarks(values(**local, **priced, llm__fallbacks=("ollama:b",)))
    )
    assert "there is no llm.model" in "".join(remarks(values(llm__fallbacks=("ollama:b",))))


def test_an_instrument_that_the_symbols_are_not_is_refused() -> None:
    """The cure is the symbol's other name; without the setting each symbol says what it is."""
    (line,) = disagreements(values(trading__instrument="perp", trading__symbols=("BTC-USDT",)))
    assert line == (
        "trading.instrument = perp (command line), but BTC-USDT is spot;"
        " trade BTC-USDT-PERP, or leave it out"
    )
    (line,) = disagreements(values(trading__instrument="spot", trading__symbols=("BTC-USDT-PERP",)))
    assert "BTC-USDT-PERP is a perpetual; trade BTC-USDT," in line
    for instrument, symbol in (("perp", "A-B-PERP"), ("spot", "A-B"), (None, "A-B-PERP")):
        agreed = values(trading__instrument=instrument, trading__symbols=(symbol,))
        assert not [*disagreements(agreed)]


@pytest.mark.parametrize(
    ("leverage", "refused"), [(1, False), (10, False), (28, False), (29, True)]
)
def test_a_stop_beyond_liquidation_is_refused(leverage: int, refused: bool) -> None:
    """At 28x a fall of 3.57 % takes the margin: 0.5 % must stay, 1 % may slip, 2 % is the stop."""
    perp = values(trading__symbols=("BTC-USDT-PERP",), trading__leverage=leverage)
    lines = [*disagreements(perp)]
    assert len(lines) == refused
    assert not lines or lines[0].startswith(
        "risk.default_stop_loss_pct = 2.0 (default) lies beyond liquidation:"
        " trading.leverage = 29 (command line) leaves 1.94828 %"
    )


def test_leverage_needs_no_remark_on_a_perpetual() -> None:
    """It has its effect there."""
    assert not [*remarks(values(trading__symbols=("A-B-PERP",), trading__leverage=5))]


def test_a_trailing_stop_has_one_distance() -> None:
    """Percent or average true ranges, not both."""
    assert not [*disagreements(values(exits__trail_pct=2.0))]
    (error,) = disagreements(values(exits__trail_pct=2.0, exits__trail_atr=3.0))
    assert error == (
        "exits.trail_pct = 2.0 (command line) and exits.trail_atr = 3.0 (command line) name two"
        " distances; set one of them to 0"
    )


@pytest.mark.parametrize("most", ["risk.max_leverage_x", "simulation.max_leverage"])
def test_a_leverage_that_is_not_to_be_had_is_refused(most: str) -> None:
    """Every entry would be denied: by our own limit, or because the venue grants less."""
    given = {"trading__leverage": 6, most.replace(".", "__"): 5}
    assert not [*disagreements(values(**given))]
    (line,) = disagreements(values(trading__symbols=("A-B-PERP",), **given))
    assert line == (
        f"trading.leverage = 6 (command line) must be at most {most} = 5 (command line);"
        " lower the first or raise the second"
    )
