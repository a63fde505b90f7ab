"""Retention of footage: some hours, or as long as a clip may show it."""

import asyncio
import signal
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from tests.conftest import FakeClock
from tests.media.replay.conftest import Program
from tests.media.replay.stored import StoredFootage
from virage.media.replay.jobs.retention import RetentionJobs
from virage.media.replay.reads.cameras import gauges
from virage.media.replay.rules.cameras import Fault
from virage.media.replay.rules.clips import Clip, ClipState
from virage.media.replay.rules.descriptions import Part
from virage.media.replay.rules.entry_texts import Locale
from virage.media.replay.rules.media import Kind, Segment, Track, key_period
from virage.media.replay.rules.retention import GRACE
from virage.media.replay.store import cameras as store
from virage.media.replay.store import clips, descriptions
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id

HOURS = 24
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


async def sent(stored: StoredFootage, camera: str, times: Sequence[datetime], kind: Kind = Kind.VIDEO) -> list[UUID]:
    """Store a take with segments at these times; return its object ids, the init segment first."""
    track = Track(new_id(), new_id(), camera, kind, "avc1.64001f", 640, 360, times[0])
    segments = [Segment(new_id(), track.id, at, 1000, 5) for at in times]
    async with stored.db.transaction() as conn:
        await store.save_camera(conn, camera, programme=False, delay_ms=0)
        await store.add_track(conn, track)
        for segment in segments:
            await store.add_segment(conn, segment, track)
        for period in {key_period(at) for at in times}:
            await store.add_key(conn, camera, period, stored.vault.new(camera, period))
    ids = [track.id, *(segment.id for segment in segments)]
    await asyncio.gather(*(stored.footage.put(object_id, b"bytes") for object_id in ids))
    return ids


async def clip(stored: StoredFootage, from_at: datetime, to_at: datetime, *cameras: str, shown: bool = True) -> UUID:
    made = Clip(new_id(), new_id(), from_at, to_at, list(cameras), to_at if shown else None, poster_id=new_id())
    async with stored.db.transaction() as conn:
        await clips.add_clip(conn, made)
    return made.id


async def described(stored: StoredFootage, clip_id: UUID, locale: Locale, now: datetime) -> list[UUID]:
    """Store a description of two seconds; return its object ids, the init segment first."""
    init, *ids = [new_id() for _ in range(3)]
    parts = [Part(0, init, part, key_period(now), 1000) for part in ids]
    async with stored.db.transaction() as conn:
        await descriptions.put(conn, clip_id, locale, new_id(), {"main": parts}, now=now)
    await asyncio.gather(*(stored.footage.put(object_id, b"bytes") for object_id in (init, *ids)))
    return [init, *ids]


async def are_stored(stored: StoredFootage, ids: Sequence[UUID]) -> list[bool]:
    return [await stored.footage.get(object_id) is not None for object_id in ids]


async def count(stored: StoredFootage, table: str) -> int:
    async with stored.db.connection() as conn:
        found: int = await conn.fetchval(f"select count(*) from replay.{table}")
    return found


def job(stored: StoredFootage, clock: Clock) -> RetentionJobs:
    return RetentionJobs(stored.db, clock, stored.footage, HOURS)


async def test_expired_footage_is_deleted_with_tracks_keys_and_objects(stored: StoredFootage, clock: FakeClock) -> None:
    old, young = clock.now() - 30 * HOUR, clock.now() - 2 * HOUR
    over = await sent(stored, "main", [old, old + SECOND])
    sound = await sent(stored, "main", [old], Kind.AUDIO)
    stays = await sent(stored, "main", [young, young + SECOND])
    await job(stored, clock).expire()
    assert await are_stored(stored, [*over, *sound]) == [False] * 5
    assert await are_stored(stored, stays) == [True] * 3
    assert [await count(stored, table) for table in ("segment", "track", "media_key", "doomed")] == [2, 1, 1, 0]


async def test_a_clip_protects_its_footage_until_some_time_after_its_withdrawal(
    stored: StoredFootage, clock: FakeClock
) -> None:
    old = clock.now() - 30 * HOUR
    shown = await sent(stored, "main", [old + number * SECOND for number in range(4)])
    other = await sent(stored, "other", [old + SECOND])
    clip_id = await clip(stored, old + 1.5 * SECOND, old + 3 * SECOND, "main")
    await job(stored, clock).expire()
    init, before, first, second, after = await are_stored(stored, shown)
    assert (init, first, second, after) == (True, True, True, False)
    assert before, "a segment may last five seconds, and the clip starts in it"
    assert await are_stored(stored, other) == [False, False]
    async with stored.db.transaction() as conn:
        await clips.withdraw_clip(conn, clip_id, clock.now())
    clock.advance(GRACE - SECOND)
    await job(stored, clock).expire()
    assert (await are_stored(stored, shown))[2]
    assert await count(stored, "media_key") == 1
    clock.advance(2 * SECOND)
    await job(stored, clock).expire()
    assert await are_stored(stored, shown) == [False] * 5
    assert [await count(stored, table) for table in ("segment", "track", "media_key")] == [0, 0, 0]


async def test_an_unapproved_clip_protects_its_footage_only_for_the_retention_time(
    stored: StoredFootage, clock: FakeClock
) -> None:
    began = clock.now() - HOURS * HOUR
    seen = await sent(stored, "main", [began + number * SECOND for number in range(3)])
    proposed = await clip(stored, began, began + 3 * SECOND, "main", shown=False)
    clock.advance(3 * SECOND)
    await job(stored, clock).expire()
    assert await are_stored(stored, seen) == [True] * 4, "the clip is still complete"
    clock.advance(SECOND)
    await job(stored, clock).expire()
    assert await are_stored(stored, seen) == [False] * 4
    async with stored.db.connection() as conn:
        waits = await clips.clip(conn, proposed)
    assert waits is not None
    assert waits.state is ClipState.PROPOSED


async def test_a_replaced_description_or_one_of_a_withdrawn_clip_is_deleted(
    stored: StoredFootage, clock: FakeClock
) -> None:
    await sent(stored, "main", [clock.now()])
    clip_id = await clip(stored, clock.now(), clock.now() + SECOND, "main")
    other = await clip(stored, clock.now(), clock.now() + SECOND, "main")
    now = clock.now()
    first, second = await described(stored, clip_id, "en", now), await described(stored, clip_id, "en", now)
    french, elsewhere = await described(stored, clip_id, "fr", now), await described(stored, other, "en", now)
    await job(stored, clock).expire()
    assert await are_stored(stored, first) == [False] * 3
    assert await are_stored(stored, [*second, *french, *elsewhere]) == [True] * 9
    async with stored.db.transaction() as conn:
        await clips.withdraw_clip(conn, clip_id, clock.now(), entry=None)
    clock.advance(GRACE)
    await job(stored, clock).expire()
    assert await are_stored(stored, second) == [True] * 3, "it may be shown again"
    clock.advance(SECOND)
    await job(stored, clock).expire()
    assert await are_stored(stored, [*second, *french]) == [False] * 6
    assert await are_stored(stored, elsewhere) == [True] * 3
    assert [await count(stored, table) for table in ("description", "description_part", "doomed")] == [1, 2, 0]


async def poster_of(stored: StoredFootage, clip_id: UUID) -> UUID | None:
    async with stored.db.connection() as conn:
        found = await clips.clip(conn, clip_id)
    assert found is not None
    return found.poster_id


async def test_a_poster_is_deleted_after_withdrawal_and_rendered_again_after_a_restore(
    stored: StoredFootage, clock: FakeClock
) -> None:
    await sent(stored, "main", [clock.now()])
    withdrawn, shown = [await clip(stored, clock.now(), clock.now() + SECOND, "main") for _ in range(2)]
    poster, other = await poster_of(stored, withdrawn), await poster_of(stored, shown)
    assert poster is not None
    assert other is not None
    for object_id in (poster, other):
        await stored.footage.put(object_id, b"bytes")
    async with stored.db.transaction() as conn:
        await clips.withdraw_clip(conn, withdrawn, clock.now())
    clock.advance(GRACE)
    await job(stored, clock).expire()
    assert await are_stored(stored, [poster, other]) == [True, True]
    clock.advance(SECOND)
    await job(stored, clock).expire()
    assert await are_stored(stored, [poster, other]) == [False, True]
    assert [await poster_of(stored, withdrawn), await count(stored, "doomed")] == [None, 0]
    async with stored.db.transaction() as conn:
        over = await clips.clip(conn, withdrawn)
        assert over is not None
        assert await clips.show_clip(conn, over, 7, clock.now())
    assert await poster_of(stored, withdrawn) not in (None, poster)


async def test_an_interrupted_deletion_is_completed_and_no_row_names_a_missing_object(
    stored: StoredFootage, program: Program, database_url: str, tmp_path: Path
) -> None:
    old = datetime.now(UTC) - 30 * HOUR
    ids = await sent(stored, "main", [old + number * SECOND for number in range(2000)])
    expiring = program("-m", "tests.media.replay.expiring", database_url, str(tmp_path / "objects"))

    async def begun() -> bool:
        return await stored.footage.get(ids[1]) is None

    await stored.wait_for(begun)
    expiring.send_signal(signal.SIGKILL)
    expiring.wait()
    assert await count(stored, "doomed") > 0, "the deletion was killed half way"
    left = {piece.segment.id for piece in await stored.pieces("main")}
    assert all(await are_stored(stored, list(left)))
    await job(stored, Clock()).expire()
    assert not any(await are_stored(stored, ids))
    assert [await count(stored, table) for table in ("segment", "track", "doomed")] == [0, 0, 0]


async def test_a_restarted_camera_keeps_its_delay_unless_another_is_set(stored: StoredFootage) -> None:
    async def noted(delay_ms: int | None, *, programme: bool) -> tuple[int, bool]:
        async with stored.db.connection() as conn:
            await store.save_camera(conn, "main", programme=programme, delay_ms=delay_ms)
        state = await stored.state("main")
        assert state is not None
        return state.delay_ms, state.programme

    assert await noted(300, programme=False) == (300, False)
    assert await noted(None, programme=True) == (300, True)
    assert await noted(0, programme=True) == (0, True)


async def test_faults_of_cameras_are_metrics(stored: StoredFootage, clock: FakeClock) -> None:
    async def figures() -> list[float]:
        async with stored.db.connection() as conn:
            return [(await gauge.read(conn))["main"] for gauge in gauges(clock)]

    await sent(stored, "main", [clock.now()])
    assert await figures() == [1, float("inf"), 0], "no ingest has started"
    async with stored.db.connection() as conn:
        await store.save_camera_state(conn, "main", fault=None, seen_at=clock.now(), lost=3, now=clock.now())
        clock.advance(2 * SECOND)
        assert await figures() == [0, 2, 3]
        fault = (Fault.ENDED, clock.now())
        await store.save_camera_state(conn, "main", fault=fault, seen_at=None, lost=1, now=clock.now())
    assert await figures() == [1, 2, 4]


@pytest.mark.parametrize("hours", [1, HOURS])
async def test_counts_of_lost_segments_expire_with_the_footage(
    stored: StoredFootage, clock: FakeClock, hours: int
) -> None:
    await sent(stored, "main", [clock.now()])
    async with stored.db.connection() as conn:
        await store.save_camera_state(conn, "main", fault=None, seen_at=None, lost=3, now=clock.now())
    clock.advance(hours * HOUR + SECOND)
    await job(stored, clock).expire()
    state = await stored.state("main")
    assert state is not None
    assert state.lost == (3 if hours < HOURS else 0)
