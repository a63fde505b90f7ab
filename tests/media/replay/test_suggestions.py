"""Suggestions to the media desk, and its view of cameras, with the whole application."""

from datetime import UTC, datetime, timedelta

from tests.app import pitch
from tests.media.replay.desk import Desk, program_of
from virage.media.replay.acts.desk import suggest
from virage.media.replay.rules.media import Kind, MediaVault, Segment, Track
from virage.media.replay.rules.moments import TAPS_WITHIN, Moment, MomentSource
from virage.media.replay.store import cameras as footage_store
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant


async def test_a_suggestion_is_made_once_and_answered_by_a_clip_or_dismissed(desk: Desk) -> None:
    now = desk.world.clock.now()

    async def suggested(ago: float) -> bool:
        moment = Moment(MomentSource.ROAR, now - timedelta(seconds=ago), 91, "main")
        async with desk.world.db.transaction() as conn:
            return await suggest(conn, desk.world.event, moment, now)

    assert [await suggested(5), await suggested(10), await suggested(60)] == [True, False, True]
    latest, earlier = (await desk.shown())["suggestions"]
    assert (latest["source"], latest["strength"], latest["camera"]) == ("roar", 91, "main")
    await desk.mark()
    assert [suggestion["id"] for suggestion in (await desk.shown())["suggestions"]] == [earlier["id"]], (
        "a clip shows the other"
    )
    assert await suggested(5) is False
    dismissed = await desk.world.ask(desk.moderator, "POST", f"/api/replay/suggestions/{earlier['id']}/dismiss")
    assert dismissed.status_code == 204
    assert (await desk.shown())["suggestions"] == []
    assert await desk.clips() == [("shown", "watched")], "nothing was published automatically"


async def test_a_trimmed_clip_answers_its_suggestion(desk: Desk) -> None:
    now = desk.world.clock.now()
    async with desk.world.db.transaction() as conn:
        await suggest(conn, desk.world.event, Moment(MomentSource.TAPS, now - timedelta(seconds=30), 7), now)
    (suggestion,) = (await desk.shown())["suggestions"]
    await desk.mark(suggestion=suggestion["id"])
    assert (await desk.shown())["suggestions"] == []


async def test_requests_of_fans_make_one_suggestion(desk: Desk) -> None:
    async def tap(fan: dict[str, str], event: str = "") -> int:
        return (await desk.world.ask(fan, "POST", f"/api/replay/events/{event or desk.world.event}/taps")).status_code

    assert (await tap({}), await tap(await program_of(desk.world, "desk@example.org", "media_desk"))) == (401, 403)
    phones = [await desk.world.signed_in("one@example.org") for _ in range(6)]
    assert {await tap(phone) for phone in phones * 2} == {204}
    assert (await desk.shown())["suggestions"] == [], "a fan counts once in ten seconds, with any number of phones"
    at = desk.world.clock.now()
    fans = [await desk.world.signed_in(f"fan{number}@example.org") for number in range(6)]
    assert {await tap(fan) for fan in fans} == {204}
    (suggestion,) = (await desk.shown())["suggestions"]
    assert (suggestion["source"], suggestion["strength"]) == ("taps", 5)
    assert at - timedelta(seconds=11) <= pitch.moment(suggestion["at"]) <= at - timedelta(seconds=10)
    assert await desk.clips() == [], "it is suggested, not published"
    desk.world.clock.advance(TAPS_WITHIN + timedelta(seconds=1))  # type: ignore[attr-defined]  # the clock of tests
    late = [await desk.world.signed_in(f"late{number}@example.org") for number in range(3)]
    assert await tap(late[0]) == 204
    assert len((await desk.shown())["suggestions"]) == 1
    assert await tap(late[1], str(new_id())) == 404
    assert await tap(late[2], str(desk.world.draft)) == 404
    ours = await desk.world.rows("select distinct event_id from replay.tap")
    assert [row["event_id"] for row in ours] == [desk.world.event]


async def test_a_desk_sees_cameras_of_a_current_event_within_its_scrub_range(desk: Desk, config: Config) -> None:
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


async def test_a_desk_scrubs_three_hours_back_in_playlists_of_twenty_minutes(desk: Desk) -> None:
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
        return [str(id_) in text for id_ in ids], "#EXT-X-ENDLIST" in text

    assert await listed(200) == ([False, True, False, False], True)
    assert await listed(155) == ([False, False, True, False], True)
    assert await listed(15) == ([False, False, False, True], False)
