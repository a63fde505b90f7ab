"""Types of renewals: campaigns, renewals, wishes and refusal codes."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal, get_args
from uuid import UUID

from msgspec import Meta, Struct

from virage.sale.ticketing.types import SeatNeed, SeatWish

WISHES_MAX = 5
SEAT_NEEDS: Final[tuple[SeatNeed, ...]] = get_args(SeatNeed)
Instant = Annotated[datetime, Meta(tz=True)]

CampaignState = Literal["draft", "started", "open", "relocating"]
"""`started`: the run makes the renewals from the opening on. `open`: all are made. `relocating`: seats are moved."""

WAITING = "waiting"
"""The reason of a renewal whose own seats are not free everywhere: the run looks for other ones once all those that are
have theirs."""


UNUSED = "unused"
"""The reason of a renewal whose holder left seats unused too often: the office decides on it."""


class SeasonRefusal(StrEnum):
    """Refusal codes of renewals, part of the API."""

    NOT_FOUND = "not_found"
    ID_REUSED = "id_reused"
    CHANGED = "changed_meanwhile"
    NOT_POSSIBLE_NOW = "season_step_not_possible"
    CLOSED = "renewal_closed"
    ALREADY_PAID = "order_already_paid"
    CATEGORY_UNKNOWN = "category_unknown"
    BLOCK_UNKNOWN = "block_unknown"
    COMPANION_ALONE = "companion_needs_access"


class CampaignContent(Struct, frozen=True, kw_only=True):
    """What the office sets: holders of the one package may renew into the other from `opens_at` to `until`.

    Wishes for other seats are taken until `relocates_until`; None: there is no relocation round. Holders of open
    renewals are reminded `remind_days` before the end; 0: no reminder.
    """

    from_package_id: UUID
    to_package_id: UUID
    opens_at: Instant
    until: Instant
    relocates_until: Instant | None = None
    remind_days: Annotated[int, Meta(ge=0, le=60)] = 7


class Campaign(CampaignContent, frozen=True, kw_only=True):
    """A campaign of an organiser. `revision` grows with each change and each step.

    `seed` makes the order of the relocation round. `made_after` is the last subscription that the run has renewed, and
    `moved_after` the last number of the round whose seats were moved. `drawn_at`: the round is computed.
    """

    id: UUID
    organiser_id: UUID
    state: CampaignState
    revision: int
    seed: bytes
    made_after: UUID
    moved_after: int
    drawn_at: datetime | None
    relocated_at: datetime | None


Answer = Literal["met", "no_seats", "not_needed", "taken_meanwhile", "not_held"]
"""What became of a wish. `no_seats`: no seats for the party were free at every event. `not_needed`: an earlier one was
met. `taken_meanwhile`: its seats were sold before they could be moved. `not_held`: it was paid, or has ended."""


class Renewal(Struct, frozen=True):
    """The right of a holder to renew; `id` is also that of the new subscription and of its bundle of orders.

    `years` counts the seasons held, the earlier one included. `reason` says why no seats are held: `waiting`, or why
    the office has to look at it. `other_events` are those with other seats than last season. `number` is the place in
    the order of the relocation round, from 1; `moves_to` are the new places at the first event, with their tariffs.
    `turn` is the place in the order in which the round gives seats, None before it and
    once the seats are moved.

    `wheelchairs` of the party need a wheelchair space, and `needs` are features that seats must have. Both are health
    data, and deleted with the wishes, with an answer that ends the renewal, and at the end of the campaign.
    """

    id: UUID
    campaign_id: UUID
    from_id: UUID
    person_id: UUID | None
    years: int
    size: int
    lost: int
    reason: str | None
    note: str | None
    other_events: list[UUID]
    wishes: list[SeatWish]
    number: int | None
    answers: list[Answer]
    moves_to: list[int] | None
    moves_tariffs: list[int] | None
    turn: int | None
    wheelchairs: int
    needs: list[SeatNeed]
    declined_at: datetime | None
    refused_at: datetime | None
    begun_at: datetime
