"""Recording times and comparison of cameras, by the rules alone."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from virage.cli.ingesting import source
from virage.media.replay.rules.alignment import CameraDelay, delays, flashes, grid, shift
from virage.media.replay.rules.cameras import DELAY_MS_MAX, SILENT_AFTER, CameraState, Fault
from virage.media.replay.rules.timing import Arrivals

NOW = datetime(2026, 5, 9, 19, tzinfo=UTC)
UNEVENLY = np.array([0.0, 700, 1000, 2300, 2900, 3300, 5100, 6000])


@given(
    st.floats(0, 5),
    st.floats(-1e-4, 1e-4),
    st.lists(st.floats(0, 0.8), min_size=200, max_size=400),
)
def test_recording_times_are_independent_of_jitter_and_quartz_drift(
    delay_s: float, drift: float, held_up_s: list[float]
) -> None:
    arrivals = Arrivals()
    for number, late_s in enumerate(held_up_s):
        media_s = number / 4
        prompt = number % 16 == 0
        arrived_s = 1000 + media_s * (1 + drift) + delay_s + (0.0 if prompt else late_s)
        arrivals.note(media_s, arrived_s)
        assert arrivals.arrived(media_s) - (1000 + media_s * (1 + drift) + delay_s) == pytest.approx(0, abs=0.012)


def test_a_slow_camera_clock_is_tracked_indefinitely() -> None:
    arrivals, drift = Arrivals(), 1e-4
    for media_s in range(1800):
        arrivals.note(media_s, media_s * (1 + drift) + 0.3 * (media_s % 4))
    assert arrivals.arrived(1799) == pytest.approx(1799 * (1 + drift), abs=0.012)


def test_a_delay_of_90_seconds_is_not_taken_for_clock_drift() -> None:
    arrivals = Arrivals()
    for media_s in range(190):
        arrivals.note(media_s, media_s + (0.8 if media_s >= 100 else 0.0))
    assert arrivals.arrived(189) == pytest.approx(189, abs=0.05)


@given(st.integers(-5000, 5000), st.lists(st.floats(-19, 19), min_size=8, max_size=8))
def test_the_delay_between_cameras_is_measured_by_common_flashes(late_ms: int, off: list[float]) -> None:
    found = shift(UNEVENLY, UNEVENLY + late_ms + np.array(off))
    assert found is not None
    assert found[0] == pytest.approx(late_ms, abs=20)
    assert found[1] == len(UNEVENLY)


@pytest.mark.parametrize(
    "theirs",
    [[], UNEVENLY[:5], 10_000 + 1000.0 * np.arange(8), UNEVENLY * 1.7, UNEVENLY + 11_000],
    ids=["none", "few", "even", "others", "later than any transport"],
)
def test_too_few_or_unrelated_flashes_give_no_delay(theirs: list[float]) -> None:
    assert shift(UNEVENLY, np.array(theirs)) is None


def test_coincidental_flashes_of_two_lamps_give_no_delay() -> None:
    chance = np.random.default_rng(7)
    ours, theirs = (np.array([*UNEVENLY, *chance.uniform(9_000, 60_000, 40)]) for _ in range(2))
    assert shift(ours, theirs) is None, "eight of 48 flashes coincide"


def test_ambiguous_flashes_give_no_delay() -> None:
    ours = np.array([1000.0 * second for second in range(12)])
    assert shift(ours, ours[1:] + 500) is None, "half a second late or early"


def test_a_lamp_is_detected_among_moving_objects() -> None:
    dark = np.full((360, 640), 90, np.uint8)
    player, lamp = dark.copy(), dark.copy()
    player[40:80, 40:80] = 150
    lamp[40:80, 80:120] = 255
    pictures = [dark, player, dark, lamp, lamp, dark, lamp]
    assert list(flashes_in(*pictures)) == [120, 240]
    assert list(flashes_in(dark, np.full_like(dark, 120), dark)) == [], "a passing cloud is no lamp"
    assert list(flashes_in(np.full_like(dark, 80), np.full_like(dark, 165), np.full_like(dark, 250))) == [40], (
        "a lamp that comes on over two frames flashes once"
    )


def flashes_in(*pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the times of flashes in pictures 40 ms apart (ms from the first)."""
    return flashes(
        np.array([40.0 * place for place in range(len(pictures))]), np.array([grid(picture) for picture in pictures])
    )


def test_delays_are_never_negative_and_unmeasured_cameras_keep_theirs() -> None:
    seen = [("main", UNEVENLY + 500), ("prompt", UNEVENLY), ("late", UNEVENLY + 800), ("blind", UNEVENLY[:2])]
    known = {"main": 0, "prompt": 0, "late": 100, "blind": 40}
    assert delays(known, seen) == [
        CameraDelay("main", 500, 8),
        CameraDelay("prompt", 0, 8),
        CameraDelay("late", 900, 8),
        CameraDelay("blind", None, 0),
    ]


def test_the_reference_camera_keeps_its_delay_and_delays_are_at_most_a_minute() -> None:
    seen = [("main", UNEVENLY), ("late", UNEVENLY + 5000)]
    assert delays({"main": 70, "late": 200}, seen) == [CameraDelay("main", 70, 8), CameraDelay("late", 5200, 8)]
    assert delays({"main": 70, "late": 58_000}, seen)[1] == CameraDelay("late", DELAY_MS_MAX, 8)


def test_a_camera_without_reports_of_its_ingest_is_silent() -> None:
    state = CameraState("main", True, 0, reported_at=NOW, seen_at=NOW)
    assert state.fault_by(NOW + SILENT_AFTER) == (None, None)
    assert state.fault_by(NOW + SILENT_AFTER + timedelta(seconds=1)) == (Fault.SILENT, NOW)
    assert CameraState("main", True, 0).fault_by(NOW) == (Fault.SILENT, None), "no ingest has started"


@pytest.mark.parametrize(
    ("camera", "url", "delay_ms"),
    [("Main", "tcp://h:1", None), ("main", "http://h/live", None), ("main", "tcp://h:1", -1)],
)
def test_a_camera_with_an_invalid_name_or_address_is_refused(camera: str, url: str, delay_ms: int | None) -> None:
    with pytest.raises(SystemExit):
        source(camera, url, programme=False, delay_ms=delay_ms)


@pytest.mark.parametrize(
    ("url", "is_open"),
    [
        ("rtmp://0.0.0.0:1935/live/main", True),
        ("rtmp://10.0.0.5:1935/live/SECRETKEY", True),
        ("rtmp://127.0.0.1:1935/live/main", False),
        ("tcp://0.0.0.0:9000?listen=1", True),
        ("tcp://:9000?listen=1", True),
        ("tcp://localhost:9000?listen=1", False),
        ("tcp://camera.example:9000", False),
        ("udp://0.0.0.0:9000", True),
        ("udp://239.1.2.3:9000", True),
        ("udp://127.0.0.1:9000?localaddr=0.0.0.0", True),
        ("udp://[::1]:9000", False),
        ("srt://:9000?mode=listener", True),
        ("srt://0.0.0.0:9000?mode=listener&passphrase=short", True),
        ("srt://:9000?mode=listener&passphrase=longenough", False),
        ("srt://127.0.0.1:9000?mode=listener", False),
        ("srt://camera.example:9000?mode=caller", False),
        ("film.ts", False),
    ],
)
def test_an_unauthenticated_public_listener_is_refused_unless_allowed(
    url: str, is_open: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert source("main", url, programme=True, delay_ms=None, allow_unauthenticated=True).is_open is is_open
    if is_open:
        with pytest.raises(SystemExit):
            source("main", url, programme=True, delay_ms=None)
        assert "Use SRT with a passphrase" in capsys.readouterr().err
    else:
        assert source("main", url, programme=True, delay_ms=None).url == url
