"""Past runs, a line for each."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

import msgspec

from trader.ui.render import signed
from trader.ui.summary import SIMULATED

_COLUMNS = "{:>4} {:<16} {:<12} {:<15} {:>6} {:>13} {}"


class RunEntry(msgspec.Struct, frozen=True):
    """A run of a journal: its times are wall time (UTC), `net` is its profit after costs.

    What only an end can tell is None while the run goes on, and for ever if its process died.
    """

    number: int
    run: str
    state: Literal["ended", "running", "died"]
    account: str
    profile: str
    mode: str
    started: str
    ended: str | None
    resumed_from: str | None
    envelopes: int
    exit_code: int | None
    candles: int | None
    trades: int | None
    net: Decimal | None
    audit_digest: str


class Catalogue(msgspec.Struct, frozen=True):
    """The runs of one journal, oldest first."""

    journal: str
    runs: tuple[RunEntry, ...]


def to_text(runs: Iterable[RunEntry]) -> str:
    """Write runs for a person, in 80 columns."""
    head = _COLUMNS.format("run", "started", "profile", "symbols", "trades", "net P&L", "end")
    return "\n".join([SIMULATED, head, *(_line(run).rstrip() for run in runs)])


def _line(run: RunEntry) -> str:
    return _COLUMNS.format(
        run.number,
        run.started[:16].replace("T", " "),
        run.profile[:12],
        _symbols(run.account),
        "-" if run.trades is None else run.trades,
        "-" if run.net is None else signed(run.net),
        run.state if run.exit_code is None else f"exit {run.exit_code}",
    )


def _symbols(account: str) -> str:
    symbols = account.split("/")[3] if account.count("/") > 2 else account
    return symbols if len(symbols) <= 15 else f"{symbols[:14]}~"
