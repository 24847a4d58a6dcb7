"""What a person may set of the advice and of the checks on it."""

from typing import Literal

import msgspec


class AdviceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who advises, and what an advice must bring to be followed."""

    advisor: Literal["rules", "ema-cross", "recorded"] = "rules"
    """`rules`: WaveTrend cross with RSI and money flow. `ema-cross`: two averages of the close.

    `recorded`: what a model said in an earlier run, by what it was asked; else the rules. With
    `llm.model` set, a model is asked first, and the rules serve where it gives nothing.
    """
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
    max_false_claims: float = 0.34
    """Largest share, 0 to 1, of wrong claims in an opinion of a model that is followed."""
    claim_tolerance_pct: float = 5.0
    """How far off a claim may be, in % of the reading's range over the candles shown."""
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


class LlmSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which models are asked for advice, when, and what they may cost."""

    model: str | None = None
    """PROVIDER:NAME, such as openai:gpt-5-mini, anthropic:, google_genai:, ollama:. Null: none."""
    fallbacks: tuple[str, ...] = ()
    """Models to ask, in this order, where the one before fails or is over its budget."""
    without_model: Literal["rules", "no-entries"] = "rules"
    """Who advises entries where no model does: the rules, or nobody. Exits by rules go on."""
    base_url: str | None = None
    """Address of an OpenAI-compatible server for openai: models, instead of the provider's."""
    allowed_hosts: tuple[str, ...] = ()
    """Hosts that `base_url` may name beside this machine; they are reached by https alone."""
    recorded: str | None = None
    """Answers for `advisor = recorded`: a JSON-lines file. Null: this account's last run's."""
    timeout_seconds: float = 20.0
    """Wall time after which a question has failed."""
    max_output_tokens: int = 800
    """Tokens a model may answer with, what it thinks unseen included."""
    max_brief_bytes: int = 9_000
    """Size of a brief with its instructions; the oldest candles are left out first."""
    prefilter: bool = True
    """Ask only with a position open, at an event, or after a move of one average true range."""
    breaker_failures: int = 3
    """Failures in a row after which a model is left alone for `breaker_seconds`."""
    breaker_seconds: float = 300.0
    """Market time until a model that failed is tried again, with one question."""
    max_tokens_per_day: int = 500_000
    """Tokens in and out of all models in a UTC day of wall time."""
    max_tokens_per_month: int = 5_000_000
    """Tokens in and out of all models in a UTC month of wall time."""
    max_cost_per_day: float = 2.0
    """USD in a UTC day, by the prices below."""
    max_cost_per_month: float = 20.0
    """USD in a UTC month, by the prices below."""
    input_prices: dict[str, float] = {}
    """USD per million tokens shown, by model. Only tokens are bounded of a model without one."""
    output_prices: dict[str, float] = {}
    """USD per million tokens answered, by model."""

    @property
    def models(self) -> tuple[str, ...]:
        """The models in the order in which they are asked; none if there is no first."""
        return () if self.model is None else (self.model, *self.fallbacks)
