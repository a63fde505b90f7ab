"""Settings of the tills."""

from typing import Annotated

from msgspec import Struct

from virage.platform.settings import parsing as parse


class TillSettings(Struct, frozen=True, kw_only=True):
    """Limits of a till that is offline."""

    offline_card_cents: Annotated[int, parse.cents] = 3_000
    """Most that an offline till accepts from one card before it uploads its sales."""
    offline_till_cents: Annotated[int, parse.cents] = 60_000
    """Most that an offline till accepts from all cards before it uploads its sales: its maximum loss."""
    ask_ms: Annotated[int, parse.milliseconds] = 1_500
    """How long a till waits for an answer before it decides offline."""
