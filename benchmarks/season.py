"""Time to renew 25,000 season tickets of 19 events in the demo venue of 59,186 seats, and to relocate 5,000 of them.

`python -m benchmarks.season [--quick]`. `renewal_s` is the run that holds the same seats for each holder at every event
of the next season; `relocation_s` the relocation round: its computation, and the orders of all events with their new
seats. The seats of the last season are inserted beforehand, under UUIDv7 as phones make them. The round is computed
twice, and compared (`deterministic`). `lost_rights`: holders without a renewal that has seats at every event.
`seats_held_twice`: places of an event in two orders.
"""

import sys
import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks.common import machine, quick, run, tell
from benchmarks.system import System, another_match, seed
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.sale.packages.api import set_package
from virage.sale.packages.types import PackageContent
from virage.sale.seasons.acts import campaigns
from virage.sale.seasons.jobs import SeasonJobs
from virage.sale.seasons.planning import compute
from virage.sale.seasons.rules.terms import CampaignContent
from virage.sale.seasons.store import seasons as store
from virage.sale.ticketing import api as ticketing
from virage.site.programme import api as programme_reads

RENEWALS, RELOCATIONS, EVENTS, PARTY = 25_000, 5_000, 19, 2
QUICK_RENEWALS, QUICK_RELOCATIONS, QUICK_EVENTS = 1_000, 200, 5
BATCH = 1_000
INSERT_HOLDERS = """
with new as (
    select uuidv7() as id, uuidv7() as person, number, ($6::integer[])[number * 2 + 1] as first,
        ($6::integer[])[number * 2 + 2] as second
    from generate_series($3::integer, $4::integer - 1) as number
), persons as (
    insert into people.person (id, email, locale, joined_at)
    select person, 'holder' || number || '@example.org', 'en', $5 from new
), subscriptions as (
    insert into packages.subscription (id, package_id, person_id, regular_cents, other_seats, begun_at)
    select id, $1, person, 0, '{}', $5 from new
)
insert into ticketing.orders (
    id, code, event_id, owner_id, state, places, tariffs, prices, ticket_ids, fee_cents, total_cents, vat_permille,
    fee_vat_permille, held_at, expires_at, paid_at, bundle_id
)
select gen_random_uuid(), 'S' || lpad((new.number * 100 + event.week)::text, 7, '0'), event.id, new.person, 'paid',
    array[new.first, new.second], array[0, 0], array[4000, 4000], array[uuidv7(), uuidv7()], 0, 8000,
    55, 200, $5, $5, $5, new.id
from new cross join unnest($2::uuid[]) with ordinality as event (id, week)
"""


async def season_of(conn: Connection, event_id: UUID, count: int, now: datetime, first: datetime) -> UUID:
    """Put matches on sale at the prices of an event, one a week, and return their package."""
    event = await programme_reads.event(conn, event_id)
    assert event is not None
    opens = now + timedelta(hours=12)
    ids = [await another_match(conn, event, first + timedelta(days=7 * week), opens, now) for week in range(count)]
    content = PackageContent(
        kind="season",
        name={"fr": "Saison", "en": "Season"},
        event_ids=ids,
        discount_permille=200,
        opens_at=now,
        closes_at=first,
    )
    package = await set_package(conn, new_id(), event.organiser_id, content, who=None, now=now)
    assert not hasattr(package, "reason"), package
    return package.id


async def sold(db: Database, event_id: UUID, events: int, renewals: int, clock: Clock) -> UUID:
    """Sell a season in pairs of seats, and start the campaign that renews it into the next one; return the campaign."""
    now, campaign_id = clock.now(), new_id()
    async with db.transaction() as conn:
        last = await season_of(conn, event_id, events, now, now + timedelta(days=10))
        following = await season_of(conn, event_id, events, now, now + timedelta(days=300))
        event, sale = await programme_reads.event(conn, event_id), await ticketing.load_sale(conn, event_id)
        matches = await conn.fetchval("select event_ids from packages.package where id = $1", last)
    assert event is not None
    assert sale is not None
    plan = sale.inventory.plan
    free = sale.inventory.free().tolist()
    seats = [seat for seat in range(plan.seats) if free[seat] and not plan.features[seat] & 3]
    for first in range(0, renewals, BATCH):
        async with db.transaction() as conn:
            await conn.execute(
                INSERT_HOLDERS, last, matches, first, min(first + BATCH, renewals), now, seats[: PARTY * renewals]
            )
    content = CampaignContent(
        from_package_id=last,
        to_package_id=following,
        opens_at=now,
        until=now + timedelta(days=30),
        relocates_until=now + timedelta(days=10),
        remind_days=0,
    )
    async with db.transaction() as conn:
        campaign = await campaigns.set_campaign(
            conn, campaign_id, event.organiser_id, content, revision=None, who=None, now=now
        )
        assert not hasattr(campaign, "reason"), campaign
        started = await campaigns.start(conn, campaign_id, 1, who=None, now=now)
        assert not hasattr(started, "reason"), started
        await conn.execute("analyze")
    return campaign_id


WISHES = """
update seasons.renewal set wishes = wish.list from (
    select id, jsonb_build_array(
        jsonb_build_object('category_id', ($2::text[])[1 + number % 3])
        || case number % 2 when 0 then '{"near": "aisle"}' else '{}' end::jsonb,
        jsonb_build_object('category_id', ($2::text[])[1 + (number + 1) % 3])
    ) as list
    from (select id, row_number() over (order by id) as number from seasons.renewal order by id limit $1) as chosen
) as wish
where renewal.id = wish.id
"""
AUDIT = """
select count(*) as renewals, count(*) filter (where held.orders is distinct from $1) as lost,
    count(*) filter (where moves_to is not null) as moved,
    (select count(*) from (
        select event_id, place
        from ticketing.orders cross join unnest(places) as place where state = 'held' group by 1, 2 having count(*) > 1
    ) as twice) as twice,
    (select count(*) from ticketing.claim) as claims,
    (select coalesce(sum(cardinality(places)), 0) from ticketing.orders where state = 'held') as places
from seasons.renewal
left join lateral (
    select count(*) as orders from ticketing.orders
    where bundle_id = renewal.id and state = 'held' and cardinality(places) = renewal.size
) as held on true
"""


async def measure(renewals: int, relocations: int, events: int) -> dict[str, Any]:
    """The whole run on a durable database without other processes."""
    system = System(1)
    try:
        await system.start_database()
        event_id, categories, _ = await seed(system.postgres.url, 0)
        db, clock = await Database.open(system.postgres.url), Clock()
        jobs = SeasonJobs(clock)
        campaign_id = await sold(db, event_id, events, renewals, clock)
        began = time.perf_counter()
        repeats = -1
        while True:  # as the worker does: of a million random codes of orders, two may be the same
            repeats += 1
            with suppress(asyncpg.UniqueViolationError):
                await jobs.run(db)
                break
        renewal_s = time.perf_counter() - began
        async with db.transaction() as conn:
            await conn.execute(WISHES, relocations, [str(id_) for id_ in categories])
            await store.set_state(conn, campaign_id, "relocating")
            await conn.execute("analyze")
            campaign = (await store.campaigns(conn, [campaign_id]))[campaign_id]
        async with db.connection() as conn:
            first = await compute(conn, campaign, clock.now())
        began = time.perf_counter()
        await jobs.run(db)
        relocation_s = time.perf_counter() - began
        async with db.connection() as conn:
            (found,) = await conn.fetch(AUDIT, events)
            rows = await conn.fetch("select id, number, moves_to from seasons.renewal where number is not null")
        await db.close()
    finally:
        await system.stop()
    stored = {row["id"]: (row["number"], row["moves_to"]) for row in rows}
    again = {
        one.id: (one.number, None if one.places is None else [seat.place for seat in one.places]) for one in first or ()
    }
    return {
        "benchmark": "season",
        "renewals": found["renewals"],
        "relocations": len(rows),
        "events": events,
        "renewal_s": round(renewal_s, 2),
        "relocation_s": round(relocation_s, 2),
        "repeats": repeats,
        "moved": found["moved"],
        "deterministic": stored == again,
        "lost_rights": renewals - found["renewals"] + found["lost"],
        "seats_held_twice": found["twice"],
        "claims_without_order": found["claims"] - found["places"],
        "machine": machine(),
    }


def main() -> None:
    """Print the line; exit with an error if a right is lost, a seat held twice or the order not the same again."""
    sizes = (QUICK_RENEWALS, QUICK_RELOCATIONS, QUICK_EVENTS) if quick() else (RENEWALS, RELOCATIONS, EVENTS)
    line = run(measure(*sizes))
    tell(line)
    if line["lost_rights"] or line["seats_held_twice"] or line["claims_without_order"] or not line["deterministic"]:
        sys.exit("A right is lost, a seat is held twice, or the round is not the same again.")


if __name__ == "__main__":
    main()
