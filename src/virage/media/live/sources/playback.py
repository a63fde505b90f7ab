"""Playback of a match file to a deployment over its HTTP API, at any speed.

Ids are derived from the event and the file, so repeated playback publishes nothing twice and continues at the state of
the feed.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Final, TypeVar
from uuid import UUID

import aiohttp
import msgspec
from msgspec import Struct

from virage.media.live.reads.feed import FeedPage, MatchFeed
from virage.media.live.rules.entries import PAGE_ENTRIES, PERIOD_ORDER, EntryRequest, KickOff, Period, Team, Teams
from virage.media.live.rules.feed import Reason
from virage.media.live.sources.files import FileAction, FileEvent, FileFrame, MatchFile, Spot
from virage.media.live.sources.rules.counting import CountedAction
from virage.platform.values.ids import named_id

HALF_TIME_S: Final = 60.0
"""Length of half-time in a replayed file, seconds of match time."""
BATCH_S: Final = 0.25
"""Collection time of a batch, seconds."""
BATCH_MAX: Final = 400
ENTRIES_MAX: Final = 50
FRAMES_MAX: Final = 100
RETRY_S: Final = (0.2, 5.0)
TIMEOUT_S: Final = 20.0
PERIOD_END_MS: Final = 10**9
"""A clock after the end of every period."""

Report = Callable[[str], None]
Item = TypeVar("Item")
Answer = TypeVar("Answer")


class PlaybackFailed(Exception):
    """The deployment refused the match; the message has the reason."""


class _TeamsUpdate(Struct, frozen=True):
    """Line-ups that replace those of `revision`."""

    teams: Teams
    revision: int


class _EntriesRequest(Struct, frozen=True):
    entries: list[EntryRequest]


class _CountsRequest(Struct, frozen=True):
    counts: list[CountedAction]


class _Frame(Struct, frozen=True):
    """A frame of the tracking API."""

    period: Period
    clock_ms: int
    players: list[Spot]
    ball: tuple[float, float, float] | None


class _FramesRequest(Struct, frozen=True):
    frames: list[_Frame]


class _Outcome(Struct, frozen=True):
    """Result for an entry: its number, or the reason of a refusal."""

    number: int | None = None
    reason: str | None = None


class _Ignored(Struct, frozen=True):
    """An answer without used content."""


class VirageClient:
    """HTTP client of one event; it retries while the deployment is unavailable."""

    def __init__(self, browser: aiohttp.ClientSession, url: str, event_id: UUID, key: str) -> None:
        self._browser = browser
        self._url = url.rstrip("/")
        self.event_id = event_id
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}

    async def request(self, answer_type: type[Answer], method: str, path: str, body: Struct | None = None) -> Answer:
        """Return the decoded answer of a request; `path` follows `/api/`.

        Raises:
            PlaybackFailed: the request was refused, or the answer has another format.
        """
        data = None if body is None else msgspec.json.encode(body)
        wait_s, longest_s = RETRY_S
        while True:
            try:
                async with self._browser.request(
                    method, f"{self._url}/api/{path}", data=data, headers=self._headers
                ) as answer:
                    content = await answer.read()
                    if answer.status < 400:  # noqa: PLR2004 - RFC 9110
                        return msgspec.json.decode(content, type=answer_type)
                    if answer.status < 500 and answer.status != 429:  # noqa: PLR2004 - the same
                        raise PlaybackFailed(
                            f"{method} {path}: {answer.status} {content.decode(errors='replace')[:300]}"
                        )
            except msgspec.ValidationError as error:
                raise PlaybackFailed(f"{method} {path} has an answer of another version: {error}") from error
            except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError):
                pass  # unavailable, or a proxy answers: retry
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, longest_s)


async def play(match: MatchFile, url: str, event_id: UUID, key: str, *, speed: float, report: Report) -> None:
    """Play a match to its end. `speed`: factor of real time; 0: as fast as possible.

    Raises:
        PlaybackFailed: the deployment refused the token, the event or the teams.
    """
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as browser:
        playing = _Playback(VirageClient(browser, url, event_id, key), match, speed, report)
        await playing.line_up()
        await playing.run(await playing.reached())


class _Playback:
    def __init__(self, client: VirageClient, match: MatchFile, speed: float, report: Report) -> None:
        self._client = client
        self._match = match
        self._speed = speed
        self._report = report
        self._path = f"live/{client.event_id}"

    async def line_up(self) -> None:
        """Set the line-ups of the file."""
        live = await self._client.request(MatchFeed, "GET", self._path)
        current = live.teams
        teams = _with_known_colours(self._match.teams, current)
        if current is not None and live.head and _names(current) != _names(teams):
            raise PlaybackFailed(
                f"This event already has the feed of {' and '.join(_names(current))}: choose another event."
            )
        await self._client.request(_Ignored, "PUT", f"{self._path}/teams", _TeamsUpdate(teams, live.revision))
        self._report(f"{teams.home.name} - {teams.away.name}")

    async def reached(self) -> tuple[int, int]:
        """Return the state of the feed.

        Index of the period, and clock in milliseconds. Earlier items are sent at once.
        """
        live = await self._client.request(MatchFeed, "GET", self._path)
        state = live.state
        if state.match_over:
            self._report("The match is already over in the feed: missing entries are sent without delay.")
            return len(PERIOD_ORDER), 0
        if state.clock is None:
            return max((PERIOD_ORDER.index(period) for period in state.over), default=-1), PERIOD_END_MS
        page = await self._client.request(FeedPage, "GET", f"{self._path}/pages/{(live.head - 1) // PAGE_ENTRIES + 1}")
        at_s = state.clock.at_s
        for entry in page.entries:
            at_s = max(0 if isinstance(entry.content, KickOff) else at_s, entry.clock_s or 0)
        return PERIOD_ORDER.index(state.clock.period), at_s * 1000

    async def run(self, reached: tuple[int, int]) -> None:
        """Send everything in order: without delay up to the state of the feed, then at the playback speed."""
        batch: list[FileEvent] = []
        pace: _Pace | None = None
        for moment, at_s in _with_times(self._match):
            if self._speed and moment.order[:2] > reached:
                pace = pace or _Pace(at_s, self._speed)
                ahead_s = pace.ahead_s(at_s)
                if ahead_s > 0:
                    await self._send(batch)
                    batch = []
                    await asyncio.sleep(max(pace.ahead_s(at_s), BATCH_S))
            if len(batch) == BATCH_MAX:
                await self._send(batch)
                batch = []
            batch.append(moment)
        await self._send(batch)

    async def _send(self, moments: Sequence[FileEvent]) -> None:
        """Send counts before entries, so that a goal is published with its shot."""
        event = self._client.event_id
        counts = [
            CountedAction(named_id(event, item.name), item.what.side, item.what.kinds, item.what.player)
            for item in moments
            if isinstance(item.what, FileAction)
        ]
        if counts:
            await self._client.request(_Ignored, "POST", f"{self._path}/counts", _CountsRequest(counts))
        events = [item for item in moments if not isinstance(item.what, FileAction | FileFrame)]
        for some in _chunks(events, ENTRIES_MAX):
            await self._publish(some)
        frames = [_frame(item, item.what) for item in moments if isinstance(item.what, FileFrame)]
        for few in _chunks(frames, FRAMES_MAX):
            await self._client.request(_Ignored, "POST", f"tracking/{event}/frames", _FramesRequest(list(few)))

    async def _publish(self, moments: Sequence[FileEvent]) -> None:
        now = datetime.now(UTC)
        requests = [
            EntryRequest(named_id(self._client.event_id, item.name), now, item.what, item.clock_ms // 1000)
            for item in moments
            if not isinstance(item.what, FileAction | FileFrame)
        ]
        outcomes = await self._client.request(
            list[_Outcome], "POST", f"{self._path}/entries", _EntriesRequest(requests)
        )
        for item, outcome in zip(moments, outcomes, strict=True):
            if outcome.number is not None:
                self._report(f"{_minute(item)} {type(item.what).__name__}")
            elif outcome.reason != Reason.ENTRY_ID_TAKEN:
                self._report(f"{_minute(item)} {type(item.what).__name__}: refused, {outcome.reason}")


class _Pace:
    """Match time at the playback speed, starting now."""

    def __init__(self, at_s: float, speed: float) -> None:
        self._at_s = at_s
        self._speed = speed
        self._began = monotonic()

    def ahead_s(self, at_s: float) -> float:
        """Return the seconds until a match time."""
        return (at_s - self._at_s) / self._speed - (monotonic() - self._began)


def _with_times(match: MatchFile) -> Iterator[tuple[FileEvent, float]]:
    """Yield each item with its seconds since the first one; periods are separated by a short break."""
    at_s, before = 0.0, None
    for moment in match.moments():
        if before is not None:
            same = before.period is moment.period
            at_s += (moment.clock_ms - before.clock_ms) / 1000 if same else HALF_TIME_S
        before = moment
        yield moment, at_s


def _chunks(all_of: Sequence[Item], most: int) -> Iterator[Sequence[Item]]:
    return (all_of[first : first + most] for first in range(0, len(all_of), most))


def _frame(moment: FileEvent, frame: FileFrame) -> _Frame:
    return _Frame(moment.period, moment.clock_ms, frame.players, frame.ball)


def _with_known_colours(teams: Teams, before: Teams | None) -> Teams:
    """Return the file's teams with the codes and colours that the deployment has for them."""
    if before is None:
        return teams

    def dressed(team: Team, known: Team) -> Team:
        if team.name != known.name:
            return team
        return msgspec.structs.replace(team, code=known.code, colour=known.colour)

    return Teams(dressed(teams.home, before.home), dressed(teams.away, before.away))


def _names(teams: Teams) -> tuple[str, str]:
    return teams.home.name, teams.away.name


def _minute(moment: FileEvent) -> str:
    return f"{moment.clock_ms // 60_000 + 1}'" if not isinstance(moment.what, KickOff) else "   "
