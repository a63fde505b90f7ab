"""The settings of till."""

from typing import Annotated

from msgspec import Struct

from virage.platform.settings import parsing as parse


class TillSettings(Struct, frozen=True, kw_only=True):
    """What a till does without network."""

    offline_card_cents: Annotated[int, parse.cents] = 3_000
    """What a till without network takes from one card, until it has told of it."""
    offline_till_cents: Annotated[int, parse.cents] = 60_000
    """What a till without network takes from cards together, until it has told of it: the most that one may lose."""
    ask_ms: Annotated[int, parse.milliseconds] = 1_500
    """How long a till waits for an answer before it decides alone."""
