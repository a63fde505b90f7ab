"""Campaigns and their renewals."""

from collections.abc import AsyncIterable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.platform.data.database import Connection
from virage.platform.values.money import Cents
from virage.sale.seasons.rules.campaigns import Holder, SoldPart
from virage.sale.seasons.rules.relocation import Outcome
from virage.sale.seasons.rules.terms import Campaign, CampaignContent, CampaignState, Renewal
from virage.sale.seasons.store.queries import queries
from virage.sale.ticketing.types import TARIFF_CODE, TARIFFS, Assigned, SeatNeed, SeatWish


class CampaignCounts(Struct, frozen=True):
    """Renewals of a campaign, their seats, how many are in which state, and the money of the paid ones less refunds."""

    renewals: int = 0
    seats: int = 0
    listed: int = 0
    declined: int = 0
    refused: int = 0
    paid: int = 0
    held: int = 0
    with_wishes: int = 0
    moved: int = 0
    cents: Cents = 0


class HeldSeats(Struct, frozen=True):
    """The seats of a renewal at an event, held in an order whose payment has not begun."""

    order_id: UUID
    event_id: UUID
    assigned: list[Assigned]


def _campaign(row: Mapping[str, Any]) -> Campaign:
    return Campaign(**dict(row))


def _renewal(row: Mapping[str, Any]) -> Renewal:
    return msgspec.convert(dict(row), Renewal)


def _array(values: Iterable[object]) -> str:
    return f"{{{','.join(map(str, values))}}}"


async def campaigns(conn: Connection, ids: Collection[UUID]) -> dict[UUID, Campaign]:
    """Return campaigns by id."""
    return {row["id"]: _campaign(row) async for row in queries.campaigns(conn, ids=list(ids))}


async def campaigns_of(conn: Connection, organiser_ids: Sequence[UUID] | None) -> list[Campaign]:
    """Return the campaigns of organisers (None: all), the latest first; at most 200."""
    rows = queries.campaigns_of(conn, organiser_ids=organiser_ids or [], all_of_them=organiser_ids is None)
    return [_campaign(row) async for row in rows]


async def active_campaigns(conn: Connection, now: datetime) -> list[UUID]:
    """Return the campaigns that the run has something to do for."""
    return [row["id"] async for row in queries.active_campaigns(conn, now=now)]


async def lock_campaign(conn: Connection, id_: UUID) -> Campaign | None:
    """Return a campaign, locked with its renewals until the transaction ends."""
    row = await queries.lock_campaign(conn, id=id_)
    return None if row is None else _campaign(row)


async def lock_campaigns_of_person(conn: Connection, person_id: UUID) -> None:
    """Lock the campaigns in which a person has a renewal."""
    async for _ in queries.lock_campaigns_of_person(conn, person_id=person_id):
        pass


def _columns(content: CampaignContent) -> dict[str, Any]:
    return {name: getattr(content, name) for name in CampaignContent.__struct_fields__}


async def insert_campaign(  # noqa: PLR0917 - the columns
    conn: Connection, id_: UUID, organiser_id: UUID, content: CampaignContent, seed: bytes, now: datetime
) -> None:
    """Insert a campaign, unless its id or its packages have one."""
    await queries.insert_campaign(conn, id=id_, organiser_id=organiser_id, **_columns(content), seed=seed, now=now)


async def set_campaign(conn: Connection, id_: UUID, content: CampaignContent) -> None:
    """Replace what the office sets of a locked draft."""
    await queries.set_campaign(conn, id=id_, **_columns(content))


async def set_state(conn: Connection, id_: UUID, state: CampaignState) -> None:
    """Set the state of a locked campaign."""
    await queries.set_state(conn, id=id_, state=state)


async def set_made(conn: Connection, id_: UUID, made_after: UUID) -> None:
    """Store how far the run of a locked campaign has come."""
    await queries.set_made(conn, id=id_, made_after=made_after)


async def set_drawn(conn: Connection, id_: UUID, now: datetime) -> None:
    """Store that the relocation round of a locked campaign is computed."""
    await queries.set_drawn(conn, id=id_, now=now)


async def set_moved(conn: Connection, id_: UUID, moved_after: int) -> None:
    """Store the turn to which the relocation round of a locked campaign has come."""
    await queries.set_moved(conn, id=id_, moved_after=moved_after)


async def set_relocated(conn: Connection, id_: UUID, now: datetime) -> None:
    """Store the end of the relocation round of a locked campaign."""
    await queries.set_relocated(conn, id=id_, now=now)


async def holders(conn: Connection, package_id: UUID, after: UUID, wanted: int) -> list[Holder]:
    """Return subscriptions of a package in the order of their ids, from the one after `after`."""
    return await _holders(queries.holders(conn, package_id=package_id, after=after, wanted=wanted))


async def holders_by_id(conn: Connection, ids: Sequence[UUID]) -> list[Holder]:
    """Return these subscriptions in the order of their ids."""
    return await _holders(queries.holders_by_id(conn, ids=ids))


async def _holders(rows: AsyncIterable[Mapping[str, Any]]) -> list[Holder]:
    found: dict[UUID, Holder] = {}
    async for row in rows:
        holder = found.get(row["id"])
        if holder is None:
            holder = Holder(row["id"], row["person_id"], row["other_seats"], row["years_before"], [])
            found[holder.id] = holder
        if row["event_id"] is not None:
            holder.parts.append(
                SoldPart(row["event_id"], row["places"], row["tariffs"], row["ticket_ids"], row["refunded_ids"])
            )
    return list(found.values())


async def insert_renewals(conn: Connection, campaign_id: UUID, rows: Sequence[Renewal], now: datetime) -> None:
    """Insert renewals of a locked campaign."""
    await queries.insert_renewals(
        conn,
        ids=[row.id for row in rows],
        campaign_id=campaign_id,
        from_ids=[row.from_id for row in rows],
        person_ids=[row.person_id for row in rows],
        years=[row.years for row in rows],
        sizes=[row.size for row in rows],
        losts=[row.lost for row in rows],
        reasons=[row.reason for row in rows],
        other_events=[_array(row.other_events) for row in rows],
        now=now,
    )


async def renewals(conn: Connection, ids: Collection[UUID]) -> dict[UUID, Renewal]:
    """Return renewals by id."""
    return {row["id"]: _renewal(row) async for row in queries.renewals(conn, ids=list(ids))}


async def renewals_of(conn: Connection, person_id: UUID) -> list[Renewal]:
    """Return the renewals of a person, the latest first; at most 200."""
    return [_renewal(row) async for row in queries.renewals_of(conn, person_id=person_id)]


async def renewals_in(
    conn: Connection, campaign_id: UUID, after: UUID, wanted: int, *, only_listed: bool = False
) -> list[Renewal]:
    """Return renewals of a campaign in the order of their ids, from the one after `after`."""
    rows = queries.renewals_in(conn, campaign_id=campaign_id, after=after, only_listed=only_listed, wanted=wanted)
    return [_renewal(row) async for row in rows]


async def waiting(conn: Connection, campaign_id: UUID) -> list[Renewal]:
    """Return the renewals for which the run looks for other seats."""
    return [_renewal(row) async for row in queries.waiting(conn, campaign_id=campaign_id)]


async def set_reasons(conn: Connection, given: Sequence[tuple[UUID, str | None, Sequence[UUID]]]) -> None:
    """Set why renewals of a locked campaign have no seats (None once they have), and the events with other seats."""
    await queries.set_reasons(
        conn,
        ids=[id_ for id_, _, _ in given],
        reasons=[reason for _, reason, _ in given],
        other_events=[_array(events) for _, _, events in given],
    )


async def decide(
    conn: Connection, id_: UUID, *, reason: str | None, note: str | None, refused_at: datetime | None
) -> None:
    """Store what the office decided on a renewal of a locked campaign."""
    await queries.decide(conn, id=id_, reason=reason, note=note, refused_at=refused_at)


async def set_wishes(
    conn: Connection, id_: UUID, wishes: Sequence[SeatWish], wheelchairs: int, needs: Sequence[SeatNeed]
) -> None:
    """Set the wishes of a renewal of a locked campaign, and the needs of its party."""
    await queries.set_wishes(conn, id=id_, wishes=wishes, wheelchairs=wheelchairs, needs=list(needs))


async def set_size(conn: Connection, id_: UUID, size: int) -> None:
    """Set the number of seats of a renewal of a locked campaign."""
    await queries.set_size(conn, id=id_, size=size)


async def decline(conn: Connection, id_: UUID, now: datetime) -> None:
    """Store that a holder declined, and delete what they needed; the campaign is locked."""
    await queries.decline(conn, id=id_, now=now)


async def forget_person(conn: Connection, person_id: UUID) -> None:
    """Remove a person from their renewals, whose campaigns are locked."""
    await queries.forget_person(conn, person_id=person_id)


async def with_old_needs(conn: Connection, now: datetime) -> list[UUID]:
    """Return the campaigns that are over while renewals of them still have needs."""
    return [row["id"] async for row in queries.with_old_needs(conn, now=now)]


async def forget_needs(conn: Connection, campaign_id: UUID, *, only_without_turn: bool) -> None:
    """Delete what the parties of a locked campaign need, or those alone that had no turn in its round."""
    await queries.forget_needs(conn, campaign_id=campaign_id, only_without_turn=only_without_turn)


async def forget_turns(conn: Connection, campaign_id: UUID) -> None:
    """Delete the turns of a locked campaign whose seats are moved: beside the numbers they show who has needs."""
    await queries.forget_turns(conn, campaign_id=campaign_id)


async def seekers(conn: Connection, campaign_id: UUID) -> list[Renewal]:
    """Return the renewals with wishes, in the order of their ids; some may not be held any more."""
    return [_renewal(row) async for row in queries.seekers(conn, campaign_id=campaign_id)]


async def seats_held(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, list[HeldSeats]]:
    """Return the seats of renewals by renewal; those that are not held, or whose payment has begun, are missing."""
    found: dict[UUID, list[HeldSeats]] = {}
    async for row in queries.seats_held(conn, ids=ids):
        people = zip(row["places"], row["tariffs"], strict=True)
        seats = [Assigned(place, TARIFFS[tariff]) for place, tariff in people]
        found.setdefault(row["bundle_id"], []).append(HeldSeats(row["order_id"], row["event_id"], seats))
    return found


async def set_outcomes(conn: Connection, outcomes: Sequence[Outcome]) -> None:
    """Store what the relocation round gives renewals of a locked campaign."""
    await queries.set_outcomes(
        conn,
        ids=[one.id for one in outcomes],
        numbers=[one.number for one in outcomes],
        turns=[one.turn for one in outcomes],
        answers=[_array(one.answers) for one in outcomes],
        moves=[None if one.places is None else _array(seat.place for seat in one.places) for one in outcomes],
        tariffs=[
            None if one.places is None else _array(TARIFF_CODE[seat.tariff] for seat in one.places) for one in outcomes
        ],
    )


async def to_move(conn: Connection, campaign_id: UUID, after: int, wanted: int) -> list[Renewal]:
    """Return renewals of the relocation round that get other seats, in the order of their turns."""
    rows = queries.to_move(conn, campaign_id=campaign_id, after=after, wanted=wanted)
    return [_renewal(row) async for row in rows]


async def set_answers(conn: Connection, ids: Sequence[UUID], answer: str) -> None:
    """Set why renewals of a locked campaign keep their seats although a wish was met."""
    await queries.set_answers(conn, ids=ids, answer=answer)


async def to_remind(conn: Connection, campaign_id: UUID, now: datetime, wanted: int) -> dict[UUID, UUID | None]:
    """Return renewals whose holders are to be reminded, with these."""
    rows = queries.to_remind(conn, campaign_id=campaign_id, now=now, wanted=wanted)
    return {row["id"]: row["person_id"] async for row in rows}


async def set_reminded(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Set that the holders of renewals of a locked campaign are reminded."""
    await queries.set_reminded(conn, ids=ids, now=now)


async def counts(conn: Connection, campaign_ids: Sequence[UUID], now: datetime) -> dict[UUID, CampaignCounts]:
    """Return the counts of campaigns; those without renewals are missing."""
    rows = queries.counts(conn, campaign_ids=campaign_ids, now=now)
    return {
        row["campaign_id"]: CampaignCounts(**{name: row[name] for name in CampaignCounts.__struct_fields__})
        async for row in rows
    }
