"""Charts of one row of text, and a curve that a run of any length fits into."""

from collections.abc import Sequence

_LEVELS = "▁▂▃▄▅▆▇█"
_FULL, _EMPTY = "█", "░"
_POINTS = 120


def sparkline(values: Sequence[float], width: int) -> str:
    """Draw values from the lowest to the highest of them, the newest at the right."""
    if not values or width < 1:
        return ""
    shown = _resampled(values, width)
    low, high = min(shown), max(shown)
    steps = (len(_LEVELS) - 1) / (high - low) if high > low else 0.0
    return "".join(_LEVELS[round((value - low) * steps)] for value in shown)


def bar(share: float, width: int) -> str:
    """Draw a share of 1; what is used at all shows, what is beyond 1 is full."""
    cells = round(min(max(share, 0.0), 1.0) * width)
    full = max(cells, 1) if share > 0 else 0
    return _FULL * full + _EMPTY * (width - full)


class Curve:
    """Samples from a start until now; when there are too many, every other one is dropped."""

    def __init__(self, points: int = _POINTS) -> None:
        self.samples: tuple[float, ...] = ()
        self._points = points
        self._every = 1
        self._count = 0

    def add(self, value: float) -> None:
        """Take a sample; the newest one always stands at the end."""
        if self._count % self._every == 0 or not self.samples:
            self.samples = (*self.samples, value)
        else:
            self.samples = (*self.samples[:-1], value)
        self._count += 1
        if len(self.samples) > self._points:
            self.samples = self.samples[::2]
            self._every *= 2


def _resampled(values: Sequence[float], width: int) -> list[float]:
    if len(values) <= width:
        return list(values)
    last = len(values) - 1
    return [values[last - place * last // width] for place in reversed(range(width))]
