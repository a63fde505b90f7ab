"""Counts of cameras and counters over HTTP: stored once each, in any order, from devices of the venue."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.control.safety.conftest import GATE, STAND, Cameras
from virage.control.safety.jobs import RetentionJob
from virage.control.safety.rules.counts import CountKind, StoredCount, counters_of
from virage.control.safety.settings import SafetySettings
from virage.demo.venues.drawing import stadium
from virage.identity.keys.rules.vault import PURPOSE, KeyVault
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id

RAMP = stadium().ramps[0].code


async def test_people_in_a_zone_are_the_latest_level_and_people_at_a_gate_are_added_up(cameras: Cameras) -> None:
    device = await cameras.room.world.device(GATE)
    await cameras.sent(device, cameras.count("people", 400, ago_s=20), cameras.count("people", 420))
    await cameras.sent(device, *(cameras.count("in", value, lane=GATE) for value in (3, 4, 5)))
    await cameras.sent(device, cameras.count("queue", 60, lane=GATE), cameras.count("queue", 9, lane=RAMP))
    assert await cameras.people() == [420]
    assert await cameras.at_gate("entered") == [12]
    assert await cameras.at_gate("queue") == [60]
    ramps = (await cameras.picture())["ramps"]
    assert [(one["code"], one["queue"][0]["value"]) for one in ramps] == [(RAMP, 9)]


async def test_a_repeated_count_has_no_second_effect_also_within_one_upload_and_at_once(cameras: Cameras) -> None:
    device = await cameras.room.world.device(GATE)
    once = [cameras.count("in", value) for value in (2, 3)]
    await cameras.sent(device, *once, once[0])
    await asyncio.gather(*(cameras.sent(device, *once, cameras.count("in", 10)) for _ in range(8)))
    assert await cameras.people() == [85]


async def test_a_count_that_arrives_late_does_not_replace_a_newer_one(cameras: Cameras) -> None:
    device = await cameras.room.world.device(GATE)
    await cameras.sent(device, cameras.count("people", 500, ago_s=5))
    await cameras.sent(device, cameras.count("people", 300, ago_s=40))
    assert await cameras.people() == [500]
    await cameras.sent(device, cameras.count("people", 510, ago_s=2), cameras.count("people", 310, ago_s=45))
    assert await cameras.people() == [510]


async def test_a_time_in_the_future_counts_as_now(cameras: Cameras) -> None:
    device = await cameras.room.world.device(GATE)
    await cameras.sent(device, cameras.count("people", 900, ago_s=-3_600))
    cameras.room.clock.advance(timedelta(seconds=10))
    await cameras.sent(device, cameras.count("people", 700))
    assert await cameras.people() == [700]


async def test_people_in_less_people_out_are_in_the_zone_until_a_camera_sees_them(cameras: Cameras) -> None:
    first, second = await cameras.room.world.device(GATE), await cameras.room.world.device(GATE)
    await cameras.sent(first, cameras.count("in", 50), cameras.count("out", 8))
    await cameras.sent(second, cameras.count("in", 5))
    assert await cameras.people() == [47]
    await cameras.sent(first, cameras.count("people", 40))
    assert await cameras.people() == [40]


async def test_devices_in_one_zone_count_different_people_and_a_silent_one_makes_the_sum_unknown(
    cameras: Cameras,
) -> None:
    first, second = await cameras.room.world.device(GATE), await cameras.room.world.device(GATE)
    await cameras.sent(first, cameras.count("people", 100))
    await cameras.sent(second, cameras.count("people", 30))
    assert await cameras.people() == [130]
    cameras.room.clock.advance(timedelta(seconds=61))
    await cameras.sent(first, cameras.count("people", 101))
    assert await cameras.people() == [None]


@pytest.mark.parametrize(
    "place", [{"zone": "no"}, {"lane": "no"}, {"zone": GATE}, {"lane": STAND}], ids=["zone", "lane", "gate", "stand"]
)
async def test_a_place_that_the_venue_does_not_have_is_refused_and_nothing_is_stored(
    cameras: Cameras, place: dict[str, Any]
) -> None:
    device = await cameras.room.world.device(GATE)
    answer = await cameras.send(device, cameras.count("in", 4), cameras.count("in", 1, **place))
    assert (answer.status_code, answer.json()["code"]) == (409, "place_unknown")
    assert answer.json()["data"] == {"places": list(place.values())}
    assert await cameras.people() == []


@pytest.mark.parametrize(
    ("kind", "place"),
    [("queue", {"zone": STAND}), ("people", {"lane": GATE}), ("in", {"zone": STAND, "lane": GATE})],
    ids=["queue in a zone", "people at a lane", "two places"],
)
async def test_a_kind_that_its_place_does_not_have_is_refused(
    cameras: Cameras, kind: str, place: dict[str, Any]
) -> None:
    device = await cameras.room.world.device(GATE)
    answer = await cameras.send(device, cameras.count(kind, 4, **place))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


async def test_devices_of_other_venues_and_people_count_nothing(cameras: Cameras) -> None:
    world = cameras.room.world
    elsewhere = await world.device(GATE)
    await world.rows("update people.device set posts = array['arena.A1'] where id = $1", UUID(world.ids["device_id"]))
    assert (await cameras.send(elsewhere, cameras.count("people", 1))).status_code == 403
    assert (await cameras.send(cameras.room.first, cameras.count("people", 1))).status_code == 403
    device = await world.device(GATE)
    assert (await cameras.send(device, cameras.count("people", 1), event=world.draft)).status_code == 404
    assert await cameras.people() == []


async def test_counts_are_deleted_after_the_retention_period_and_their_sum_stays(cameras: Cameras) -> None:
    world = cameras.room.world
    await cameras.sent(await world.device(GATE), cameras.count("in", 7, lane=GATE))
    vault = KeyVault(derive("a secret", PURPOSE))
    await cameras.room.wait(timedelta(days=2))
    await RetentionJob(world.db, world.clock, vault, SafetySettings(safety_text_days=1)).delete_old()
    assert await world.rows("select 1 from safety.count") == []
    assert [row["value"] for row in await world.rows("select value from safety.counter")] == [7]


def stored(kind: CountKind, values: Sequence[tuple[int, int]]) -> list[StoredCount]:
    """Counts of one device at one place, as (value, seconds)."""
    began, event, device = datetime(2027, 5, 1, tzinfo=UTC), new_id(), new_id()
    return [
        StoredCount(
            id=new_id(),
            event_id=event,
            device_id=device,
            is_lane=False,
            place=STAND,
            kind=kind,
            value=value,
            at=began + timedelta(seconds=second),
        )
        for value, second in values
    ]


@pytest.mark.parametrize(("kind", "expected"), [(CountKind.PEOPLE, 5), (CountKind.QUEUE, 5), (CountKind.IN, 12)])
def test_counts_of_one_upload_add_up_in_any_order(kind: CountKind, expected: int) -> None:
    counts = stored(kind, [(3, 10), (5, 30), (4, 20)])
    for order in (counts, counts[::-1]):
        (found,) = counters_of(order)
        assert (found.value, found.at) == (expected, counts[1].at)
