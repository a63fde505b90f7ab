"""The ladder: renditions with the timestamps of their source, without delaying live video."""

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

from benchmarks.camera_output import encoded, frames_of_film, pictures
from tests.conftest import FakeClock
from tests.media.replay.archive import Archive, Cut, cut, shown
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
    """Four seconds of the synthetic camera, with reordered frames."""
    return cut(encoded(pictures(4), kbits=800))


def pieces(track: Track, seconds: "list[int] | range") -> list[Piece]:
    return [Piece(Segment(new_id(), track.id, AT + second * SECOND, 1000, 50_000), track) for second in seconds]


def enlarged(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture in the size of the synthetic camera."""
    return VideoFrame.from_ndarray(luma, format="gray").reformat(WIDTH, HEIGHT).to_ndarray().astype(np.uint8)


def colours(data: bytes) -> tuple[int, int, int]:
    with av.open(BytesIO(data)) as container:
        context = container.streams.video[0].codec_context
        return context.color_primaries, context.color_trc, context.colorspace


# --- the content of a rendition ------------------------------------------------------------------------------------


@given(st.sets(st.integers(0, 19)), st.integers(1, 20), st.floats(0, 8))
def test_a_growing_rendition_only_appends_whatever_the_ladder_skipped(
    made_at: set[int], come: int, later: float
) -> None:
    source, rung = pieces(SOURCE, range(20)), pieces(RUNG, sorted(made_at))
    now = AT + come * SECOND

    def playlist_at(now: datetime) -> list[Piece]:
        have = [piece for piece in source if piece.segment.ends_at <= now]
        # segments are encoded in order and in time
        made = [piece for piece in rung if piece.segment.ends_at + SECOND <= now]
        return rung_pieces(have, made, now, closed=False)

    first, second = playlist_at(now), playlist_at(now + later * SECOND)
    assert second[: len(first)] == first
    closed = rung_pieces(source, rung, AT + 60 * SECOND, closed=True)
    assert closed[: len(second)] == second
    assert [piece.segment.at for piece in closed] == [piece.segment.at for piece in source]


def test_a_rendition_switches_to_its_source_and_back_without_a_time_gap() -> None:
    source, made = pieces(SOURCE, range(4)), pieces(RUNG, [0, 1, 3])
    shown = rung_pieces(source, made, AT + 60 * SECOND, closed=True)
    lines = media_playlist(shown, runs_of(source), Urls("/k", "/o"), closed=True).splitlines()
    assert lines.count("#EXT-X-DISCONTINUITY") == 0, "all renditions share one timeline"
    assert sum(line.startswith("#EXT-X-MAP") for line in lines) == 3


def test_a_rendition_is_offered_once_few_segments_are_missing() -> None:
    source = pieces(SOURCE, range(20))
    assert [complete(source, pieces(RUNG, range(n))) for n in (0, 15, 16, 20)] == [False, False, True, True]
    assert not complete(source[:2], []), "even with little video"
    main = main_playlist(source, [], rungs=[pieces(RUNG, range(20))])
    assert main.index("\nvideo.m3u8") < main.index("\nvideo-240p.m3u8")
    assert "RESOLUTION=426x240" in main


def test_a_camera_has_only_smaller_renditions() -> None:
    sizes = {lines: [step.rung for step in steps_below(lines)] for lines in (1080, 481, 480, 241, 240)}
    assert sizes == {
        1080: [Rung.P480, Rung.P240],
        481: [Rung.P480, Rung.P240],
        480: [Rung.P240],
        241: [Rung.P240],
        240: [],
    }


def test_the_ladder_encodes_in_order_and_skips_to_the_latest_after_a_delay() -> None:
    source = pieces(SOURCE, range(10))
    now = AT + 10 * SECOND
    assert due(source, pieces(RUNG, range(8)), now) == (source[8], [])
    assert due(source, pieces(RUNG, range(3)), now) == (source[9], source[3:9])
    assert due(source, [], now) == (source[9], []), "the camera has just begun"
    assert due(source, pieces(RUNG, range(3)), now + 2 * LATE_MAX) == (None, []), "a camera that ended causes no delay"


def test_a_segment_is_encoded_only_if_players_still_wait_for_it() -> None:
    source = pieces(SOURCE, [0])
    latest = source[0].segment.ends_at + LATE_MAX - ENCODE_TIME_MAX
    assert due(source, [], latest) == (source[0], [])
    assert due(source, [], latest + 0.1 * SECOND) == (None, [])


def test_a_rendition_waits_only_for_segments_that_may_still_be_encoded() -> None:
    source, now = pieces(SOURCE, range(10)), AT + 10 * SECOND
    shown_pieces = rung_pieces(source, pieces(RUNG, range(7)), now, closed=False)
    assert [piece.track.rung for piece in shown_pieces] == [Rung.P240] * 7
    assert rung_pieces(source, pieces(RUNG, range(7)), now, closed=True)[7:] == source[7:], (
        "no segment is encoded any more"
    )
    late = rung_pieces(source, pieces(RUNG, range(4)), now, closed=False)
    assert late[4:] == source[4:5], "the fifth second is too late, the sixth is not"
    left_out = rung_pieces(source, pieces(RUNG, [0, 1, 9]), now, closed=False)
    assert left_out[2:9] == source[2:9], "skipped segments are not awaited"
    assert len(left_out) == 10


def test_the_id_of_a_rendition_is_repeatable_and_near_its_source() -> None:
    source = new_id()
    ids = {derived_id(source, rung) for rung in Rung}
    assert ids == {derived_id(UUID(str(source)), rung) for rung in Rung}
    assert len(ids) == 3
    assert {id_.hex[:12] for id_ in ids} == {source.hex[:12]}
    assert {id_.version for id_ in ids} == {8}


# --- the encoded segments ------------------------------------------------------------------------------------------


def test_a_rendition_shows_the_same_clock_at_the_same_times() -> None:
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


def test_captions_and_descriptions_use_presentation_times_of_reordered_frames() -> None:
    init, fragments = small_film().init, small_film().fragments
    assert fragments[0].at_s == pytest.approx(0.08), "frames are sent two frames before presentation"
    times = [first_presentation_s(init.data + fragment.data) for fragment in fragments]
    assert times == pytest.approx([fragment.at_s for fragment in fragments])


def test_real_video_has_both_renditions_with_even_width_and_similar_pictures() -> None:
    real = cut(encoded(islice(frames_of_film(footage("bigbuckbunny.mp4")), 25)))
    for fragment in real.fragments:
        made = transcoded(real.init.data, fragment.data, STEPS)
        assert [(segment.rung, segment.width, segment.height) for segment in made] == [
            (Rung.P480, 854, 480),
            (Rung.P240, 426, 240),
        ]
        assert made[0].fragment != made[1].fragment
        source = shown(real.init.data, fragment.data)
        for segment in made:
            assert colours(segment.init + segment.fragment) == (1, 1, 1), "the default of players for large pictures"
            for frame, rung in zip(source, shown(segment.init, segment.fragment), strict=True):
                small = (
                    VideoFrame.from_ndarray(frame.luma, format="gray")
                    .reformat(segment.width, segment.height)
                    .to_ndarray()
                )
                assert frame.at == rung.at
                assert np.abs(small.astype(int) - rung.luma).mean() < 6, "mean error of 255"


async def test_objects_stored_by_a_killed_ladder_are_kept_and_recorded_by_the_next(works: "Works") -> None:
    source = await works.archive.keep("main", small_film(), AT, programme=True)
    works.clock.set(AT + 4 * SECOND)
    lost = derived_id(source[0].segment.id, Rung.P240)
    await works.archive.footage.put_once(lost, b"of a killed ladder")
    assert await works.until_idle() == 4
    assert (await works.made("main"))[0].segment.id == lost
    assert await works.archive.footage.get(lost) == b"of a killed ladder"


@given(st.binary(max_size=300), st.integers(0, 4000))
def test_a_segment_without_video_is_refused_by_the_transcoder(noise: bytes, cut_at: int) -> None:
    init, (fragment, *_) = small_film().init, small_film().fragments
    head = boxes(fragment.data)[0][1]
    for data in (noise, head[: min(cut_at, len(head) - 1)], head):
        with pytest.raises(UnreadableMedia):
            transcoded(init.data, data, STEPS)


# --- the running ladder --------------------------------------------------------------------------------------------


class Works:
    """A ladder over stored footage."""

    def __init__(self, config: Config, db: Database, clock: FakeClock) -> None:
        self.archive = Archive(db, Footage(config.objects_at), MediaVault([config.secret]))
        self.clock = clock
        self.db = db

    def ladder(self) -> Ladder:
        return Ladder(db=self.db, clock=self.clock, footage=self.archive.footage, vault=self.archive.vault)

    async def until_idle(self) -> int:
        """Run the ladder until it is idle; return how many segments it encoded."""
        ladder, turns = self.ladder(), 0
        while await ladder.turn():
            turns += 1
        return turns

    async def made(self, camera: str) -> list[Piece]:
        async with self.db.connection() as conn:
            found = await store.pieces_by_kind(
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


async def test_programme_cameras_are_encoded_live_and_others_once_a_clip_shows_them(works: Works) -> None:
    works.clock.set(AT + 4 * SECOND)
    source = await works.archive.keep("main", small_film(), AT, programme=True)
    await works.archive.keep("behind-goal", small_film(), AT)
    assert await works.until_idle() == 4
    made = await works.made("main")
    assert [piece.segment.at for piece in made] == [piece.segment.at for piece in source]
    assert [len(frames) for frames in [shown(*await works.archive.open(piece)) for piece in made]] == [25] * 4
    assert await works.made("behind-goal") == []
    await works.publish("main", "behind-goal")
    assert await works.until_idle() == 4
    assert len(await works.made("behind-goal")) == 4
    assert await works.until_idle() == 0
    async with works.db.connection() as conn:
        assert await conn.fetchval("select laddered_at from replay.clip") is None, "more segments may arrive"


async def test_a_delayed_ladder_skips_to_the_latest_segment_and_reports_the_skipped_ones(works: Works) -> None:
    source = await works.archive.keep("main", small_film(), AT, programme=True)
    works.clock.set(AT + SECOND)
    ladder = works.ladder()
    assert await ladder.turn()
    works.clock.set(source[2].segment.at + SECOND + LATE_MAX)
    assert await works.state() == {"seconds_behind": 3, "seconds_left_out": 0}
    while await ladder.turn():
        pass
    assert [piece.segment.at for piece in await works.made("main")] == [source[n].segment.at for n in (0, 3)]
    assert ladder.skipped == 2
    assert await works.state() == {"seconds_behind": 0, "seconds_left_out": 2}
    await works.publish("main")
    assert await works.until_idle() == 2, "skipped segments of a clip are encoded later"


async def test_a_segment_without_its_object_delays_no_others(works: Works) -> None:
    source = await works.archive.keep("main", small_film(), AT, programme=True)
    await works.archive.footage.put(source[1].segment.id, b"another content")
    works.clock.set(AT + 4 * SECOND)
    await works.until_idle()
    assert [piece.segment.at for piece in await works.made("main")] == [source[n].segment.at for n in (0, 2, 3)]
    clip = await works.publish("main")
    works.clock.set(clip.to_at + timedelta(minutes=1))
    await works.until_idle()
    async with works.db.connection() as conn:
        assert await conn.fetchval("select laddered_at from replay.clip") == works.clock.now()
