"""How the gates and outlets of a venue are at a moment, as the domains that watch them say."""

from typing import Literal, NamedTuple

from msgspec import Struct


class Place(NamedTuple):
    """A gate or an outlet."""

    place: Literal["gate", "outlet"]
    code: str


class Reading(Struct, frozen=True):
    """How a place is now; `wait_s`: how long one waits there, None where nobody can say."""

    place: Place
    state: Literal["open", "closed", "sold_out"]
    wait_s: float | None = None
