"""The named rounding rules of amounts of money.

What a fill pays or brings is never rounded: it is quantity times price. What is rounded (a fee, the
cost of a part, the worth of a holding at an observed price) is rounded to `STEP`. Sums are
therefore exact in Decimal's 28 digits while fills have at most 16 decimals and amounts are below
10^12.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from trader.model.instrument import to_decimal

STEP = Decimal("0.00000001")


def round_down(amount: Decimal) -> Decimal:
    """Round an amount down to the step."""
    return amount.quantize(STEP, ROUND_FLOOR)


def round_up(amount: Decimal) -> Decimal:
    """Round an amount up to the step: against us, where it is a cost."""
    return amount.quantize(STEP, ROUND_CEILING)


def worth(quantity: Decimal, mark: float) -> Decimal:
    """Value a quantity at an observed price, to the nearest step."""
    return (quantity * to_decimal(mark)).quantize(STEP, ROUND_HALF_EVEN)
