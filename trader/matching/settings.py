"""What a person may set of the simulated venue."""

from decimal import Decimal

import msgspec


class SimulationSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Costs and frictions of simulated fills; percentages are of price or notional."""

    start_equity: Decimal = Decimal(10_000)
    """Money of a fresh paper account, in the quote currency."""
    maker_fee_pct: Decimal = Decimal("0.10")
    """Fee of a fill that rested in the book, in % of its notional."""
    taker_fee_pct: Decimal = Decimal("0.10")
    """Fee of a fill that took from the book, in % of its notional."""
    spread_pct: float = 0.02
    """Full spread around recorded prices, which carry no quotes, in % of the price."""
    slippage_pct: float = 0.01
    """How much worse than the touch an order fills that takes from the book, in % of the price."""
    latency_ms: float = 50.0
    """Time an order takes to reach the venue, and its answer to come back half of it each."""
    max_volume_share: float = 0.25
    """Largest share of a candle's volume that one order may fill; the rest waits for the next."""
    maintenance_pct: Decimal = Decimal("0.50")
    """A perpetual is liquidated once margin and gain are down to this, in % of the worth."""
    liquidation_fee_pct: Decimal = Decimal("0.50")
    """Fee of a liquidation, in % of its notional; the margin bounds it."""
    funding_rate_pct: Decimal = Decimal("0.01")
    """What longs pay shorts at each funding, in % of the worth; below zero shorts pay longs."""
    funding_hours: int = 8
    """Hours between two fundings, counted from 00:00 UTC."""
    max_leverage: int = 125
    """Highest leverage of a perpetual that the venue grants."""
    paired_exits: bool = True
    """Stop and target may rest together; false: the stop rests and the target is watched."""
    trailing_orders: bool = True
    """A trailing stop may rest beside them; false: the stop is moved after each candle."""
