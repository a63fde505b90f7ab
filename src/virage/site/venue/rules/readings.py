"""Status of gates and outlets at a moment, reported by the access and food domains."""

from typing import Literal, NamedTuple

from msgspec import Struct


class Place(NamedTuple):
    """A gate or an outlet."""

    place: Literal["gate", "outlet"]
    code: str


class Reading(Struct, frozen=True):
    """Status of a gate or outlet; `wait_s` is the wait in seconds, None if unknown."""

    place: Place
    state: Literal["open", "closed", "sold_out"]
    wait_s: float | None = None
