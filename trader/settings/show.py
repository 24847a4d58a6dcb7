"""The effective settings as text."""

from collections import Counter

from trader.settings.layers import DEFAULT, Loaded
from trader.settings.values import Value, to_text

_DECIDING = frozenset(
    {
        "trading",
        "risk",
        "sizing",
        "exits",
        "stoploss_guard",
        "max_drawdown",
        "low_profit_pairs",
        "advice",
        "shutdown",
    }
)
"""Sections that bear on what may be lost: a default among them is named."""
_BUDGET = "llm.max_"
"""What models may cost, once there are any."""


def to_table(loaded: Loaded) -> str:
    """Write every setting in columns: path, value, the layer it is from, what it hides."""
    rows = [("setting", "value", "from", "hides"), *map(_row, loaded.values)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def to_defaults(loaded: Loaded) -> tuple[str, str]:
    """Tell of the settings that no layer sets, each of which has its safe default.

    Those that bear on what may be lost are named with it, the others counted by section.
    """
    values = {value.path: to_text(value.value) for value in loaded.values}
    budgets = bool(loaded.settings.llm.models)
    named = [path for path in loaded.defaulted if _decides(path, budgets)]
    others = Counter(p.partition(".")[0] for p in loaded.defaulted if p not in named)
    return (
        " ".join(f"{path}={values[path]}" for path in named) or "none that may cost money",
        ", ".join(f"{section} {count}" for section, count in others.items()) or "none",
    )


def _decides(path: str, budgets: bool) -> bool:
    return path.partition(".")[0] in _DECIDING or (budgets and path.startswith(_BUDGET))


def _row(value: Value) -> tuple[str, str, str, str]:
    return value.path, to_text(value.value), value.layer, _hides(value)


def _hides(value: Value) -> str:
    # Profiles set nearly everything: a default is worth a word where the next layer differs.
    above = [value.value, *(hidden.value for hidden in value.hidden)]
    return ", ".join(
        f"{hidden.layer} {to_text(hidden.value)}"
        for hidden, over in zip(value.hidden, above, strict=False)
        if hidden.layer != DEFAULT or hidden.value != over
    )
