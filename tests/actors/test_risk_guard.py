"""RiskGuard: as a specification, and against a venue that does whatever a venue may do."""

from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from actors.risk_guard import RiskGuard
from tests.actors.risk_venue import (
    IN_DOUBT,
    PERP,
    SYMBOLS,
    Resting,
    RiskVenue,
    locks,
    under_stops,
)
from tests.trader.risk.desk import (
    CASH,
    MEASURED,
    SYMBOL,
    UNMEASURED,
    canceled,
    following,
    legs,
    placed,
    proposal,
    rules,
)
from trader.model import messages as m
from trader.model.instrument import ZERO
from trader.model.market import SECOND, Candle, FeedCondition, Quote
from trader.model.messages import Message
from trader.model.orders import (
    Fill,
    Flow,
    FlowKind,
    Leg,
    Liquidity,
    Order,
    OrderState,
    OrderStatus,
)
from trader.model.reasons import Reason
from trader.model.views import Account, Stance, TradingState
from trader.risk.settings import RiskSettings
from trader.risk.sizing import is_tradable
from trader.testing.stage import Stage

FOLLOWING = following(break_even_at_r=0.2, trail_pct=2.0, max_candles=60)
FRESH = Account({"USD": CASH}, ())
STANCES = [Stance.LONG, Stance.LONG, Stance.SHORT, Stance.SHORT, Stance.FLAT]
ENDS = [OrderStatus.CANCELED, OrderStatus.EXPIRED]


def candle(close: float = 100.0, ts: int = 0) -> m.CandleClosed:
    """Return a closed candle of the first symbol."""
    return m.CandleClosed(SYMBOL, Candle(ts - 60, ts, close, close, close, close, 1.0), 0)


def bought(order: Order, price: str = "100", part: str | None = None) -> Message:
    """Return the fill that completes an order, or one of a part of it."""
    quantity = order.quantity if part is None else Decimal(part)
    fee = quantity * Decimal(price) / 1000
    taker, cid = Liquidity.TAKER, order.client_order_id
    trade = f"{cid}/{quantity}"
    fill = Fill(trade, cid, SYMBOL, order.side, quantity, Decimal(price), fee, taker, 0)
    return m.OrderFilled(fill) if part is None else m.OrderPartiallyFilled(fill)


def accepted(order: Order) -> m.OrderAccepted:
    """Return the venue's word that it has an order."""
    return m.OrderAccepted(order.client_order_id, "v")


def ended(order: Order) -> m.OrderCanceled:
    """Return the end of an order."""
    return m.OrderCanceled(order.client_order_id)


@pytest.fixture
async def guard(stage: Stage) -> Stage:
    """Start a guard that is reconciled and knows a price."""
    await stage.start(RiskGuard, rules())
    await stage.tell(m.SessionStarted("run", resumed=False), m.AccountReconciled(FRESH, ""))
    await stage.tell(candle())
    return stage


async def enter(guard: Stage) -> Order:
    """Have an entry proposed and accepted."""
    (order,) = placed(await guard.tell(proposal()))
    await guard.tell(m.OrderSubmitted(order.client_order_id), accepted(order))
    return order


async def hold(guard: Stage) -> tuple[Order, Order]:
    """Open a position under an accepted stop and target."""
    stop, target = placed(await guard.tell(bought(await enter(guard))))
    await guard.tell(accepted(stop), accepted(target))
    return stop, target


def denial(sent: list[Message]) -> Reason:
    """Return the reason of the one denial."""
    (message,) = sent
    assert isinstance(message, m.OrderDenied)
    return message.reason


def change(sent: list[Message]) -> tuple[TradingState, Reason]:
    """Return the one change of the trading state."""
    (message,) = [s for s in sent if isinstance(s, m.TradingStateChanged)]
    return message.state, message.reason


async def test_trading_starts_halted_and_is_active_once_reconciled(stage: Stage) -> None:
    """Nothing is opened before the account has been read."""
    await stage.start(RiskGuard, rules())
    sent = await stage.tell(m.SessionStarted("run", resumed=False), candle())
    assert change(sent) == (TradingState.HALTED, Reason.START_RECONCILING)
    assert denial(await stage.tell(proposal())) is Reason.STATE_HALTED
    sent = await stage.tell(m.AccountReconciled(FRESH, ""))
    assert change(sent) == (TradingState.ACTIVE, Reason.START_RECONCILED)
    assert legs(await stage.tell(proposal())) == [Leg.ENTRY]


async def test_a_trade_goes_from_proposal_to_profit(guard: Stage) -> None:
    """Entry, protection, target: each step follows from the broker's word for the last."""
    _, target = await hold(guard)
    sent = await guard.tell(bought(target, "110"))
    (changed,) = [s for s in sent if isinstance(s, m.PositionChanged)]
    assert changed.quantity == 0
    assert changed.realized > 0
    assert placed(sent) == []


async def test_a_position_without_a_stop_in_time_is_closed(guard: Stage) -> None:
    """The watch comes due ten seconds after the fill."""
    stop, target = placed(await guard.tell(bought(await enter(guard))))
    assert await guard.advance(9.9) == []
    sent = await guard.advance(0.2)
    assert canceled(sent) == [stop.client_order_id, target.client_order_id]
    (sold,) = placed(await guard.tell(ended(stop), ended(target)))
    assert sold.leg is Leg.EXIT


async def test_a_protected_position_outlives_its_watch(guard: Stage) -> None:
    """Nothing is sent where the stop was accepted."""
    await hold(guard)
    assert await guard.advance(60) == []


async def test_each_fill_has_its_own_time_to_be_protected(guard: Stage) -> None:
    """A stop on its way is not late because the one before it took its time."""
    entry = await enter(guard)
    first, target = placed(await guard.tell(bought(entry, part="5")))
    await guard.tell(accepted(first), accepted(target))
    await guard.advance(9)
    await guard.tell(bought(entry, part="6"))
    assert await guard.advance(9.9) == []
    assert canceled(await guard.advance(0.2))


async def test_advice_closes_a_position(guard: Stage) -> None:
    """Protection lets go, then the rest is sold."""
    stop, target = await hold(guard)
    sent = await guard.tell(proposal(Stance.FLAT, decision=8))
    assert canceled(sent) == [stop.client_order_id, target.client_order_id]
    (sold,) = placed(await guard.tell(ended(stop), ended(target)))
    assert (sold.leg, sold.quantity) == (Leg.EXIT, stop.quantity)


async def test_a_candle_has_the_stop_follow(stage: Stage) -> None:
    """The new stop is sent at the close; the old one is canceled once it rests."""
    await stage.start(RiskGuard, rules(exits=following(break_even_at_r=1.0)))
    await stage.tell(m.SessionStarted("run", resumed=False), m.AccountReconciled(FRESH, ""))
    await stage.tell(candle())
    first, _ = await hold(stage)
    (sent,) = await stage.tell(candle(105.0, ts=60 * SECOND))
    assert isinstance(sent, m.SubmitOrder)
    assert (sent.reason, sent.order.group) == (Reason.EXIT_BREAK_EVEN, first.group)
    assert canceled(await stage.tell(accepted(sent.order))) == [first.client_order_id]


async def test_a_halt_cancels_entries_and_keeps_protection(guard: Stage) -> None:
    """No kill path cancels what protects a position; nothing lifts the halt."""
    stop, _ = await hold(guard)
    assert canceled(await guard.tell(halt())) == []
    account = Account({"USD": CASH, "BTC": stop.quantity}, ())
    await guard.tell(m.AccountReconciled(account, ""))
    assert denial(await guard.tell(proposal(decision=9))) is Reason.STATE_HALTED


def halt(*, flatten: bool = False) -> m.HaltTrading:
    """Return the KillSwitch's word."""
    return m.HaltTrading(3, Reason.HALT_OPERATOR, "stop", flatten=flatten)


async def test_a_halt_cancels_an_open_entry(guard: Stage) -> None:
    """What is still to open is canceled; what follows carries the new epoch."""
    entry = await enter(guard)
    sent = await guard.tell(halt())
    assert change(sent) == (TradingState.HALTED, Reason.HALT_OPERATOR)
    assert canceled(sent) == [entry.client_order_id]
    late = [s for s in await guard.tell(bought(entry)) if isinstance(s, m.SubmitOrder)]
    assert [s.approval.epoch for s in late] == [3, 3]


async def test_a_halt_that_flattens_closes_every_position(guard: Stage) -> None:
    """Canceled first, sold then, as any exit."""
    stop, target = await hold(guard)
    assert len(canceled(await guard.tell(halt(flatten=True)))) == 2
    sent = await guard.tell(ended(stop), ended(target))
    (sold,) = [s for s in sent if isinstance(s, m.SubmitOrder)]
    assert (sold.order.leg, sold.reason) == (Leg.EXIT, Reason.EXIT_SHUTDOWN)


async def test_a_loss_of_the_day_is_told_by_a_candle(guard: Stage) -> None:
    """A position is marked at each close."""
    await hold(guard)
    sent = await guard.tell(candle(84.0, ts=60 * SECOND))
    assert change(sent) == (TradingState.REDUCING, Reason.LOSS_DAY)
    assert denial(await guard.tell(proposal(decision=9))) is Reason.LOSS_DAY
    sent = await guard.tell(candle(84.0, ts=86_400 * SECOND))
    assert change(sent) == (TradingState.ACTIVE, Reason.LOSS_DAY)


async def test_history_and_candles_teach_how_a_symbol_moves(stage: Stage) -> None:
    """The history that warms indicators counts for risk as well; candles go on from it."""
    await stage.start(RiskGuard, rules(**MEASURED))
    history = [candle(100.0 + i % 2, ts=60 * i).candle for i in range(30)]
    assert await stage.tell(m.HistoryLoaded(SYMBOL, tuple(history))) == []
    await stage.tell(candle(100.0, ts=60 * 30))
    known = stage.state.returns[SYMBOL]
    assert known.times == [60 * i for i in range(1, 31)]
    assert known.values[-1] == pytest.approx(-1 / 101)


async def test_a_stalled_feed_keeps_entries_out_and_lets_exits_pass(guard: Stage) -> None:
    """Until the feed recovers; the denial says what the feed is instead of live."""
    for condition in (FeedCondition.STALE, FeedCondition.HELD):
        await guard.tell(m.FeedStalled(SYMBOL, 0, condition))
        (denied,) = await guard.tell(proposal())
        assert (denied.reason, denied.detail) == (Reason.FEED_STALLED, f"the feed is {condition}")
    await guard.tell(m.FeedRecovered(SYMBOL))
    await hold(guard)
    await guard.tell(m.FeedStalled(SYMBOL, 0))
    assert len(canceled(await guard.tell(proposal(Stance.FLAT, decision=9)))) == 2


async def test_a_wide_spread_keeps_entries_out(guard: Stage) -> None:
    """The last quote is what counts."""
    await guard.tell(m.QuoteUpdated(SYMBOL, Quote(1, 99.5, 100.5)))
    assert denial(await guard.tell(proposal())) is Reason.SPREAD_TOO_WIDE
    await guard.tell(m.QuoteUpdated(SYMBOL, Quote(2, 99.99, 100.01)))
    assert legs(await guard.tell(proposal())) == [Leg.ENTRY]


async def test_a_lost_message_halts_until_reconciled(guard: Stage) -> None:
    """What may have been lost is not relied upon."""
    entry = await enter(guard)
    sent = await guard.tell(m.MessageLost("execution_broker", "SubmitOrder", 7))
    assert change(sent) == (TradingState.HALTED, Reason.HALT_MESSAGE_LOST)
    assert canceled(sent) == [entry.client_order_id]
    sent = await guard.tell(m.AccountReconciled(FRESH, ""))
    assert change(sent) == (TradingState.ACTIVE, Reason.START_RECONCILED)
    await guard.advance(30)
    assert legs(await guard.tell(proposal(decision=9))) == [Leg.ENTRY]


async def test_an_operators_halt_is_lifted_by_an_operator(guard: Stage) -> None:
    """Until then every entry is denied; reconciling does not help."""
    await guard.tell(m.HaltTrading(1, Reason.HALT_OPERATOR, "SIGUSR2", False))
    await guard.tell(m.AccountReconciled(FRESH, ""))
    assert denial(await guard.tell(proposal())) is Reason.STATE_HALTED
    sent = await guard.tell(m.ResumeTrading("it was a drill"))
    assert change(sent) == (TradingState.ACTIVE, Reason.RESUME_OPERATOR)
    assert legs(await guard.tell(proposal(decision=9))) == [Leg.ENTRY]


async def test_an_overflow_halts_for_good(guard: Stage) -> None:
    """No reconciliation lifts it."""
    sent = await guard.tell(m.MailboxOverflowed("risk_guard", 10_001))
    assert change(sent) == (TradingState.HALTED, Reason.HALT_OVERFLOW)
    assert await guard.tell(m.AccountReconciled(FRESH, "")) == []


async def test_without_a_journal_nothing_is_opened(guard: Stage) -> None:
    """Entries stop until the journal is back; exits pass."""
    sent = await guard.tell(m.JournalFailed("disk full"))
    assert change(sent) == (TradingState.REDUCING, Reason.HALT_JOURNAL)
    assert denial(await guard.tell(proposal())) is Reason.STATE_REDUCING
    assert change(await guard.tell(m.JournalRecovered()))[0] is TradingState.ACTIVE


async def test_a_venue_that_lists_the_stop_keeps_it(guard: Stage) -> None:
    """A position whose stop rests is left alone when the account is read."""
    stop, target = await hold(guard)
    spent = stop.quantity * 100 * Decimal("1.001")
    listed = tuple(OrderState(o, "v", OrderStatus.OPEN, ZERO, 0) for o in (stop, target))
    account = Account({"USD": CASH - spent, "BTC": stop.quantity}, listed)
    assert await guard.tell(m.AccountReconciled(account, "")) == []


async def test_a_stop_that_is_told_of_again_after_a_kill_is_protection(guard: Stage) -> None:
    """The first word of it died with the process: the position is not closed for that."""
    stop, target = placed(await guard.tell(bought(await enter(guard))))
    await guard.tell(m.SessionStarted("next", resumed=True))
    await guard.tell(accepted(stop), accepted(target))
    assert await guard.advance(60) == []


def pick(rows: list[Resting], place: int) -> Resting:
    """Return one of the orders."""
    return rows[place % len(rows)]


class AnyVenue(RuleBasedStateMachine):
    """Whatever the advice, the market and the venue do, the promises hold after each step."""

    trails = True

    def __init__(self) -> None:
        super().__init__()
        self.decision = self.transfers = 0
        limits = RiskSettings(
            max_concurrent_trades=2, cooldown_seconds=0.0, risk_per_trade_pct=5.0, **UNMEASURED
        )
        self.venue = RiskVenue(limits, 60.0, FOLLOWING, trails=self.trails)
        self.stops: dict[int, Decimal] = {}

    @rule(
        symbol=st.sampled_from(SYMBOLS),
        stance=st.sampled_from(STANCES),
    )
    def propose(self, symbol: str, stance: Stance) -> None:
        """Propose what an advisor might."""
        self.decision += 1
        price = self.venue.prices[symbol]
        stop, target = price * 0.95, price * 1.1
        if stance is Stance.SHORT:
            stop, target = price * 1.05, price * 0.9
        self.venue.tell(
            m.ProposeOrder(self.decision, symbol, stance, 0.9, price, stop, target, "test")
        )

    @rule(symbol=st.sampled_from(SYMBOLS), move=st.floats(0.97, 1.03), seconds=st.floats(0.1, 70))
    def trade(self, symbol: str, move: float, seconds: float) -> None:
        """Let time pass and a candle close."""
        self.venue.pass_time(seconds)
        self.venue.close_candle(symbol, round(self.venue.prices[symbol] * move, 2))

    @precondition(lambda self: self.venue.alive(*IN_DOUBT))
    @rule(place=st.integers(0, 20))
    def accept(self, place: int) -> None:
        """Take an order."""
        self.venue.accept(pick(self.venue.alive(*IN_DOUBT), place))

    @precondition(lambda self: self.venue.alive(*IN_DOUBT))
    @rule(
        place=st.integers(0, 20),
        reason=st.sampled_from([Reason.VENUE_REJECTED, Reason.VENUE_WOULD_TRIGGER]),
    )
    def reject(self, place: int, reason: Reason) -> None:
        """Refuse an order."""
        self.venue.reject(pick(self.venue.alive(*IN_DOUBT), place), reason)

    @precondition(lambda self: self.venue.alive(OrderStatus.SUBMITTING))
    @rule(place=st.integers(0, 20))
    def lose(self, place: int) -> None:
        """Let nobody know what became of an order."""
        self.venue.lose(pick(self.venue.alive(OrderStatus.SUBMITTING), place))

    @precondition(lambda self: self.venue.alive())
    @rule(place=st.integers(0, 20), share=st.sampled_from([0.001, 0.3, 0.5, 1.0, 1.0]))
    def fill(self, place: int, share: float) -> None:
        """Fill an order, acknowledged or not, in part or in whole."""
        self.venue.fill(pick(self.venue.alive(), place), share)

    @precondition(lambda self: self.venue.alive() and not self.venue.alive(*IN_DOUBT))
    @rule(place=st.integers(0, 20), share=st.sampled_from([0.3, 1.0]))
    def lose_a_fill(self, place: int, share: float) -> None:
        """Fill an order, and let nobody hear of it but from the account."""
        self.venue.fill(pick(self.venue.alive(OrderStatus.OPEN), place), share, told=False)

    @precondition(lambda self: self.unwanted())
    @rule(place=st.integers(0, 20))
    def confirm(self, place: int) -> None:
        """Confirm a cancel."""
        self.venue.end(pick(self.unwanted(), place))

    @precondition(lambda self: self.venue.alive(OrderStatus.OPEN))
    @rule(
        place=st.integers(0, 20),
        status=st.sampled_from(ENDS),
    )
    def end(self, place: int, status: OrderStatus) -> None:
        """End an order unasked."""
        self.venue.end(pick(self.venue.alive(OrderStatus.OPEN), place), status)

    @rule()
    def liquidate(self) -> None:
        """Let the venue close the perpetual's position."""
        self.venue.liquidate()

    @rule(amount=st.integers(-500, 500))
    def transfer(self, amount: int) -> None:
        """Bring money or take it away, told twice."""
        self.transfers += 1
        flow = Flow(str(self.transfers), FlowKind.TRANSFER, Decimal(amount), self.venue.now)
        if self.free() + amount >= 0:
            self.venue.true.move(flow)
            self.venue.cash = self.venue.true.cash
            self.venue.tell(m.CashMoved(flow))
            self.venue.tell(m.CashMoved(flow))

    @rule()
    def be_kind(self) -> None:
        """Answer all that waits for an answer, as a good venue does."""
        self.venue.answer()

    @rule(what=st.sampled_from(["checkpoint", "checkpoint", "journal", "loss", "halt", "flatten"]))
    def disturb(self, what: str) -> None:
        """Restart, lose the journal or a message, or halt for good."""
        if what == "checkpoint":
            self.venue.restart()
        elif what == "journal":
            self.venue.tell(m.JournalFailed("disk"))
            self.venue.tell(m.JournalRecovered())
        elif what == "loss" and not self.venue.alive(*IN_DOUBT):
            self.venue.tell(m.MessageLost("risk_guard", "OrderAccepted", 7))
            self.venue.reconcile()
        elif what in ("halt", "flatten") and self.decision > 4 and not self.venue.epoch:
            self.venue.epoch = 1
            flatten = what == "flatten"
            self.venue.tell(m.HaltTrading(1, Reason.HALT_OPERATOR, "", flatten))

    @invariant()
    def the_ledger_is_the_account(self) -> None:
        """Cash and holdings follow from fills."""
        ledger = self.venue.state.ledger
        assert ledger.cash == self.venue.cash
        assert ledger.cash >= 0 or PERP in ledger.positions
        assert {s: ledger.quantity(s) for s in SYMBOLS} == self.venue.holdings

    @invariant()
    def nothing_is_oversold(self) -> None:
        """Never let what rests sell more than is held on spot, a group counted once."""
        for symbol, held in self.venue.holdings.items():
            if symbol == PERP:
                continue  # what reduces a perpetual cannot oversell it
            rows = [r for r in self.venue.alive() if r.order.symbol == symbol and not r.lost]
            assert locks(rows) <= held

    @invariant()
    def exposure_stays_within_its_limits(self) -> None:
        """Unknown and open entries count as if they were filled at their worst."""
        entries = [
            w for campaign in self.venue.state.campaigns.values() for w in campaign.alive(Leg.ENTRY)
        ]
        assert self.free() >= 0 or not entries
        symbols = [w.order.symbol for w in entries]
        assert len(symbols) == len(set(symbols))
        held = {symbol for symbol in SYMBOLS if self.sellable(symbol, self.venue.holdings[symbol])}
        assert len(held | set(symbols)) <= 2

    @invariant()
    def no_position_is_naked(self) -> None:
        """Where nothing is on its way, stops cover all that can be sold."""
        for symbol, position in self.venue.holdings.items():
            held = abs(position)
            rows = [row for row in self.venue.alive() if row.order.symbol == symbol]
            if not self.sellable(symbol, held) or self.busy(rows):
                continue
            stops = under_stops(rows)
            assert all(r.order.reduce_only == (r.order.leg is not Leg.ENTRY) for r in rows)
            if symbol == PERP:
                sides = {r.order.side.sign for r in rows if r.order.leg is Leg.STOP and r.remaining}
                assert sides <= {-1 if position > 0 else 1}
            buying = any(r.order.leg is Leg.ENTRY for r in rows)
            resting = self.venue.state.campaigns[symbol].failures >= 6
            crumb = buying and not self.sellable(symbol, held - stops)
            assert stops == held or crumb or resting, (symbol, held, rows)

    @invariant()
    def no_stop_is_loosened(self) -> None:
        """Each campaign's stop only comes nearer to the market, from its first one on."""
        for campaign in self.venue.state.campaigns.values():
            closeness = campaign.side.sign * campaign.stop
            if campaign.decision and campaign.first_stop:
                key = campaign.side.sign * campaign.decision
                assert closeness >= self.stops.get(key, closeness)
                self.stops[key] = closeness

    def free(self) -> Decimal:
        """Return the cash that is neither margin nor promised to entries at their worst."""
        state = self.venue.state
        margin = abs(state.ledger.lent) / 2
        entries = [w for campaign in state.campaigns.values() for w in campaign.alive(Leg.ENTRY)]
        stakes = {s: i.stake + i.taker_fee for s, i in self.venue.instruments.items()}
        promised = (w.remaining * w.worst * stakes[w.order.symbol] for w in entries)
        return self.venue.cash - margin - sum(promised, ZERO)

    def unwanted(self) -> list[Resting]:
        """Return the orders that the venue was asked to cancel."""
        return [row for row in self.venue.alive(OrderStatus.OPEN) if row.unwanted]

    def busy(self, rows: list[Resting]) -> bool:
        """Tell whether an order, a cancel or an exit is on its way."""
        return any(r.status in IN_DOUBT or r.unwanted or r.order.leg is Leg.EXIT for r in rows)

    def sellable(self, symbol: str, quantity: Decimal) -> bool:
        """Tell whether the venue would take an exit at the campaign's stop."""
        campaign = self.venue.state.campaigns.get(symbol)
        rule = self.venue.instruments[symbol]
        if campaign is None or campaign.side.sign * self.venue.holdings[symbol] < 0:
            return False  # a crumb that is left of the other side
        return is_tradable(rule, abs(quantity), campaign.stop)

    def teardown(self) -> None:
        """Once the venue answers everything, each position is under its stop, or closed."""
        self.venue.settle()
        for symbol, held in self.venue.holdings.items():
            rows = [row for row in self.venue.alive() if row.order.symbol == symbol]
            assert not self.busy(rows)
            stops = under_stops(rows)
            assert stops == abs(held) or not self.sellable(symbol, held)


class AnyVenueWithoutTrailing(AnyVenue):
    """The same where no trailing stop may rest: the stop is moved."""

    trails = False


TestAnyVenue = AnyVenue.TestCase
TestAnyVenueWithoutTrailing = AnyVenueWithoutTrailing.TestCase
TestAnyVenue.settings = TestAnyVenueWithoutTrailing.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
)
