"""Audio descriptions in each camera's timeline."""

import wave
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from tests.media.replay.recorded_match import RecordedMatch, clocks, length_s, voice
from tests.media.replay.takes import record_take
from virage.media.replay.codecs.audio import RATE, SAMPLES_MAX, UnreadableMedia, samples
from virage.media.replay.rules.boxes import first_presentation_s
from virage.media.replay.rules.descriptions import BYTES_MAX
from virage.media.replay.rules.rights import Rights
from virage.platform.web.guard import Grant

SECOND = timedelta(seconds=1)


async def test_a_description_is_mixed_with_the_stadium_sound_in_each_cameras_timeline(recorded: RecordedMatch) -> None:
    now = recorded.world.clock.now()
    await recorded.store_take(record_take("main", now - 20 * SECOND, 29), record_take("side", now - 12 * SECOND, 4))
    await recorded.store_take(record_take("side", now - 6 * SECOND, 15))
    clip = await recorded.goal()
    assert (await recorded.describe(clip, "fr", voice(6))).json()["code"] == "clip_growing"
    assert await recorded.to_describe() == [(clip, 2, False, [])]
    recorded.clock.advance(19 * SECOND)
    assert await recorded.to_describe() == [(clip, 2, True, [])]
    assert (await recorded.describe(clip, "fr", voice(6))).status_code == 204
    assert (await recorded.ask(clip)).json()["described"] == ["fr"]
    assert await recorded.to_describe() == [(clip, 2, True, ["fr"])]
    for camera, runs in (("main", 1), ("side", 2)):
        main = (await recorded.ask(f"{clip}/{camera}/main.m3u8")).text
        assert 'URI="described-fr.m3u8"' in main
        picture, heard = (
            await recorded.opened(clip, camera, "video"),
            await recorded.opened(clip, camera, "described-fr"),
        )
        assert len(picture) == len(heard) == runs
        for seen, sound in zip(picture, heard, strict=True):
            assert abs(first_presentation_s(seen) - first_presentation_s(sound)) < 0.03
            assert abs(length_s(seen) - length_s(sound)) < 0.05
    (whole,), (_, second) = [await recorded.opened(clip, camera, "described-fr") for camera in ("main", "side")]
    first = samples(whole)
    late = np.abs(np.fft.rfft(samples(second)[: 4 * 48_000]))[[4 * 440, 4 * 1000]]
    assert late[0] < late[1], "the voice has ended before the second run"
    loud = np.abs(np.fft.rfft(first[: 4 * 48_000]))[[4 * 440, 4 * 1000]]
    assert loud[0] > loud[1] > 100, "the voice is louder than the stadium sound, which is still audible"
    await recorded.allow(Rights(download=True))
    for camera in ("main", "side"):
        kept = await recorded.ask(f"{clip}/{camera}/described/fr/clip.mp4")
        assert kept.headers["content-disposition"].endswith(f'-{camera}-fr.mp4"')
        assert len(clocks(kept.content)) == len(clocks((await recorded.ask(f"{clip}/{camera}/clip.mp4")).content))
        hum = np.abs(np.fft.rfft(samples(kept.content)[: 4 * 48_000]))[[4 * 440, 4 * 1000]]
        assert hum[0] > hum[1] > 100, "the description is in the file too"
    assert (await recorded.ask(f"{clip}/main/described/en/clip.mp4")).status_code == 404
    again = await recorded.describe(clip, "fr", voice(3, 500))
    assert again.status_code == 204, "another description replaces it"
    facts = await recorded.world.rows(
        "select data->>'locale' as locale from kernel.journal where what = 'clip_described'"
    )
    assert [fact["locale"] for fact in facts] == ["fr", "fr"]


def test_only_the_beginning_of_an_overlong_audio_file_is_decoded() -> None:
    file = BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(1)
        out.setframerate(8000)
        out.writeframes(bytes(8000 * 450))
    assert SAMPLES_MAX < len(samples(file.getvalue())) < SAMPLES_MAX + RATE


async def test_a_description_continues_where_the_stadium_sound_is_missing(recorded: RecordedMatch) -> None:
    now = recorded.world.clock.now()
    await recorded.store_take(record_take("main", now - 14 * SECOND, 6), record_take("main", now - 4 * SECOND, 14))
    clip = await recorded.goal()
    recorded.clock.advance(19 * SECOND)
    assert (await recorded.describe(clip, "fr", voice(6))).status_code == 204
    heard = [samples(run)[: 3 * 48_000] for run in await recorded.opened(clip, "main", "described-fr")]
    beeps = [np.abs(np.fft.rfft(sound))[3 * 1000] for sound in heard]
    assert beeps[0] > 100 > 10 * beeps[1], "the length of the gap is unknown"


def test_files_that_reference_others_or_block_or_last_hours_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret.wav").write_bytes(voice(1))
    monkeypatch.chdir(tmp_path)
    reads_ours = b"ffconcat version 1.0\nfile secret.wav\n"
    waits = b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 45678 RTP/AVP 0\n"
    slow = bytearray(voice(1))
    slow[24:28] = (1).to_bytes(4, "little")  # samples per second
    for data in (reads_ours, bytes(slow), waits):
        with pytest.raises(UnreadableMedia):
            samples(data)


async def test_an_invalid_description_is_refused_with_its_reason(recorded: RecordedMatch) -> None:
    now = recorded.world.clock.now()
    await recorded.store_take(record_take("main", now - 14 * SECOND, 23))
    clip = await recorded.goal()
    recorded.clock.advance(19 * SECOND)
    silent = voice(0.1)
    for data, code in (
        (b"no sound at all", "description_unreadable"),
        (b"", "description_unreadable"),
        ((await recorded.ask(f"{clip}/poster.jpg")).content, "description_unreadable"),
        (silent, "description_empty"),
        (voice(40), "description_too_long"),
    ):
        assert (await recorded.describe(clip, "en", data)).json()["code"] == code
    assert (await recorded.describe(clip, "it", voice(1))).status_code == 404
    ours, theirs = recorded.desk, Grant("describer", "event", recorded.world.their_event)
    recorded.desk = await recorded.world.signed_in("neighbour@example.org", theirs)
    assert (await recorded.describe(clip, "en", voice(1))).status_code == 404
    recorded.desk = ours
    assert (await recorded.describe(clip, "en", bytes(BYTES_MAX + 1))).status_code == 413
    assert (await recorded.ask(clip)).json()["described"] == []
    assert (await recorded.world.ask(ours, "POST", f"{clip}/withdraw")).status_code == 204
    assert (await recorded.describe(clip, "en", voice(1))).status_code == 404, "the clip was withdrawn"
    assert await recorded.to_describe() == []
