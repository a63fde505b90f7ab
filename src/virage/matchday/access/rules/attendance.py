"""Attendance of an event, for other domains."""

from msgspec import Struct


class EventAttendance(Struct, frozen=True):
    """A ticket holder at an event: inside or not, and the gate groups and stands of their tickets."""

    inside: bool
    gate_groups: frozenset[str]
    stands: frozenset[str]
