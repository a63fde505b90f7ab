"""Automatic entries about gates and outlets: lasting changes only, a few entries at a time, never a
flood.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import FakeClock
from tests.media.live.conftest import Match
from tests.media.live.test_rules import KICK_OFF as START
from virage.demo.venues.drawing import stadium
from virage.matchday.access.acts import venue_state as gates
from virage.matchday.access.reads.attendance import attendance
from virage.matchday.access.reads.gate_readings import GateReadings
from virage.matchday.access.rules.venue_state import GateState
from virage.media.live.acts.venue_updates import publish_venue_updates
from virage.media.live.jobs.live import LiveJobs
from virage.media.live.rules.entries import FeedEntry, VenueUpdate
from virage.media.live.rules.venue_updates import ENTRIES_PER_MINUTE_MAX, Observation, due_updates, observe
from virage.platform.web.http import Application
from virage.site.venue.rules.readings import Place, Reading

GATE, BAR = Place("gate", "A1"), Place("outlet", "07")
LOOK = timedelta(seconds=5)


def published_updates(readings: Sequence[Reading]) -> list[VenueUpdate]:
    """The updates published for places observed every five seconds; each update is stored as
    published.
    """
    known: dict[Place, Observation] = {}
    updates: list[VenueUpdate] = []
    for number, reading in enumerate(readings):
        now = START + number * LOOK
        known[reading.place] = observe(known.get(reading.place), reading, now)
        for one in due_updates(known, [], now):
            updates.append(one)
            place = Place(one.place, one.code)
            known[place] = Observation(known[place].state, known[place].since, one.state)
    return updates


def times(*runs: tuple[Reading, int]) -> list[Reading]:
    return [reading for reading, count in runs for _ in range(count)]


def queue(wait_s: float) -> Reading:
    return Reading(GATE, "open", wait_s)


def test_closing_and_opening_a_gate_is_published_once_each_and_a_brief_change_is_not() -> None:
    closed, opened = Reading(GATE, "closed"), Reading(GATE, "open")
    assert published_updates(times((opened, 5), (closed, 40), (opened, 40))) == [
        VenueUpdate("gate", "A1", "closed"),
        VenueUpdate("gate", "A1", "open"),
    ]
    assert published_updates(times((opened, 5), (closed, 4), (opened, 40))) == []


def test_a_queue_is_published_when_it_lasts_and_ends_at_half_its_threshold() -> None:
    busy, open_ = VenueUpdate("gate", "A1", "busy"), VenueUpdate("gate", "A1", "open")
    assert published_updates(times((queue(60), 5), (queue(1000), 60), (queue(500), 60), (queue(60), 60))) == [
        busy,
        open_,
    ]
    assert published_updates(times((queue(60), 5), (queue(1000), 10), (queue(60), 60))) == []


def test_an_outlet_that_never_opened_is_not_published_and_a_sold_out_one_is() -> None:
    assert published_updates(times((Reading(BAR, "closed"), 50))) == []
    opened = times((Reading(BAR, "open", 60), 5), (Reading(BAR, "sold_out", 60), 20), (Reading(BAR, "closed"), 20))
    assert published_updates(opened) == [VenueUpdate("outlet", "07", "sold_out"), VenueUpdate("outlet", "07", "closed")]


def test_a_gate_closed_before_the_first_reading_is_published() -> None:
    assert published_updates(times((Reading(GATE, "closed"), 20))) == [VenueUpdate("gate", "A1", "closed")]


_states = st.sampled_from(["open", "closed", "sold_out"])
_looks = st.lists(st.tuples(st.integers(0, 9), _states, st.none() | st.integers(0, 2000)), min_size=1, max_size=200)


@given(_looks)
def test_venue_updates_are_limited_per_minute_and_never_repeated(looks: Any) -> None:
    known: dict[Place, Observation] = {}
    published_at: list[Any] = []
    for number, (code, state, wait_s) in enumerate(looks):
        now, place = START + number * 4 * LOOK, Place("outlet", str(code))
        known[place] = observe(known.get(place), Reading(place, state, wait_s), now)
        for one in due_updates(known, published_at, now):
            where = Place(one.place, one.code)
            assert known[where].published != one.state == known[where].state
            known[where] = Observation(one.state, known[where].since, one.state)
            published_at.append(now)
        assert sum(now - at < timedelta(minutes=1) for at in published_at) <= ENTRIES_PER_MINUTE_MAX


async def test_many_gates_closing_at_once_are_published_a_few_per_minute(match: Match, clock: FakeClock) -> None:
    codes = [gate.code for gate in stadium().gates[:10]]
    readings = [Reading(Place("gate", code), "closed") for code in codes]
    entries: list[FeedEntry] = []
    for _ in range(60):
        async with match.world.db.transaction() as conn:
            entries += await publish_venue_updates(conn, match.world.event, readings, clock.now())
        clock.advance(LOOK)
    assert sorted(one.content.code for one in entries if isinstance(one.content, VenueUpdate)) == sorted(codes)
    first = entries[0].at
    assert sum(one.at < first + timedelta(minutes=1) for one in entries) == ENTRIES_PER_MINUTE_MAX
    assert [entry["content"]["kind"] for entry in (await match.get("/pages/1"))["entries"]] == ["ground"] * 10


async def test_a_gate_change_by_a_supervisor_is_in_the_feed_soon(
    match: Match, app: Application, clock: FakeClock
) -> None:
    world = match.world
    jobs = LiveJobs(world.db, clock, attendance, [GateReadings(world.db)], [])
    clock.advance(timedelta(hours=23))  # the doors are open

    async def watch(closed: bool) -> list[Any]:
        async with world.db.transaction() as conn:
            await gates.set_gate(
                conn, world.event, stadium(), "A1", GateState(closed=closed), who=None, now=clock.now()
            )
        for _ in range(8):
            await jobs.update_venue()
            clock.advance(LOOK)
        return [entry["content"] for entry in (await match.get("/pages/1"))["entries"]]

    closed = {"kind": "ground", "place": "gate", "code": "A1", "state": "closed"}
    assert await watch(closed=True) == [closed]
    assert await watch(closed=False) == [closed, closed | {"state": "open"}]
    async with world.db.transaction() as conn:
        await gates.set_entry_closed(conn, world.event, closed=True, who=None, now=clock.now())
    assert len(await watch(closed=False)) == 2, "stopping all entry is not published for each gate"


async def test_ticket_holders_are_found_with_their_gates_and_presence(match: Match) -> None:
    world = match.world
    fan = await world.signed_in("fan@example.org")
    order = await world.buy(fan)
    person, other = await world.person("fan@example.org"), await world.person("friend@example.org")
    ground = stadium()
    block = next(one for one in ground.blocks if one.code == "103")

    async def found() -> Any:
        async with world.db.connection() as conn:
            return await attendance(conn, world.event, [person, other])

    (one,) = (await found()).items()
    assert (one[0], one[1].inside) == (person, False)
    assert (one[1].gate_groups, one[1].stands) == (frozenset({block.gate_group}), frozenset({block.stand}))
    (number, *_) = [row["number"] for row in await world.rows("select number from passes.pass order by number")]
    presence = (
        "insert into access.presence (event_id, pass_number, state, since, gate) values ($1, $2, 'inside', $3, 'A1')"
    )
    await world.rows(presence, world.event, number, world.clock.now())
    assert order["state"] == "paid"
    assert (await found())[person].inside
