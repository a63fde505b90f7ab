"""Segmenting packet by packet: accepted and refused streams."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from io import BytesIO
from typing import Any

import av
import pytest
from av.container import InputContainer

from benchmarks.camera_output import RATE, pictures, sounds
from tests.media.replay.archive import shown
from virage.media.replay.ingest import segmenter
from virage.media.replay.ingest.health import Health
from virage.media.replay.ingest.segmenter import Fragment, Init, Take, TakeEnds
from virage.media.replay.ingest.synthetic import read_clock
from virage.media.replay.rules.cameras import SHOWN_FOR, Fault
from virage.media.replay.rules.media import Kind

NOW = datetime(2026, 5, 9, 19, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CLOSED = f"keyint={RATE}:min-keyint={RATE}:scenecut=0:open-gop=0:bframes=0"
LONG = CLOSED.replace(f"={RATE}", f"={2 * RATE}")


@cache
def sent(picture: str = "libx264", gop: str = CLOSED, sound: str = "aac") -> bytes:
    """Return four seconds of a camera as MPEG-TS, from time zero."""
    file = BytesIO()
    with av.open(file, "w", format="mpegts") as out:
        video: Any = out.add_stream(picture, rate=RATE)
        audio: Any = out.add_stream(sound, rate=48_000, layout="mono")
        frames = list(pictures(4))
        video.width, video.height, video.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
        video.options = {"x264-params": gop} if picture == "libx264" else {}
        packets = []
        for number, frame in enumerate(frames):
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            packets += video.encode(frame)
        packets += video.encode(None)
        for heard in sounds(4):
            packets += audio.encode(heard)
        for packet in sorted([*packets, *audio.encode(None)], key=lambda packet: packet.dts * packet.time_base):
            out.mux(packet)
    return file.getvalue()


def packets(take: Take, source: InputContainer) -> Iterator[Any]:
    return (packet for packet in source.demux(take.streams) if packet.dts is not None)


def opened(data: bytes) -> InputContainer:
    source = av.open(BytesIO(data), format="mpegts")
    assert isinstance(source, InputContainer)
    return source


def later(packet: Any, seconds: float) -> Any:
    """Return a packet with a shifted clock."""
    packet.dts, packet.pts = (at + round(seconds / packet.time_base) for at in (packet.dts, packet.pts))
    return packet


def segmented(
    data: bytes, change: Callable[[int, Any], Any] = lambda _, packet: packet
) -> tuple[list[Init | Fragment], Fault | None]:
    """Return the released parts of a stream, and the fault that ended the take."""
    released: list[Init | Fragment] = []
    with opened(data) as source:
        try:
            take = Take(source)
            for number, packet in enumerate(packets(take, source)):
                released += take.put(change(number, packet))[1]
        except TakeEnds as ends:
            return released, ends.fault
    return released, None


@pytest.mark.parametrize(
    ("how", "fault"),
    [
        ({"gop": LONG}, Fault.GOP_TOO_LONG),
        ({"picture": "mpeg2video"}, Fault.NO_H264),
    ],
    ids=["a key frame every two seconds", "no H.264"],
)
def test_nothing_of_an_unsupported_encoder_is_stored_and_the_fault_is_reported(
    how: dict[str, str], fault: Fault
) -> None:
    assert segmented(sent(**how)) == ([], fault)


def test_a_frame_sent_after_and_shown_before_a_key_frame_means_an_open_gop() -> None:
    keys: list[int] = []

    def opening(_: int, packet: Any) -> Any:
        if packet.stream.type == "video" and packet.is_keyframe:
            keys.append(packet.pts)
        elif packet.stream.type == "video" and len(keys) > 1:
            packet.pts = keys[-1] - 1
        return packet

    assert segmented(sent(), opening) == ([], Fault.GOP_OPEN)


def test_an_oversized_segment_ends_the_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segmenter, "BOX_BYTES_MAX", 5_000)
    assert segmented(sent())[1] is Fault.TOO_LARGE


def test_nothing_is_released_before_the_second_gop_is_complete() -> None:
    with opened(sent()) as source:
        take = Take(source)
        released = [(at_s, parts) for at_s, parts in (take.put(packet) for packet in packets(take, source)) if parts]
    first_at_s, first = released[0]
    assert first_at_s == pytest.approx(2)
    assert [part.kind for part in first if isinstance(part, Init)] == [Kind.VIDEO, Kind.AUDIO]
    assert len([part for part in first if isinstance(part, Fragment) and part.kind is Kind.VIDEO]) == 2


def test_unsupported_audio_is_dropped_and_the_video_is_stored() -> None:
    with opened(sent(sound="mp2")) as source:
        take = Take(source)
        parts = [part for packet in packets(take, source) for part in take.put(packet)[1]] + take.close()
    assert {part.kind for part in parts} == {Kind.VIDEO}


@pytest.mark.parametrize("jump_s", [2.0, -2.0])
def test_a_clock_jump_in_either_direction_ends_the_take(jump_s: float) -> None:
    _, fault = segmented(sent(), lambda number, packet: later(packet, jump_s if number > 150 else 0.0))
    assert fault is Fault.CLOCK_JUMPED


def test_audio_that_is_out_of_sync_or_repeated_is_dropped() -> None:
    taken: dict[float, list[bool]] = {0.0: [], 5.0: [], -5.0: [], -0.5: []}
    with opened(sent()) as source:
        take = Take(source)
        picture, _ = (stream.index for stream in take.streams)
        for number, packet in enumerate(packets(take, source)):
            if packet.stream_index == picture:
                take.put(packet)
            else:
                by_s = list(taken)[number % 4] if number > 150 else 0.0
                at_s, _ = take.put(later(packet, by_s))
                if number > 150:
                    taken[by_s].append(at_s is not None)
    assert [set(each) for each in taken.values()] == [{True}, {False}, {False}, {False}]


def test_a_take_starts_at_the_first_key_frame() -> None:
    with opened(sent()) as source:
        take = Take(source)
        parts = [part for packet in list(packets(take, source))[10:] for part in take.put(packet)[1]] + take.close()
    init = next(part for part in parts if isinstance(part, Init) and part.kind is Kind.VIDEO)
    first = next(part for part in parts if isinstance(part, Fragment) and part.kind is Kind.VIDEO)
    assert first.at_s == 0
    frames = shown(init.data, first.data)
    assert [read_clock(frame.luma) for frame in frames] == [*range(1000, 2000, 40)]
    assert frames[0].at == 0
    assert min(part.at_s for part in parts if isinstance(part, Fragment)) >= 0


def test_a_fault_keeps_its_start_and_ends_with_the_first_picture() -> None:
    health = Health()
    health.take_ended(Fault.ENDED, NOW)
    health.take_ended(Fault.ENDED, NOW + SECOND)
    assert health.fault == (Fault.ENDED, NOW)
    health.take_ended(Fault.GOP_OPEN, NOW + 2 * SECOND)
    assert health.fault == (Fault.GOP_OPEN, NOW + 2 * SECOND)
    health.picture_received(NOW + 3 * SECOND)
    assert health.fault is None


def test_a_temporary_fault_is_shown_for_ten_seconds() -> None:
    health = Health()
    health.take_ended(Fault.CLOCK_JUMPED, NOW)
    health.picture_received(NOW + SHOWN_FOR - SECOND)
    assert health.fault == (Fault.CLOCK_JUMPED, NOW)
    health.picture_received(NOW + SHOWN_FOR)
    assert health.fault is None


def test_a_fault_of_the_store_precedes_that_of_the_camera_until_a_segment_is_stored() -> None:
    health = Health()
    health.store_failed(Fault.STORE_AWAY, NOW)
    health.take_ended(Fault.ENDED, NOW)
    health.store_failed(Fault.STORE_AWAY, NOW + SECOND)
    assert health.fault == (Fault.STORE_AWAY, NOW)
    health.store_failed(Fault.STORE_FULL, NOW + SECOND)
    assert health.fault == (Fault.STORE_FULL, NOW + SECOND)
    health.stored(NOW + 2 * SECOND)
    health.stored(NOW + SECOND)
    assert (health.fault, health.seen_at) == ((Fault.ENDED, NOW), NOW + 2 * SECOND), "the clock continues"
