"""The ladder: the same seconds in smaller sizes, timed as they were, and never in the way of what is live."""

from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from itertools import islice
from uuid import UUID

import av
import numpy as np
import pytest
from av import VideoFrame
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks.reel import encoded, film, pictures
from tests.conftest import FakeClock
from tests.media.replay.film import Archive, Cut, cut, shown
from tests.samples import footage
from virage.media.replay.footage import Footage
from virage.media.replay.ingest.synthetic import HEIGHT, WIDTH, read_clock
from virage.media.replay.ladder.encoder import Ladder
from virage.media.replay.ladder.transcoding import UnreadableMedia, transcoded
from virage.media.replay.reads.ladder import gauges
from virage.media.replay.rules.boxes import boxes, first_presentation_s, first_presentation_ticks
from virage.media.replay.rules.clips import Clip
from virage.media.replay.rules.ladder import (
    ENCODE_TIME_MAX,
    LATE_MAX,
    STEPS,
    complete,
    derived_id,
    due,
    rung_pieces,
    steps_below,
)
from virage.media.replay.rules.media import Kind, MediaVault, Rung, Segment, Track
from virage.media.replay.rules.playlists import Piece, Urls, main_playlist, media_playlist, runs_of
from virage.media.replay.store import cameras as store
from virage.media.replay.store import clips as clip_store
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id

AT = datetime(2026, 5, 9, 19, 59, 57, tzinfo=UTC)
SECOND = timedelta(seconds=1)
RUNG = Track(new_id(), new_id(), "main", Kind.VIDEO, "avc1.4d4015", 426, 240, AT, Rung.P240)
SOURCE = Track(new_id(), RUNG.take_id, "main", Kind.VIDEO, "avc1.64001f", 640, 360, AT)


@cache
def small_film() -> Cut:
    """Four seconds of the synthetic camera, with frames that are decoded before they are shown."""
    return cut(encoded(pictures(4), kbits=800))


def pieces(track: Track, seconds: "list[int] | range") -> list[Piece]:
    return [Piece(Segment(new_id(), track.id, AT + second * SECOND, 1000, 50_000), track) for second in seconds]


def enlarged(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture in the size of the synthetic camera."""
    return VideoFrame.from_ndarray(luma, format="gray").reformat(WIDTH, HEIGHT).to_ndarray().astype(np.uint8)


def colours(data: bytes) -> tuple[int, int, int]:
    with av.open(BytesIO(data)) as container:
        context = container.streams.video[0].codec_context
        return context.color_primaries, context.color_trc, context.colorspace


# --- what a rung shows ---------------------------------------------------------------------------------------------


@given(st.sets(st.integers(0, 19)), st.integers(1, 20), st.floats(0, 8))
def test_a_rung_that_grows_begins_as_it_began_whatever_the_ladder_left_out(
    made_at: set[int], come: int, later: float
) -> None:
    source, rung = pieces(SOURCE, range(20)), pieces(RUNG, sorted(made_at))
    now = AT + come * SECOND

    def told(now: datetime) -> list[Piece]:
        have = [one for one in source if one.segment.ends_at <= now]
        # a second is made within the time in which it is waited for, in order
        made = [one for one in rung if one.segment.ends_at + SECOND <= now]
        return rung_pieces(have, made, now, closed=False)

    first, second = told(now), told(now + later * SECOND)
    assert second[: len(first)] == first
    closed = rung_pieces(source, rung, AT + 60 * SECOND, closed=True)
    assert closed[: len(second)] == second
    assert [one.segment.at for one in closed] == [one.segment.at for one in source]


def test_a_rung_changes_to_its_source_and_back_without_a_break_in_time() -> None:
    source, made = pieces(SOURCE, range(4)), pieces(RUNG, [0, 1, 3])
    shown = rung_pieces(source, made, AT + 60 * SECOND, closed=True)
    lines = media_playlist(shown, runs_of(source), Urls("/k", "/o"), closed=True).splitlines()
    assert lines.count("#EXT-X-DISCONTINUITY") == 0, "the players' timelines of all rungs are one"
    assert sum(line.startswith("#EXT-X-MAP") for line in lines) == 3


def test_a_rung_is_offered_once_little_of_it_is_missing() -> None:
    source = pieces(SOURCE, range(20))
    assert [complete(source, pieces(RUNG, range(n))) for n in (0, 15, 16, 20)] == [False, False, True, True]
    assert not complete(source[:2], []), "however little there is"
    main = main_playlist(source, [], rungs=[pieces(RUNG, range(20))])
    assert main.index("\nvideo.m3u8") < main.index("\nvideo-240p.m3u8")
    assert "RESOLUTION=426x240" in main


def test_a_camera_has_the_sizes_that_are_smaller_than_its_own() -> None:
    sizes = {lines: [step.rung for step in steps_below(lines)] for lines in (1080, 481, 480, 241, 240)}
    assert sizes == {
        1080: [Rung.P480, Rung.P240],
        481: [Rung.P480, Rung.P240],
        480: [Rung.P240],
        241: [Rung.P240],
        240: [],
    }


def test_the_ladder_follows_second_by_second_and_goes_on_with_now_once_it_is_late() -> None:
    source = pieces(SOURCE, range(10))
    now = AT + 10 * SECOND
    assert due(source, pieces(RUNG, range(8)), now) == (source[8], [])
    assert due(source, pieces(RUNG, range(3)), now) == (source[9], source[3:9])
    assert due(source, [], now) == (source[9], []), "it has just begun"
    assert due(source, pieces(RUNG, range(3)), now + 2 * LATE_MAX) == (None, []), (
        "a camera that ended is nobody's delay"
    )


def test_a_second_is_made_only_if_phones_still_wait_for_it_when_it_is_made() -> None:
    source = pieces(SOURCE, [0])
    latest = source[0].segment.ends_at + LATE_MAX - ENCODE_TIME_MAX
    assert due(source, [], latest) == (source[0], [])
    assert due(source, [], latest + 0.1 * SECOND) == (None, [])


def test_a_rung_waits_for_what_may_still_be_made_and_for_nothing_else() -> None:
    source, now = pieces(SOURCE, range(10)), AT + 10 * SECOND
    told = rung_pieces(source, pieces(RUNG, range(7)), now, closed=False)
    assert [one.track.rung for one in told] == [Rung.P240] * 7
    assert rung_pieces(source, pieces(RUNG, range(7)), now, closed=True)[7:] == source[7:], "nothing is made any more"
    late = rung_pieces(source, pieces(RUNG, range(4)), now, closed=False)
    assert late[4:] == source[4:5], "the fifth second is too late to be made, the sixth is not"
    left_out = rung_pieces(source, pieces(RUNG, [0, 1, 9]), now, closed=False)
    assert left_out[2:9] == source[2:9], "of what was left out, either"
    assert len(left_out) == 10


def test_what_is_made_of_a_second_has_the_same_name_each_time_and_lies_near_it() -> None:
    source = new_id()
    ids = {derived_id(source, rung) for rung in Rung}
    assert ids == {derived_id(UUID(str(source)), rung) for rung in Rung}
    assert len(ids) == 3
    assert {one.hex[:12] for one in ids} == {source.hex[:12]}
    assert {one.version for one in ids} == {8}


# --- what is made --------------------------------------------------------------------------------------------------


def test_a_rung_shows_the_same_clock_at_the_same_instants() -> None:
    init, fragments = small_film().init, small_film().fragments
    inits = set()
    for fragment in fragments:
        (made,) = transcoded(init.data, fragment.data, steps_below(360))
        inits.add(made.init)
        source, rung = shown(init.data, fragment.data), shown(made.init, made.fragment)
        assert [frame.at for frame in rung] == [frame.at for frame in source]
        assert first_presentation_ticks(made.fragment) == first_presentation_ticks(fragment.data)
        assert [read_clock(enlarged(frame.luma)) for frame in rung] == [read_clock(frame.luma) for frame in source]
        assert len(made.fragment) < len(fragment.data)
    assert len(inits) == 1, "a phone fetches it once"


def test_captions_and_descriptions_know_when_a_second_is_shown_whose_pictures_are_not_sent_in_order() -> None:
    init, fragments = small_film().init, small_film().fragments
    assert fragments[0].at_s == pytest.approx(0.08), "pictures come two frames before they are shown"
    told = [first_presentation_s(init.data + fragment.data) for fragment in fragments]
    assert told == pytest.approx([fragment.at_s for fragment in fragments])


def test_a_picture_of_a_real_camera_has_both_rungs_whose_width_is_even_and_which_look_like_it() -> None:
    real = cut(encoded(islice(film(footage("bigbuckbunny.mp4")), 25)))
    for fragment in real.fragments:
        made = transcoded(real.init.data, fragment.data, STEPS)
        assert [(one.rung, one.width, one.height) for one in made] == [(Rung.P480, 854, 480), (Rung.P240, 426, 240)]
        assert made[0].fragment != made[1].fragment
        source = shown(real.init.data, fragment.data)
        for one in made:
            assert colours(one.init + one.fragment) == (1, 1, 1), "as players take a large one that is silent"
            for frame, rung in zip(source, shown(one.init, one.fragment), strict=True):
                small = VideoFrame.from_ndarray(frame.luma, format="gray").reformat(one.width, one.height).to_ndarray()
                assert frame.at == rung.at
                assert np.abs(small.astype(int) - rung.luma).mean() < 6, "mean error of 255"


async def test_what_was_stored_before_a_ladder_was_killed_stays_and_is_written_down_by_the_next(works: "Works") -> None:
    source = await works.archive.keep("main", small_film(), AT, programme=True)
    works.clock.set(AT + 4 * SECOND)
    lost = derived_id(source[0].segment.id, Rung.P240)
    await works.archive.footage.keep_once(lost, b"of the one that was killed")
    assert await works.until_idle() == 4
    assert (await works.made("main"))[0].segment.id == lost
    assert await works.archive.footage.get(lost) == b"of the one that was killed"


@given(st.binary(max_size=300), st.integers(0, 4000))
def test_what_shows_nothing_is_refused_and_never_made_up(noise: bytes, cut_at: int) -> None:
    init, (fragment, *_) = small_film().init, small_film().fragments
    head = boxes(fragment.data)[0][1]
    for data in (noise, head[: min(cut_at, len(head) - 1)], head):
        with pytest.raises(UnreadableMedia):
            transcoded(init.data, data, STEPS)


# --- the ladder at work --------------------------------------------------------------------------------------------


class Works:
    """A ladder over an archive."""

    def __init__(self, config: Config, db: Database, clock: FakeClock) -> None:
        self.archive = Archive(db, Footage(config.objects_at), MediaVault([config.secret]))
        self.clock = clock
        self.db = db

    def ladder(self) -> Ladder:
        return Ladder(db=self.db, clock=self.clock, footage=self.archive.footage, vault=self.archive.vault)

    async def until_idle(self) -> int:
        """Let a ladder work as long as it finds something; how many seconds it made."""
        ladder, turns = self.ladder(), 0
        while await ladder.turn():
            turns += 1
        return turns

    async def made(self, camera: str) -> list[Piece]:
        async with self.db.connection() as conn:
            found = await store.stretch(
                conn, camera, AT - SECOND, AT + 600 * SECOND, kinds={Kind.VIDEO}, rungs={Rung.P240}
            )
        return found[Kind.VIDEO, Rung.P240]

    async def publish(self, *cameras: str) -> Clip:
        clip = Clip(new_id(), new_id(), AT, AT + 4 * SECOND, list(cameras), AT)
        async with self.db.transaction() as conn:
            await clip_store.add_clip(conn, clip)
        return clip

    async def state(self) -> dict[str, float]:
        (gauge,) = gauges(self.clock)
        async with self.db.connection() as conn:
            return dict(await gauge.read(conn))


@pytest.fixture
def works(config: Config, db: Database, clock: FakeClock) -> Works:
    return Works(config, db, clock)


async def test_the_programme_is_made_as_it_is_seen_and_another_camera_once_a_clip_shows_it(works: Works) -> None:
    works.clock.set(AT + 4 * SECOND)
    source = await works.archive.keep("main", small_film(), AT, programme=True)
    await works.archive.keep("behind-goal", small_film(), AT)
    assert await works.until_idle() == 4
    made = await works.made("main")
    assert [one.segment.at for one in made] == [one.segment.at for one in source]
    assert [len(frames) for frames in [shown(*await works.archive.open(one)) for one in made]] == [25] * 4
    assert await works.made("behind-goal") == []
    await works.publish("main", "behind-goal")
    assert await works.until_idle() == 4
    assert len(await works.made("behind-goal")) == 4
    assert await works.until_idle() == 0
    async with works.db.connection() as conn:
        assert await conn.fetchval("select laddered_at from replay.clip") is None, "more may come in"


async def test_a_ladder_that_falls_behind_goes_on_with_now_and_says_what_it_left_out(works: Works) -> None:
    source = await works.archive.keep("main", small_film(), AT, programme=True)
    works.clock.set(AT + SECOND)
    ladder = works.ladder()
    assert await ladder.turn()
    works.clock.set(source[2].segment.at + SECOND + LATE_MAX)
    assert await works.state() == {"seconds_behind": 3, "seconds_left_out": 0}
    while await ladder.turn():
        pass
    assert [one.segment.at for one in await works.made("main")] == [source[n].segment.at for n in (0, 3)]
    assert ladder.skipped == 2
    assert await works.state() == {"seconds_behind": 0, "seconds_left_out": 2}
    await works.publish("main")
    assert await works.until_idle() == 2, "what a clip shows is made all the same, later"


async def test_a_second_whose_object_is_gone_holds_up_nothing(works: Works) -> None:
    source = await works.archive.keep("main", small_film(), AT, programme=True)
    await works.archive.footage.keep(source[1].segment.id, b"not what was kept")
    works.clock.set(AT + 4 * SECOND)
    await works.until_idle()
    assert [one.segment.at for one in await works.made("main")] == [source[n].segment.at for n in (0, 2, 3)]
    clip = await works.publish("main")
    works.clock.set(clip.to_at + timedelta(minutes=1))
    await works.until_idle()
    async with works.db.connection() as conn:
        assert await conn.fetchval("select laddered_at from replay.clip") == works.clock.now()
