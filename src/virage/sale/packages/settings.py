"""The settings of packages."""

from typing import Annotated

from msgspec import Struct

from virage.platform.settings import parsing as parse


class InstalmentSettings(Struct, frozen=True, kw_only=True):
    """When the buyers of packages are reminded of an instalment, and a declined card is charged again."""

    instalment_remind_days: Annotated[int, parse.positive] = 3
    """Days before an instalment is due at which its buyer is reminded by email."""
    instalment_retry_days: Annotated[int, parse.positive] = 3
    """Days after which a declined card is charged again. An instalment ends seven days after its date."""
