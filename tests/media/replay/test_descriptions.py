"""Audio descriptions in each camera's timeline."""

import wave
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from tests.media.replay.recorded_match import Filmed, clocks, length_s, voice
from tests.media.replay.reel import shot
from virage.media.replay.codecs.audio import RATE, SAMPLES_MAX, UnreadableMedia, samples
from virage.media.replay.rules.boxes import first_presentation_s
from virage.media.replay.rules.descriptions import BYTES_MAX
from virage.media.replay.rules.rights import Rights
from virage.platform.web.guard import Grant

SECOND = timedelta(seconds=1)


async def test_a_description_is_mixed_with_the_stadium_sound_in_each_cameras_timeline(filmed: Filmed) -> None:
    now = filmed.world.clock.now()
    await filmed.lay(shot("main", now - 20 * SECOND, 29), shot("side", now - 12 * SECOND, 4))
    await filmed.lay(shot("side", now - 6 * SECOND, 15))
    clip = await filmed.goal()
    assert (await filmed.describe(clip, "fr", voice(6))).json()["code"] == "clip_growing"
    assert await filmed.to_describe() == [(clip, 2, False, [])]
    filmed.clock.advance(19 * SECOND)
    assert await filmed.to_describe() == [(clip, 2, True, [])]
    assert (await filmed.describe(clip, "fr", voice(6))).status_code == 204
    assert (await filmed.ask(clip)).json()["described"] == ["fr"]
    assert await filmed.to_describe() == [(clip, 2, True, ["fr"])]
    for camera, runs in (("main", 1), ("side", 2)):
        main = (await filmed.ask(f"{clip}/{camera}/main.m3u8")).text
        assert 'URI="described-fr.m3u8"' in main
        picture, heard = await filmed.opened(clip, camera, "video"), await filmed.opened(clip, camera, "described-fr")
        assert len(picture) == len(heard) == runs
        for seen, sound in zip(picture, heard, strict=True):
            assert abs(first_presentation_s(seen) - first_presentation_s(sound)) < 0.03
            assert abs(length_s(seen) - length_s(sound)) < 0.05
    (whole,), (_, second) = [await filmed.opened(clip, camera, "described-fr") for camera in ("main", "side")]
    first = samples(whole)
    late = np.abs(np.fft.rfft(samples(second)[: 4 * 48_000]))[[4 * 440, 4 * 1000]]
    assert late[0] < late[1], "the voice has ended before the second run"
    loud = np.abs(np.fft.rfft(first[: 4 * 48_000]))[[4 * 440, 4 * 1000]]
    assert loud[0] > loud[1] > 100, "the voice is louder than the stadium sound, which is still audible"
    await filmed.allow(Rights(download=True))
    for camera in ("main", "side"):
        kept = await filmed.ask(f"{clip}/{camera}/described/fr/clip.mp4")
        assert kept.headers["content-disposition"].endswith(f'-{camera}-fr.mp4"')
        assert len(clocks(kept.content)) == len(clocks((await filmed.ask(f"{clip}/{camera}/clip.mp4")).content))
        hum = np.abs(np.fft.rfft(samples(kept.content)[: 4 * 48_000]))[[4 * 440, 4 * 1000]]
        assert hum[0] > hum[1] > 100, "the description is in the file too"
    assert (await filmed.ask(f"{clip}/main/described/en/clip.mp4")).status_code == 404
    again = await filmed.describe(clip, "fr", voice(3, 500))
    assert again.status_code == 204, "another takes its place"
    facts = await filmed.world.rows(
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


async def test_a_description_continues_where_the_stadium_sound_is_missing(filmed: Filmed) -> None:
    now = filmed.world.clock.now()
    await filmed.lay(shot("main", now - 14 * SECOND, 6), shot("main", now - 4 * SECOND, 14))
    clip = await filmed.goal()
    filmed.clock.advance(19 * SECOND)
    assert (await filmed.describe(clip, "fr", voice(6))).status_code == 204
    heard = [samples(run)[: 3 * 48_000] for run in await filmed.opened(clip, "main", "described-fr")]
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


async def test_an_invalid_description_is_refused_with_its_reason(filmed: Filmed) -> None:
    now = filmed.world.clock.now()
    await filmed.lay(shot("main", now - 14 * SECOND, 23))
    clip = await filmed.goal()
    filmed.clock.advance(19 * SECOND)
    silent = voice(0.1)
    for data, code in (
        (b"no sound at all", "description_unreadable"),
        (b"", "description_unreadable"),
        ((await filmed.ask(f"{clip}/poster.jpg")).content, "description_unreadable"),
        (silent, "description_empty"),
        (voice(40), "description_too_long"),
    ):
        assert (await filmed.describe(clip, "en", data)).json()["code"] == code
    assert (await filmed.describe(clip, "de", voice(1))).status_code == 400
    ours, theirs = filmed.desk, Grant("describer", "event", filmed.world.their_event)
    filmed.desk = await filmed.world.signed_in("neighbour@example.org", theirs)
    assert (await filmed.describe(clip, "en", voice(1))).status_code == 404
    filmed.desk = ours
    assert (await filmed.describe(clip, "en", bytes(BYTES_MAX + 1))).status_code == 413
    assert (await filmed.ask(clip)).json()["described"] == []
    assert (await filmed.world.ask(ours, "POST", f"{clip}/withdraw")).status_code == 204
    assert (await filmed.describe(clip, "en", voice(1))).status_code == 404, "it was taken down"
    assert await filmed.to_describe() == []
