"""A figure, its target, and the table."""

import math
import sys
from collections.abc import Callable, Sequence
from time import perf_counter, thread_time

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """What was measured, the yardstick of the same run, and what was aimed at."""

    name: str
    value: float
    unit: str
    yardstick: str = ""
    ratio: float | None = None
    target: str = ""
    holds: bool | None = None

    def at_most(self, bound: float) -> "Figure":
        """Aim at a value no greater."""
        return self._aim(f"<= {number(bound)} {self.unit}", self.value <= bound)

    def at_least(self, bound: float) -> "Figure":
        """Aim at a value no less."""
        return self._aim(f">= {number(bound)} {self.unit}", self.value >= bound)

    def beside(self, name: str, value: float) -> "Figure":
        """Compare with a yardstick in the same unit."""
        text = f"{name} {number(value)} {self.unit}"
        return msgspec.structs.replace(self, yardstick=text, ratio=self.value / value)

    def ratio_at_most(self, bound: float) -> "Figure":
        """Aim at so many times the yardstick, or fewer."""
        assert self.ratio is not None, "beside() first"
        return self._aim(f"<= {bound:g} times", self.ratio <= bound)

    def _aim(self, target: str, holds: bool) -> "Figure":
        return msgspec.structs.replace(self, target=target, holds=holds)


def number(value: float) -> str:
    """Render a value with three significant digits, or as a whole number from a thousand on."""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def to_line(figure: Figure) -> str:
    """Render one row of the table."""
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    holds = {None: "", True: "yes", False: "NO"}[figure.holds]
    value = f"{number(figure.value)} {figure.unit}"
    return _row(figure.name, value, figure.yardstick, ratio, figure.target, holds)


def header() -> str:
    """Render the head of the table."""
    return _row("figure", "measured", "yardstick", "ratio", "target", "holds")


def _row(*cells: str) -> str:
    widths = (38, 20, 38, 8, 22, 5)
    return "".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def fastest(
    works: Sequence[Callable[[], object]], repeat: int, clock: Callable[[], float] = perf_counter
) -> list[float]:
    """Do each of the works by turns; return the least seconds that each took, of the wall's."""
    best = [math.inf] * len(works)
    for _ in range(repeat):
        for place, work in enumerate(works):
            began = clock()
            work()
            best[place] = min(best[place], clock() - began)
    return best


def typical(work: Callable[[], object], times: int) -> float:
    """Return the median seconds of the processor that a work takes, its first time left out."""
    work()
    took = []
    for _ in range(times):
        began = thread_time()
        work()
        took.append(thread_time() - began)
    return median(took)


def median(values: Sequence[float]) -> float:
    """Return the middle value."""
    return quantile(values, 0.5)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of them does not exceed."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def say(text: str) -> None:
    """Write a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
