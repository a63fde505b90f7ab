"""Types of draws: what the office sets, entries, states and refusal codes."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal, get_args
from uuid import UUID

from msgspec import Meta, Struct

from virage.sale.draws.rules.files import DrawnEntry
from virage.sale.ticketing.types import Party, SeatNeed

GROUP_MAX = 4
QUOTAS_MAX = 40
PLACES_MAX = 200_000
PAY_HOURS_MAX = 14 * 24
CODE_LENGTH = 12
SEAT_NEEDS: Final[tuple[SeatNeed, ...]] = get_args(SeatNeed)


class DrawRefusal(StrEnum):
    """Refusal codes of draws, part of the API."""

    NOT_FOUND = "not_found"
    ID_REUSED = "id_reused"
    UNAUTHENTICATED = "unauthenticated"
    CHANGED = "changed_meanwhile"
    EVENT_CANCELLED = "event_cancelled"
    CATEGORY_UNKNOWN = "category_unknown"
    PARTY_INVALID = "party_invalid"
    LIMIT_REACHED = "limit_reached"
    TERMS_NOT_ACCEPTED = "terms_not_accepted"
    METHOD_FAILED = "method_failed"
    CONSENT_MISSING = "consent_required"
    NOT_OPEN = "draw_not_open"
    NOT_POSSIBLE_NOW = "draw_step_not_possible"
    QUOTA_TOO_LARGE = "draw_quota_too_large"
    TOO_LATE = "draw_after_sale"
    VALUE_MISSING = "draw_value_missing"


DrawState = Literal["draft", "open", "closed", "drawn", "ended", "cancelled"]
"""`closed`: no more entries, and once the entries are frozen their hash is published. `drawn`: seats are given
and charged, and places that return are offered. `ended`: nothing is offered any more."""

EntryState = Literal[
    "entered",
    "lapsed",
    "won",
    "review",
    "held",
    "charging",
    "to_pay",
    "paid",
    "waiting",
    "released",
    "lost",
    "cancelled",
]
"""State of an entry.

`lapsed`: no card was saved in time. `won`: it waits for its seats. `review`: a ban matches its person. `held`: it has
seats, and its card is charged next (`charging`). `to_pay`: the card was declined, and its person pays until a deadline.
`waiting`: in the waiting order. `released`: it won, and gave its places back. `lost`: the waiting order has ended.
"""
WINNING: tuple[EntryState, ...] = ("won", "review", "held", "charging", "to_pay")
"""States of entries that have places of a quota and have not paid yet."""

WITHOUT_SEATS: tuple[EntryState, ...] = ("lapsed", "released", "lost", "cancelled")
"""States of entries that have ended without seats: what they needed is not kept."""

LogEvent = Literal["released", "unseated", "left", "offered"]
"""What happens after the draw. `unseated`: the seats of the quota were sold otherwise, so its places do not return."""


class QuotaRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What a draw offers of a category. `places` None is every free ordinary place, `spaces` None every wheelchair
    space with a companion seat; what is free is counted when the entries are frozen.
    """

    category_id: UUID
    places: Annotated[int, Meta(ge=0, le=PLACES_MAX)] | None = None
    spaces: Annotated[int, Meta(ge=0, le=PLACES_MAX)] | None = None


class DrawContent(Struct, frozen=True, kw_only=True):
    """What the office sets of a draw.

    Entries are taken until `closes_at`; from `draws_at` on, the draw is made by itself. Places that return are offered
    down the waiting order until `ends_at`. A winner whose card is declined has `pay_hours` to pay. `public_value_name`
    names a value that is published by others after `closes_at`, such as the numbers of a lottery on a date.
    """

    quotas: Annotated[list[QuotaRequest], Meta(min_length=1, max_length=QUOTAS_MAX)]
    closes_at: Annotated[datetime, Meta(tz=True)]
    draws_at: Annotated[datetime, Meta(tz=True)]
    ends_at: Annotated[datetime, Meta(tz=True)]
    pay_hours: Annotated[int, Meta(ge=1, le=PAY_HOURS_MAX)] = 48
    public_value_name: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None


class Draw(DrawContent, frozen=True, kw_only=True):
    """A draw as stored. `revision` grows with each change of what the office sets, and with each step.

    `commitment` is the SHA-256 of the seed, set when it opens; `seed` is revealed when it is drawn. `left_places` and
    `left_spaces` are what is left of each quota after the draw. `ended_at`: nothing is left to do, and what entries
    needed is deleted.
    """

    id: UUID
    event_id: UUID
    state: DrawState
    revision: int
    commitment: bytes | None
    entries_sha256: bytes | None
    public_value: str | None
    seed: bytes | None
    left_places: list[int]
    left_spaces: list[int]
    opened_at: datetime | None
    frozen_at: datetime | None
    drawn_at: datetime | None
    applied_at: datetime | None
    ended_at: datetime | None


class EntryContent(Struct, frozen=True, kw_only=True):
    """What a person asks for: a group, and categories in order; `any_other` adds all others after them.

    With `wheelchair`, each person with the access tariff gets a wheelchair space, and each companion the seat beside.
    `needs` are features that a seat must have, one for each person with the access tariff, or one. They do not change
    the odds: if no seats of the category have them, the group gets others.
    """

    party: Party
    wishes: Annotated[list[UUID], Meta(max_length=QUOTAS_MAX)]
    any_other: bool = False
    wheelchair: bool = False
    needs: Annotated[list[SeatNeed], Meta(max_length=len(SEAT_NEEDS))] = []


class EntryRow(Struct, frozen=True):
    """An entry as stored. `wishes` are positions of quotas; `person_id` is None after an erasure.

    `category` is the position of the quota that it won. `number` is its place in the order of the draw, from 1.
    `reason` is why its card was declined, or why its places were released. `unmet` are the needs that its seats lack,
    None before it has seats; both are emptied when it ends without seats, and with the draw, and so is `wheelchair`.
    """

    id: UUID
    draw_id: UUID
    person_id: UUID | None
    code: str
    party: Party
    wheelchair: bool
    wishes: list[int]
    any_other: bool
    method_id: UUID
    terms: UUID | None
    state: EntryState
    entered_at: datetime
    confirmed_at: datetime | None
    number: int | None
    category: int | None
    order_id: UUID | None
    payment_id: UUID | None
    pays_until: datetime | None
    reason: str | None
    size: int
    told_at: datetime | None
    needs: list[SeatNeed]
    unmet: list[SeatNeed] | None

    def drawn(self, quotas: int) -> DrawnEntry:
        """Return the entry as it is published, for a draw with this number of quotas."""
        return published(
            self.code, self.party, self.wishes, quotas, wheelchair=self.wheelchair, any_other=self.any_other
        )


def published(
    code: str, party: Party, wishes: Sequence[int], quotas: int, *, wheelchair: bool, any_other: bool
) -> DrawnEntry:
    """Return an entry as it is published: the places it needs, and every category that it accepts, in order."""
    places, spaces = needs_of(party, wheelchair=wheelchair)
    others = [position for position in range(quotas) if any_other and position not in wishes]
    return DrawnEntry(code, places, spaces, [*wishes, *others])


def needs_of(party: Party, *, wheelchair: bool) -> tuple[int, int]:
    """Return the ordinary places and the wheelchair spaces, with their companion seats, that a group needs."""
    if not wheelchair:
        return party.size, 0
    return party.full + party.child + party.reduced, party.access
