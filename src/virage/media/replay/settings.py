"""The settings of replay."""

from typing import Annotated

from msgspec import Struct

from virage.platform.settings import parsing as parse


class ReplaySettings(Struct, frozen=True, kw_only=True):
    """How long films are kept."""

    footage_hours: Annotated[int, parse.positive] = 24
    """For how many hours what cameras send is kept, if no clip shows it: from one evening to the next, so that the day
    after can still cut; longer would keep people's pictures that nobody wants."""
