"""Turns the topology into what the kernel looks up: routes, handlers, and who stands outside."""

import re
from collections.abc import Iterable, Mapping

from trader.model.messages import Message
from trader.runtime.actor import Actor, TopologyError
from trader.runtime.role import Detour, Handler, Role, Tap, Targets
from trader.topology import KERNEL, KEYED, ROLES, Edge

Taps = Mapping[type[Message], tuple[Tap, ...]]


def snake(name: str) -> str:
    """Turn `CandleClosed` into `candle_closed`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def handlers_of(actor: Actor, edges: Iterable[Edge]) -> dict[type[Message], Handler]:
    """Find the method of each message an actor may receive; raise TopologyError if one lacks."""
    found: dict[type[Message], Handler] = {}
    for edge in edges:
        if edge.receiver == actor.role:
            name = f"on_{snake(edge.message.__name__)}"
            method = getattr(actor, name, None)
            if method is None:
                raise TopologyError(f"{type(actor).__name__} lacks {name}: see topology.py")
            found[edge.message] = method
    return found


def route_all(roles: Iterable[Role], edges: tuple[Edge, ...], taps: Taps) -> None:
    """Fill in the routes, sources and losses of all roles.

    Where a role is not there (a test runs some actors without the rest) its edges lead nowhere.
    """
    named = {role.name: role for role in roles}
    for role in named.values():
        for message in dict.fromkeys(edge.message for edge in edges if edge.sender == role.base):
            bases = [e.receiver for e in edges if e.sender == role.base and e.message is message]
            route = _route(bases, named, taps.get(message, ()))
            if isinstance(route, Detour):
                role.detours[message] = route
            else:
                role.routes[message] = route
        for edge in edges:
            if edge.receiver == role.base:
                role.losses[edge.message] = edge.loss
                if edge.sender not in ROLES:
                    role.sources[edge.message] = edge.sender


def _route(bases: list[str], named: dict[str, Role], taps: tuple[Tap, ...]) -> Targets | Detour:
    if bases == [KERNEL]:
        return Detour((), None, taps, command=True)
    order = {base: place for place, base in enumerate(bases)}
    targets = tuple(
        sorted((r for r in named.values() if r.base in order), key=lambda r: order[r.base])
    )
    symbols = dict.fromkeys(r.name.partition("[")[2][:-1] for r in targets if r.base in KEYED)
    by_symbol = {
        symbol: tuple(r for r in targets if r.base not in KEYED or r.name.endswith(f"[{symbol}]"))
        for symbol in symbols
    }
    if len(by_symbol) > 1:
        return Detour((), by_symbol, taps, command=False)
    return Detour(targets, None, taps, command=False) if taps else targets
