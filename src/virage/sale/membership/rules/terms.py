"""Types of membership: tiers, members, memberships, windows and refusal codes."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from virage.platform.values.localised import LocalisedText

PRICE_CENTS_MAX = 1_000_000
VAT_PERMILLE_MAX = 999
WINDOW_TICKETS_MAX = 50
WINDOWS_MAX = 10


class MembershipRefusal(StrEnum):
    """Refusal codes of membership, part of the API."""

    NOT_FOUND = "not_found"
    ID_REUSED = "id_reused"
    CHANGED = "changed_meanwhile"
    UNKNOWN_ORGANISER = "unknown_organiser"
    TIER_CLOSED = "tier_closed"
    TIER_FULL = "tier_full"
    TIER_HAS_MEMBERS = "tier_has_members"
    ALREADY_MEMBER = "already_member"
    NO_UPGRADE = "no_upgrade"
    UPGRADE_PRICE_CHANGED = "upgrade_price_changed"
    PAYMENT_FAILED = "payment_failed"
    NOT_ACTIVE = "membership_not_active"
    IMPORT_DEFECTS = "import_defects"
    UNKNOWN_TIER = "unknown_tier"
    WINDOW_TOO_LATE = "window_after_sale"
    EVENT_CANCELLED = "event_cancelled"


class TierContent(Struct, frozen=True, kw_only=True):
    """What the office sets of a tier. `price_cents` is for the term and includes VAT; 0 is free.

    The term is the days from `starts_on` to `ends_on`, both inclusive, in the deployment's time zone. The lowest rank
    is shown first. `new_members_max` limits the people who had no number before; None is no limit. `window_tickets` is
    the limit of tickets per event in members' windows.
    """

    name: LocalisedText
    rank: Annotated[int, Meta(ge=0, le=1000)] = 0
    price_cents: Annotated[int, Meta(ge=0, le=PRICE_CENTS_MAX)]
    vat_permille: Annotated[int, Meta(ge=0, le=VAT_PERMILLE_MAX)]
    starts_on: date
    ends_on: date
    new_members_max: Annotated[int, Meta(ge=0, le=10_000_000)] | None = None
    is_open: bool = False
    window_tickets: Annotated[int, Meta(ge=1, le=WINDOW_TICKETS_MAX)] = 2


class Tier(TierContent, frozen=True, kw_only=True):
    """A tier of an organiser for one term. `revision` grows with each change."""

    id: UUID
    organiser_id: UUID
    revision: int


MembershipState = Literal["paying", "active", "cancelled", "failed"]


class MembershipRow(Struct, frozen=True):
    """A membership as stored, with its member and the days of its term.

    `number` is None before the member's first membership begins, `person_id` while an imported member has not signed in
    and after the erasure of the person. `paying` ends at `pays_until`; an `active` one is over after `ends_on`.
    """

    id: UUID
    tier_id: UUID
    organiser_id: UUID
    member_id: UUID
    number: int | None
    person_id: UUID | None
    state: MembershipState
    is_new: bool
    is_imported: bool
    price_cents: int
    vat_permille: int
    starts_on: date
    ends_on: date
    payment_id: UUID | None
    asked_at: datetime
    pays_until: datetime | None
    began_at: datetime | None
    cancelled_at: datetime | None
    refund_id: UUID | None
    refunded_cents: int
    returned_cents: int
    upgrades_id: UUID | None = None

    def occupies(self, now: datetime) -> bool:
        """Return whether it takes a place of its tier and the term of its member: active, or being paid in time."""
        return self.state == "active" or (
            self.state == "paying" and self.pays_until is not None and self.pays_until > now
        )


class Member(Struct, frozen=True):
    """A member of an organiser. `mailbox` is that of an imported member who has not signed in yet."""

    id: UUID
    organiser_id: UUID
    number: int | None
    person_id: UUID | None
    mailbox: str | None = None
    is_erased: bool = False


class EventWindow(Struct, frozen=True, forbid_unknown_fields=True):
    """A members' window: from `opens_at` until the public sale opens, for members of these tiers and package holders.

    Each may hold up to `tickets_max` tickets of the event, and a member no more than their tier allows. Holders of a
    package, such as a season ticket, have paid it, and not all of it was refunded.
    """

    opens_at: Annotated[datetime, Meta(tz=True)]
    tickets_max: Annotated[int, Meta(ge=1, le=WINDOW_TICKETS_MAX)]
    tier_ids: Annotated[list[UUID], Meta(max_length=50)]
    package_ids: Annotated[list[UUID], Meta(max_length=50)] = []
