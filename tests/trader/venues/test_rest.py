"""A venue's public REST, through a client like ccxt's."""

import gzip
import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest

from tests.trader.venues.exchange import FakeClient, unreachable
from trader.model.errors import NotSent, OutcomeUnknown, UsageError
from trader.model.instrument import Instrument, Terms
from trader.model.market import SECOND, Quote
from trader.venues.rest import Rest, open_client
from trader.venues.symbols import from_ccxt

MINUTE = 60 * SECOND


def rest(**options: object) -> Rest:
    """Return the REST of an exchange in memory."""
    return Rest("kraken", FakeClient(**options))  # type: ignore[arg-type]


def test_rules_and_fees_are_the_venue_s():
    """Steps and minimums are exact decimals."""
    assert rest().instrument("BTC-USD") == Instrument(
        symbol="BTC-USD",
        base="BTC",
        quote="USD",
        tick=Decimal("0.1"),
        lot=Decimal("1E-8"),
        min_quantity=Decimal("0.0001"),
        min_notional=Decimal("0.5"),
        maker_fee=Decimal("0.0025"),
        taker_fee=Decimal("0.004"),
    )


def test_a_perpetual_has_terms_of_which_the_venue_tells_the_leverage():
    """What it says of margin beyond that needs an account."""
    assert rest().instrument("BTC-USDT-PERP").terms == Terms(max_leverage=50)


@pytest.mark.parametrize("change", [{"linear": False}, {"contractSize": 0.01}])
def test_contracts_that_are_not_of_one_are_refused(change: dict[str, Any]):
    """Amounts would mean something else."""
    client = FakeClient()
    markets = client.load_markets()
    markets["BTC/USDT:USDT"] |= change
    client.load_markets = lambda: markets  # type: ignore[method-assign]
    with pytest.raises(UsageError, match="contracts of one, settled in the quote currency"):
        Rest("okx", client).instrument("BTC-USDT-PERP")


def test_real_perpetuals_have_their_steps_and_leverage(shared: Path):
    """Bybit's list as ccxt reads it: steps, minimums and leverage."""
    name = "BYBIT_v5_market_instruments_info_category_linear_status_Trading_limit_1000.json.gz"
    raw = json.loads(gzip.decompress((shared / "data/rest/cryptofeed-v3" / name).read_bytes()))
    client = ccxt.bybit()
    client.publicGetV5MarketInstrumentsInfo = lambda _params: raw
    client.set_markets(client.fetch_future_markets({"category": "linear"}))
    venue = Rest("bybit", client)
    perpetuals = [from_ccxt(name) for name in client.markets if name.endswith("/USDT:USDT")]

    assert len(perpetuals) > 500
    assert all(venue.instrument(symbol).terms for symbol in perpetuals)
    bitcoin = venue.instrument("BTC-USDT-PERP")
    assert (bitcoin.tick, bitcoin.lot) == (Decimal("0.1"), Decimal("0.001"))
    assert bitcoin.terms == Terms(max_leverage=100)


def test_a_precision_in_decimals_is_a_step_as_well():
    """Some venues count them."""
    client = FakeClient()
    client.precisionMode = 2
    markets = client.load_markets()
    markets["BTC/USD"]["precision"] = {"price": 2, "amount": 5}
    client.load_markets = lambda: markets  # type: ignore[method-assign]

    instrument = Rest("kraken", client).instrument("BTC-USD")
    assert (instrument.tick, instrument.lot) == (Decimal("0.01"), Decimal("0.00001"))


def test_an_unknown_symbol_gives_the_nearest_names():
    """Those of the same base first."""
    with pytest.raises(UsageError, match="kraken has none; nearest are BTC-USD, BTC-USDT-PERP"):
        rest().instrument("BTC-EUR")


def test_a_venue_nobody_knows_gives_the_nearest_names():
    """And the ways to go without one."""
    with pytest.raises(UsageError, match=r"give one such as .*kraken.*, or to .* embedded"):
        open_client("krakn")


def test_only_closed_candles_are_given():
    """The one that is still open would change."""
    candles = rest(last=10).page("BTC-USD", "1m", 5 * MINUTE, 10 * MINUTE + 30 * SECOND)
    assert [c.ts_open // MINUTE for c in candles] == [5, 6, 7, 8, 9]
    assert all(c.fault(MINUTE) is None for c in candles)


def test_recent_candles_are_fetched_page_by_page():
    """However few a page has."""
    client = FakeClient(last=100)
    client.page = 7
    found = Rest("kraken", client).recent("BTC-USD", "1m", 30, 100 * MINUTE)

    assert [c.ts_open // MINUTE for c in found] == list(range(70, 100))


def test_longer_candles_are_built_of_the_venue_s():
    """Of the longest that divide them, whole ones only."""
    found = rest(last=100).recent("BTC-USD", "15m", 4, 100 * MINUTE)
    assert [c.ts_open // MINUTE for c in found] == [30, 45, 60, 75]
    assert found[0].volume == 30 + 35 + 40
    with pytest.raises(UsageError, match="no candles to build it from"):
        Rest("kraken", FakeClient()).served_interval("30s")


def test_the_same_question_does_not_go_out_twice():
    """For a while."""
    client = FakeClient()
    one = Rest("kraken", client)
    assert one.page("BTC-USD", "1m", 0, 9 * MINUTE) == one.page("BTC-USD", "1m", 0, 9 * MINUTE)
    assert client.asked.count("fetch_ohlcv") == 1


def test_a_quote_without_a_time_is_of_now():
    """The venue tells none."""
    assert rest().quote("BTC-USD", 77) == Quote(77, 100.0, 100.2)


def test_the_venue_s_time_is_in_nanoseconds_and_never_remembered():
    """One that tells none says so."""
    client = FakeClient()
    one, before = Rest("kraken", client), time.time_ns()
    assert abs((one.time() or 0) - before) < 5 * SECOND
    one.time()
    assert client.asked.count("fetch_time") == 2

    client.has = {"fetchTime": False}
    assert one.time() is None


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (unreachable(), NotSent, "kraken cannot be reached: NetworkError"),
        (ccxt.ExchangeError("maintenance"), OutcomeUnknown, "kraken: ExchangeError: maintenance"),
        (KeyError("result"), OutcomeUnknown, "kraken: KeyError: 'result'"),
    ],
)
def test_what_ccxt_raises_is_one_line_of_ours(error: Exception, kind: type, text: str):
    """Whatever it is, also where its own parser fails."""
    one = rest()
    one._client.down = error
    with pytest.raises(kind, match=text.split(":")[0]) as caught:
        one.instrument("BTC-USD")
    assert str(caught.value).startswith(text)
    assert "\n" not in str(caught.value)
