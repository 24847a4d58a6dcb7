"""Every setting has a meaning in words, a default within its range, and refuses what is unknown."""

import ast
import inspect
import sys

import msgspec
import pytest

from trader.risk.settings import RiskSettings
from trader.settings.schema import Settings, TradingSettings, fields, leaves, sections
from trader.settings.values import to_value


def test_every_path_has_two_parts_of_known_sections() -> None:
    """A path is SECTION.NAME."""
    assert {path.split(".")[0] for path in fields()} == set(sections())
    assert all(path.count(".") == 1 for path in fields())


def test_every_default_is_accepted() -> None:
    """A safe default is a value a person could have written."""
    for path, default in leaves(Settings()):
        assert to_value(fields()[path], default) == default


def test_dry_run_is_the_default() -> None:
    """Orders leave the machine only where someone says so."""
    assert Settings().system.dry_run is True


def test_settings_refuse_unknown_fields_and_changes() -> None:
    """The structs are frozen and know their fields, whoever decodes them."""
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert({"risk": {"max_dayly_loss_pct": 3}}, Settings)
    with pytest.raises(AttributeError):
        Settings().risk.max_daily_loss_pct = 50.0  # type: ignore[misc]


@pytest.mark.parametrize("section", msgspec.structs.fields(Settings), ids=lambda s: s.name)
def test_every_setting_has_a_docstring(section: msgspec.structs.FieldInfo) -> None:
    """Every setting says in words what it means."""
    tree = ast.parse(inspect.getsource(sys.modules[section.type.__module__]))
    body = next(
        node.body
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == section.type.__name__
    )
    for field, doc in zip(body, [*body[1:], ast.Pass()], strict=True):
        if isinstance(field, ast.AnnAssign):
            assert isinstance(doc, ast.Expr), ast.unparse(field)
            assert isinstance(doc.value, ast.Constant), ast.unparse(field)


@pytest.mark.parametrize(
    ("symbols", "currency", "watched"),
    [
        (("BTC-USDT", "ETH-USDT-PERP"), "USD", ("BTC-USDT", "ETH-USDT-PERP", "USDT-USD")),
        (("BTC-USDT",), "USDT", ("BTC-USDT",)),
        (("BTC-USDT",), "quote", ("BTC-USDT",)),
    ],
)
def test_what_equity_is_converted_by_is_watched_as_well(
    symbols: tuple[str, ...], currency: str, watched: tuple[str, ...]
) -> None:
    """Last, and only where there is something to convert."""
    risk = RiskSettings(currency=currency)
    assert Settings(TradingSettings(symbols=symbols), risk).watched == watched
