"""Time to draw among 200,000 entries for 20,000 seats, in groups of one to four, and to seat the winners.

`python -m benchmarks.draw [--quick]`. `draw_s` is all that happens between the close of the entries and the orders of
the winners: entries are frozen and hashed, the seed is revealed, the order and the allocation are computed, every
entry gets its result, and every winner an order with adjacent seats. Then the published files are checked by the
verifier, a program by itself that imports nothing of Virage (`verified`), and the seats are compared with the results.
"""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import msgspec

from benchmarks.common import machine, quick, run, tell
from benchmarks.system import System, seed
from virage.app.domains import payment_handlers
from virage.app.settings import read
from virage.matchday.access.api import is_banned
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id
from virage.sale.draws import verify_draw
from virage.sale.draws.acts import drawing, setup
from virage.sale.draws.acts.setup import DrawKeys
from virage.sale.draws.jobs import DrawJobs
from virage.sale.draws.reads.fans import published_draw
from virage.sale.draws.rules.files import log_file
from virage.sale.draws.rules.terms import DrawContent, QuotaRequest
from virage.sale.draws.store import draws as store
from virage.site.programme import api as programme

ENTRIES, SEATS = 200_000, 20_000
QUICK_ENTRIES, QUICK_SEATS = 5_000, 500
BATCH = 10_000
INSERT_ENTRANTS = """
with new as (
    select gen_random_uuid() as id, gen_random_uuid() as person, gen_random_uuid() as card, number,
        1 + (number * 7919 % 4) as size,
        substr(translate(upper(md5(number::text)), '01', 'XY'), 1, 12) as code
    from generate_series($2::integer + 1, $3::integer) as number
), persons as (
    insert into people.person (id, email, locale, joined_at)
    select person, 'entrant' || number || '@example.org', 'en', $4 from new
), cards as (
    insert into payments.method (id, subject, state, return_url, begun_at) select card, id, 'saved', '', $4 from new
)
insert into draws.entry (
    id, draw_id, person_id, code, party, size, wheelchair, wishes, any_other, method_id, state, entered_at, confirmed_at
)
select id, $1, person, code, jsonb_build_object('full', size), size, false, array[number % 3], number % 2 = 0, card,
    'entered', $4, $4
from new
"""


async def opened(db: Database, keys: DrawKeys, event_id: UUID, categories: list[UUID], seats: int) -> UUID:
    """Open a draw of these seats in three categories, for an event whose public sale comes later."""
    now, draw_id = datetime.now(UTC), new_id()
    async with db.transaction() as conn:
        await conn.execute("update programme.event set sale_opens_at = $1", now + timedelta(hours=12))
        event = await programme.event(conn, event_id)
        assert event is not None
        shares = (seats // 2, seats // 4, seats - seats // 2 - seats // 4)
        content = DrawContent(
            quotas=[QuotaRequest(id_, places, 0) for id_, places in zip(categories, shares, strict=True)],
            closes_at=now + timedelta(hours=1),
            draws_at=now + timedelta(hours=1),
            ends_at=now + timedelta(hours=24),
        )
        await setup.set_draw(conn, draw_id, event, content, revision=None, who=None, now=now)
        await setup.open_draw(conn, keys, draw_id, 1, who=None, now=now)
    return draw_id


async def publish(db: Database, draw_id: UUID, folder: Path) -> None:
    """Write the files that everyone can download."""
    async with db.connection() as conn:
        draw = (await store.draws(conn, [draw_id]))[draw_id]
        (folder / "draw.json").write_bytes(msgspec.json.encode(published_draw(draw)))
        (folder / "log.jsonl").write_bytes(log_file(draw_id, await store.log_events(conn, draw_id)))
        for name in ("entries", "results"):
            content = await store.published_file(conn, draw_id, name)
            assert content is not None
            (folder / f"{name}.jsonl").write_bytes(content)


async def measure(entries: int, seats: int) -> dict[str, Any]:
    """The whole run on a durable database without other processes."""
    system = System(1)
    try:
        await system.start_database()
        event_id, categories, _ = await seed(system.postgres.url, 0)
        config = read(system.env)
        keys = DrawKeys(derive(config.secret, "draw seeds"), (derive(config.secret, "draw seeds"),))
        db, clock = await Database.open(system.postgres.url), Clock()
        jobs = DrawJobs(
            db,
            config,
            clock,
            keys,
            provider=cast("Any", None),  # nothing is charged
            handlers=payment_handlers(config),
            is_banned=is_banned,
        )
        draw_id = await opened(db, keys, event_id, categories, seats)
        for first in range(0, entries, BATCH):
            async with db.transaction() as conn:
                await conn.execute(INSERT_ENTRANTS, draw_id, first, min(first + BATCH, entries), clock.now())
        async with db.transaction() as conn:
            await conn.execute("analyze")
            await setup.close_draw(conn, draw_id, None, who=None, now=clock.now())
        seconds: dict[str, float] = {}
        began = time.perf_counter()
        assert await drawing.freeze(db, draw_id, clock)
        seconds["freeze_s"] = time.perf_counter() - began
        draw = await drawing.make(db, keys, draw_id, None, who=None, clock=clock)
        assert not hasattr(draw, "reason"), draw
        seconds["order_and_allocation_s"] = time.perf_counter() - began - sum(seconds.values())
        await drawing.apply(db, draw_id, clock)
        seconds["results_s"] = time.perf_counter() - began - sum(seconds.values())
        await jobs.seat(db, cast("Any", draw))
        seconds["seats_s"] = time.perf_counter() - began - sum(seconds.values())
        draw_s = time.perf_counter() - began
        await publish(db, draw_id, system.folder)
        command = [sys.executable, "-I", "-S", verify_draw.__file__, str(system.folder)]
        checked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: ASYNC221, S603 - alone
        async with db.connection() as conn:
            (held,) = await conn.fetch(
                """
                select count(*) as winners, coalesce(sum(size), 0) as seats, count(*) filter (where order_id is null)
                    as without_order, (select count(*) from ticketing.claim) as claims
                from draws.entry where category is not null
                """
            )
        await db.close()
    finally:
        await system.stop()
    return {
        "benchmark": "draw",
        "entries": entries,
        "seats": seats,
        "draw_s": round(draw_s, 2),
        **{name: round(value, 2) for name, value in seconds.items()},
        "verified": checked.returncode == 0,
        "verifier_said": checked.stdout.strip().splitlines()[-1],
        "winners": held["winners"],
        "seats_won": int(held["seats"]),
        "claims": held["claims"],
        "without_order": held["without_order"],
        "machine": machine(),
    }


def main() -> None:
    """Print the line; exit with an error if the result does not verify or a winner has no seats."""
    line = run(measure(*(QUICK_ENTRIES, QUICK_SEATS) if quick() else (ENTRIES, SEATS)))
    tell(line)
    if not line["verified"] or line["without_order"] or line["claims"] != line["seats_won"]:
        sys.exit("The draw does not verify, or a winner has no seats.")


if __name__ == "__main__":
    main()
