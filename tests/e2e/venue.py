"""What the simulated venue holds once a run has ended, in order or not."""

from pathlib import Path

from trader.app.accounts import EXCHANGE
from trader.matching.settings import SimulationSettings
from trader.model.ids import leg_of
from trader.model.orders import Leg
from trader.model.views import Account
from trader.storage.archive import open_archive
from trader.venues.simulated import SimulatedExchange


def account_left(data_dir: Path) -> Account:
    """Return the account as the newest run left it."""
    with open_archive(data_dir / "journal.db") as archive:
        saved = archive.restore(archive.runs()[-1])[EXCHANGE][1]
    return SimulatedExchange({}, SimulationSettings(), saved).account()


def legs_of(account: Account) -> dict[str, set[Leg | None]]:
    """Return the legs that rest, by symbol."""
    legs: dict[str, set[Leg | None]] = {}
    for order in account.open_orders:
        legs.setdefault(order.order.symbol, set()).add(leg_of(order.order.client_order_id))
    return legs


def held_in(account: Account) -> list[str]:
    """Return the symbols that are held."""
    spot = [f"{c}-USD" for c, amount in account.balances.items() if c != "USD" and amount]
    return spot + list(account.positions)


def faults_of(account: Account, policy: str) -> list[str]:
    """Return what is wrong with an account that an orderly end has left."""
    legs, held = legs_of(account), held_in(account)
    found = [f"an entry order of {s} is open" for s, there in legs.items() if Leg.ENTRY in there]
    if policy == "flatten":
        return found + [f"{symbol} is held" for symbol in held]
    return found + [f"{s} has no stop" for s in held if Leg.STOP not in legs.get(s, set())]
