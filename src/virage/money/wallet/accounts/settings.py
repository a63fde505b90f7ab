"""The settings of accounts."""

from typing import Annotated

from msgspec import Struct

from virage.platform.settings import parsing as parse


class AccountSettings(Struct, frozen=True, kw_only=True):
    """Limit of a wallet."""

    purse_cents_max: Annotated[int, parse.cents] = 25_000
    """Maximum balance after a top-up. The wallet is spent inside the venue only (PSD2, article 3(k))."""
