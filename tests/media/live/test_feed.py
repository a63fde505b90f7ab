"""The feed over the whole application: published once, public, followed without a gap."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from tests.conftest import FakeClock
from tests.listening import subscribe
from tests.media.live.conftest import GOAL, KICK_OFF, Match
from tests.media.live.test_rules import TEAMS
from virage.media.live.acts.publishing import publish
from virage.media.live.reads import Feeds, LiveTopic
from virage.media.live.reads.feed import KNOWN_MAX
from virage.media.live.rules.entries import CLOCK_MAX_S
from virage.platform.data.database import Database
from virage.platform.data.journal import Tail
from virage.platform.realtime.hub import Hub
from virage.platform.realtime.listening import HEARTBEAT_S
from virage.platform.values.ids import new_id
from virage.platform.web.guard import ANONYMOUS, Grant
from virage.site.programme import acts as programme


async def test_all_readers_get_the_published_entries(match: Match) -> None:
    first, second = await match.tell(KICK_OFF, GOAL)
    assert (first["number"], second["number"]) == (1, 2)
    page = await match.get("/pages/1")
    assert [entry["content"]["kind"] for entry in page["entries"]] == ["kick_off", "goal"]
    live = await match.get()
    assert (live["head"], live["state"]["home"], live["state"]["away"]) == (2, 1, 0)
    assert live["state"]["clock"]["period"] == "first_half"
    assert live["teams"]["home"]["players"][8]["name"] == "Ours 9"


async def test_a_repeated_request_is_the_same_entry_and_other_content_with_its_id_is_refused(match: Match) -> None:
    telling = match.telling(KICK_OFF)
    (first,) = await match.send([telling])
    (again,) = await match.send([telling])
    assert again == first
    for otherwise in ({"content": GOAL}, {"clock_s": 60}):
        (other,) = await match.send([telling | otherwise])
        assert other["reason"] == "entry_id_taken"
    assert (await match.get())["head"] == 1


async def test_a_refused_entry_changes_nothing_and_the_next_one_is_published(match: Match) -> None:
    refusal, kick_off = await match.tell(GOAL | {"player": 77}, KICK_OFF)
    assert refusal["reason"] == "player_unknown"
    assert kick_off["number"] == 1


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "1999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00"])
async def test_only_the_entry_with_an_invalid_time_is_refused(match: Match, at: str) -> None:
    begun, refusal, goal = await match.send([match.telling(KICK_OFF), match.telling(GOAL, at=at), match.telling(GOAL)])
    assert (begun["number"], refusal["reason"], goal["number"]) == (1, "time_strange", 2)


async def test_two_desks_at_once_leave_no_gap_and_repeat_no_number(match: Match) -> None:
    await match.tell(KICK_OFF)
    outcomes = await asyncio.gather(*(match.tell(GOAL) for _ in range(12)))
    assert sorted(outcome["number"] for (outcome,) in outcomes) == list(range(2, 14))


async def test_a_full_page_is_cached_for_ever_and_the_last_one_for_a_second(match: Match) -> None:
    await match.tell(KICK_OFF, *[GOAL] * 40)
    full, last = [await match.world.ask({}, "GET", f"{match.path}/pages/{page}") for page in (1, 2)]
    assert len(full.json()["entries"]) == 32
    assert "immutable" in full.headers["cache-control"]
    assert [entry["number"] for entry in last.json()["entries"]] == list(range(33, 42))
    assert last.headers["cache-control"] == "public, max-age=1"
    assert (await match.world.ask({}, "GET", f"{match.path}/pages/3")).status_code == 404
    await match.tell(
        {"kind": "withdrawn", "about": 5}, {"kind": "corrected", "about": 6, "content": GOAL | {"player": 10}}
    )
    assert (await match.world.ask({}, "GET", f"{match.path}/pages/1")).content == full.content


async def test_entries_are_never_changed_or_deleted(match: Match) -> None:
    await match.tell(KICK_OFF)
    for statement in ("update live.entry set clock_s = 1", "delete from live.entry", "truncate live.entry"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await match.world.rows(statement)


async def test_a_player_named_in_the_match_stays_in_the_line_up(match: Match) -> None:
    await match.tell(KICK_OFF, GOAL)
    without = msgspec.to_builtins(TEAMS)
    del without["home"]["players"][8]
    answer = await match.world.ask(match.desk, "PUT", f"{match.path}/teams", {"teams": without, "revision": 1})
    assert answer.json()["code"] == "player_unknown"
    stale = await match.world.ask(match.desk, "PUT", f"{match.path}/teams", {"teams": without, "revision": 0})
    assert stale.json()["code"] == "changed_meanwhile"


async def test_the_office_prepares_line_ups_of_a_draft_which_are_public_with_the_event(match: Match) -> None:
    world = match.world
    office = await world.signed_in("office@example.org", Grant("programme", "organiser", world.ours))
    sheet = f"/api/live/{world.draft}/teams"
    before = (await world.ask(office, "GET", sheet)).json()
    assert (before["kind"], before["state"], before["revision"], before["teams"]) == ("match", "draft", 0, None)
    teams = msgspec.to_builtins(TEAMS)
    teams["home"]["players"][3]["captain"] = True
    assert (await world.ask(office, "PUT", sheet, {"teams": teams, "revision": 0})).json() == {"revision": 1}
    assert (await world.ask(office, "GET", sheet)).json()["teams"] == teams
    assert (await world.ask({}, "GET", f"/api/live/{world.draft}")).status_code == 404
    async with world.db.transaction() as conn:
        await programme.publish(conn, world.draft, None, world.clock.now())
    assert (await world.ask({}, "GET", f"/api/live/{world.draft}")).json()["teams"]["home"] == teams["home"]


async def test_line_ups_of_a_cancelled_event_are_not_edited(match: Match) -> None:
    world = match.world
    office = await world.signed_in("office@example.org", Grant("programme", "organiser", world.ours))
    async with world.db.transaction() as conn:
        await programme.cancel(conn, world.draft, None, world.clock.now())
    assert (await world.ask(office, "GET", f"/api/live/{world.draft}/teams")).status_code == 404


async def test_a_line_up_is_corrected_while_the_match_is_played(match: Match) -> None:
    await match.tell(KICK_OFF, GOAL)
    teams = msgspec.to_builtins(TEAMS)
    teams["home"]["players"][8] |= {"name": "Nine", "position": "forward"}
    body = {"teams": teams, "revision": 1}
    assert (await match.world.ask(match.desk, "PUT", f"{match.path}/teams", body)).json() == {"revision": 2}
    assert (await match.get())["teams"]["home"]["players"][8]["name"] == "Nine"


async def test_a_desk_publishes_to_its_own_event_only(match: Match) -> None:
    request = {"entries": [match.telling(KICK_OFF)]}
    theirs = f"/api/live/{match.world.their_event}"
    assert (await match.world.ask(match.desk, "POST", f"{theirs}/entries", request)).status_code == 404
    assert (await match.world.ask({}, "GET", theirs)).json()["head"] == 0


@pytest.mark.parametrize("path", ["", "/pages/1"])
async def test_an_event_that_is_not_public_has_no_feed(match: Match, path: str) -> None:
    for event in (match.world.draft, new_id()):
        assert (await match.world.ask({}, "GET", f"/api/live/{event}{path}")).status_code == 404


class Phone:
    """A phone that takes each entry as it comes, and resumes from its last position."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.since: str | None = None
        self.numbers: list[int] = []

    async def follow(self, hub: Hub, until: int) -> None:
        """Listen until an entry has come."""
        parts = await subscribe(hub, ANONYMOUS, [self.topic], self.since)
        await self.hear_until(parts, until)
        await parts.aclose()

    async def hear_until(self, parts: AsyncIterator[bytes], until: int) -> None:
        """Read a stream until an entry has come."""
        async with asyncio.timeout(20):
            while until not in self.numbers:
                self.receive((await anext(parts)).decode())

    def receive(self, part: str) -> None:
        for line in part.splitlines():
            if line.startswith("id: "):
                self.since = line[4:]
            elif line.startswith("data: "):
                news: dict[str, Any] = msgspec.json.decode(line[6:])
                self.numbers += [entry["number"] for entry in news.get("entries", [])]


@pytest.fixture
async def other_process(db: Database) -> AsyncIterator[Hub]:
    """The hub of another web process over the same database."""
    tail = Tail(db)
    hub = Hub(db, tail, [LiveTopic(Feeds(db))])
    yield hub
    hub.close()
    await tail.close()


async def test_phones_at_every_process_get_every_entry_once_and_in_order(match: Match, other_process: Hub) -> None:
    hubs: list[Hub] = [match.world.app.state.hub, other_process]
    await match.tell(KICK_OFF)
    phones = [Phone(f"live:{match.world.event}") for _ in range(40)]
    following = asyncio.gather(*(phone.follow(hubs[n % 2], 61) for n, phone in enumerate(phones)))
    for _ in range(30):
        await match.tell(GOAL, GOAL)
    await following
    assert {tuple(phone.numbers) for phone in phones} == {tuple(range(1, 62))}


async def test_a_phone_that_comes_back_to_another_process_misses_nothing(match: Match, other_process: Hub) -> None:
    phone = Phone(f"live:{match.world.event}")
    await match.tell(KICK_OFF, GOAL)
    await phone.follow(match.world.app.state.hub, 2)
    await match.tell(GOAL, GOAL)
    match.world.clock.advance(timedelta(minutes=1))  # type: ignore[attr-defined]  # the clock of the tests
    await match.tell(GOAL)
    await phone.follow(other_process, 5)
    assert phone.numbers == [1, 2, 3, 4, 5]


async def test_a_reconnecting_subscriber_gets_only_missed_entries(match: Match) -> None:
    hub: Hub = match.world.app.state.hub
    await match.tell(KICK_OFF, *[GOAL] * 20)
    phone, later = Phone(f"live:{match.world.event}"), Phone(f"live:{match.world.event}")
    await phone.follow(hub, 21)
    await match.tell(GOAL)
    later.since = phone.since
    await later.follow(hub, 22)
    assert later.numbers == [22]


async def opened(hub: Hub, topic: str, since: str | None) -> dict[str, Any]:
    """The first messages of a stream."""
    parts = await subscribe(hub, ANONYMOUS, [topic], since)
    first = (await anext(parts)).decode()
    await parts.aclose()
    data: dict[str, Any] = msgspec.json.decode(
        next(line[6:] for line in first.splitlines() if line.startswith("data: "))
    )
    return data


async def test_a_subscriber_that_missed_much_gets_the_last_page_and_reads_immutable_earlier_ones(match: Match) -> None:
    hub: Hub = match.world.app.state.hub
    topic = f"live:{match.world.event}"
    phone = Phone(topic)
    await match.tell(KICK_OFF)
    await phone.follow(hub, 1)
    for _ in range(3):
        await match.tell(*[GOAL] * 23)
    for since in (None, phone.since):
        begins = await opened(hub, topic, since)
        assert begins["head"] == 70
        assert [entry["number"] for entry in begins["entries"]] == list(range(65, 71))
    pages = [entry["number"] for page in (1, 2) for entry in (await match.get(f"/pages/{page}"))["entries"]]
    assert pages == list(range(1, 65))


BUSIEST = (  # a goal is checked, corrected and replayed; a card, a substitution, and the end are published
    GOAL,
    {"kind": "var", "matter": "goal", "phase": "checking", "about": 2},
    {"kind": "var", "matter": "goal", "phase": "stands", "about": 2},
    {"kind": "replay", "clip_id": "01a2168b-6201-729d-b000-5d34145cb236", "about": 2},
    {"kind": "corrected", "about": 2, "content": GOAL | {"player": 10, "assist": 7}},
    {"kind": "card", "side": "away", "player": 4, "colour": "yellow"},
    {"kind": "substitution", "side": "home", "off": 9, "on": 12},
    {"kind": "added_time", "minutes": 4},
)
BYTES_A_MINUTE_MAX = 2_000
FRAME = 8  # overhead of an HTTP/1.1 chunk: its length and two line ends


async def test_the_busiest_minute_of_a_match_takes_less_than_two_kilobytes_with_heartbeats(
    match: Match, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub: Hub = match.world.app.state.hub
    await match.tell(KICK_OFF)
    clock.advance(timedelta(minutes=44, seconds=3, milliseconds=217))  # times and clocks of maximum length
    parts = await subscribe(hub, ANONYMOUS, [f"live:{match.world.event}"], None)
    await anext(parts)
    got: list[bytes] = []
    for content in BUSIEST:
        await match.tell(content)
        part = b""
        while b"data: " not in part:
            part = await anext(parts)
        got.append(part)
    monkeypatch.setattr("virage.platform.realtime.listening.HEARTBEAT_S", 0.01)
    beat = b""
    while not beat.startswith(b":"):
        beat = await anext(parts)
    await parts.aclose()
    assert not [part for part in got if b"null" in part], "unknown members are omitted"
    minute = [*got, *[beat] * int(60 / HEARTBEAT_S)]
    assert sum(len(part) + FRAME for part in minute) < BYTES_A_MINUTE_MAX


async def test_new_teams_are_sent(match: Match) -> None:
    hub: Hub = match.world.app.state.hub
    parts = await subscribe(hub, ANONYMOUS, [f"live:{match.world.event}"], None)
    await anext(parts)
    teams = msgspec.to_builtins(TEAMS)
    teams["home"]["name"] = "Renamed"
    await match.world.ask(match.desk, "PUT", f"{match.path}/teams", {"teams": teams, "revision": 1})
    assert b'"teams":true' in await anext(parts)


@pytest.mark.parametrize("hours", [6, 700_000])
async def test_a_clock_that_was_not_stopped_does_not_end_the_feed(match: Match, hours: int) -> None:
    await match.tell(KICK_OFF)
    at = match.world.clock.now() + timedelta(hours=hours)
    (entry,) = await match.send([match.telling(GOAL, at=at.isoformat())])
    assert entry["clock_s"] == CLOCK_MAX_S
    assert [entry["number"] for entry in (await match.get("/pages/1"))["entries"]] == [1, 2]


async def test_requests_for_old_matches_do_not_evict_the_current_one(db: Database) -> None:
    on, *old = [new_id() for _ in range(2 * KNOWN_MAX)]
    async with db.transaction() as conn:
        for event in (on, *old):
            await publish(conn, event, [], None, datetime.now(UTC))
    feeds = Feeds(db)
    known = await feeds.at(on)
    for event in old:
        await feeds.at(event)
        assert await feeds.at(on) is known
