"""Broadcasts: messages of the control room to fans or to the staff, their updates and cancellations.

A message and what later replaces it are a thread. A message never changes: an update and a cancellation are messages of
their own, for the same audience. The words of CAP 1.2 are used throughout, in lower case.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from virage.control.safety.rules.log import Written
from virage.platform.values.localised import LanguageTag
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Role
from virage.site.venue.types import Venue

MINUTES_MAX: Final = 720
CANCEL_MINUTES: Final = 60
"""How long phones show a cancellation."""

Headline = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]
Body = Annotated[str, Meta(min_length=1, max_length=600, pattern=r"\S")]
Minutes = Annotated[int, Meta(ge=1, le=MINUTES_MAX, description="How long the message is valid")]
ZoneCode = Annotated[str, Meta(min_length=1, max_length=60)]


class BroadcastMode(StrEnum):
    """Whether a message is meant. Exercises and tests go to the staff only."""

    ACTUAL = "actual"
    EXERCISE = "exercise"
    TEST = "test"


class BroadcastKind(StrEnum):
    """What a message does in its thread."""

    ALERT = "alert"
    UPDATE = "update"
    CANCEL = "cancel"


class BroadcastCategory(StrEnum):
    """Categories of CAP 1.2 that a stadium needs."""

    SAFETY = "safety"
    SECURITY = "security"
    FIRE = "fire"
    HEALTH = "health"
    MET = "met"
    TRANSPORT = "transport"
    OTHER = "other"


class BroadcastSeverity(StrEnum):
    """How grave it is: `extreme` is a danger to life."""

    EXTREME = "extreme"
    SEVERE = "severe"
    MODERATE = "moderate"
    MINOR = "minor"


class BroadcastUrgency(StrEnum):
    """When to act: `immediate` now, `expected` within the hour, `future` later."""

    IMMEDIATE = "immediate"
    EXPECTED = "expected"
    FUTURE = "future"


class ResponseType(StrEnum):
    """What the reader is to do, as in CAP 1.2."""

    EVACUATE = "evacuate"
    SHELTER = "shelter"
    AVOID = "avoid"
    EXECUTE = "execute"
    MONITOR = "monitor"
    ALL_CLEAR = "all_clear"
    NONE = "none"


class StaffGroup(StrEnum):
    """Groups of the staff that a message may be for."""

    STEWARDS = "stewards"
    CONTROL = "control"
    FOOD = "food"
    MEDIA = "media"


ROLES_OF: Final[Mapping[StaffGroup, tuple[Role, ...]]] = {
    StaffGroup.STEWARDS: ("steward", "supervisor", "gate"),
    StaffGroup.CONTROL: ("controller",),
    StaffGroup.FOOD: ("cashier", "kitchen", "till"),
    StaffGroup.MEDIA: ("match_desk", "media_desk", "moderator", "describer"),
}
"""Roles whose holders a group has, and the roles of paired devices (`gate`, `till`) that show its messages."""


class BroadcastRefusal(StrEnum):
    """Why a message is not sent."""

    ID_TAKEN = "broadcast_id_taken"
    NOT_FOUND = "not_found"
    REPLACED = "broadcast_replaced"
    PLACE_UNKNOWN = "place_unknown"
    STAFF_ONLY = "exercise_for_staff_only"


class ToAllFans(Struct, frozen=True, forbid_unknown_fields=True, tag_field="to", tag="all_fans"):
    """All fans of the event."""


class ToZones(Struct, frozen=True, forbid_unknown_fields=True, tag_field="to", tag="zones"):
    """Fans with tickets in these stands, blocks and standing areas."""

    zones: Annotated[list[ZoneCode], Meta(min_length=1, max_length=200)]


class ToStaff(Struct, frozen=True, forbid_unknown_fields=True, tag_field="to", tag="staff"):
    """Groups of the staff of the event."""

    groups: Annotated[list[StaffGroup], Meta(min_length=1, max_length=len(StaffGroup))]


Audience = ToAllFans | ToZones | ToStaff


class BroadcastText(Struct, frozen=True, forbid_unknown_fields=True):
    """A message in one language. `screen` is for big screens, `speech` is read out; without them headline and text."""

    headline: Headline
    text: Body
    screen: Annotated[str, Meta(min_length=1, max_length=120, pattern=r"\S")] | None = None
    speech: Body | None = None


BroadcastTexts = Annotated[dict[LanguageTag, BroadcastText], Meta(min_length=1, max_length=20)]


class BroadcastContent(Struct, frozen=True, forbid_unknown_fields=True):
    """What the record of a message says in words; deleted after the retention period."""

    texts: dict[LanguageTag, BroadcastText]


class _Request(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind"):
    """A message to send. `id` is made by the client and makes the request idempotent."""

    id: UUID
    texts: BroadcastTexts


class NewBroadcast(_Request, frozen=True, tag="alert"):
    """The first message of a thread."""

    mode: BroadcastMode
    audience: Audience
    category: BroadcastCategory
    severity: BroadcastSeverity
    urgency: BroadcastUrgency
    response: ResponseType
    minutes: Minutes


class UpdateBroadcast(_Request, frozen=True, tag="update"):
    """Replace the latest message of a thread, for the same audience."""

    replaces: UUID
    severity: BroadcastSeverity
    urgency: BroadcastUrgency
    response: ResponseType
    minutes: Minutes


class CancelBroadcast(_Request, frozen=True, tag="cancel"):
    """End a thread: the latest message no longer holds."""

    replaces: UUID


BroadcastRequest = NewBroadcast | UpdateBroadcast | CancelBroadcast


class Broadcast(Struct, frozen=True, kw_only=True):
    """A sent message. `number` is that of its record in the log; `targets` are zones or groups of the staff.

    `thread` is the id of the first message. The latest message of a thread has no `replaced_by`.
    """

    id: UUID
    event_id: UUID
    number: int
    thread: UUID
    kind: BroadcastKind
    mode: BroadcastMode
    category: BroadcastCategory
    severity: BroadcastSeverity
    urgency: BroadcastUrgency
    response: ResponseType
    audience: str
    targets: list[str]
    sent_at: datetime
    expires_at: datetime
    sent_by: UUID
    replaced_by: UUID | None = None

    @property
    def is_public(self) -> bool:
        """Whether fans may read it: exercises, tests and messages to the staff are not public."""
        return self.mode is BroadcastMode.ACTUAL and self.audience != "staff"


class SentBroadcast(Struct, frozen=True):
    """A message with its texts by language, None once they were deleted."""

    broadcast: Broadcast
    texts: dict[str, BroadcastText] | None


def may_send(request: NewBroadcast, venue: Venue) -> Refused | None:
    """Refuse zones that the venue does not have, and exercises and tests that are not for the staff."""
    if request.mode is not BroadcastMode.ACTUAL and not isinstance(request.audience, ToStaff):
        return Refused(BroadcastRefusal.STAFF_ONLY)
    if isinstance(request.audience, ToZones) and not set(request.audience.zones) <= zone_codes(venue):
        return Refused(BroadcastRefusal.PLACE_UNKNOWN)
    return None


def targets_of(audience: Audience) -> list[str]:
    """Return zones or groups of the staff, each once, in order."""
    match audience:
        case ToZones():
            return sorted(set(audience.zones))
        case ToStaff():
            return sorted({group.value for group in audience.groups})
        case ToAllFans():
            return []


def written_broadcast(broadcast: Broadcast, request: BroadcastRequest) -> Written:
    """Return the record of a message; its validity is written in minutes, so that a repeated request is the same."""
    data: dict[str, str | int] = {
        "mode": broadcast.mode.value,
        "audience": broadcast.audience,
        "targets": " ".join(broadcast.targets),
        "category": broadcast.category.value,
        "severity": broadcast.severity.value,
        "urgency": broadcast.urgency.value,
        "response": broadcast.response.value,
        "minutes": CANCEL_MINUTES if isinstance(request, CancelBroadcast) else request.minutes,
    }
    if not isinstance(request, NewBroadcast):
        data["replaces"] = str(request.replaces)
    return Written(FACTS[broadcast.kind], data, BroadcastContent(request.texts))


FACTS: Final[Mapping[BroadcastKind, str]] = {
    BroadcastKind.ALERT: "broadcast_sent",
    BroadcastKind.UPDATE: "broadcast_updated",
    BroadcastKind.CANCEL: "broadcast_cancelled",
}
"""Kinds of the records and of the journal's facts."""


def places_of(venue: Venue) -> frozenset[str]:
    """Return the codes of the blocks and standing areas: the places that tickets are for."""
    return frozenset((*(block.code for block in venue.blocks), *(area.code for area in venue.areas)))


def places_reached(broadcast: Broadcast, venue: Venue) -> frozenset[str]:
    """Return the blocks and standing areas whose fans a message is for."""
    match broadcast.audience:
        case "all_fans":
            return places_of(venue)
        case "zones":
            zones = set(broadcast.targets)
            blocks = (block.code for block in venue.blocks if block.code in zones or block.stand in zones)
            return frozenset((*blocks, *(area.code for area in venue.areas if area.code in zones)))
        case _:
            return frozenset()


def zone_codes(venue: Venue) -> frozenset[str]:
    """Return the codes of the stands, blocks and standing areas."""
    return places_of(venue) | {stand.code for stand in venue.stands}
