"""Rules of clips: playlists, keys, limits."""

import struct
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.site.programme.test_rules import an_event
from virage.media.replay.clip_media import moment_of
from virage.media.replay.rules.boxes import first_presentation_s, first_presentation_ticks
from virage.media.replay.rules.clips import (
    Clip,
    ClipRequest,
    ClipState,
    Reason,
    event_covers,
    matches,
    new_clip,
    refuse_release,
)
from virage.media.replay.rules.descriptions import Part, described_playlist
from virage.media.replay.rules.media import (
    KEY_BYTES,
    KeyLost,
    Kind,
    MediaVault,
    Segment,
    Track,
    key_period,
    opened,
    sealed,
)
from virage.media.replay.rules.playlists import Piece, Urls, in_order, main_playlist, media_playlist, runs_of
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

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


PLACES = Urls("/keys/1", "/objects")


def lines(*parts: Piece, closed: bool = True) -> list[str]:
    return media_playlist(parts, runs_of(parts), PLACES, closed=closed).splitlines()


def box(name: bytes, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return struct.pack(">I4s", 8 + len(data), name) + data


@pytest.mark.parametrize(
    ("decoded", "run", "shown"),
    [
        (struct.pack(">IQ", 1 << 24, 1 << 33), struct.pack(">III", 0x000, 1, 0), 1 << 33),
        (struct.pack(">II", 0, 900), struct.pack(">III", 0x000, 1, 0), 900),
        (struct.pack(">II", 0, 900), struct.pack(">IIIIIII", 0xF05, 1, 8, 0, 40, 5, 0) + struct.pack(">I", 90), 990),
        (struct.pack(">II", 0, 900), struct.pack(">IIi", 1 << 24 | 0x800, 1, -90), 810),
    ],
    ids=["long", "short", "shown later", "shown earlier"],
)
def test_presentation_time_is_read_from_each_form_of_a_segment(decoded: bytes, run: bytes, shown: int) -> None:
    segment = box(b"moof", box(b"mfhd", bytes(8)), box(b"traf", box(b"tfdt", decoded), box(b"trun", run)))
    assert first_presentation_ticks(segment) == shown
    for head in (struct.pack(">IIII", 0, 0, 0, 90), struct.pack(">IQQI", 1 << 24, 0, 0, 90)):
        init = box(b"moov", box(b"trak", box(b"mdia", box(b"mdhd", head))))
        assert first_presentation_s(init + segment) == shown / 90


def test_a_growing_clip_is_an_open_event_playlist_and_a_settled_one_is_closed() -> None:
    track = a_track()
    growing, settled = lines(*pieces(track, 0), closed=False), lines(*pieces(track, 0, 1))
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in growing
    assert "#EXT-X-ENDLIST" not in growing
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in settled
    assert settled[-1] == "#EXT-X-ENDLIST"


@pytest.mark.parametrize(("longest_ms", "target_s"), [(1040, 2), (2499, 2), (2500, 3), (3400, 3)])
def test_no_segment_exceeds_the_target_duration(longest_ms: int, target_s: int) -> None:
    short, long = pieces(a_track(), 0, 1)
    long = replace(long, segment=replace(long.segment, duration_ms=longest_ms))
    found = lines(short, long)
    assert f"#EXT-X-TARGETDURATION:{target_s}" in found
    assert [line for line in found if line.startswith("#EXTINF")] == [
        "#EXTINF:1.000,",
        f"#EXTINF:{longest_ms / 1000:.3f},",
    ]


def test_a_growing_clip_only_appends() -> None:
    track = a_track()
    first, *later = pieces(track, 0, 1, 2)
    growing = lines(first, closed=False)
    assert lines(first, *later, closed=False)[: len(growing)] == growing


def test_each_object_has_a_unique_vector_and_the_key_of_its_hour() -> None:
    track = a_track()
    found = lines(*pieces(track, 0, 5))
    keys = [line for line in found if line.startswith("#EXT-X-KEY")]
    assert len({line.partition("IV=")[2] for line in keys}) == len(keys) == 2
    assert [line.partition("TIME:")[2] for line in found if line.startswith("#EXT-X-PROGRAM-DATE-TIME")] == [
        "2026-05-09T19:59:57.000Z",
        "2026-05-09T20:00:02.000Z",
    ]
    before, after = int(key_period(AT).timestamp()), int(key_period(AT + 5 * SECOND).timestamp())
    assert [f"/keys/1/main/{hour}" in line for hour, line in zip((before, after), keys, strict=True)] == [True, True]


def test_a_reconnected_camera_continues_after_a_discontinuity() -> None:
    first, second = a_track(), a_track()
    found = lines(*pieces(first, 0, 1), *pieces(second, 4))
    assert found.count("#EXT-X-DISCONTINUITY") == 1
    maps = [at for at, line in enumerate(found) if line.startswith("#EXT-X-MAP")]
    assert len(maps) == 2
    assert found[maps[1] - 1] == "#EXT-X-KEY:METHOD=NONE", "the init segment is not encrypted"
    assert lines(*pieces(first, 0, 3)).count("#EXT-X-DISCONTINUITY") == 1, "a gap within a take"
    assert lines(*pieces(first, 0, 1), *pieces(second, 2)).count("#EXT-X-DISCONTINUITY") == 1, (
        "the camera reconnected at once"
    )
    assert "#EXT-X-DISCONTINUITY" not in lines(*pieces(first, 0, 1.02))


def test_corrected_times_cause_no_discontinuity_and_audio_follows_the_video() -> None:
    video, audio = a_track(), a_track(Kind.AUDIO)
    audio = replace(audio, take_id=video.take_id)
    late = [pieces(track, 2.0, 2.0001, 2.0, 3.0, 4.0) for track in (video, audio)]  # all waiting segments at once
    assert [lines(*track).count("#EXT-X-DISCONTINUITY") for track in late] == [0, 0]
    seen, heard = pieces(video, 0, 1, 5, 6), pieces(audio, 0.06, 1.06, 2.06, 4.7, 5.7)
    found = media_playlist(heard, runs_of(seen), PLACES, closed=True).split("#EXT-X-DISCONTINUITY")
    assert [part.count("#EXTINF") for part in found] == [3, 2]
    back = a_track()
    unheard = media_playlist(heard, runs_of([*pieces(back, -9, -5), *seen]), PLACES, closed=True)
    began = unheard.index("#EXTINF")
    assert unheard[:began].count("#EXT-X-DISCONTINUITY") == 2, "audio starts in the third run"
    early = media_playlist(pieces(audio, -1), runs_of([*pieces(back, -9), *seen]), PLACES, closed=True)
    assert early.count("#EXT-X-DISCONTINUITY") == 1, "early audio belongs to the same take"


def test_takes_stay_in_order_regardless_of_arrival_times() -> None:
    before, after = a_track(), a_track()
    last, first = pieces(before, 0, 1, 2.05), pieces(after, 2.0, 3)
    ordered = in_order(sorted([*last, *first], key=lambda piece: piece.segment.at))
    assert ordered == [*last, *first]
    assert lines(*ordered).count("#EXT-X-DISCONTINUITY") == 1


def test_the_multivariant_playlist_has_video_audio_and_peak_bandwidth() -> None:
    text = main_playlist(
        pieces(a_track(), 0, 1), pieces(a_track(Kind.AUDIO), 1), captions=["fr", "en"], described=["fr"]
    )
    assert 'CODECS="avc1.64001f,mp4a.40.2"' in text
    assert "BANDWIDTH=1200000" in text
    assert "RESOLUTION=640x360" in text
    assert 'LANGUAGE="fr",DEFAULT=NO,AUTOSELECT=NO,CHARACTERISTICS="public.accessibility.describes-video"' in text
    assert 'NAME="English",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=NO' in text, "captions are off by default"
    assert "#EXT-X-START:TIME-OFFSET=0" in text, "a growing clip is played from its start"
    assert "#EXT-X-START" not in main_playlist(pieces(a_track(), 0), [], live=True)
    silent = main_playlist(pieces(a_track(), 0), [])
    assert "AUDIO" not in silent
    described = main_playlist(pieces(a_track(), 0), [], described=["fr"])
    assert 'CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=640x360,AUDIO="sound"' in described


def test_a_description_has_the_discontinuities_and_keys_of_the_video() -> None:
    inits, hours = [new_id(), new_id()], [key_period(AT), key_period(AT + 5 * SECOND)]
    parts = [Part(run, inits[run != 0], new_id(), hours[run != 0], 1000) for run in (0, 0, 2)]
    found = described_playlist(parts, PLACES, "main").splitlines()[5:]
    keys = [f"/keys/1/main/{int(hours[part.run != 0].timestamp())}" for part in parts]
    seconds = [
        [f'#EXT-X-KEY:METHOD=AES-128,URI="{key}",IV=0x{part.id.hex}', "#EXTINF:1.000,", f"/objects/{part.id}"]
        for part, key in zip(parts, keys, strict=True)
    ]
    assert found == [
        f'#EXT-X-MAP:URI="/objects/{inits[0]}"',
        *seconds[0],
        *seconds[1],
        *["#EXT-X-DISCONTINUITY"] * 2,
        "#EXT-X-KEY:METHOD=NONE",
        f'#EXT-X-MAP:URI="/objects/{inits[1]}"',
        *seconds[2],
        "#EXT-X-ENDLIST",
    ]


@given(st.binary(max_size=200), st.binary(min_size=16, max_size=16))
def test_a_segment_is_decrypted_with_its_key_and_id(data: bytes, key: bytes) -> None:
    object_id = new_id()
    assert opened(sealed(data, key, object_id), key, object_id) == data


@pytest.mark.parametrize(
    ("key", "object_id"), [(bytes(16), UUID(int=7)), (b"k" * 16, UUID(int=8))], ids=["another key", "another id"]
)
def test_a_segment_is_not_decrypted_with_another_key_or_id(key: bytes, object_id: UUID) -> None:
    data = b"a second of the match " * 50
    kept = sealed(data, b"k" * 16, UUID(int=7))
    assert b"match" not in kept
    try:
        found = opened(kept, key, object_id)
    except ValueError:
        found = b""  # most wrong keys give invalid padding
    assert found[:16] != data[:16]


def test_the_key_period_is_independent_of_the_time_zone() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert key_period(elsewhere) == key_period(AT) == datetime(2026, 5, 9, 19, tzinfo=UTC)


def test_a_key_is_decrypted_with_current_and_previous_secrets() -> None:
    old = MediaVault(["the old secret of the deployment"])
    kept = old.new("main", AT)
    key = old.open(kept, "main", AT)
    assert (
        MediaVault(["the new secret of the deployment", "the old secret of the deployment"]).open(kept, "main", AT)
        == key
    )
    new = MediaVault(["the new secret of the deployment"])
    for vault, camera, at in ((new, "main", AT), (old, "other", AT), (old, "main", AT + timedelta(hours=1))):
        with pytest.raises(KeyLost):
            vault.open(kept, camera, at)
    both = MediaVault(["the new secret of the deployment", "the old secret of the deployment"])
    assert len(new.open(both.new("main", AT), "main", AT)) == KEY_BYTES, "new keys are encrypted with the new secret"


def mark(seconds: float = 20, *cameras: str) -> ClipRequest:
    return ClipRequest(UUID(int=1), AT, AT + seconds * SECOND, list(cameras))


@pytest.mark.parametrize(
    ("clip_request", "seen", "reason"),
    [
        (mark(0), ["main"], Reason.CLIP_EMPTY),
        (mark(301), ["main"], Reason.CLIP_TOO_LONG),
        (mark(20), [], Reason.NO_PICTURE),
        (mark(20, "other"), ["main"], Reason.CAMERA_UNKNOWN),
    ],
)
def test_an_empty_clip_is_refused(clip_request: ClipRequest, seen: list[str], reason: Reason) -> None:
    found = new_clip(clip_request, UUID(int=2), seen, None)
    assert isinstance(found, Refused)
    assert found.reason == reason


def test_a_clip_provides_the_previous_hour_only_where_its_first_segment_may_start_in_it() -> None:
    hour = timedelta(hours=1)
    made = new_clip(ClipRequest(UUID(int=1), AT + 4 * SECOND, AT + 20 * SECOND), UUID(int=2), ["main"], None)
    assert isinstance(made, Clip)
    began = key_period(AT)  # three seconds before the hour in which the clip begins
    assert [made.opens(began + number * hour) for number in (-1, 0, 1, 2)] == [False, True, True, False]


def test_a_clip_shows_all_cameras_with_video_or_the_chosen_ones() -> None:
    every, chosen = (
        new_clip(mark(20), UUID(int=2), ["main", "goal"], None),
        new_clip(mark(20, "goal"), UUID(int=2), ["main", "goal"], None),
    )
    assert isinstance(every, Clip)
    assert isinstance(chosen, Clip)
    assert (every.cameras, chosen.cameras) == (["main", "goal"], ["goal"])
    assert isinstance(new_clip(mark(300), UUID(int=2), ["main"], None), Clip), "five minutes are allowed"


def test_a_poster_shows_the_marked_moment_or_the_middle_of_the_clip() -> None:
    clip = Clip(UUID(int=1), UUID(int=2), AT, AT + 20 * SECOND, ["main"])
    published = (None, AT + 12 * SECOND, AT + 21 * SECOND, AT - SECOND)
    moments = [moment_of(replace(clip, published_at=at)) for at in published]
    assert moments == [AT + 10 * SECOND, AT + 12 * SECOND, AT + 10 * SECOND, AT + 10 * SECOND]


@pytest.mark.parametrize(
    ("state", "hours", "on"),
    [
        ("published", -2 - 24, True),
        ("published", -2 - 25, False),
        ("published", 2 + 24, True),
        ("published", 2 + 25, False),
        ("draft", 0, False),
        ("cancelled", 0, False),
    ],
)
def test_an_event_covers_video_from_a_day_before_doors_to_a_day_after_its_end(state: str, hours: int, on: bool) -> None:
    event = replace(an_event(), state=state)
    assert event_covers(event, event.starts_at + timedelta(hours=hours)) == on


def test_an_identical_request_has_the_same_event_time_entry_and_cameras() -> None:
    clip_request = ClipRequest(UUID(int=1), AT, AT + 20 * SECOND, ["main", "goal"], about=2)
    event = UUID(int=2)
    made = new_clip(clip_request, event, ["main", "goal", "side"], None)
    assert isinstance(made, Clip)
    assert matches(made, clip_request, event)
    assert matches(made, replace(clip_request, cameras=[]), event), "empty means all cameras"
    others = [
        replace(clip_request, from_at=AT - SECOND),
        replace(clip_request, to_at=AT + SECOND),
        replace(clip_request, about=3),
        replace(clip_request, cameras=["goal", "main"]),
    ]
    assert not any(matches(made, other, event) for other in others)
    assert not matches(made, clip_request, UUID(int=3))


@pytest.mark.parametrize("four_eyes", [True, False])
@pytest.mark.parametrize("shown_before", [True, False])
def test_the_marker_restores_a_clip_alone_only_without_four_eyes(four_eyes: bool, shown_before: bool) -> None:
    marker, other = UUID(int=7), UUID(int=8)
    clip = Clip(UUID(int=1), UUID(int=2), AT, AT + SECOND, ["main"], AT if shown_before else None, marked_by=marker)
    own = refuse_release(clip, marker, four_eyes=four_eyes)
    assert (own is None) == (shown_before and not four_eyes)
    assert refuse_release(clip, other, four_eyes=four_eyes) is None
    assert refuse_release(replace(clip, marked_by=None), None, four_eyes=four_eyes) is None, "a rule marked it"


def test_a_clip_settles_ten_seconds_after_its_end_and_its_state_follows_its_times() -> None:
    clip = Clip(UUID(int=1), UUID(int=2), AT, AT + 20 * SECOND, ["main"])
    assert [clip.settled(clip.to_at + seconds * SECOND) for seconds in (9, 10)] == [False, True]
    shown = replace(clip, published_at=AT)
    states = [
        variant.state for variant in (clip, shown, replace(shown, withdrawn_at=AT), replace(clip, withdrawn_at=AT))
    ]
    assert states == [ClipState.PROPOSED, ClipState.SHOWN, ClipState.WITHDRAWN, ClipState.WITHDRAWN]
