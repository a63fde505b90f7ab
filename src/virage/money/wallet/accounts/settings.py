"""The settings of accounts."""

from typing import Annotated

from msgspec import Struct

from virage.platform.settings import parsing as parse


class AccountSettings(Struct, frozen=True, kw_only=True):
    """What a purse holds."""

    purse_cents_max: Annotated[int, parse.cents] = 25_000
    """The most that a purse holds when somebody loads it: it is spent inside the ground only (PSD2, article 3(k))."""
