"""The entries are frozen and the draw is made. Slow work is done outside of transactions, on files that never change.

Each step is stored with its result, so that a process that is killed leaves a draw that the next one continues.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.platform.data.database import Connection, Database
from virage.platform.data.journal import Fact, append
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.values.sealing import unseal
from virage.sale.draws.acts.setup import DrawKeys
from virage.sale.draws.acts.waiting import give_back
from virage.sale.draws.rules.allocation import Room, allocate
from virage.sale.draws.rules.files import (
    DrawnEntry,
    FrozenDraw,
    Quota,
    entries_file,
    in_order,
    read_entries,
    read_results,
    results_file,
)
from virage.sale.draws.rules.setup import resolve
from virage.sale.draws.rules.terms import Draw, DrawRefusal
from virage.sale.draws.store import draws as store
from virage.sale.draws.store import entries as entries_store
from virage.sale.ticketing import api as ticketing

APPLIED_AT_ONCE: Final = 5_000


class DrawResult(Struct, frozen=True):
    """The result of a draw before it is stored; `left` are the places and spaces that are left of each quota."""

    file: bytes
    left: tuple[list[int], list[int]]


def frozen_draw(draw: Draw, quotas: Sequence[Quota]) -> FrozenDraw:
    """Return what is fixed of a draw that has been opened."""
    return FrozenDraw(
        draw.id, draw.event_id, draw.commitment or b"", draw.closes_at, list(quotas), draw.public_value_name
    )


async def freeze(db: Database, draw_id: UUID, clock: Clock) -> bool:
    """Freeze the entries of a closed draw and its quotas, and publish their hash; return whether they are frozen.

    Entries without a saved card lapse. If an entrant is erased meanwhile, nothing is stored and the caller tries again.
    """
    async with db.connection() as conn:
        draw = (await store.draws(conn, [draw_id]))[draw_id]
        sale = await ticketing.load_sale(conn, draw.event_id)
        entries = await entries_store.confirmed(conn, draw_id, len(draw.quotas))
    if draw.state != "closed" or draw.frozen_at is not None or sale is None:
        return draw.frozen_at is not None
    quotas = resolve(sale, draw.quotas)
    content = await asyncio.to_thread(entries_file, frozen_draw(draw, quotas), entries)
    digest = await asyncio.to_thread(lambda: sha256(content).digest())
    async with db.transaction() as conn:
        standing = await store.lock_draw(conn, draw_id)
        count = await entries_store.count_confirmed(conn, draw_id)
        if standing is None or standing.state != "closed" or standing.frozen_at is not None or count != len(entries):
            return False
        now = clock.now()
        await entries_store.lapse(conn, draw_id)
        await store.freeze_draw(conn, draw_id, quotas, digest, now)
        await store.insert_file(conn, draw_id, "entries", content)
        data = {"event": draw.event_id, "entries": len(entries), "sha256": digest.hex()}
        await append(conn, [Fact("draw_frozen", None, draw_id, data)], now)
    return True


async def make(
    db: Database, keys: DrawKeys, draw_id: UUID, revision: int | None, *, who: UUID | None, clock: Clock
) -> Draw | Refused:
    """Make a draw whose entries are frozen, and reveal its seed; a repeated request changes nothing.

    Refusals: `not_found`, `changed_meanwhile`, `draw_step_not_possible`, `draw_value_missing`.
    """
    async with db.connection() as conn:
        draw = (await store.draws(conn, [draw_id])).get(draw_id)
        content = await store.published_file(conn, draw_id, "entries")
        sealed = await store.sealed_seed(conn, draw_id)
    if draw is None:
        return Refused(DrawRefusal.NOT_FOUND)
    if draw.state == "drawn":
        return draw
    if draw.state != "closed" or content is None:
        return Refused(DrawRefusal.NOT_POSSIBLE_NOW, {"state": draw.state})
    if revision is not None and revision != draw.revision:
        return Refused(DrawRefusal.CHANGED, {"revision": draw.revision})
    if draw.public_value_name is not None and draw.public_value is None:
        return Refused(DrawRefusal.VALUE_MISSING)
    seed = unseal(keys.all, sealed, draw_id.bytes)
    if seed is None or sha256(seed).digest() != draw.commitment:
        raise RuntimeError(f"The seed of the draw {draw_id} does not open, or is not the committed one.")
    result = await asyncio.to_thread(_draw, draw, content, seed)
    return await db.transact(_store_result, draw, seed, result, who=who, now=clock.now())


def _draw(draw: Draw, content: bytes, seed: bytes) -> DrawResult:
    """Return the result of a draw; the quotas are frozen, so none is open-ended."""
    digest = sha256(content).digest()
    if digest != draw.entries_sha256:
        raise RuntimeError(f"The entries of the draw {draw.id} are not the ones whose hash was published.")
    drawn: list[DrawnEntry] = in_order(read_entries(content), seed, draw.public_value, digest)
    room = Room((quota.places or 0 for quota in draw.quotas), (quota.spaces or 0 for quota in draw.quotas))
    categories = allocate(drawn, room)
    lines = [(entry.code, category) for entry, category in zip(drawn, categories, strict=True)]
    return DrawResult(results_file(draw.id, digest, seed, draw.public_value, lines), (room.places, room.spaces))


async def _store_result(
    conn: Connection, draw: Draw, seed: bytes, result: DrawResult, *, who: UUID | None, now: datetime
) -> Draw | Refused:
    standing = await store.lock_draw(conn, draw.id)
    if standing is None or standing.state != "closed" or standing.public_value != draw.public_value:
        return Refused(DrawRefusal.NOT_POSSIBLE_NOW, {"state": None if standing is None else standing.state})
    await store.reveal_draw(conn, draw.id, seed, result.left, now)
    await store.insert_file(conn, draw.id, "results", result.file)
    await append(conn, [Fact("draw_made", who, draw.id, {"event": draw.event_id})], now)
    return (await store.draws(conn, [draw.id]))[draw.id]


async def apply(db: Database, draw_id: UUID, clock: Clock) -> None:
    """Give all entries of a made draw their results, in batches; those that have one already keep it.

    What erased people won returns to the quotas at once.
    """
    async with db.connection() as conn:
        content = await store.published_file(conn, draw_id, "results")
    if content is None:
        raise RuntimeError(f"The draw {draw_id} has no results.")
    lines = await asyncio.to_thread(read_results, content)
    results = [(number, code, category) for number, (code, category) in enumerate(lines, 1)]
    for start in range(0, len(results), APPLIED_AT_ONCE):
        async with db.transaction() as conn:
            await _apply_batch(conn, draw_id, results[start : start + APPLIED_AT_ONCE], clock.now())
    async with db.transaction() as conn:
        await store.lock_draw(conn, draw_id)
        await store.set_applied(conn, draw_id, clock.now())


async def _apply_batch(conn: Connection, draw_id: UUID, results: Sequence[tuple[int, str, int]], now: datetime) -> None:
    draw = await store.lock_draw(conn, draw_id)
    if draw is None or draw.state != "drawn":
        return
    applied = await entries_store.apply_results(conn, draw_id, results)
    won = [entry for entry in applied if entry.category is not None]
    await append(conn, [Fact("draw_entry_won", None, entry.id, {"draw": draw_id}) for entry in won], now)
    erased = [entry.id for entry in applied if entry.person_id is None]
    if erased:
        await give_back(conn, draw, list((await entries_store.entries(conn, erased)).values()), "erased", now)
