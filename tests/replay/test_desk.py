"""The media desk over the whole application: who marks, who releases, what is taken down, what the crowd suggests."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
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
from virage.kernel.guard import Grant
from virage.kernel.ids import new_id
from virage.kernel.problems import Problem, granted
from virage.replay.acts import clips as acts
from virage.replay.acts.desk import suggest
from virage.replay.rules.media import key_period
from virage.replay.rules.moments import TAPS_WITHIN, Moment, MomentSource
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
    other = await desk.world.ask(desk.desk, "POST", f"{desk.room}/clips", wish | {"about": 1})
    assert other.json()["code"] == "clip_id_taken"


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


async def test_a_desk_shows_nothing_of_what_others_had_on_another_day(desk: Desk) -> None:
    times = ("doors_at", "starts_at", "ends_at")
    later = ", ".join(f"{one} = {one} + interval '9 days'" for one in times)
    await desk.world.rows(f"update programme.event set {later}")
    answer = await desk.world.ask(desk.desk, "POST", f"{desk.room}/clips", pitch.clip(desk.world))
    assert answer.json()["code"] == "no_picture"
    await desk.tell(KICK_OFF, GOAL)
    assert await desk.clips() == []


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


async def test_phones_that_ask_make_one_suggestion_of_what_has_just_happened(desk: Desk) -> None:
    async def tap(phone: str, event: str = "") -> int:
        path = f"/api/replay/events/{event or desk.world.event}/taps"
        return (await desk.world.ask({}, "POST", path, {"phone": phone})).status_code

    same = str(new_id())
    assert {await tap(same) for _ in range(8)} == {204}
    assert (await desk.shown())["suggestions"] == [], "a phone counts once in five seconds"
    at = desk.world.clock.now()
    assert {await tap(str(new_id())) for _ in range(6)} == {204}
    (one,) = (await desk.shown())["suggestions"]
    assert (one["source"], one["strength"]) == ("taps", 5)
    assert at - timedelta(seconds=11) <= pitch.moment(one["at"]) <= at - timedelta(seconds=10)
    assert await desk.clips() == [], "it is suggested, and not published"
    desk.world.clock.advance(TAPS_WITHIN + timedelta(seconds=1))  # type: ignore[attr-defined]  # the clock of tests
    assert await tap(str(new_id())) == 204
    assert len((await desk.shown())["suggestions"]) == 1
    assert await tap(str(new_id()), str(new_id())) == 404
    assert await tap(str(new_id()), str(desk.world.draft)) == 404


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
    for other in (hour - 4 * 3600, int(key_period(now).timestamp()) + 3600):
        assert (await status(f"{desk.room}/keys/main/{other}"))[0] == 404
    desk.world.clock.advance(timedelta(days=4))  # type: ignore[attr-defined]  # the clock of tests
    grant = Grant("moderator", "event", desk.world.event)
    desk.moderator = await desk.world.signed_in("moderator@example.org", grant)
    assert [(await status(door))[0] for door in doors] == [404] * 3, "its event was days ago"
