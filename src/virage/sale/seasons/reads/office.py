"""Campaigns and their renewals for the office."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.identity.people import api as people
from virage.platform.data.database import Connection
from virage.platform.values.localised import LocalisedText
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused
from virage.platform.values.tables import Cell, table
from virage.sale.packages import api as packages
from virage.sale.packages.types import discount_of, discounted
from virage.sale.seasons.planning import Seasons, compute, events_of_round, load_seasons
from virage.sale.seasons.reads.fans import RenewalState, WishAnswer, answered, state_of
from virage.sale.seasons.rules.campaigns import Holder
from virage.sale.seasons.rules.terms import Campaign, CampaignContent, CampaignState, Renewal
from virage.sale.seasons.store import seasons as store
from virage.sale.seasons.store.seasons import CampaignCounts
from virage.sale.ticketing.types import places_at
from virage.site.venue.types import PlaceLabel

PAGE: Final = 100
READ_AT_ONCE: Final = 2_000
FIRST: Final = UUID(int=0)


class OfficeCampaign(Struct, frozen=True):
    """A campaign with the names of its packages and its counts."""

    id: UUID
    organiser_id: UUID
    content: CampaignContent
    earlier: LocalisedText
    name: LocalisedText
    state: CampaignState
    revision: int
    relocated_at: datetime | None
    counts: CampaignCounts


class RunPreview(Struct, frozen=True):
    """What the run would make. `seats` are kept by `holders`; `refunded` seats of the earlier season are not.

    `gone` seats are not in the present version of the venue. `elsewhere` holders have other seats at one event at
    least, because their own are gone or taken. `without_account`: subscriptions of erased persons. `total_cents` is
    what all renewals would cost at their own seats, without those `elsewhere`. `events` are sold, `left_out` are not.
    """

    holders: int
    seats: int
    refunded: int
    gone: int
    elsewhere: int
    without_account: int
    total_cents: Cents
    events: int
    left_out: int


class RoundLine(Struct, frozen=True):
    """A renewal in the order of the relocation round; `labels` are its new seats, empty if it keeps its own."""

    renewal_id: UUID
    number: int
    name: str | None
    years: int
    wishes: list[WishAnswer]
    labels: list[PlaceLabel]


class RoundPreview(Struct, frozen=True):
    """What the relocation round would give, with the first 100 renewals of its order."""

    renewals: int
    moved: int
    lines: list[RoundLine]


class CampaignPreview(Struct, frozen=True):
    """What the next step would do: the run, or the relocation round. Both None while the next season has no prices."""

    run: RunPreview | None
    round: RoundPreview | None


class OfficeRenewal(Struct, frozen=True):
    """A renewal for the office; `name` and `email` are None after the erasure of the person."""

    id: UUID
    name: str | None
    email: str | None
    state: RenewalState
    reason: str | None
    note: str | None
    years: int
    size: int
    labels: list[PlaceLabel]
    other_events: int
    total_cents: Cents
    number: int | None
    wishes: list[WishAnswer]
    moved: bool


class OfficeRenewals(Struct, frozen=True):
    """Renewals in the order of their ids, at most 100; `more` continues after the last one."""

    renewals: list[OfficeRenewal]
    more: bool


async def office_campaigns(conn: Connection, campaigns: Sequence[Campaign], now: datetime) -> list[OfficeCampaign]:
    """Return campaigns with their counts."""
    named = await packages.packages_by_id(
        conn, {id_ for one in campaigns for id_ in (one.from_package_id, one.to_package_id)}
    )
    counts = await store.counts(conn, [one.id for one in campaigns], now)
    return [
        OfficeCampaign(
            id=one.id,
            organiser_id=one.organiser_id,
            content=CampaignContent(**{name: getattr(one, name) for name in CampaignContent.__struct_fields__}),
            earlier=named[one.from_package_id].name,
            name=named[one.to_package_id].name,
            state=one.state,
            revision=one.revision,
            relocated_at=one.relocated_at,
            counts=counts.get(one.id, CampaignCounts()),
        )
        for one in campaigns
    ]


async def preview_run(conn: Connection, campaign: Campaign, now: datetime) -> RunPreview | None:
    """Return what the run would make, None while an event of the next season has no prices; nothing is stored."""
    seasons = await load_seasons(conn, campaign, now)
    if seasons is None:
        return None
    following = await packages.package_of(conn, campaign.to_package_id, now)
    counts = RunCounts(seasons)
    after = FIRST
    while holders := await store.holders(conn, campaign.from_package_id, after, READ_AT_ONCE):
        await asyncio.to_thread(counts.add, holders)
        after = holders[-1].id
    events = 0 if following is None else len(following[1])
    return RunPreview(
        holders=counts.holders,
        seats=counts.seats,
        refunded=counts.refunded,
        gone=counts.gone,
        elsewhere=counts.elsewhere,
        without_account=counts.without_account,
        total_cents=counts.total_cents,
        events=len(seasons.sales),
        left_out=events - len(seasons.sales),
    )


class RunCounts:
    """The counts of a preview, holder by holder."""

    def __init__(self, seasons: Seasons) -> None:
        self._seasons = seasons
        self.holders = self.seats = self.refunded = self.gone = 0
        self.elsewhere = self.without_account = self.total_cents = 0

    def add(self, holders: Sequence[Holder]) -> None:
        """Count these holders."""
        for holder in holders:
            kept = self._seasons.kept(holder)
            if kept is None:
                continue
            if holder.person_id is None:
                self.without_account += 1
                continue
            self.holders += 1
            self.seats += len(kept.assigned)
            self.refunded += kept.lost
            was = self._seasons.venues[self._seasons.earlier[kept.event_id].venue_version]
            there = places_at(was, self._seasons.sales[0], [seat.place for seat in kept.assigned])
            self.gone += sum(place < 0 for place in there)
            seats = self._seasons.seats_of(kept)
            if isinstance(seats, Refused) or not all(one.same for one in seats):
                self.elsewhere += 1
                continue
            for sale, one in zip(self._seasons.sales, seats, strict=True):
                prices = sale.amounts_of(one.assigned).prices
                self.total_cents += sum(discounted(prices, discount_of(self._seasons.package, one.assigned)))


async def preview_round(conn: Connection, campaign: Campaign, now: datetime) -> RoundPreview | None:
    """Return what the relocation round would give at this moment; nothing is stored."""
    outcomes = await compute(conn, campaign, now)
    seasons = await load_seasons(conn, campaign, now)
    if outcomes is None or seasons is None:
        return None
    shown = outcomes[:PAGE]
    rows = await store.renewals(conn, [one.id for one in shown])
    names = await _names(conn, list(rows.values()))
    venue = events_of_round(seasons)[0].venue
    return RoundPreview(
        renewals=len(outcomes),
        moved=sum(one.places is not None for one in outcomes),
        lines=[
            RoundLine(
                renewal_id=one.id,
                number=one.number,
                name=names.get(rows[one.id].person_id, (None, None))[0],
                years=rows[one.id].years,
                wishes=[
                    WishAnswer(wish, answer) for wish, answer in zip(rows[one.id].wishes, one.answers, strict=True)
                ],
                labels=[venue.label(seat.place) for seat in one.places or ()],
            )
            for one in shown
        ],
    )


async def office_renewals(
    conn: Connection, campaign_id: UUID, after: UUID, now: datetime, *, only_listed: bool
) -> OfficeRenewals:
    """Return renewals of a campaign in the order of their ids, from the one after `after`."""
    found = await store.renewals_in(conn, campaign_id, after, PAGE + 1, only_listed=only_listed)
    rows = found[:PAGE]
    return OfficeRenewals(await shown(conn, rows, now), len(found) > PAGE)


async def shown(conn: Connection, rows: Sequence[Renewal], now: datetime) -> list[OfficeRenewal]:
    """Return renewals for the office."""
    names = await _names(conn, rows)
    subscriptions = await packages.subscriptions_by_id(conn, [row.id for row in rows])
    listed = []
    for row in rows:
        name, email = names.get(row.person_id, (None, None))
        subscription = subscriptions.get(row.id)
        listed.append(
            OfficeRenewal(
                id=row.id,
                name=name,
                email=email,
                state=state_of(row, subscription, now),
                reason=row.reason,
                note=row.note,
                years=row.years,
                size=row.size,
                labels=[] if subscription is None else [line.label for line in subscription.events[0].order.lines],
                other_events=len(row.other_events),
                total_cents=0 if subscription is None else subscription.total_cents,
                number=row.number,
                wishes=answered(row),
                moved=row.moves_to is not None,
            )
        )
    return listed


async def _names(conn: Connection, rows: Sequence[Renewal]) -> dict[UUID | None, tuple[str | None, str | None]]:
    persons = await people.persons_by_id(conn, sorted({row.person_id for row in rows if row.person_id is not None}))
    return {id_: (person.name, person.email) for id_, person in persons.items()}


async def round_table(conn: Connection, campaign: Campaign, now: datetime) -> bytes:
    """Return the relocation round as CSV in its order: renewals with their wishes, answers and new seats."""
    seasons = await load_seasons(conn, campaign, now)
    listed: list[Sequence[Cell]] = []
    found: list[Renewal] = []
    after = FIRST
    while rows := await store.renewals_in(conn, campaign.id, after, READ_AT_ONCE):
        found += [row for row in rows if row.number is not None]
        after = rows[-1].id
    names = await _names(conn, found)
    for row in sorted(found, key=lambda row: row.number or 0):
        name, email = names.get(row.person_id, (None, None))
        wishes = " | ".join(
            " ".join(str(part) for part in (wish.category_id, wish.block, wish.near) if part) for wish in row.wishes
        )
        labels = [] if seasons is None else [seasons.sales[0].venue.label(place) for place in row.moves_to or ()]
        seats = " | ".join(f"{label.block} {label.row} {label.seat}" for label in labels)
        answers = " | ".join(row.answers)
        listed.append([row.number, str(row.id), name, email, row.years, row.size, wishes, answers, seats])
    header = ("number", "renewal_id", "name", "email", "years", "size", "wishes", "answers", "new_seats")
    return table(header, listed)
