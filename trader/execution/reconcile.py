"""Our open orders against those of the venue: what differs, and what that asks for.

Nothing is concluded from an absence: an order that the venue does not list is asked about. Orders
that are not ours are named and never touched.
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from trader.execution.blotter import Blotter, Change
from trader.execution.doubt import backoff
from trader.execution.lifecycle import NOT_THERE, RESTING
from trader.execution.record import Record
from trader.model.ids import leg_of
from trader.model.orders import OrderState, OrderStatus
from trader.model.views import Account


class Finding(StrEnum):
    """What is to be said of one order, and what asks to be done."""

    MISSING = "not listed, asked about"
    NEWS = "listed with more than we knew"
    STRAY = "ours in no book of ours, adopted"
    REVENANT = "listed after its end, canceled"
    PENDING = "in flight or in doubt"
    FOREIGN = "not ours, left alone"


class Difference(msgspec.Struct, frozen=True):
    """One order of which we and the venue do not say the same."""

    finding: Finding
    client_order_id: str
    listed: OrderState | None = None


class Reconciliation(msgspec.Struct):
    """How far the comparison came: `reads` counts those in vain, `notes` what they found."""

    reads: int = 0
    notes: list[str] = []

    def wait(self) -> int:
        """Return the wait before the account is read again (ns)."""
        self.reads += 1
        return backoff(self.reads - 1)

    def hear(
        self, blotter: Blotter, key: str, account: Account, correlation: int
    ) -> tuple[list[Change], str | None]:
        """Fold an account into the blotter; the note is None while a difference is unresolved.

        `key` tells how much was known when the account was asked for. One that was read while
        orders changed proves nothing.
        """
        if key != str(blotter.changes):
            return [], None
        differences = compare(blotter, account)
        self.notes += [note for note in to_notes(differences) if note not in self.notes]
        if any(difference.finding is not Finding.FOREIGN for difference in differences):
            return _resolve(blotter, differences, correlation), None
        note = "; ".join(self.notes)
        self.reads, self.notes = 0, []
        return [], note


def compare(blotter: Blotter, account: Account) -> list[Difference]:
    """Compare the blotter with the venue's list."""
    listed = {state.order.client_order_id for state in account.open_orders}
    found = [_judge_listed(state, blotter) for state in account.open_orders]
    found += [_judge_absent(r) for r in blotter.open_orders() if r.id not in listed]
    return [difference for difference in found if difference is not None]


def to_notes(differences: Iterable[Difference]) -> list[str]:
    """Name the differences, a note a finding, save those that mere waiting resolves."""
    named: dict[Finding, list[str]] = {}
    for difference in differences:
        if difference.finding is not Finding.PENDING:
            named.setdefault(difference.finding, []).append(difference.client_order_id)
    return [f"{finding.value}: {', '.join(ids)}" for finding, ids in named.items()]


def _resolve(blotter: Blotter, differences: list[Difference], correlation: int) -> list[Change]:
    changes: list[Change] = []
    for difference in differences:
        if difference.finding is Finding.MISSING:
            record = blotter.records[difference.client_order_id]
            changes.append(blotter.suspect(record, difference.finding.value))
        elif difference.finding is Finding.REVENANT:
            record = blotter.records[difference.client_order_id]
            changes.append(Change(record, [], cancel=True, ask_in=None))
        elif difference.finding in (Finding.NEWS, Finding.STRAY) and difference.listed is not None:
            changes += blotter.report(difference.listed, (), correlation)
    return changes


def _judge_absent(record: Record) -> Difference:
    certain = record.status in RESTING and not record.doubtful
    finding = Finding.MISSING if certain else Finding.PENDING
    return Difference(finding, record.id)


def _judge_listed(state: OrderState, blotter: Blotter) -> Difference | None:
    client_order_id = state.order.client_order_id
    if leg_of(client_order_id) is None:
        return Difference(Finding.FOREIGN, client_order_id or state.venue_order_id, state)
    record = blotter.records.get(client_order_id)
    if record is None:
        return Difference(Finding.STRAY, client_order_id, state)
    if record.settled and record.status is not OrderStatus.REJECTED:
        return Difference(Finding.REVENANT, client_order_id, state)
    if record.status in NOT_THERE or state.filled > record.reported:
        return Difference(Finding.NEWS, client_order_id, state)
    return Difference(Finding.PENDING, client_order_id) if record.doubtful else None
