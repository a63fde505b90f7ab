"""Programmes, rewards and redeemed rewards for the office."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.identity.people import api as people
from virage.money.payments import api as payments
from virage.platform.data.database import Connection
from virage.platform.values.localised import LocalisedText
from virage.sale.points.rules.terms import MovementKind, Programme, Redemption, RedemptionState, Reward, RewardKind
from virage.sale.points.store import accounts as store
from virage.sale.points.store import programmes as programmes_store
from virage.sale.points.store import rewards as rewards_store
from virage.site.programme import api as programme

REDEMPTIONS_MAX: Final = 500
WAITING_PAGE: Final = 100


class SeriesName(Struct, frozen=True):
    """A series that a rule may be for."""

    id: UUID
    title: LocalisedText


class PointsTotal(Struct, frozen=True):
    """What moved: by kind, and by rule in its latest words where one earned it."""

    kind: MovementKind
    rule_id: UUID | None
    rule: LocalisedText | None
    movements: int
    points: int
    written_off: int


class OfficeProgramme(Struct, frozen=True):
    """The points of an organiser; `programme` is None before its first revision. `people` take part now.

    `open_redemptions` wait for the office. `vouchers_are_bonus`: they are credit of the wallet at once, not a code.
    """

    organiser_id: UUID
    organiser: str
    programme: Programme | None
    series: list[SeriesName]
    rewards: list[Reward]
    people: int
    totals: list[PointsTotal]
    open_redemptions: int
    vouchers_are_bonus: bool


class OfficeRedemption(Struct, frozen=True):
    """A redeemed reward for the office, with the person; both are None after their erasure."""

    id: UUID
    reward_id: UUID
    kind: RewardKind
    reward: LocalisedText
    price_points: int
    state: RedemptionState
    code: str
    by_bonus: bool
    redeemed_at: datetime
    state_at: datetime
    cancel_reason: str | None
    text: str | None
    name: str | None
    email: str | None


async def has_programme(conn: Connection, organiser_id: UUID) -> bool:
    """Return whether an organiser has a programme, open or closed."""
    return organiser_id in await programmes_store.programmes(conn, [organiser_id])


async def office_programmes(conn: Connection, organiser_ids: Sequence[UUID] | None) -> list[OfficeProgramme]:
    """Return the points of organisers (None: all), by name."""
    listed = await programme.organisers(conn, organiser_ids)
    ids = [one.id for one in listed]
    found = await programmes_store.programmes(conn, ids)
    series, rewards = await programme.series(conn, ids), await rewards_store.rewards_of(conn, ids)
    totals, taking_part = await store.totals(conn, ids), await store.people(conn, ids)
    waiting = await rewards_store.count_open(conn, ids)
    past = await programmes_store.all_rules(conn, ids)
    return [
        OfficeProgramme(
            organiser_id=one.id,
            organiser=one.name,
            programme=found.get(one.id),
            series=[SeriesName(each.id, each.title) for each in series if each.organiser_id == one.id],
            rewards=[reward for reward in rewards if reward.organiser_id == one.id],
            people=taking_part.get(one.id, 0),
            totals=[
                PointsTotal(
                    total.kind,
                    total.rule_id,
                    None if total.rule_id is None else past.get(total.rule_id),
                    total.movements,
                    total.points,
                    total.written_off,
                )
                for total in totals
                if total.organiser_id == one.id
            ],
            open_redemptions=waiting.get(one.id, 0),
            vouchers_are_bonus=not await payments.has_account(conn, one.id),
        )
        for one in listed
    ]


async def office_redemptions(
    conn: Connection, organiser_id: UUID, states: Sequence[RedemptionState]
) -> list[OfficeRedemption]:
    """Return redeemed rewards of an organiser in some states, the latest first; at most 500."""
    return await redemptions_shown(
        conn, await rewards_store.redemptions_at(conn, organiser_id, states, REDEMPTIONS_MAX)
    )


async def waiting_redemptions(conn: Connection, organiser_id: UUID, after: UUID | None) -> list[OfficeRedemption]:
    """Return 100 redeemed rewards of an organiser that wait for the office, the oldest first, after one of them.

    `after` is its id, None for the first page. It may have been handed over or cancelled since.
    """
    return await redemptions_shown(
        conn, await rewards_store.redemptions_waiting(conn, organiser_id, after, WAITING_PAGE)
    )


async def redemptions_shown(conn: Connection, found: Sequence[Redemption]) -> list[OfficeRedemption]:
    """Return redeemed rewards as the office sees them."""
    persons = await people.persons_by_id(conn, [one.person_id for one in found if one.person_id is not None])
    return [
        OfficeRedemption(
            id=one.id,
            reward_id=one.reward_id,
            kind=one.kind,
            reward=one.name,
            price_points=one.price_points,
            state=one.state,
            code=one.code,
            by_bonus=one.by_bonus,
            redeemed_at=one.redeemed_at,
            state_at=one.state_at,
            cancel_reason=one.cancel_reason,
            text=one.text,
            name=None if person is None else person.name,
            email=None if person is None else person.email,
        )
        for one in found
        for person in (None if one.person_id is None else persons.get(one.person_id),)
    ]
