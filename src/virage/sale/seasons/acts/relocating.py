"""The relocation round: its results are stored once, then carried out in batches."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from virage.identity.people.types import EmailKind
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.sale.packages import api as packages
from virage.sale.packages.api import NewSeats
from virage.sale.seasons.acts.emails import notify
from virage.sale.seasons.planning import Seasons, events_of_round
from virage.sale.seasons.rules.relocation import Outcome
from virage.sale.seasons.store import seasons as store
from virage.sale.ticketing.types import TARIFFS, Assigned, places_at

MOVED_AT_ONCE: Final = 250


async def store_round(conn: Connection, campaign_id: UUID, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Store the results of the relocation round, once; needs of renewals that took no part are deleted."""
    campaign = await store.lock_campaign(conn, campaign_id)
    if campaign is None or campaign.state != "relocating" or campaign.drawn_at is not None:
        return
    await store.set_outcomes(conn, outcomes)
    await store.forget_needs(conn, campaign_id, only_without_turn=True)
    await store.set_drawn(conn, campaign_id, now)
    await append(conn, [Fact("season_round_made", None, campaign_id, {"renewals": len(outcomes)})], now)


async def forget_needs(conn: Connection, campaign_id: UUID) -> None:
    """Delete what the parties of a campaign need."""
    await store.lock_campaign(conn, campaign_id)
    await store.forget_needs(conn, campaign_id, only_without_turn=False)


async def move(
    conn: Connection, campaign_id: UUID, seasons: Seasons, lost: Sequence[UUID], now: datetime
) -> int | Refused:
    """Move the next renewals to their new seats, in the order of the round; return how many there were.

    `lost` are those whose new seats were sold meanwhile in an attempt before: they keep their own, as do those that
    were paid, declined or have lapsed. `place_taken` (data.bundles): roll back and try again without these.
    """
    campaign = await store.lock_campaign(conn, campaign_id)
    if campaign is None or campaign.state != "relocating":
        return 0
    batch = await store.to_move(conn, campaign_id, campaign.moved_after, MOVED_AT_ONCE)
    if not batch:
        await store.set_relocated(conn, campaign_id, now)
        await store.forget_turns(conn, campaign_id)
        await append(conn, [Fact("season_round_ended", None, campaign_id, {"revision": campaign.revision})], now)
        return 0
    sales = events_of_round(seasons)
    held = await store.seats_held(conn, [one.id for one in batch])
    wanted: dict[UUID, list[NewSeats]] = {}
    for renewal in batch:
        before = {one.event_id: one for one in held.get(renewal.id, ())}
        if renewal.id in lost or not all(sale.event.event_id in before for sale in sales):
            continue
        tariffs = [TARIFFS[code] for code in renewal.moves_tariffs or ()]
        wanted[renewal.id] = [
            NewSeats(
                before[sale.event.event_id].order_id,
                sale,
                before[sale.event.event_id].assigned,
                [
                    Assigned(place, tariff)
                    for place, tariff in zip(
                        places_at(sales[0].venue, sale, renewal.moves_to or ()), tariffs, strict=True
                    )
                ],
                same=True,
            )
            for sale in sales
        ]
    moved = await packages.reseat(conn, seasons.package, wanted, now)
    if isinstance(moved, Refused):
        return moved
    taken = [one.id for one in batch if one.id in lost]
    kept = [one.id for one in batch if one.id not in moved and one.id not in lost]
    await store.set_answers(conn, taken, "taken_meanwhile")
    await store.set_answers(conn, kept, "not_held")
    turns = [one.turn for one in batch if one.turn is not None]
    await store.set_moved(conn, campaign_id, turns[-1])
    await append(conn, [Fact("renewal_moved", None, id_, {"campaign": campaign_id}) for id_ in sorted(moved)], now)
    told = [(one.id, one.person_id) for one in batch if one.id in moved]
    await notify(conn, EmailKind.RENEWAL_MOVED, told, now, expires_at=campaign.until)
    return len(batch)
