"""Posters, captions and files of clips, with the whole application and real footage."""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from itertools import pairwise
from typing import Any

import av
import httpx
import numpy as np
import pytest
from av.container import InputContainer
from msgspec.structs import replace

from benchmarks.camera_output import encoded, pictures
from tests.media.live.test_rules import TEAMS
from tests.media.replay.archive import cut
from tests.media.replay.recorded_match import RecordedMatch, clocks, voice
from tests.media.replay.takes import encoded_take, record_take
from tests.media.replay.test_goal_replay import luma
from virage.media.live.acts import publishing as live
from virage.media.replay.codecs import mp4, stills
from virage.media.replay.codecs.audio import samples
from virage.media.replay.codecs.mp4 import RunMedia
from virage.media.replay.footage import RENDERS_MAX
from virage.media.replay.ingest.synthetic import read_clock
from virage.media.replay.rules.media import Kind
from virage.media.replay.rules.rights import Networks, Rights
from virage.platform.values.ids import new_id

SECOND = timedelta(seconds=1)
KEPT_BY_PHONES = "public, max-age=60, s-maxage=1"


async def test_the_poster_shows_the_marked_moment_and_never_changes(recorded: RecordedMatch) -> None:
    now = recorded.world.clock.now()
    await recorded.store_take(record_take("main", now - 14 * SECOND, 14))
    clip = await recorded.goal()
    poster = await recorded.ask(f"{clip}/poster.jpg")
    assert (poster.headers["content-type"], poster.headers["cache-control"]) == ("image/jpeg", KEPT_BY_PHONES)
    with av.open(BytesIO(poster.content)) as picture:
        assert isinstance(picture, InputContainer)
        (frame,) = picture.decode(video=0)
        assert (frame.width, frame.height) == (640, 360)
    assert 0 <= now.timestamp() * 1000 - read_clock(luma(frame)) <= 1100
    await recorded.store_take(record_take("main", now, 9))
    assert (await recorded.ask(f"{clip}/poster.jpg")).content == poster.content
    (object_,) = (await recorded.world.rows("select poster_id from replay.clip"))[0]
    stored = await recorded.ask(f"/api/replay/objects/{object_}")
    assert len(stored.content) > len(poster.content)
    assert poster.content[:16] not in stored.content, "the stored poster is encrypted"


async def test_the_start_response_has_all_that_a_player_needs_before_the_first_picture(
    recorded: RecordedMatch,
) -> None:
    now = recorded.world.clock.now()
    await recorded.store_take(record_take("main", now - 400 * SECOND, 2), record_take("main", now - 14 * SECOND, 14))
    clip = await recorded.goal()
    start = (await recorded.ask(f"{clip}/start")).json()
    assert start["clip"] == (await recorded.ask(clip)).json()
    assert sorted(start["playlists"]) == [f"{clip}/main/{name}.m3u8" for name in ("audio", "main", "video")]
    for address, text in start["playlists"].items():
        assert (await recorded.ask(address)).text == text
    await recorded.world.rows("update replay.clip set from_at = $1", now - 100 * SECOND)
    long = (await recorded.ask(f"{clip}/start")).json()["playlists"]
    assert list(long) == [f"{clip}/main/main.m3u8"], "track playlists of long clips are requested on demand"
    await recorded.world.rows("delete from replay.segment")
    assert (await recorded.ask(f"{clip}/start")).json()["playlists"] == {}


async def test_captions_show_feed_entries_at_their_time_in_both_languages(recorded: RecordedMatch) -> None:
    now = recorded.world.clock.now()
    await recorded.store_take(record_take("main", now - 20 * SECOND, 22))
    clip = await recorded.goal()
    main = (await recorded.ask(f"{clip}/main/main.m3u8")).text
    assert re.findall(r'TYPE=SUBTITLES.*LANGUAGE="(..)"', main) == ["fr", "en"]
    for locale, words in (("fr", "But pour"), ("en", "Goal for")):
        playlist = (await recorded.ask(f"{clip}/main/captions-{locale}.m3u8")).text
        pieces = [line for line in playlist.splitlines() if not line.startswith("#")]
        assert len(pieces) == (await recorded.ask(f"{clip}/main/video.m3u8")).text.count("#EXTINF")
        answers = [await recorded.ask(f"{clip}/main/{piece}") for piece in pieces]
        assert {answer.headers["cache-control"] for answer in answers} == {"public, max-age=1"}
        texts = [answer.text for answer in answers]
        assert (await recorded.ask(f"{clip}/main/captions/{locale}/{new_id()}")).status_code == 404
        # the first segment of the clip is second 8 of its take, where the time of the player starts
        assert all("X-TIMESTAMP-MAP=MPEGTS:720000,LOCAL:00:00:00.000" in text for text in texts)
        found = [number for number, text in enumerate(texts) if words in text]
        assert found == list(range(12, len(pieces)))[:6]
        assert "00:00:12.000 --> 00:00:18.000" in texts[12]
        assert ", 1\N{PRIME}" in texts[12]


async def test_a_clip_is_downloaded_as_a_playable_file_where_its_rights_allow(recorded: RecordedMatch) -> None:
    now = recorded.world.clock.now()
    await recorded.store_take(record_take("main", now - 14 * SECOND, 6), record_take("main", now - 6 * SECOND, 14))
    clip = await recorded.goal()
    refused = await recorded.ask(f"{clip}/main/clip.mp4")
    assert refused.json()["code"] == "replay_download_not_allowed"
    await recorded.allow(Rights(download=True))
    answer = await recorded.ask(f"{clip}/main/clip.mp4")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "video/mp4"
    assert re.fullmatch(r'attachment; filename="[0-9-]+-main\.mp4"', answer.headers["content-disposition"])
    shown = clocks(answer.content)
    assert shown == sorted(shown)
    assert len(shown) == (4 + 14) * 25, "video from before and after the gap"
    with av.open(BytesIO(answer.content)) as file:
        assert isinstance(file, InputContainer)
        times = [float(frame.time or 0) for frame in file.decode(video=0)]
        assert {round(1000 * (after - before)) for before, after in pairwise(times)} == {40}
        assert [stream.codec_context.name for stream in file.streams] == ["h264", "aac"]
        assert file.streams.video[0].start_time == 0


async def test_a_link_to_a_public_clip_has_a_preview_without_scripts(
    recorded: RecordedMatch,
) -> None:
    teams = replace(TEAMS, home=replace(TEAMS.home, name='"><script>'))
    async with recorded.world.db.transaction() as conn:
        await live.set_teams(conn, recorded.world.event, teams, None, recorded.world.clock.now(), revision=1)
    await recorded.store_take(record_take("main", recorded.world.clock.now() - 14 * SECOND, 14))
    clip = await recorded.goal()
    page = (await recorded.ask(f"/r/{clip.rpartition('/')[2]}")).text
    tags = dict(re.findall(r'<meta property="([^"]+)" content="([^"]+)">', page))
    assert tags["og:title"].startswith("But pour &quot;&gt;&lt;script&gt;")
    assert tags["og:description"] == "Un match"
    own = {"kind": "goal", "side": "home", "manner": "own"}
    await recorded.tell({"kind": "corrected", "about": 2, "content": own})
    assert "But contre son camp" in (await recorded.ask(f"/r/{clip.rpartition('/')[2]}")).text
    image = httpx.URL(tags["og:image"])
    assert (await recorded.ask(image.path)).headers["content-type"] == "image/jpeg"
    for rights in (Rights(share=False), Rights(from_at=recorded.world.clock.now() + SECOND)):
        await recorded.world.rows("delete from replay.rights")
        await recorded.allow(rights)
        answer = await recorded.ask(f"/r/{clip.rpartition('/')[2]}")
        assert answer.status_code == 200
        assert "og:image" not in answer.text
        assert "But pour" not in answer.text
    await recorded.world.rows("delete from replay.rights")
    await recorded.allow(Rights(where=Networks(["127.0.0.0/8"])))
    here = await recorded.ask(f"/r/{clip.rpartition('/')[2]}")
    assert "og:image" in here.text
    assert here.headers["cache-control"] == "no-store", "no shared cache stores it"
    assert (await recorded.ask(f"/r/{new_id()}")).status_code == 404
    await recorded.world.rows("update replay.clip set withdrawn_at = published_at, entry = null")
    gone = await recorded.ask(f"/r/{clip.rpartition('/')[2]}")
    assert (gone.status_code, gone.headers["content-type"]) == (410, "text/html; charset=utf-8"), (
        "the app explains the reason"
    )
    assert "But pour" not in gone.text


def test_a_file_has_only_audio_under_its_video_and_only_one_encoding() -> None:
    parts = encoded_take(0, 6)
    video, audio = ([part for part in parts if part.kind is kind] for kind in (Kind.VIDEO, Kind.AUDIO))
    # the audio starts before the video, and ends after it
    run = RunMedia(b"".join(part.data for part in (video[0], *video[2:5])), b"".join(part.data for part in audio))
    other = cut(encoded(pictures(1)))
    strange = RunMedia(other.init.data + other.fragments[0].data, None)
    made = mp4.joined([run, strange, run])
    assert clocks(made) == [*range(1000, 4000, 40)] * 2
    heard = np.abs(samples(made)).reshape(-1)[: 6 * 48_000 - 4096]
    assert len(samples(made)) == pytest.approx(6 * 48_000, abs=2 * 1024)
    loud = [heard[second * 48_000 + 2000 : second * 48_000 + 4000].mean() for second in range(6)]
    quiet = [heard[second * 48_000 + 24_000 : second * 48_000 + 40_000].mean() for second in range(6)]
    assert min(loud) > 10 * max(quiet), "it beeps at the start of each second"


class AtOnce:
    """A wrapper that counts calls and simultaneous calls."""

    def __init__(self, call: Callable[..., bytes]) -> None:
        self._call, self._now = call, 0
        self.calls = self.most = 0

    def __call__(self, *given: Any) -> bytes:
        self._now += 1
        self.calls, self.most = self.calls + 1, max(self.most, self._now)
        made = self._call(*given)
        self._now -= 1
        return made


async def test_simultaneous_requests_for_a_poster_or_file_use_bounded_memory(
    recorded: RecordedMatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    await recorded.store_take(record_take("main", recorded.world.clock.now() - 14 * SECOND, 23))
    clip = await recorded.goal()
    await recorded.allow(Rights(download=True))
    recorded.clock.advance(19 * SECOND)
    pictures, mp4s = AtOnce(stills.jpeg), AtOnce(mp4.joined)
    monkeypatch.setattr(stills, "jpeg", pictures)
    monkeypatch.setattr(mp4, "joined", mp4s)
    for path, made in (("/poster.jpg", pictures), ("/main/clip.mp4", mp4s)):
        answers = await asyncio.gather(*(recorded.ask(clip + path) for _ in range(12)))
        assert {answer.status_code for answer in answers} == {200}
        assert made.most <= RENDERS_MAX
    assert pictures.calls <= RENDERS_MAX


@pytest.mark.parametrize("lost", ["segments", "keys", "objects"])
async def test_a_clip_without_stored_footage_is_not_found(recorded: RecordedMatch, lost: str) -> None:
    await recorded.store_take(record_take("main", recorded.world.clock.now() - 14 * SECOND, 23))
    clip = await recorded.goal()
    await recorded.allow(Rights(download=True))
    recorded.clock.advance(19 * SECOND)
    if lost == "objects":
        for row in await recorded.world.rows("select id from replay.segment"):
            await recorded.footage.delete(row["id"])
    else:
        await recorded.world.rows(f"delete from replay.{'segment' if lost == 'segments' else 'media_key'}")
    asked = [await recorded.ask(clip + path) for path in ("/poster.jpg", "/main/clip.mp4")]
    assert [answer.status_code for answer in [*asked, await recorded.describe(clip, "fr", voice(3))]] == [404] * 3
