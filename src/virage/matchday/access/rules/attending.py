"""Who has tickets of an event, as others ask it."""

from msgspec import Struct


class Attending(Struct, frozen=True):
    """Somebody with tickets of an event: whether one of them is in the ground, and where the tickets lead."""

    inside: bool
    gate_groups: frozenset[str]
    stands: frozenset[str]
