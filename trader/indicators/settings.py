"""What a person may set of the indicators."""

import msgspec


class IndicatorSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Lengths, in candles."""

    wavetrend_channel: int = 9
    """Candles of WaveTrend's channel."""
    wavetrend_average: int = 12
    """Candles of WaveTrend's average."""
    wavetrend_signal: int = 3
    """Candles of WaveTrend's signal line."""
    rsi_length: int = 14
    """Candles of the RSI."""
    money_flow_length: int = 60
    """Candles of the money flow."""
    money_flow_multiplier: float = 150.0
    """Money flow of a candle that closes at one end of its range and opens at the other."""
    money_flow_offset: float = 2.5
    """Taken off the mean money flow, on the same scale."""
    atr_length: int = 14
    """Candles of the average true range."""
    ema_fast: int = 12
    """Candles of the fast average of the close."""
    ema_slow: int = 26
    """Candles of the slow average of the close."""
    history: int = 1000
    """Candles of history asked of the market to warm the indicators with."""
