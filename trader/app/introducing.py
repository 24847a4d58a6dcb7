"""What the log says first: what is run, by which settings, and what nobody set."""

from trader.settings.fingerprint import fingerprint
from trader.settings.layers import Loaded
from trader.settings.schema import SIMULATED, Settings
from trader.settings.show import to_defaults
from trader.ui.log import log_event


def introduce(loaded: Loaded, profile: str) -> None:
    """Log what a run begins with."""
    settings = loaded.settings
    log_event(
        "INFO",
        "app",
        None,
        "run_begins",
        None,
        profile=profile,
        mode="paper",
        market=settings.market.venue,
        fills="simulated",
        symbols=",".join(settings.trading.symbols),
        speed=settings.market.speed if settings.market.venue in SIMULATED else 1,
        advisor=_advisor(settings),
        settings=fingerprint(settings),
    )
    used, others = to_defaults(loaded)
    log_event("INFO", "app", None, "defaults", None, used=used, others=others, see="config show")
    for note in loaded.notes:
        log_event("WARNING", "app", None, "note", None, text=note)


def _advisor(settings: Settings) -> str:
    rule, models = settings.advice.advisor, settings.llm.models
    if rule == "recorded":
        return "recorded answers, then rules (no model is called)"
    if not models:
        return f"{rule} (no model is configured)"
    return ", then ".join((*models, settings.llm.without_model.replace("rules", rule)))
