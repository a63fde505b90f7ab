"""Renewals as their holders see them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from virage.platform.data.database import Connection
from virage.platform.values.localised import LocalisedText
from virage.platform.values.money import Cents
from virage.sale.packages import api as packages
from virage.sale.packages.api import SubscriptionView
from virage.sale.packages.types import Package
from virage.sale.seasons.rules.terms import UNUSED, Answer, Campaign, Renewal
from virage.sale.seasons.store import seasons as store
from virage.sale.ticketing import api as ticketing
from virage.sale.ticketing.types import SeatNeed, SeatWish, Tariff

RenewalState = Literal["listed", "refused", "open", "paying", "paid", "refunded", "declined", "lapsed"]
"""`listed`: no seats are held yet, and the box office looks at it. `open`: seats are held until the end."""


class WishCategory(Struct, frozen=True):
    """A category of seats that a wish may name, with its blocks; `cents` is what an adult pays at the first event."""

    category_id: UUID
    name: LocalisedText
    blocks: list[str]
    cents: Cents


class WishAnswer(Struct, frozen=True):
    """A wish, and what became of it; None before the relocation round."""

    wish: SeatWish
    answer: Answer | None


class RenewalView(Struct, frozen=True):
    """A renewal with the seats that are held for it, which `subscription` has; None while it has none.

    `earlier` and `name` are the packages of the earlier and the next season. `other_events` are those with other seats
    than last season. `unused`: it is listed because seats stayed empty too often. `number` is the place in the order of
    the relocation round, None if it took no part. `wishes_until` is None if there is no round. `categories` are those
    that wishes may name. `wheelchairs` and `needs` are what the party needs of other seats, until they are deleted.
    """

    id: UUID
    earlier: LocalisedText
    name: LocalisedText
    state: RenewalState
    years: int
    size: int
    lost: int
    opens_at: datetime
    until: datetime
    other_events: list[UUID]
    unused: bool
    note: str | None
    subscription: SubscriptionView | None
    wishes_until: datetime | None
    wishes: list[WishAnswer]
    wheelchairs: int
    needs: list[SeatNeed]
    number: int | None
    moved: bool
    categories: list[WishCategory]


def state_of(renewal: Renewal, subscription: SubscriptionView | None, now: datetime) -> RenewalState:
    """Return the state of a renewal from its own row and its orders."""
    if renewal.refused_at is not None:
        return "refused"
    if renewal.declined_at is not None:
        return "declined"
    if subscription is None:
        return "listed"
    if subscription.state in ("held", "paying"):
        if subscription.expires_at <= now:
            return "lapsed"
        return "paying" if subscription.state == "paying" else "open"
    return "lapsed" if subscription.state == "ended" else "paid" if subscription.state == "paid" else "refunded"


async def renewal_views(conn: Connection, renewals: Sequence[Renewal], now: datetime) -> list[RenewalView]:
    """Return renewals for the people who have them."""
    campaigns = await store.campaigns(conn, {one.campaign_id for one in renewals})
    named = await packages.packages_by_id(
        conn, {id_ for one in campaigns.values() for id_ in (one.from_package_id, one.to_package_id)}
    )
    subscriptions = await packages.subscriptions_by_id(conn, [one.id for one in renewals])
    return [_view(one, campaigns[one.campaign_id], named, subscriptions.get(one.id), now) for one in renewals]


def _view(
    renewal: Renewal,
    campaign: Campaign,
    named: Mapping[UUID, Package],
    subscription: SubscriptionView | None,
    now: datetime,
) -> RenewalView:
    return RenewalView(
        id=renewal.id,
        earlier=named[campaign.from_package_id].name,
        name=named[campaign.to_package_id].name,
        state=state_of(renewal, subscription, now),
        years=renewal.years,
        size=renewal.size,
        lost=renewal.lost,
        opens_at=campaign.opens_at,
        until=campaign.until,
        other_events=renewal.other_events,
        unused=renewal.reason == UNUSED,
        note=renewal.note if renewal.refused_at is not None else None,
        subscription=subscription,
        wishes_until=campaign.relocates_until,
        wishes=answered(renewal),
        wheelchairs=renewal.wheelchairs,
        needs=renewal.needs,
        number=renewal.number,
        moved=renewal.moves_to is not None and campaign.relocated_at is not None,
        categories=[],
    )


def answered(renewal: Renewal) -> list[WishAnswer]:
    """Return the wishes of a renewal with their answers; none after an erasure, which keeps the answers."""
    if not renewal.wishes:
        return []
    answers: list[Answer | None] = [*renewal.answers] or [None] * len(renewal.wishes)
    return [WishAnswer(wish, answer) for wish, answer in zip(renewal.wishes, answers, strict=True)]


async def wish_categories(conn: Connection, renewal: Renewal, now: datetime) -> list[WishCategory]:
    """Return the categories of seats that a wish may name: those of the first event of the next season."""
    event_id = await first_event(conn, renewal.campaign_id, now)
    if event_id is None:
        return []
    pricing = await ticketing.load_pricing(conn, event_id)
    blocks: dict[UUID, list[str]] = {}
    for code, category_id in sorted(pricing.blocks.items()):
        blocks.setdefault(category_id, []).append(code)
    return [
        WishCategory(category.id, category.name, blocks[category.id], category.prices[Tariff.FULL])
        for category in pricing.categories
        if category.id in blocks
    ]


async def first_event(conn: Connection, campaign_id: UUID, now: datetime) -> UUID | None:
    """Return the first event of the next season that is on sale, None without any."""
    campaign = (await store.campaigns(conn, [campaign_id]))[campaign_id]
    found = await packages.package_of(conn, campaign.to_package_id, now)
    sold = [] if found is None else [one.event.id for one in found[1] if one.left_out is None]
    return sold[0] if sold else None


async def export(conn: Connection, person_id: UUID) -> Any:
    """Return the renewals of a person, for the data export."""
    return [
        {
            "id": row.id,
            "campaign": row.campaign_id,
            "begun_at": row.begun_at,
            "wishes": row.wishes,
            "wheelchairs": row.wheelchairs,
            "needs": row.needs,
        }
        for row in await store.renewals_of(conn, person_id)
    ]
