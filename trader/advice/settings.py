"""What a person may set of the advice and of the checks on it."""

from typing import Literal

import msgspec


class AdviceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who advises, and what an advice must bring to be followed."""

    advisor: Literal["rules", "ema-cross"] = "rules"
    """`rules`: WaveTrend cross with RSI and money flow. `ema-cross`: two averages of the close."""
    min_conviction: float = 0.5
    """Lowest conviction of an entry, 0 to 1, that is followed; below it the rules say nothing."""
    min_reward_risk: float = 1.2
    """Least ratio of the distance to the target over the distance to the stop."""
    min_stop_pct: float = 0.3
    """Nearest stop, in % of the price."""
    max_stop_pct: float = 8.0
    """Farthest stop, in % of the price."""
    max_age_seconds: float = 120.0
    """Oldest advice that is followed, from the close of its candle."""
    stop_atr: float = 5.0
    """Distance of the rules' stop in average true ranges, within the two bounds above."""
    target_atr: float = 10.0
    """Distance of the rules' target in average true ranges; moves in step with a bounded stop."""
    oversold: float = -40.0
    """WaveTrend level below which a cross up is a reason to buy."""
    overbought: float = 40.0
    """WaveTrend level above which a cross down is a reason to sell."""
    rsi_ceiling: float = 60.0
    """RSI above which the rules do not buy."""
    rsi_floor: float = 40.0
    """RSI below which the rules do not sell."""
