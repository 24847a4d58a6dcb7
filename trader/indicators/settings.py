"""What a person may set of the indicators."""

from typing import Literal

import msgspec


class IndicatorSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """History, and what is neither of Cipher A nor of Cipher B; lengths in candles."""

    atr_length: int = 14
    """Candles of the average true range."""
    ema_fast: int = 12
    """Candles of the fast average of the close."""
    ema_slow: int = 26
    """Candles of the slow average of the close."""
    history: int = 1000
    """Candles that the indicators need; asked of the market, and no snapshot is taken before."""
    gap_candles: int = 100
    """Candles after a hole in the data before an entry may rest on the indicators again."""


Price = Literal["open", "high", "low", "close", "hl2", "hlc3", "ohlc4"]


class CipherASettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """VuManChu Cipher A, with the defaults of its publication; lengths in candles."""

    ema1: int = 5
    """Candles of the ribbon's first average."""
    ema2: int = 11
    """Candles of the ribbon's second average."""
    ema3: int = 15
    """Candles of the ribbon's third average."""
    ema4: int = 18
    """Candles of the ribbon's fourth average."""
    ema5: int = 21
    """Candles of the ribbon's fifth average."""
    ema6: int = 24
    """Candles of the ribbon's sixth average."""
    ema7: int = 28
    """Candles of the ribbon's seventh average."""
    ema8: int = 34
    """Candles of the ribbon's eighth average."""
    wt_channel: int = 9
    """Candles of WaveTrend's channel."""
    wt_average: int = 13
    """Candles of WaveTrend's average; Cipher B has one less."""
    wt_signal: int = 3
    """Candles of WaveTrend's signal line."""
    wt_source: Price = "hlc3"
    """Price that WaveTrend is of."""
    overbought1: float = 53.0
    """WaveTrend from which the market is overbought."""
    overbought2: float = 60.0
    """WaveTrend of the second line above; drawn only."""
    overbought3: float = 100.0
    """WaveTrend of the third line above; a yellow cross down lies below it."""
    oversold1: float = -53.0
    """WaveTrend down to which the market is oversold."""
    oversold2: float = -60.0
    """WaveTrend of the second line below; drawn only."""
    oversold3: float = -80.0
    """WaveTrend of the third line below; a yellow cross lies above it."""
    rsi_source: Price = "close"
    """Price that the RSI is of."""
    rsi_length: int = 14
    """Candles of the RSI."""
    money_flow_length: int = 60
    """Candles of the money flow."""
    money_flow_multiplier: float = 150.0
    """Money flow of a candle that closes at one end of its range and opens at the other."""
    yellow_cross_flow: bool = True
    """Let a yellow cross need money that leaves: a flow below -5."""
    extended: bool = True
    """Find the mirrored marks (x_*) of the extended variant as well."""


class CipherBSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """VuManChu Cipher B, with the defaults of its publication; lengths in candles."""

    wt_channel: int = 9
    """Candles of WaveTrend's channel."""
    wt_average: int = 12
    """Candles of WaveTrend's average."""
    wt_signal: int = 3
    """Candles of WaveTrend's signal line."""
    wt_source: Price = "hlc3"
    """Price that WaveTrend is of."""
    overbought1: float = 53.0
    """WaveTrend from which the market is overbought."""
    overbought2: float = 60.0
    """WaveTrend of the second line above; drawn only."""
    overbought3: float = 100.0
    """WaveTrend of the third line above; drawn only."""
    oversold1: float = -53.0
    """WaveTrend down to which the market is oversold."""
    oversold2: float = -60.0
    """WaveTrend of the second line below; drawn only."""
    oversold3: float = -75.0
    """WaveTrend of the third line below; the bottom before a gold dot lies beyond it."""
    textbook_fractals: bool = False
    """Let bottoms mirror tops, as every port has it and the platform does not."""
    wt_regular: bool = True
    """Use the regular divergences of WaveTrend, in dots and lines."""
    wt_hidden: bool = False
    """Use the hidden divergences of WaveTrend, in lines."""
    wt_hidden_unlimited: bool = True
    """Look for hidden divergences of WaveTrend between fractals at any level."""
    wt_bear_min: float = 45.0
    """WaveTrend from which a top counts."""
    wt_bull_min: float = -65.0
    """WaveTrend down to which a bottom counts."""
    wt_second_shown: bool = True
    """Draw the lines of the second range; its dots are there regardless."""
    wt_second_bear_min: float = 15.0
    """WaveTrend from which a top of the second range counts."""
    wt_second_bull_min: float = -40.0
    """WaveTrend down to which a bottom of the second range counts."""
    money_flow_length: int = 60
    """Candles of the money flow."""
    money_flow_multiplier: float = 150.0
    """Money flow of a candle that closes at one end of its range and opens at the other."""
    money_flow_offset: float = 2.5
    """Taken off the mean money flow, on the same scale."""
    rsi_source: Price = "close"
    """Price that the RSI is of."""
    rsi_length: int = 14
    """Candles of the RSI."""
    rsi_oversold: float = 30.0
    """RSI down to which the market is oversold."""
    rsi_overbought: float = 60.0
    """RSI from which the market is overbought."""
    rsi_regular: bool = False
    """Use the regular divergences of the RSI, in dots and lines."""
    rsi_hidden: bool = False
    """Use the hidden divergences of the RSI, in lines."""
    rsi_bear_min: float = 60.0
    """RSI from which a top counts."""
    rsi_bull_min: float = 30.0
    """RSI down to which a bottom counts."""
    stoch_source: Price = "close"
    """Price that the stochastic RSI is of."""
    stoch_log: bool = True
    """Take the logarithm of that price."""
    stoch_average: bool = False
    """Let K be the mean of K and D."""
    stoch_length: int = 14
    """Candles of the stochastic."""
    stoch_rsi_length: int = 14
    """Candles of the RSI that it is of."""
    stoch_k: int = 3
    """Candles of the mean that is K."""
    stoch_d: int = 3
    """Candles of the mean of K that is D."""
    stoch_regular: bool = False
    """Use the regular divergences of the stochastic RSI, in dots and lines."""
    stoch_hidden: bool = False
    """Use the hidden divergences of the stochastic RSI, in lines."""
    schaff_source: Price = "close"
    """Price that the Schaff trend cycle is of."""
    schaff_length: int = 10
    """Candles of its stochastics."""
    schaff_fast: int = 23
    """Candles of its fast average."""
    schaff_slow: int = 50
    """Candles of its slow average."""
    schaff_factor: float = 0.5
    """Weight of the newest value in its smoothing."""
    flag_minutes: int = 720
    """Timeframe of the Sommi flag's fast wave."""
    flag_wave_bear: float = 0.0
    """Fast wave below which a Sommi flag is bearish."""
    flag_wave_bull: float = 0.0
    """Fast wave above which a Sommi flag is bullish."""
    flag_wt_bear: float = 0.0
    """WaveTrend above which a Sommi flag is bearish."""
    flag_wt_bull: float = 0.0
    """WaveTrend below which a Sommi flag is bullish."""
    flag_money_flow_bear: float = 0.0
    """Money flow below which a Sommi flag is bearish."""
    flag_money_flow_bull: float = 0.0
    """Money flow above which a Sommi flag is bullish."""
    diamond_minutes1: int = 60
    """First timeframe of the Sommi diamond's Heikin-Ashi candles."""
    diamond_minutes2: int = 240
    """Second timeframe of the Sommi diamond's Heikin-Ashi candles."""
    diamond_candles: Literal["developing", "closed"] = "developing"
    """`developing`: the candle that is being built, as on a live chart. `closed`: the last one."""
    diamond_wt_bear: float = 0.0
    """WaveTrend from which a Sommi diamond is bearish."""
    diamond_wt_bull: float = 0.0
    """WaveTrend down to which a Sommi diamond is bullish."""
    macd_colours: bool = False
    """Paint the waves in the colours of the MACD."""
    macd_minutes: int = 240
    """Timeframe of the MACD colours."""
    macd_fast: int = 28
    """Candles of the MACD's fast average."""
    macd_slow: int = 42
    """Candles of the MACD's slow average."""
    macd_signal: int = 9
    """Candles of the MACD's signal line."""
    show_wavetrend: bool = True
    """Draw WaveTrend."""
    show_buy: bool = True
    """Draw the green dots."""
    show_gold: bool = True
    """Draw the gold dots."""
    show_sell: bool = True
    """Draw the red dots."""
    show_divergence_dots: bool = True
    """Draw the dots of divergences."""
    show_fast_wave: bool = True
    """Draw the fast wave."""
    show_money_flow: bool = True
    """Draw the money flow."""
    show_stochastic: bool = True
    """Draw the stochastic RSI."""
    show_rsi: bool = False
    """Draw the RSI."""
    show_schaff: bool = False
    """Draw the Schaff trend cycle."""
    show_sommi: bool = False
    """Draw the Sommi flags and diamonds."""
