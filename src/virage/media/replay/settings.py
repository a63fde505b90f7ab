"""Settings of replay."""

from typing import Annotated

from msgspec import Struct

from virage.platform.settings import parsing as parse


class ReplaySettings(Struct, frozen=True, kw_only=True):
    """Retention of footage."""

    footage_hours: Annotated[int, parse.positive] = 24
    """Hours for which footage that no clip shows is stored: until the next evening, so that clips can be made on the
    day after, and no longer, because footage shows people."""
