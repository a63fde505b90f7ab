"""Types of packages: season tickets, packs, subscriptions and refusal codes."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from virage.platform.values.localised import LocalisedText
from virage.platform.values.money import Cents

EVENTS_MIN = 2
"""The least events of a package that is not a pack."""
EVENTS_MAX = 60
Instant = Annotated[datetime, Meta(tz=True)]
Permille = Annotated[int, Meta(ge=0, le=1000)]
Count = Annotated[int, Meta(ge=2, le=EVENTS_MAX)]

PackageKind = Literal["season", "pack", "choice"]
"""`season`: the events that are still to come. `pack`: all of its events, or none once one has begun. `choice`: as many
of its events as the buyer likes, within limits."""


class PackageRefusal(StrEnum):
    """Refusal codes of packages, part of the API."""

    NOT_FOUND = "not_found"
    ID_REUSED = "id_reused"
    CHANGED = "changed_meanwhile"
    UNKNOWN_ORGANISER = "unknown_organiser"
    UNKNOWN_EVENT = "unknown_event"
    CLOSED = "package_closed"
    WRONG_CHOICE = "wrong_choice"


class PackageContent(Struct, frozen=True, kw_only=True):
    """What the office sets of a package: its events, when it is sold, and its discount on the prices of the events.

    `choose_min` and `choose_max` belong to the kind `choice` alone. `family_permille` is a further discount for a party
    with an adult and a child.
    """

    kind: PackageKind
    name: LocalisedText
    event_ids: Annotated[list[UUID], Meta(min_length=1, max_length=EVENTS_MAX)]
    choose_min: Count | None = None
    choose_max: Count | None = None
    discount_permille: Permille = 0
    family_permille: Permille = 0
    opens_at: Instant
    closes_at: Instant
    is_open: bool = False


class Package(PackageContent, frozen=True, kw_only=True):
    """A package of an organiser. `revision` grows with each change."""

    id: UUID
    organiser_id: UUID
    revision: int


class SubscriptionRow(Struct, frozen=True):
    """A package that a person holds or bought; `id` is also the bundle of its orders.

    `regular_cents` is what the same places cost one by one. `other_seats` are the events where the party has other
    seats than at the first one. `person_id` is None after the erasure of the person.
    """

    id: UUID
    package_id: UUID
    person_id: UUID | None
    regular_cents: Cents
    other_seats: list[UUID]
    begun_at: datetime
