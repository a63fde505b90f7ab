"""The attendance rule: when holders of unused seats are warned, and when the office decides on their renewal."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from virage.platform.values.refusals import Refused, invalid_input

COUNTED_AFTER: Final = timedelta(days=1)
"""An event counts this long after its end: gates without a network report their scans until then."""

NoticeKind = Literal["warned", "reached"]
Times = Annotated[int, Meta(ge=1, le=100)]


class AttendanceContent(Struct, frozen=True):
    """What the office sets for a package, in events at which a seat was unused.

    Holders are warned at `unused_warn`. At `unused_max` their renewal is listed, and the office decides on it.
    """

    unused_warn: Times
    unused_max: Times


class Attendance(AttendanceContent, frozen=True, kw_only=True):
    """The rule of a package; its holders know about the events that ended before `told_before`."""

    package_id: UUID
    organiser_id: UUID
    revision: int
    told_before: datetime | None


class UnusedEvent(Struct, frozen=True):
    """An event at which so many seats of a subscription stayed empty."""

    event_id: UUID
    seats: int


class Notice(Struct, frozen=True):
    """What a holder was told, and at how many unused events."""

    kind: NoticeKind
    unused: int
    told_at: datetime


def check_attendance(content: AttendanceContent) -> Refused | None:
    """Refuse a rule that does not warn before its limit."""
    if content.unused_warn >= content.unused_max:
        return invalid_input("unused_max", "The limit is higher than the number of the warning.")
    return None


def notice_due(rule: AttendanceContent, unused: int, notices: Sequence[Notice]) -> NoticeKind | None:
    """Return what a holder is to be told at so many unused events; None: nothing.

    The limit is reached by an event after the warning only, also if the rule was set late in the season.
    """
    warned = next((one for one in notices if one.kind == "warned"), None)
    if warned is None:
        return "warned" if unused >= rule.unused_warn else None
    known = any(one.kind == "reached" for one in notices)
    return "reached" if not known and unused >= rule.unused_max and unused > warned.unused else None
