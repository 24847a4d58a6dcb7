"""The effective settings as text."""

from trader.settings.layers import DEFAULT, Loaded
from trader.settings.values import Value, to_text


def to_table(loaded: Loaded) -> str:
    """Write every setting in columns: path, value, the layer it is from, what it hides."""
    rows = [("setting", "value", "from", "hides"), *map(_row, loaded.values)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def to_defaults_line(loaded: Loaded) -> str:
    """Write the settings that no layer sets, with the safe default each of them has."""
    values = {value.path: to_text(value.value) for value in loaded.values}
    pairs = (f"{path}={values[path]}" for path in loaded.defaulted)
    return f"defaults: {' '.join(pairs) or 'none in force'}"


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
