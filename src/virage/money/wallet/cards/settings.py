"""The settings of cards."""

from typing import Annotated

from msgspec import Struct

from virage.platform.settings import parsing as parse


class CardSettings(Struct, frozen=True, kw_only=True):
    """The keys of contactless cards, and what a tap pays."""

    card_key: Annotated[str | None, parse.card_key] = None
    """The master key of contactless cards, 16 bytes in hexadecimal: all their keys and codes are derived from it, so it
    stays as long as the cards do. Unset: no card is taken; a demonstration derives one from its secret."""
    tap_cap_cents: Annotated[int, parse.cents] = 5_000
    """What one tap of a card pays at most; above it the card's PIN or the app says yes."""
