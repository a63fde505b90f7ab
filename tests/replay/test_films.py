"""What is made of segments: posters, captions, files, over the whole application and real footage."""

import asyncio
import re
import wave
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import httpx
import numpy as np
import pytest
from av.container import InputContainer
from litestar import Litestar
from msgspec.structs import replace

from benchmarks.reel import encoded, pictures
from tests.conftest import FakeClock, alive
from tests.live.conftest import Match
from tests.live.test_rules import TEAMS
from tests.matchday.conftest import SITE, World
from tests.replay.film import cut
from tests.replay.reel import Reel, shot, take
from tests.replay.test_way import luma
from virage.kernel.config import Config
from virage.kernel.database import Database
from virage.kernel.guard import Grant
from virage.kernel.ids import new_id
from virage.live.acts import telling as live
from virage.replay.acts.rights import set_rights
from virage.replay.films import files, reading
from virage.replay.films.describing import RATE, SAMPLES_MAX, Unreadable, samples
from virage.replay.films.files import Film
from virage.replay.footage import MAKING_MAX, Footage
from virage.replay.ingest.synthetic import clock_in
from virage.replay.rules.boxes import first_shown_s
from virage.replay.rules.descriptions import BYTES_MAX
from virage.replay.rules.media import Kind, MediaVault, opened
from virage.replay.rules.rights import Networks, Rights

SECOND = timedelta(seconds=1)
KEPT_BY_PHONES = "public, max-age=60, s-maxage=1"


class Filmed(Match):
    """A match that a camera has seen until now, from 14 seconds before."""

    def __init__(self, world: World, desk: dict[str, str], config: Config, clock: FakeClock) -> None:
        super().__init__(world, desk)
        self.clock = clock
        self.footage = Footage(config.objects_at)
        self.vault = MediaVault([config.secret])

    async def lay(self, *reels: Reel) -> None:
        async with self.world.db.transaction() as conn:
            for reel in reels:
                await reel.lay(conn, self.footage, self.vault)

    async def goal(self) -> str:
        """The path of a goal's clip."""
        await self.tell({"kind": "kick_off", "period": "first_half"}, {"kind": "goal", "side": "home", "player": 9})
        (row,) = await self.world.rows("select id from replay.clip")
        return f"/api/replay/clips/{row['id']}"

    async def ask(self, path: str) -> httpx.Response:
        return await self.world.ask({}, "GET", path)

    async def describe(self, clip: str, locale: str, data: bytes) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.world.app)  # type: ignore[arg-type]  # as World.ask has it
        async with httpx.AsyncClient(transport=transport, base_url=SITE) as browser:
            return await browser.put(f"{clip}/descriptions/{locale}", content=data, headers=self.desk)

    async def to_describe(self) -> list[tuple[str, int, bool, list[str]]]:
        """What describers are shown: the path of each clip, its entry, whether it is over, its languages."""
        path = f"/api/replay/events/{self.world.event}/descriptions"
        clips = (await self.world.ask(self.desk, "GET", path)).json()["clips"]
        return [(f"/api/replay/clips/{one['id']}", one["about"], one["settled"], one["described"]) for one in clips]

    async def opened(self, clip: str, camera: str, playlist: str) -> list[bytes]:
        """What a player has of a track: each run behind its init segment."""
        runs: list[bytes] = []
        for text in (await self.ask(f"{clip}/{camera}/{playlist}.m3u8")).text.split("#EXT-X-DISCONTINUITY\n"):
            key, vector, run = b"", UUID(int=0), b""
            for line in text.splitlines():
                if found := re.match(r'#EXT-X-KEY:METHOD=AES-128,URI="([^"]+)",IV=0x([0-9a-f]{32})', line):
                    key, vector = (await self.ask(found[1])).content, UUID(hex=found[2])
                elif found := re.match(r'#EXT-X-MAP:URI="([^"]+)"', line):
                    run += (await self.ask(found[1])).content
                elif line and not line.startswith("#"):
                    run += opened((await self.ask(line)).content, key, vector)
            runs.append(run)
        return runs

    async def allow(self, rights: Rights) -> None:
        async with self.world.db.transaction() as conn:
            assert await set_rights(conn, self.world.event, rights, None, self.world.clock.now(), revision=0) == 1


@pytest.fixture
async def filmed(app: Litestar, db: Database, clock: FakeClock, config: Config) -> AsyncIterator[Filmed]:
    world = World(app, db, clock)
    async with alive(app):
        await world.open()
        roles = ("match_desk", "media_desk", "describer")
        desk = await world.signed_in("desk@example.org", *(Grant(role, "event", world.event) for role in roles))
        async with db.transaction() as conn:
            await live.set_teams(conn, world.event, TEAMS, None, clock.now(), revision=0)
        yield Filmed(world, desk, config, clock)


def clocks(data: bytes) -> list[int]:
    """The clock in each picture of a file."""
    with av.open(BytesIO(data)) as file:
        assert isinstance(file, InputContainer)
        return [clock_in(luma(frame)) for frame in file.decode(video=0)]


def length_s(media: bytes) -> float:
    with av.open(BytesIO(media)) as file:
        assert isinstance(file, InputContainer)
        packets = [packet for packet in file.demux() if packet.pts is not None]
        return sum(float((packet.duration or 0) * packet.time_base) for packet in packets)


async def test_the_poster_shows_the_moment_of_the_mark_and_stays_the_same(filmed: Filmed) -> None:
    now = filmed.world.clock.now()
    await filmed.lay(shot("main", now - 14 * SECOND, 14))
    clip = await filmed.goal()
    poster = await filmed.ask(f"{clip}/poster.jpg")
    assert (poster.headers["content-type"], poster.headers["cache-control"]) == ("image/jpeg", KEPT_BY_PHONES)
    with av.open(BytesIO(poster.content)) as picture:
        assert isinstance(picture, InputContainer)
        (frame,) = picture.decode(video=0)
        assert (frame.width, frame.height) == (640, 360)
    assert 0 <= now.timestamp() * 1000 - clock_in(luma(frame)) <= 1100
    await filmed.lay(shot("main", now, 9))
    assert (await filmed.ask(f"{clip}/poster.jpg")).content == poster.content
    (object_,) = (await filmed.world.rows("select id from replay.clip"))[0]
    assert (await filmed.ask(f"/api/replay/objects/{object_}")).status_code == 404, "no other door gives it out"


async def test_who_presses_play_is_given_in_one_answer_what_a_player_asks_for_before_the_first_picture(
    filmed: Filmed,
) -> None:
    now = filmed.world.clock.now()
    await filmed.lay(shot("main", now - 400 * SECOND, 2), shot("main", now - 14 * SECOND, 14))
    clip = await filmed.goal()
    start = (await filmed.ask(f"{clip}/start")).json()
    assert start["clip"] == (await filmed.ask(clip)).json()
    assert sorted(start["playlists"]) == [f"{clip}/main/{name}.m3u8" for name in ("audio", "main", "video")]
    for address, text in start["playlists"].items():
        assert (await filmed.ask(address)).text == text
    await filmed.world.rows("update replay.clip set from_at = $1", now - 100 * SECOND)
    long = (await filmed.ask(f"{clip}/start")).json()["playlists"]
    assert list(long) == [f"{clip}/main/main.m3u8"], "those of a long clip are asked for as they are wanted"
    await filmed.world.rows("delete from replay.segment")
    assert (await filmed.ask(f"{clip}/start")).json()["playlists"] == {}


async def test_captions_say_what_the_feed_says_in_both_languages_at_its_time(filmed: Filmed) -> None:
    now = filmed.world.clock.now()
    await filmed.lay(shot("main", now - 20 * SECOND, 22))
    clip = await filmed.goal()
    main = (await filmed.ask(f"{clip}/main/main.m3u8")).text
    assert re.findall(r'TYPE=SUBTITLES.*LANGUAGE="(..)"', main) == ["fr", "en"]
    for locale, words in (("fr", "But pour"), ("en", "Goal for")):
        playlist = (await filmed.ask(f"{clip}/main/captions-{locale}.m3u8")).text
        pieces = [line for line in playlist.splitlines() if not line.startswith("#")]
        assert len(pieces) == (await filmed.ask(f"{clip}/main/video.m3u8")).text.count("#EXTINF")
        answers = [await filmed.ask(f"{clip}/main/{piece}") for piece in pieces]
        assert {answer.headers["cache-control"] for answer in answers} == {"public, max-age=1"}
        texts = [answer.text for answer in answers]
        assert (await filmed.ask(f"{clip}/main/captions/{locale}/{new_id()}")).status_code == 404
        # the clip's first segment is the eighth second of its take: that is where the player's time begins
        assert all("X-TIMESTAMP-MAP=MPEGTS:720000,LOCAL:00:00:00.000" in text for text in texts)
        said = [number for number, text in enumerate(texts) if words in text]
        assert said == list(range(12, len(pieces)))[:6]
        assert "00:00:12.000 --> 00:00:18.000" in texts[12]
        assert ", 1\N{PRIME}" in texts[12]


async def test_a_clip_is_kept_as_a_file_that_any_player_plays_where_its_rights_allow(filmed: Filmed) -> None:
    now = filmed.world.clock.now()
    await filmed.lay(shot("main", now - 14 * SECOND, 6), shot("main", now - 6 * SECOND, 14))
    clip = await filmed.goal()
    refused = await filmed.ask(f"{clip}/main/clip.mp4")
    assert refused.json()["code"] == "replay_download_not_allowed"
    await filmed.allow(Rights(download=True))
    answer = await filmed.ask(f"{clip}/main/clip.mp4")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "video/mp4"
    assert re.fullmatch(r'attachment; filename="[0-9-]+-main\.mp4"', answer.headers["content-disposition"])
    shown = clocks(answer.content)
    assert shown == sorted(shown)
    assert len(shown) == (4 + 14) * 25, "what came in before and after the camera was away"
    with av.open(BytesIO(answer.content)) as file:
        assert isinstance(file, InputContainer)
        times = [float(frame.time or 0) for frame in file.decode(video=0)]
        assert {round(1000 * (after - before)) for before, after in pairwise(times)} == {40}
        assert [stream.codec_context.name for stream in file.streams] == ["h264", "aac"]
        assert file.streams.video[0].start_time == 0


async def test_a_link_shows_what_it_is_about_to_programs_without_script_where_everybody_may_watch(
    filmed: Filmed,
) -> None:
    teams = replace(TEAMS, home=replace(TEAMS.home, name='"><script>'))
    async with filmed.world.db.transaction() as conn:
        await live.set_teams(conn, filmed.world.event, teams, None, filmed.world.clock.now(), revision=1)
    await filmed.lay(shot("main", filmed.world.clock.now() - 14 * SECOND, 14))
    clip = await filmed.goal()
    page = (await filmed.ask(f"/r/{clip.rpartition('/')[2]}")).text
    tags = dict(re.findall(r'<meta property="([^"]+)" content="([^"]+)">', page))
    assert tags["og:title"].startswith("But pour &quot;&gt;&lt;script&gt;")
    assert tags["og:description"] == "Un match"
    own = {"kind": "goal", "side": "home", "manner": "own"}
    await filmed.tell({"kind": "corrected", "about": 2, "told": own})
    assert "But contre son camp" in (await filmed.ask(f"/r/{clip.rpartition('/')[2]}")).text
    image = httpx.URL(tags["og:image"])
    assert (await filmed.ask(image.path)).headers["content-type"] == "image/jpeg"
    for rights in (Rights(share=False), Rights(from_at=filmed.world.clock.now() + SECOND)):
        await filmed.world.rows("delete from replay.rights")
        await filmed.allow(rights)
        answer = await filmed.ask(f"/r/{clip.rpartition('/')[2]}")
        assert answer.status_code == 200
        assert "og:image" not in answer.text
        assert "But pour" not in answer.text
    await filmed.world.rows("delete from replay.rights")
    await filmed.allow(Rights(where=Networks(["127.0.0.0/8"])))
    here = await filmed.ask(f"/r/{clip.rpartition('/')[2]}")
    assert "og:image" in here.text
    assert here.headers["cache-control"] == "no-store", "no cache tells others"
    assert (await filmed.ask(f"/r/{new_id()}")).status_code == 404
    await filmed.world.rows("update replay.clip set withdrawn_at = published_at, entry = null")
    gone = await filmed.ask(f"/r/{clip.rpartition('/')[2]}")
    assert (gone.status_code, gone.headers["content-type"]) == (410, "text/html; charset=utf-8"), "the app says why"
    assert "But pour" not in gone.text


def voice(seconds: float, hertz: float = 440, kind: str = "wav") -> bytes:
    """A describer who hums, as a sound file."""
    file = BytesIO()
    at_s = np.arange(round(seconds * 44_100)) / 44_100
    with av.open(file, "w", format=kind) as out:
        stream = out.add_stream("pcm_s16le", rate=44_100, layout="mono")
        hum = (0.5 * np.sin(2 * np.pi * hertz * at_s) * 32_767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(hum[None, :], format="s16", layout="mono")
        frame.sample_rate = 44_100
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    return file.getvalue()


async def test_a_description_is_heard_over_the_ground_in_the_timeline_of_each_picture(filmed: Filmed) -> None:
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
            assert abs(first_shown_s(seen) - first_shown_s(sound)) < 0.03
            assert abs(length_s(seen) - length_s(sound)) < 0.05
    (whole,), (_, second) = [await filmed.opened(clip, camera, "described-fr") for camera in ("main", "side")]
    first = samples(whole)
    late = np.abs(np.fft.rfft(samples(second)[: 4 * 48_000]))[[4 * 440, 4 * 1000]]
    assert late[0] < late[1], "where the second run begins the voice has ended, by the clock of all cameras"
    loud = np.abs(np.fft.rfft(first[: 4 * 48_000]))[[4 * 440, 4 * 1000]]
    assert loud[0] > loud[1] > 100, "the voice is louder than the beep of the ground, which is still there"
    await filmed.allow(Rights(download=True))
    for camera in ("main", "side"):
        kept = await filmed.ask(f"{clip}/{camera}/described/fr/clip.mp4")
        assert kept.headers["content-disposition"].endswith(f'-{camera}-fr.mp4"')
        assert len(clocks(kept.content)) == len(clocks((await filmed.ask(f"{clip}/{camera}/clip.mp4")).content))
        hum = np.abs(np.fft.rfft(samples(kept.content)[: 4 * 48_000]))[[4 * 440, 4 * 1000]]
        assert hum[0] > hum[1] > 100, "what is said is heard in the file, too"
    assert (await filmed.ask(f"{clip}/main/described/en/clip.mp4")).status_code == 404
    again = await filmed.describe(clip, "fr", voice(3, 500))
    assert again.status_code == 204, "another takes its place"
    facts = await filmed.world.rows(
        "select data->>'locale' as locale from kernel.journal where what = 'clip_described'"
    )
    assert [fact["locale"] for fact in facts] == ["fr", "fr"]


def test_a_file_has_the_sound_of_its_picture_alone_and_no_picture_that_is_encoded_otherwise() -> None:
    parts = take(0, 6)
    video, audio = ([part for part in parts if part.kind is kind] for kind in (Kind.VIDEO, Kind.AUDIO))
    # the sound begins before the picture, and ends after it
    film = Film(b"".join(one.data for one in (video[0], *video[2:5])), b"".join(one.data for one in audio))
    other = cut(encoded(pictures(1)))
    strange = Film(other.init.data + other.fragments[0].data, None)
    made = files.mp4([film, strange, film])
    assert clocks(made) == [*range(1000, 4000, 40)] * 2
    heard = np.abs(samples(made)).reshape(-1)[: 6 * 48_000 - 4096]
    assert len(samples(made)) == pytest.approx(6 * 48_000, abs=2 * 1024)
    loud = [heard[second * 48_000 + 2000 : second * 48_000 + 4000].mean() for second in range(6)]
    quiet = [heard[second * 48_000 + 24_000 : second * 48_000 + 40_000].mean() for second in range(6)]
    assert min(loud) > 10 * max(quiet), "it beeps as each second begins"


def test_of_a_file_that_is_longer_than_any_clip_only_the_beginning_is_read() -> None:
    file = BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(1)
        out.setframerate(8000)
        out.writeframes(bytes(8000 * 450))
    assert SAMPLES_MAX < len(samples(file.getvalue())) < SAMPLES_MAX + RATE


async def test_where_the_sound_of_the_ground_broke_off_a_description_goes_on_without_it(filmed: Filmed) -> None:
    now = filmed.world.clock.now()
    await filmed.lay(shot("main", now - 14 * SECOND, 6), shot("main", now - 4 * SECOND, 14))
    clip = await filmed.goal()
    filmed.clock.advance(19 * SECOND)
    assert (await filmed.describe(clip, "fr", voice(6))).status_code == 204
    heard = [samples(run)[: 3 * 48_000] for run in await filmed.opened(clip, "main", "described-fr")]
    beeps = [np.abs(np.fft.rfft(sound))[3 * 1000] for sound in heard]
    assert beeps[0] > 100 > 10 * beeps[1], "nobody knows how much is missing"


class AtOnce:
    """What it calls, and how often, and how many times at once."""

    def __init__(self, call: Callable[..., bytes]) -> None:
        self._call, self._now = call, 0
        self.calls = self.most = 0

    def __call__(self, *given: Any) -> bytes:
        self._now += 1
        self.calls, self.most = self.calls + 1, max(self.most, self._now)
        made = self._call(*given)
        self._now -= 1
        return made


async def test_a_ground_that_asks_for_the_same_at_once_does_not_fill_the_memory(
    filmed: Filmed, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filmed.lay(shot("main", filmed.world.clock.now() - 14 * SECOND, 23))
    clip = await filmed.goal()
    await filmed.allow(Rights(download=True))
    filmed.clock.advance(19 * SECOND)
    pictures, mp4s = AtOnce(reading.picture), AtOnce(files.mp4)
    monkeypatch.setattr(reading, "picture", pictures)
    monkeypatch.setattr(files, "mp4", mp4s)
    for path, made in (("/poster.jpg", pictures), ("/main/clip.mp4", mp4s)):
        answers = await asyncio.gather(*(filmed.ask(clip + path) for _ in range(12)))
        assert {answer.status_code for answer in answers} == {200}
        assert made.most <= MAKING_MAX
    assert pictures.calls <= MAKING_MAX


@pytest.mark.parametrize("lost", ["segments", "keys", "objects"])
async def test_a_clip_of_which_nothing_is_kept_any_more_is_not_there(filmed: Filmed, lost: str) -> None:
    await filmed.lay(shot("main", filmed.world.clock.now() - 14 * SECOND, 23))
    clip = await filmed.goal()
    await filmed.allow(Rights(download=True))
    filmed.clock.advance(19 * SECOND)
    if lost == "objects":
        for row in await filmed.world.rows("select id from replay.segment"):
            await filmed.footage.delete(row["id"])
    else:
        await filmed.world.rows(f"delete from replay.{'segment' if lost == 'segments' else 'media_key'}")
    asked = [await filmed.ask(clip + path) for path in ("/poster.jpg", "/main/clip.mp4")]
    assert [answer.status_code for answer in [*asked, await filmed.describe(clip, "fr", voice(3))]] == [404] * 3


def test_a_file_that_names_others_or_makes_us_wait_or_is_hours_long_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret.wav").write_bytes(voice(1))
    monkeypatch.chdir(tmp_path)
    reads_ours = b"ffconcat version 1.0\nfile secret.wav\n"
    waits = b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 45678 RTP/AVP 0\n"
    slow = bytearray(voice(1))
    slow[24:28] = (1).to_bytes(4, "little")  # samples a second
    for data in (reads_ours, bytes(slow), waits):
        with pytest.raises(Unreadable):
            samples(data)


async def test_a_file_that_is_no_description_is_refused_with_the_reason(filmed: Filmed) -> None:
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
