"""The media desk over the whole application: who marks, who releases, what is taken down, what the crowd suggests."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar

from tests.conftest import FakeClock, alive
from tests.live.conftest import KICK_OFF, Match
from tests.matchday import pitch
from tests.matchday.conftest import World
from virage.kernel.config import Config
from virage.kernel.database import Database
from virage.kernel.guard import Grant, Principal
from virage.kernel.ids import new_id
from virage.kernel.problems import Problem, Refused, granted
from virage.live.acts import telling as live
from virage.live.rules.entries import Goal, Side, Telling
from virage.people.acts import TokenWish, create_token
from virage.people.rules.grants import GrantWish, RoleName, ScopeName
from virage.replay.acts import clips as acts
from virage.replay.acts.desk import suggest
from virage.replay.rules.clips import Reason
from virage.replay.rules.media import Kind, MediaVault, Segment, Track
from virage.replay.rules.moments import TAPS_WITHIN, Moment, MomentSource
from virage.replay.store import cameras as footage_store
from virage.replay.store import clips as store

GOAL = {"kind": "goal", "side": "home"}
OVERTURNED = {"kind": "var", "matter": "goal", "phase": "overturned", "about": 2}


class Desk(Match):
    """A match that a camera has seen; somebody tells and marks, and somebody else releases."""

    def __init__(self, world: World, desk: dict[str, str], moderator: dict[str, str]) -> None:
        super().__init__(world, desk)
        self.moderator = moderator
        self.room = f"/api/replay/events/{world.event}"

    async def mark(self, **changes: Any) -> dict[str, Any]:
        marked = await self.world.ask(self.desk, "POST", f"{self.room}/clips", pitch.clip(self.world) | changes)
        assert marked.status_code == 200, marked.text
        clip: dict[str, Any] = marked.json()
        return clip

    async def do(self, who: dict[str, str], clip: str, what: str) -> tuple[int, str | None]:
        answer = await self.world.ask(who, "POST", f"/api/replay/clips/{clip}/{what}")
        return answer.status_code, answer.json().get("code") if answer.status_code >= 400 else None

    async def four_eyes(self) -> None:
        answer = await self.world.ask(self.moderator, "PUT", f"{self.room}/desk", {"four_eyes": True})
        assert answer.status_code == 204

    async def clips(self) -> list[tuple[str, str]]:
        """Each clip's state and where phones are sent for it: its address, or that there is none."""
        found = []
        for clip in (await self.shown())["clips"]:
            status = (await self.world.ask({}, "GET", f"/api/replay/clips/{clip['id']}")).status_code
            found.append((clip["state"], {200: "watched", 404: "gone", 410: "gone"}[status]))
        return found

    async def shown(self, who: dict[str, str] | None = None) -> dict[str, Any]:
        desk: dict[str, Any] = (await self.world.ask(who or self.desk, "GET", f"{self.room}/desk")).json()
        return desk

    async def told(self) -> list[str]:
        """What stands in the feed: kinds of entries without those that are withdrawn."""
        entries = (await self.get("/pages/1"))["entries"]
        gone = {entry["told"]["about"] for entry in entries if entry["told"]["kind"] == "withdrawn"}
        return [
            entry["told"]["kind"]
            for entry in entries
            if entry["number"] not in gone and entry["told"]["kind"] != "withdrawn"
        ]

    async def facts(self, about: str) -> list[tuple[str, Any]]:
        rows = await self.world.rows("select what, who from kernel.journal where about = $1 order by seq", about)
        return [(row["what"], row["who"]) for row in rows]


@pytest.fixture
async def desk(app: Litestar, db: Database, clock: FakeClock) -> AsyncIterator[Desk]:
    world = World(app, db, clock)
    async with alive(app):
        await world.open()
        await pitch.seen(world)
        grants = [Grant(role, "event", world.event) for role in ("match_desk", "media_desk")]
        moderator = await world.signed_in("moderator@example.org", Grant("moderator", "event", world.event))
        yield Desk(world, await world.signed_in("desk@example.org", *grants), moderator)


async def program_of(world: World, email: str, role: str) -> dict[str, str]:
    """The header of a program that somebody made out of what they may do here."""
    maker = Principal("staff", await world.person(email), new_id(), (), world.clock.now())
    scope = GrantWish(RoleName(role), ScopeName.EVENT, str(world.event))
    wish = TokenWish("a program", [scope], world.clock.now() + timedelta(hours=1))
    async with world.db.transaction() as conn:
        made = granted(await create_token(conn, maker, wish, world.clock.now()))
    return {"authorization": f"Bearer {made.token}"}


@pytest.mark.parametrize("undone", [{"kind": "withdrawn", "about": 2}, OVERTURNED], ids=["withdrawn", "overturned"])
async def test_a_goal_that_is_taken_back_takes_its_clip_from_every_phone(desk: Desk, undone: Any) -> None:
    await desk.tell(KICK_OFF, GOAL)
    assert await desk.clips() == [("shown", "watched")]
    assert "replay" in await desk.told()
    await desk.tell(undone)
    assert await desk.clips() == [("withdrawn", "gone")]
    assert "replay" not in await desk.told()
    await desk.tell(GOAL)
    assert sorted(await desk.clips()) == [("shown", "watched"), ("withdrawn", "gone")], "told again it is another goal"


async def test_another_decision_that_is_overturned_after_a_goal_takes_nothing_down(desk: Desk) -> None:
    await desk.tell(KICK_OFF, GOAL)
    (review,) = await desk.tell({"kind": "var", "matter": "penalty", "phase": "overturned", "about": 2})
    assert "number" in review
    assert await desk.clips() == [("shown", "watched")]


async def test_a_goal_whose_scorer_is_corrected_keeps_its_clip(desk: Desk) -> None:
    await desk.tell(KICK_OFF, GOAL)
    own = {"kind": "goal", "side": "home", "manner": "own"}
    (corrected,) = await desk.tell({"kind": "corrected", "about": 2, "told": own})
    assert "number" in corrected
    assert await desk.clips() == [("shown", "watched")]


async def test_a_replay_that_is_withdrawn_from_the_feed_is_gone_with_its_keys(desk: Desk) -> None:
    await desk.mark()
    await desk.tell({"kind": "withdrawn", "about": 1})
    assert await desk.clips() == [("withdrawn", "gone")]


async def test_what_one_person_marks_waits_for_another_where_four_eyes_are_asked_for(desk: Desk) -> None:
    await desk.four_eyes()
    clip = (await desk.mark())["id"]
    await desk.tell(KICK_OFF, GOAL)
    assert await desk.clips() == [("proposed", "gone")] * 2, "a goal's own clip waits as well"
    assert "replay" not in await desk.told()
    assert await desk.do(desk.desk, clip, "release") == (403, "forbidden")
    assert await desk.do(desk.moderator, clip, "release") == (200, None)
    assert await desk.do(desk.moderator, clip, "release") == (200, None), "once more is the same"
    assert sorted(await desk.clips()) == [("proposed", "gone"), ("shown", "watched")]
    assert (await desk.told()).count("replay") == 1
    (proposed, marker), (released, moderator) = await desk.facts(clip)
    assert (proposed, released) == ("clip_proposed", "clip_released")
    assert marker != moderator
    await desk.tell({"kind": "withdrawn", "about": 2})
    assert sorted(await desk.clips()) == [("shown", "watched"), ("withdrawn", "gone")], "a goal that waits goes, too"


async def test_nobody_releases_the_clip_of_a_goal_that_they_told_not_even_by_a_program_of_theirs(desk: Desk) -> None:
    await desk.four_eyes()
    grants = [Grant(role, "event", desk.world.event) for role in ("match_desk", "moderator")]
    told_by = await desk.world.signed_in("both@example.org", *grants)
    desk.desk, other = told_by, desk.desk
    await desk.tell(KICK_OFF, GOAL)
    desk.desk = await program_of(desk.world, "both@example.org", "match_desk")
    await desk.tell(GOAL)
    clips = (await desk.shown(told_by))["clips"]
    assert [(line["automatic"], line["own"], line["state"]) for line in clips] == [(True, True, "proposed")] * 2
    assert [line["own"] for line in (await desk.shown(other))["clips"]] == [False] * 2
    releasing = await program_of(desk.world, "both@example.org", "moderator")
    for clip in clips:
        assert await desk.do(told_by, clip["id"], "release") == (409, "own_mark")
        assert await desk.do(releasing, clip["id"], "release") == (409, "own_mark")
    assert "replay" not in await desk.told()
    assert await desk.do(desk.moderator, clips[0]["id"], "release") == (200, None)


async def test_who_ends_their_program_while_it_tells_a_goal_does_not_release_its_clip(desk: Desk) -> None:
    await desk.four_eyes()
    await desk.tell(KICK_OFF)
    roles = ("match_desk", "moderator")
    both = await desk.world.signed_in("both@example.org", *(Grant(role, "event", desk.world.event) for role in roles))
    desk.desk, other = await program_of(desk.world, "both@example.org", "match_desk"), desk.desk
    async with desk.world.db.transaction() as conn:
        await conn.execute("select from live.feed for update")
        telling = asyncio.create_task(desk.tell(GOAL))
        waiting = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        while not await desk.world.rows(waiting):  # noqa: ASYNC110 - another connection sets no event
            await asyncio.sleep(0.01)
        await conn.execute("delete from people.program")
    await telling
    assert [await desk.do(both, clip["id"], "release") for clip in (await desk.shown(other))["clips"]] == []
    assert "replay" not in await desk.told()


async def test_a_goal_that_a_machine_told_waits_for_one_person(desk: Desk) -> None:
    await desk.four_eyes()
    now = desk.world.clock.now()
    async with desk.world.db.transaction() as conn:
        goal = Telling(new_id(), now, Goal(Side.HOME))
        await live.tell(conn, desk.world.event, [goal], None, now, handlers=(acts.entries_told,))
    (clip,) = (await desk.shown(desk.moderator))["clips"]
    assert (clip["automatic"], clip["own"], clip["state"]) == (True, False, "proposed")
    assert await desk.do(desk.moderator, clip["id"], "release") == (200, None)


async def test_nobody_releases_their_own_mark(desk: Desk) -> None:
    await desk.four_eyes()
    grants = [Grant(role, "event", desk.world.event) for role in ("media_desk", "moderator")]
    both = await desk.world.signed_in("both@example.org", *grants)
    desk.desk, colleague = both, desk.desk
    clip = (await desk.mark())["id"]
    assert await desk.do(both, clip, "release") == (409, "own_mark")
    assert [line["own"] for line in (await desk.shown())["clips"]] == [True]
    assert [line["own"] for line in (await desk.shown(colleague))["clips"]] == [False]
    assert await desk.clips() == [("proposed", "gone")]


@pytest.mark.parametrize("four_eyes", [True, False], ids=["that waited", "that was taken down"])
async def test_a_clip_whose_footage_is_gone_is_not_shown(desk: Desk, four_eyes: bool) -> None:
    if four_eyes:
        await desk.four_eyes()
    clip = (await desk.mark())["id"]
    if not four_eyes:
        assert await desk.do(desk.desk, clip, "withdraw") == (204, None)
    before = await desk.clips(), await desk.told(), await desk.facts(clip)
    await desk.world.rows("delete from replay.segment")
    assert await desk.do(desk.moderator, clip, "release") == (409, "no_picture")
    assert (await desk.clips(), await desk.told(), await desk.facts(clip)) == before


async def test_both_take_down_and_only_a_moderator_shows_again_and_the_journal_says_who(desk: Desk) -> None:
    clip = (await desk.mark())["id"]
    assert await desk.do(desk.desk, clip, "withdraw") == (204, None)
    assert await desk.do(desk.desk, clip, "withdraw") == (204, None), "once more is the same"
    assert (await desk.clips(), await desk.told()) == ([("withdrawn", "gone")], [])
    assert await desk.do(desk.desk, clip, "release") == (403, "forbidden")
    assert await desk.do(desk.moderator, clip, "release") == (200, None)
    assert (await desk.clips(), await desk.told()) == ([("shown", "watched")], ["replay"])
    assert await desk.do(desk.moderator, clip, "withdraw") == (204, None)
    assert (await desk.clips(), await desk.told()) == ([("withdrawn", "gone")], [])
    facts = await desk.facts(clip)
    assert [what for what, _ in facts] == ["clip_published", "clip_withdrawn", "clip_released", "clip_withdrawn"]
    assert facts[0][1] == facts[1][1] != facts[2][1] == facts[3][1]


async def test_the_same_mark_at_once_is_the_same_clip(desk: Desk) -> None:
    wish = pitch.clip(desk.world)
    asked = [desk.world.ask(desk.desk, "POST", f"{desk.room}/clips", wish) for _ in range(4)]
    answers = await asyncio.gather(*asked)
    assert {(answer.status_code, answer.json()["id"]) for answer in answers} == {(200, wish["id"])}
    assert (await desk.clips(), await desk.told()) == ([("shown", "watched")], ["replay"])
    await desk.world.rows("delete from replay.segment")
    late = await desk.world.ask(desk.desk, "POST", f"{desk.room}/clips", wish)
    assert (late.status_code, late.json()["id"]) == (200, wish["id"]), "when what it shows has gone, too"
    assert [what for what, _ in await desk.facts(wish["id"])] == ["clip_published"]
    other = await desk.world.ask(desk.desk, "POST", f"{desk.room}/clips", wish | {"about": 1})
    assert other.json()["code"] == "clip_id_taken"


async def test_a_mark_of_what_the_feed_never_told_is_refused_with_the_feeds_own_reason(desk: Desk) -> None:
    wish = pitch.clip(desk.world) | {"about": 7}
    refused = await desk.world.ask(desk.desk, "POST", f"{desk.room}/clips", wish)
    assert refused.json()["code"] == "entry_unknown"
    assert (await desk.clips(), await desk.told()) == ([], [])


async def test_who_releases_what_somebody_takes_down_at_that_moment_shows_nothing(desk: Desk) -> None:
    await desk.four_eyes()
    clip = (await desk.mark())["id"]
    async with desk.world.db.connection() as conn:
        read = await store.clip(conn, UUID(clip))
    assert read is not None
    assert await desk.do(desk.desk, clip, "withdraw") == (204, None)
    with pytest.raises(Problem):
        async with desk.world.db.transaction() as conn:
            granted(await acts.release(conn, read, None, desk.world.clock.now()))
    assert (await desk.clips(), await desk.told()) == ([("withdrawn", "gone")], [])


async def test_who_takes_down_what_somebody_releases_at_that_moment_is_told_to_look_again(desk: Desk) -> None:
    await desk.four_eyes()
    clip = (await desk.mark())["id"]
    async with desk.world.db.connection() as conn:
        read = await store.clip(conn, UUID(clip))
    assert read is not None
    assert await desk.do(desk.moderator, clip, "release") == (200, None)
    async with desk.world.db.transaction() as conn:
        outcome = await acts.withdraw(conn, read, None, desk.world.clock.now())
    assert outcome == Refused(Reason.CHANGED)
    assert (await desk.clips(), await desk.told()) == ([("shown", "watched")], ["replay"])


async def test_a_goal_that_is_taken_back_in_the_same_breath_is_not_proposed_either(desk: Desk) -> None:
    await desk.four_eyes()
    await desk.tell(KICK_OFF, GOAL, {"kind": "withdrawn", "about": 2})
    assert await desk.clips() == []


async def test_a_desk_shows_nothing_of_what_others_had_on_another_day(desk: Desk) -> None:
    times = ("doors_at", "starts_at", "ends_at")
    later = ", ".join(f"{one} = {one} + interval '9 days'" for one in times)
    await desk.world.rows(f"update programme.event set {later}")
    answer = await desk.world.ask(desk.desk, "POST", f"{desk.room}/clips", pitch.clip(desk.world))
    assert answer.json()["code"] == "no_picture"
    await desk.tell(KICK_OFF, GOAL)
    assert await desk.clips() == []
    assert (await desk.shown())["near"] is False, "the desk knows that a goal makes no clip"


async def test_a_moment_is_suggested_once_and_answered_by_a_clip_or_dismissed(desk: Desk) -> None:
    now = desk.world.clock.now()

    async def suggested(ago: float) -> bool:
        moment = Moment(MomentSource.ROAR, now - timedelta(seconds=ago), 91, "main")
        async with desk.world.db.transaction() as conn:
            return await suggest(conn, desk.world.event, moment, now)

    assert [await suggested(5), await suggested(10), await suggested(60)] == [True, False, True]
    latest, earlier = (await desk.shown())["suggestions"]
    assert (latest["source"], latest["strength"], latest["camera"]) == ("roar", 91, "main")
    await desk.mark()
    assert [one["id"] for one in (await desk.shown())["suggestions"]] == [earlier["id"]], "a clip shows the other"
    assert await suggested(5) is False
    dismissed = await desk.world.ask(desk.moderator, "POST", f"/api/replay/suggestions/{earlier['id']}/dismiss")
    assert dismissed.status_code == 204
    assert (await desk.shown())["suggestions"] == []
    assert await desk.clips() == [("shown", "watched")], "nothing was published by itself"


async def test_a_trimmed_mark_answers_the_suggestion_that_it_was_made_for(desk: Desk) -> None:
    now = desk.world.clock.now()
    async with desk.world.db.transaction() as conn:
        await suggest(conn, desk.world.event, Moment(MomentSource.TAPS, now - timedelta(seconds=30), 7), now)
    (one,) = (await desk.shown())["suggestions"]
    await desk.mark(suggestion=one["id"])
    assert (await desk.shown())["suggestions"] == []


async def test_people_who_ask_make_one_suggestion_of_what_has_just_happened(desk: Desk) -> None:
    async def tap(fan: dict[str, str], event: str = "") -> int:
        return (await desk.world.ask(fan, "POST", f"/api/replay/events/{event or desk.world.event}/taps")).status_code

    assert (await tap({}), await tap(await program_of(desk.world, "desk@example.org", "media_desk"))) == (401, 403)
    phones = [await desk.world.signed_in("one@example.org") for _ in range(6)]
    assert {await tap(phone) for phone in phones * 2} == {204}
    assert (await desk.shown())["suggestions"] == [], (
        "somebody counts once in ten seconds, with as many phones as may be"
    )
    at = desk.world.clock.now()
    fans = [await desk.world.signed_in(f"fan{number}@example.org") for number in range(6)]
    assert {await tap(fan) for fan in fans} == {204}
    (one,) = (await desk.shown())["suggestions"]
    assert (one["source"], one["strength"]) == ("taps", 5)
    assert at - timedelta(seconds=11) <= pitch.moment(one["at"]) <= at - timedelta(seconds=10)
    assert await desk.clips() == [], "it is suggested, and not published"
    desk.world.clock.advance(TAPS_WITHIN + timedelta(seconds=1))  # type: ignore[attr-defined]  # the clock of tests
    late = [await desk.world.signed_in(f"late{number}@example.org") for number in range(3)]
    assert await tap(late[0]) == 204
    assert len((await desk.shown())["suggestions"]) == 1
    assert await tap(late[1], str(new_id())) == 404
    assert await tap(late[2], str(desk.world.draft)) == 404
    ours = await desk.world.rows("select distinct event_id from replay.tap")
    assert [row["event_id"] for row in ours] == [desk.world.event]


async def test_a_desk_sees_what_cameras_send_while_its_event_is_near_and_no_hour_but_those_it_may_scrub(
    desk: Desk, config: Config
) -> None:
    now = desk.world.clock.now()
    hour = int(await pitch.hour_of(desk.world, config.secret))
    since = int((now - timedelta(seconds=30)).timestamp() * 1000)
    footage = f"{desk.room}/cameras/main/{since}"

    async def status(path: str) -> tuple[int, str | None]:
        answer = await desk.world.ask(desk.moderator, "GET", path)
        return answer.status_code, answer.headers.get("cache-control")

    doors = [f"{footage}/main.m3u8", f"{footage}/video.m3u8", f"{desk.room}/keys/main/{hour}"]
    assert [await status(door) for door in doors] == [(200, "no-store")] * 3
    playlist = (await desk.world.ask(desk.moderator, "GET", f"{footage}/video.m3u8")).text
    assert f'URI="{desk.room}/keys/main/{hour - 3600}"' in playlist
    assert "#EXT-X-ENDLIST" not in playlist
    vault, others = MediaVault([config.secret]), (hour - 5 * 3600, hour + 3600)
    async with desk.world.db.transaction() as conn:
        for at in (datetime.fromtimestamp(other, UTC) for other in others):
            await footage_store.add_key(conn, "main", at, vault.new("main", at))
    for other in others:
        assert (await status(f"{desk.room}/keys/main/{other}"))[0] == 404
    desk.world.clock.advance(timedelta(days=4))  # type: ignore[attr-defined]  # the clock of tests
    grant = Grant("moderator", "event", desk.world.event)
    desk.moderator = await desk.world.signed_in("moderator@example.org", grant)
    assert [(await status(door))[0] for door in doors] == [404] * 3, "its event was days ago"


async def test_a_desk_scrubs_three_hours_back_twenty_minutes_a_playlist(desk: Desk) -> None:
    now = desk.world.clock.now()
    times = [now - timedelta(minutes=minutes) for minutes in (190, 170, 150, 10)]
    track = Track(new_id(), new_id(), "main", Kind.VIDEO, "avc1.64001f", 640, 360, times[0])
    ids = [new_id() for _ in times]
    async with desk.world.db.transaction() as conn:
        await footage_store.add_track(conn, track)
        for object_id, at in zip(ids, times, strict=True):
            await footage_store.add_segment(conn, Segment(object_id, track.id, at, 1000, 9), track)

    async def listed(minutes: int) -> tuple[list[bool], bool]:
        since = int((now - timedelta(minutes=minutes)).timestamp() * 1000)
        path = f"{desk.room}/cameras/main/{since}/video.m3u8"
        text = (await desk.world.ask(desk.moderator, "GET", path)).text
        return [str(one) in text for one in ids], "#EXT-X-ENDLIST" in text

    assert await listed(200) == ([False, True, False, False], True)
    assert await listed(155) == ([False, False, True, False], True)
    assert await listed(15) == ([False, False, False, True], False)
