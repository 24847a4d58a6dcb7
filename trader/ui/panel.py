"""The panel: a status on a few rows, for a terminal of any size.

Each section says how many rows it needs and how many it would like; what does not fit is left out,
decisions first.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec
from rich.text import Text

from trader.model.instrument import ZERO
from trader.model.views import TradingState
from trader.ui.charts import bar, sparkline
from trader.ui.render import ago, money, percent, printable, signed, span
from trader.ui.status import (
    ActorStatus,
    DecisionStatus,
    FeedStatus,
    LimitStatus,
    PositionStatus,
    StatusDump,
)
from trader.ui.summary import SIZED_UP_TO

LEAST_WIDTH, LEAST_HEIGHT = 40, 12
"""Columns and rows of the smallest terminal that has room for a panel and a log."""

_SHARE = 0.6
"""Part of the terminal's rows that a panel may take."""
_DETAILED = 24
"""Rows from which on there is one for every actor, if they are not too many."""
_FEW = 4
"""Symbols that always find room; of more, those that are held come first."""
_LABEL = 10
_CELL = 23
_HIGH, _RISING = 0.8, 0.5
_LIMITS = {
    "LOSS_DAY": "day",
    "LOSS_WEEK": "week",
    "LOSS_MONTH": "month",
    "DRAWDOWN_TOTAL": "drawdown",
    "VALUE_AT_RISK": "VaR",
    "EXPECTED_SHORTFALL": "ES",
    "EXPOSURE_POSITIONS": "held",
    "EXPOSURE_SIZE": "size",
}
_STATES = {
    TradingState.ACTIVE: "green",
    TradingState.REDUCING: "yellow",
    TradingState.HALTED: "bold red",
}
_COLUMNS = (14, 11, 16, 11, 11)


class Section(msgspec.Struct):
    """Rows of one subject, how many there must be, and after how many others it gets the rest."""

    rows: list[Text]
    least: int
    rank: int


def rows_for(height: int) -> int:
    """Return how many rows a panel may take of a terminal."""
    return int(height * _SHARE)


def compose(dump: StatusDump, width: int, rows: int, note: str = "") -> list[Text]:
    """Return the rows of a panel, none wider than `width`; `note` says how fresh they are."""
    profit = _pnl(dump, width)
    detailed = rows >= _DETAILED and len(dump.actors) <= rows // 3
    sections = (
        Section([_head(dump, width, note), *_standing(dump)], 1 + bool(dump.holds), 0),
        Section([_equity(dump, width), *profit, _trades(dump)], 2 + len(profit), 0),
        Section(_symbols(dump), 1 + _FEW, 3),
        Section(_margins(dump), 1, 1),
        Section(_actor_rows(dump.actors) if detailed else _actor_grid(dump.actors, width), 1, 1),
        Section(_limits(dump.limits, width), 1, 2),
        Section(_decisions(dump.decisions), 1, 4),
    )
    given = _shares(sections, rows)
    symbols = sections[2]
    if given[2] < len(symbols.rows):
        more = Text(f"… {len(symbols.rows) - given[2] + 1} more", "dim")
        symbols.rows[given[2] - 1 :] = [more]
    shown = [
        row for section, count in zip(sections, given, strict=True) for row in section.rows[:count]
    ]
    for row in shown:
        row.rstrip()
        row.truncate(width, overflow="ellipsis")
    return shown


def _shares(sections: Sequence[Section], rows: int) -> list[int]:
    """Give each section what it needs, in their order, then what it would like, by rank."""
    given = [0] * len(sections)
    places = range(len(sections))
    for place in places:
        section = sections[place]
        given[place] = min(section.least, len(section.rows), rows - sum(given))
    for place in sorted(places, key=lambda place: sections[place].rank):
        given[place] += min(len(sections[place].rows) - given[place], rows - sum(given))
    return given


# -- the run ---------------------------------------------------------------------------------------


def _head(dump: StatusDump, width: int, note: str) -> Text:
    right = Text(" ")
    right.append(*((note, "bold yellow") if note else (dump.state.upper(), _STATES[dump.state])))
    right.append(f" · up {span(dump.uptime_seconds)} ──", "dim")
    left = (
        Text()
        .append("── ", "dim")
        .append("SIMULATED" if dump.simulated else "REAL", "bold magenta")
    )
    speed = dump.speed if dump.speed == "max" else f"{dump.speed}x"
    for part in (dump.profile, f"{dump.market} {speed}", dump.mode, dump.run):
        if left.cell_len + len(part) + 4 + right.cell_len <= width:
            left.append(f" · {part}", "dim")
    left.append(" ")
    left.append("─" * (width - left.cell_len - right.cell_len), "dim")
    return left.append_text(right)


def _standing(dump: StatusDump) -> list[Text]:
    rows = []
    for hold in dump.holds:
        row = _label(hold.state.value).append(hold.reason, _STATES[hold.state])
        if hold.since:
            row.append(f" since {_minute(hold.since)}")
        until = f" until {_minute(hold.lifts_at)} UTC" if hold.lifts_at else f" {hold.lifts}"
        why = f": {printable(hold.detail)}" if hold.detail else ""
        rows.append(row.append(until).append(why, "dim"))
    return rows


def _minute(time: str) -> str:
    """Write a time of the market as month, day, hour and minute."""
    return time[5:16].replace("T", " ")


def _equity(dump: StatusDump, width: int) -> Text:
    row = _label("equity").append(money(dump.equity), "bold")
    start = dump.equity - dump.pnl.net
    gain = float(dump.pnl.net / start * 100) if start else 0.0
    row.append(f"  {percent(gain)}  ", _colour(dump.pnl.net))
    found = dump.conversion
    if found is not None and found.equity is not None and found.price is not None:
        worth = money(Decimal(str(found.equity)))
        row.append(f"= {worth} {found.currency}, {found.symbol} {found.price:.4f}  ", "dim")
    return row.append(sparkline(dump.curve, min(width - row.cell_len, 60)), "cyan")


def _pnl(dump: StatusDump, width: int) -> list[Text]:
    rows = [_label("P&L")]
    for name in sorted(dump.pnl.__struct_fields__, key=lambda name: name != "net"):
        amount: Decimal = getattr(dump.pnl, name)
        if name == "funding" and not amount:
            continue
        text = money(amount) if name == "fees" else signed(amount)
        if _LABEL < rows[-1].cell_len > width - len(f"{name} {text}"):
            rows.append(_label(""))
        rows[-1].append(f"{name} ", "dim")
        rows[-1].append(f"{text}  ", "" if name == "fees" else _colour(amount))
    return rows


def _trades(dump: StatusDump) -> Text:
    row = _label("trades").append(f"{dump.trades.count:,}")
    if dump.trades.count:
        row.append(f", won {dump.trades.wins:,} ({dump.trades.wins / dump.trades.count:.0%})")
    row.append(f"  orders {len(dump.orders)}")
    if dump.market_time:
        row.append(f"  {dump.market_time[:16].replace('T', ' ')}", "dim")
    pace = dump.candles_per_second
    return row.append(f"  {dump.candles:,} candles {pace:,.{1 if pace < 100 else 0}f}/s", "dim")


# -- symbols ---------------------------------------------------------------------------------------


def _symbols(dump: StatusDump) -> list[Text]:
    held = {position.symbol: position for position in dump.positions}
    head = _columns(("symbol", "price", "position", "entry", "unrealized"))
    head.append("  feed")
    head.stylize("dim")
    feeds = list(dump.feeds)
    if len(feeds) > _FEW:
        feeds.sort(key=lambda feed: feed.symbol not in held)
    return [head, *(_symbol(feed, held.get(feed.symbol), dump.prices) for feed in feeds)]


def _symbol(feed: FeedStatus, held: PositionStatus | None, prices: dict[str, float]) -> Text:
    price = prices.get(feed.symbol)
    cells = [feed.symbol, "-" if price is None else money(Decimal(str(price)))]
    if held is None:
        row = _columns([*cells, "flat", "", ""])
    else:
        side = "long" if held.quantity > 0 else "short"
        quantity = f"{abs(held.quantity):f}"
        gain = signed(held.unrealized)
        row = _columns([*cells, f"{side} {quantity}", money(held.average_price), gain])
        row.stylize(_colour(held.unrealized), -len(gain))
    row.append("  ")
    row.append(feed.state, "green" if feed.state == "live" else "yellow")
    return row.append("" if feed.age_seconds is None else f" {ago(feed.age_seconds)}", "dim")


def _margins(dump: StatusDump) -> list[Text]:
    """Write what each perpetual stands on, and how far the mark is from its liquidation."""
    rows: list[Text] = []
    for held in dump.positions:
        if held.margin is None or held.liquidation is None:
            continue
        row = _label("" if rows else "margin").append(money(held.margin))
        share = held.margin / dump.equity * 100 if dump.equity else ZERO
        row.append(f" ({share:.1f}%)  ", "dim").append(f"{held.symbol} liquidated at ")
        row.append(money(Decimal(str(max(held.liquidation, 0.0)))))
        if held.price:
            away = abs(held.liquidation / held.price - 1) * 100
            row.append(f", {min(away, 100):.1f}% away", "dim")
        rows.append(row)
    return rows


def _columns(cells: Sequence[str]) -> Text:
    padded = [f"{cells[0]:<{_COLUMNS[0]}}"]
    padded += [f" {cell:>{each - 1}}" for cell, each in zip(cells[1:], _COLUMNS[1:], strict=True)]
    return Text("".join(padded))


# -- actors ----------------------------------------------------------------------------------------


def _actor_grid(actors: Iterable[ActorStatus], width: int) -> list[Text]:
    """Write each role with its restarts and what waits for it; workers of one kind as one."""
    kinds: dict[str, list[ActorStatus]] = {}
    for actor in actors:
        kinds.setdefault(actor.role.partition("[")[0], []).append(actor)
    # Where there is no room for all, those in trouble stay.
    ranked = sorted(kinds.items(), key=lambda kind: _trouble(kind[1]), reverse=True)
    cells = [_kind(role, members) for role, members in ranked]
    return _flow(("actors", "restarts", "/waiting"), cells, width)


def _trouble(members: Sequence[ActorStatus]) -> tuple[int, int]:
    return sum(a.state != "up" for a in members), sum(a.restarts for a in members)


def _kind(role: str, members: Sequence[ActorStatus]) -> Text:
    down = [member for member in members if member.state != "up"]
    restarts, depth = sum(a.restarts for a in members), sum(a.depth for a in members)
    text = Text().append("● ", "red" if down else "yellow" if restarts else "green")
    name = role if len(members) == 1 else f"{role.partition('_')[0]}×{len(members)}"
    text.append(f"{name:<16} ", "bold red" if down else "")
    text.append(f"{restarts}", "bold yellow" if restarts else "dim")
    return text.append(f"/{depth}", "dim")


def _actor_rows(actors: Sequence[ActorStatus]) -> list[Text]:
    width = max([30, *(len(actor.role) for actor in actors)]) + 1
    titles = f"{'actor':<{width}}{'state':<10}{'restarts':>8}{'waiting':>9}  last message"
    return [Text(titles, "dim"), *(_actor_row(actor, width) for actor in actors)]


def _actor_row(actor: ActorStatus, width: int) -> Text:
    row = Text(f"{actor.role:<{width}}")
    row.append(f"{actor.state:<10}", "green" if actor.state == "up" else "bold red")
    row.append(f"{actor.restarts:>8}", "yellow" if actor.restarts else "")
    row.append(f"{actor.depth:>9}  {actor.last_message or '-'}")
    if actor.last_failure:
        row.append(f"  {printable(actor.last_failure)}", "red")
    return row


# -- limits and decisions --------------------------------------------------------------------------


def _limits(limits: Iterable[LimitStatus], width: int) -> list[Text]:
    return _flow(("limits",), [_limit(limit) for limit in limits], width)


def _share(limit: LimitStatus) -> float:
    return limit.used / limit.bound if limit.bound else 0.0


def _limit(limit: LimitStatus) -> Text:
    share = _share(limit)
    name = _LIMITS.get(limit.name, limit.name.lower().replace("_", " "))
    text = Text(f"{name:<8} ")
    colour = "red" if share >= _HIGH else "yellow" if share >= _RISING else "green"
    if limit.name.startswith(SIZED_UP_TO):
        colour = "cyan"  # sizing goes up to it, as it may
    text.append(bar(share, 4), colour)
    if limit.unit.startswith("%"):
        return text.append(f" {limit.used:.1f}/{limit.bound:g}%")
    return text.append(f" {limit.used:g}/{limit.bound:g}")


def _decisions(decisions: Sequence[DecisionStatus]) -> list[Text]:
    if not decisions:
        return [_label("decisions").append("none yet", "dim")]
    rows = []
    for number, decision in enumerate(reversed(decisions)):
        row = _label("" if number else "decisions")
        row.append(f"{decision.time[5:16]} ", "dim")
        row.append(f"{decision.symbol} {decision.stance} {decision.conviction:.2f} ")
        row.append(
            decision.outcome, "green" if decision.outcome[:3] in {"buy", "sel"} else "yellow"
        )
        row.append(f" {printable(decision.source)}: {printable(decision.rationale)}", "dim")
        rows.append(row)
    return rows


def _flow(labels: Sequence[str], cells: Iterable[Text], width: int) -> list[Text]:
    """Fill rows with cells of one width, as many on each as fit."""
    each = max((width - _LABEL) // _CELL, 1)
    rows: list[Text] = []
    for place, cell in enumerate(cells):
        if place % each == 0:
            rows.append(_label(labels[len(rows)] if len(rows) < len(labels) else ""))
        cell.pad_right(max(_CELL - cell.cell_len, 0))
        rows[-1].append_text(cell)
    return rows


def _label(text: str) -> Text:
    # Not as the style of the whole, which what is appended would have as well.
    return Text().append(f"{text:<{_LABEL}}", "dim")


def _colour(amount: Decimal) -> str:
    return "green" if amount > 0 else "red" if amount < 0 else ""
