"""What a clip is, by its rules alone: its playlists, its keys, its bounds."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from virage.kernel.ids import new_id
from virage.kernel.problems import Refused
from virage.replay.rules.clips import Clip, Mark, Reason, clip_of
from virage.replay.rules.media import KeyLost, Kind, MediaVault, Segment, Track, key_period, opened, sealed
from virage.replay.rules.playlists import Piece, Places, main_playlist, media_playlist, runs_of

AT = datetime(2026, 5, 9, 19, 59, 57, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def a_track(kind: Kind = Kind.VIDEO) -> Track:
    codecs = "avc1.64001f" if kind is Kind.VIDEO else "mp4a.40.2"
    return Track(new_id(), new_id(), "main", kind, codecs, 640, 360, AT)


def pieces(track: Track, *seconds: float, heavy: int = 100_000) -> list[Piece]:
    return [
        Piece(Segment(new_id(), track.id, AT + second * SECOND, 1000, heavy if second == 0 else 50_000), track)
        for second in seconds
    ]


PLACES = Places("/keys/1", "/objects")


def lines(*parts: Piece, closed: bool = True) -> list[str]:
    return media_playlist(parts, runs_of(parts), PLACES, closed=closed).splitlines()


def test_a_growing_clip_is_an_event_without_an_end_and_a_settled_one_ends() -> None:
    track = a_track()
    growing, settled = lines(*pieces(track, 0), closed=False), lines(*pieces(track, 0, 1))
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in growing
    assert "#EXT-X-ENDLIST" not in growing
    assert settled[-1] == "#EXT-X-ENDLIST"


def test_a_clip_that_grows_begins_as_it_began() -> None:
    track = a_track()
    first, *later = pieces(track, 0, 1, 2)
    growing = lines(first, closed=False)
    assert lines(first, *later, closed=False)[: len(growing)] == growing


def test_each_object_has_its_own_vector_and_the_key_of_its_hour() -> None:
    track = a_track()
    found = lines(*pieces(track, 0, 5))
    keys = [line for line in found if line.startswith("#EXT-X-KEY")]
    assert len({line.partition("IV=")[2] for line in keys}) == len(keys) == 2
    before, after = int(key_period(AT).timestamp()), int(key_period(AT + 5 * SECOND).timestamp())
    assert [f"/keys/1/main/{hour}" in line for hour, line in zip((before, after), keys, strict=True)] == [True, True]


def test_a_camera_that_came_back_begins_anew_after_a_discontinuity() -> None:
    first, second = a_track(), a_track()
    found = lines(*pieces(first, 0, 1), *pieces(second, 4))
    assert found.count("#EXT-X-DISCONTINUITY") == 1
    maps = [at for at, line in enumerate(found) if line.startswith("#EXT-X-MAP")]
    assert len(maps) == 2
    assert found[maps[1] - 1] == "#EXT-X-KEY:METHOD=NONE", "the key of the segment before would open it wrongly"
    assert lines(*pieces(first, 0, 3)).count("#EXT-X-DISCONTINUITY") == 1, "a gap within a take"
    assert "#EXT-X-DISCONTINUITY" not in lines(*pieces(first, 0, 1.02))


def test_times_that_were_put_right_break_nothing_and_sound_breaks_where_the_picture_does() -> None:
    video, audio = a_track(), a_track(Kind.AUDIO)
    audio = replace(audio, take_id=video.take_id)
    late = [pieces(track, 2.0, 2.0001, 2.0, 3.0, 4.0) for track in (video, audio)]  # all that had waited, at once
    assert [lines(*track).count("#EXT-X-DISCONTINUITY") for track in late] == [0, 0]
    seen, heard = pieces(video, 0, 1, 5, 6), pieces(audio, 0.06, 1.06, 2.06, 4.7, 5.7)
    found = media_playlist(heard, runs_of(seen), PLACES, closed=True).split("#EXT-X-DISCONTINUITY")
    assert [part.count("#EXTINF") for part in found] == [3, 2]
    back = a_track()
    unheard = media_playlist(heard, runs_of([*pieces(back, -9), *seen]), PLACES, closed=True)
    assert unheard.index("#EXT-X-DISCONTINUITY") < unheard.index("#EXTINF"), "the sound begins with the second run"


def test_the_main_playlist_names_picture_and_sound_and_the_heaviest_second() -> None:
    text = main_playlist(pieces(a_track(), 0, 1), pieces(a_track(Kind.AUDIO), 1), said=["fr", "en"], described=["fr"])
    assert 'CODECS="avc1.64001f,mp4a.40.2"' in text
    assert "BANDWIDTH=1200000" in text
    assert "RESOLUTION=640x360" in text
    assert 'LANGUAGE="fr",DEFAULT=NO,AUTOSELECT=NO,CHARACTERISTICS="public.accessibility.describes-video"' in text
    assert "#EXT-X-START:TIME-OFFSET=0" in text, "a clip that grows is played from its beginning"
    assert "#EXT-X-START" not in main_playlist(pieces(a_track(), 0), [], live=True)
    silent = main_playlist(pieces(a_track(), 0), [])
    assert "AUDIO" not in silent


@given(st.binary(max_size=200), st.binary(min_size=16, max_size=16))
def test_what_is_sealed_opens_with_its_key_and_id(data: bytes, key: bytes) -> None:
    object_id = new_id()
    assert opened(sealed(data, key, object_id), key, object_id) == data


@pytest.mark.parametrize(
    ("key", "object_id"), [(bytes(16), UUID(int=7)), (b"k" * 16, UUID(int=8))], ids=["another key", "another id"]
)
def test_what_is_sealed_is_noise_without_its_key_and_begins_with_noise_without_its_id(
    key: bytes, object_id: UUID
) -> None:
    data = b"a second of the match " * 50
    kept = sealed(data, b"k" * 16, UUID(int=7))
    assert b"match" not in kept
    try:
        found = opened(kept, key, object_id)
    except ValueError:
        found = b""  # as most wrong keys end: not even its padding is right
    assert found[:16] != data[:16]


def test_a_key_is_kept_under_the_deployments_secret_and_its_predecessors() -> None:
    old = MediaVault(["the old secret of the house"])
    kept = old.new("main", AT)
    key = old.open(kept, "main", AT)
    assert MediaVault(["a new secret of the house", "the old secret of the house"]).open(kept, "main", AT) == key
    for vault, camera in ((MediaVault(["a new secret of the house"]), "main"), (old, "other")):
        with pytest.raises(KeyLost):
            vault.open(kept, camera, AT)


def mark(seconds: float = 20, *cameras: str) -> Mark:
    return Mark(UUID(int=1), AT, AT + seconds * SECOND, list(cameras))


@pytest.mark.parametrize(
    ("wish", "seen", "reason"),
    [
        (mark(0), ["main"], Reason.CLIP_EMPTY),
        (mark(301), ["main"], Reason.CLIP_TOO_LONG),
        (mark(20), [], Reason.NO_PICTURE),
        (mark(20, "other"), ["main"], Reason.CAMERA_UNKNOWN),
    ],
)
def test_a_clip_that_would_show_nothing_is_refused(wish: Mark, seen: list[str], reason: Reason) -> None:
    found = clip_of(wish, UUID(int=2), seen, None)
    assert isinstance(found, Refused)
    assert found.reason == reason


def test_a_clip_opens_the_hour_before_it_where_its_first_segment_may_have_begun_and_no_other() -> None:
    hour = timedelta(hours=1)
    made = clip_of(Mark(UUID(int=1), AT + 4 * SECOND, AT + 20 * SECOND), UUID(int=2), ["main"], None)
    assert isinstance(made, Clip)
    began = key_period(AT)  # three seconds before the hour in which the clip begins
    assert [made.opens(began + number * hour) for number in (-1, 0, 1, 2)] == [False, True, True, False]


def test_a_clip_shows_all_cameras_that_saw_it_or_those_that_were_chosen() -> None:
    every, chosen = (
        clip_of(mark(20), UUID(int=2), ["main", "goal"], None),
        clip_of(mark(20, "goal"), UUID(int=2), ["main", "goal"], None),
    )
    assert isinstance(every, Clip)
    assert isinstance(chosen, Clip)
    assert (every.cameras, chosen.cameras) == (["main", "goal"], ["goal"])
