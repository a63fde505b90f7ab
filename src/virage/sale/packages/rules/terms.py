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
INSTALMENTS_MAX = 12
INSTALMENT_DAYS_MAX = 180
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
    UNAUTHENTICATED = "unauthenticated"
    CONSENT_MISSING = "consent_required"
    METHOD_FAILED = "method_failed"
    NOT_OFFERED = "instalments_not_offered"
    CHARGING = "instalment_charging"


class PackageContent(Struct, frozen=True, kw_only=True):
    """What the office sets of a package: its events, when it is sold, and its discount on the prices of the events.

    `choose_min` and `choose_max` belong to the kind `choice` alone. `family_permille` is a further discount for a party
    with an adult and a child. It may be paid in up to `instalments_max` parts, `instalment_days` apart; 1: all at once.
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
    instalments_max: Annotated[int, Meta(ge=1, le=INSTALMENTS_MAX)] = 1
    instalment_days: Annotated[int, Meta(ge=1, le=INSTALMENT_DAYS_MAX)] = 30


class Package(PackageContent, frozen=True, kw_only=True):
    """A package of an organiser. `revision` grows with each change."""

    id: UUID
    organiser_id: UUID
    revision: int


class SubscriptionRow(Struct, frozen=True):
    """A package that a person holds or bought; `id` is also the bundle of its orders.

    `regular_cents` is what the same places cost one by one, and `regular_by_event` that of each event; it is empty for
    subscriptions from before it was stored. `other_seats` are the events where the party has other
    seats than at the first one. `person_id` is None after the erasure of the person.
    """

    id: UUID
    package_id: UUID
    person_id: UUID | None
    regular_cents: Cents
    other_seats: list[UUID]
    begun_at: datetime
    regular_by_event: dict[UUID, Cents]


InstalmentState = Literal["waiting", "open", "charging", "to_pay", "done"]
"""`waiting`: the first one is not paid yet. `open`: the card is charged on its date. `to_pay`: its buyer pays it."""


class Plan(Struct, frozen=True):
    """How a subscription, of the same id, is paid in instalments: the saved card and the accepted terms of sale."""

    id: UUID
    method_id: UUID
    terms: UUID | None
    agreed_at: datetime


class InstalmentRow(Struct, frozen=True):
    """A part of a subscription; `id` is that of the part of its bundle in ticketing, `plan_id` the subscription.

    Its card is charged on `due_at`, for `open` ones next at `next_at`; its orders end at `until`. `declined` counts the
    charges that the bank refused; `reason` is why it was not charged.
    """

    id: UUID
    plan_id: UUID
    number: int
    due_at: datetime
    until: datetime
    state: InstalmentState
    next_at: datetime | None = None
    payment_id: UUID | None = None
    declined: int = 0
    reason: str | None = None
    reminded_at: datetime | None = None
