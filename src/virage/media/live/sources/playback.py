"""Play a match file to a house, at any speed: over its doors, as any program tells of a match.

Ids are made from the event's and the file's own, so that a file that is played again tells nothing twice: who was
stopped goes on where the feed has got to.
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
"""How long half-time lasts in a match that is played from a file, seconds of the match."""
BATCH_S: Final = 0.25
"""How long is waited for what is sent together, seconds."""
BATCH_MAX: Final = 400
ENTRIES_MAX: Final = 50
FRAMES_MAX: Final = 100
RETRY_S: Final = (0.2, 5.0)
TIMEOUT_S: Final = 20.0
PERIOD_END_MS: Final = 10**9
"""Later than anything of a period."""

Report = Callable[[str], None]
Item = TypeVar("Item")
Answer = TypeVar("Answer")


class PlaybackFailed(Exception):
    """The house does not take the match; the message says why."""


class _TeamsUpdate(Struct, frozen=True):
    """Who plays, in the place of what stood at `revision`."""

    teams: Teams
    revision: int


class _EntriesRequest(Struct, frozen=True):
    entries: list[EntryRequest]


class _CountsRequest(Struct, frozen=True):
    counts: list[CountedAction]


class _Frame(Struct, frozen=True):
    """A frame as the pitch takes it."""

    period: Period
    clock_ms: int
    players: list[Spot]
    ball: tuple[float, float, float] | None


class _FramesRequest(Struct, frozen=True):
    frames: list[_Frame]


class _Outcome(Struct, frozen=True):
    """What became of a request: an entry has a number, a refusal a reason."""

    number: int | None = None
    reason: str | None = None


class _Ignored(Struct, frozen=True):
    """An answer of which nothing is wanted but that it came."""


class VirageClient:
    """The doors of a house for one event. A house that is away is asked again until it answers."""

    def __init__(self, browser: aiohttp.ClientSession, url: str, event_id: UUID, key: str) -> None:
        self._browser = browser
        self._url = url.rstrip("/")
        self.event_id = event_id
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}

    async def ask(self, answer_type: type[Answer], method: str, path: str, body: Struct | None = None) -> Answer:
        """What a door answers; `path` follows `/api/`.

        Raises:
            NotPlayed: it refuses, or is a door of something else.
        """
        data = None if body is None else msgspec.json.encode(body)
        wait_s, longest_s = RETRY_S
        while True:
            try:
                async with self._browser.request(
                    method, f"{self._url}/api/{path}", data=data, headers=self._headers
                ) as answer:
                    said = await answer.read()
                    if answer.status < 400:  # noqa: PLR2004 - RFC 9110
                        return msgspec.json.decode(said, type=answer_type)
                    if answer.status < 500 and answer.status != 429:  # noqa: PLR2004 - the same
                        raise PlaybackFailed(f"{method} {path}: {answer.status} {said.decode(errors='replace')[:300]}")
            except msgspec.ValidationError as error:
                raise PlaybackFailed(f"{method} {path} is answered otherwise than by this version: {error}") from error
            except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError):
                pass  # nobody is there, or a proxy answers for them: it comes back
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, longest_s)


async def play(match: MatchFile, url: str, event_id: UUID, key: str, *, speed: float, say: Report) -> None:
    """Play it to its end. `speed`: how much faster than it was; 0: as fast as the house takes it.

    Raises:
        NotPlayed: the house refuses who tells, the event, or the teams.
    """
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as browser:
        playing = _Playback(VirageClient(browser, url, event_id, key), match, speed, say)
        await playing.line_up()
        await playing.run(await playing.reached())


class _Playback:
    def __init__(self, doors: VirageClient, match: MatchFile, speed: float, say: Report) -> None:
        self._doors = doors
        self._match = match
        self._speed = speed
        self._say = say
        self._path = f"live/{doors.event_id}"

    async def line_up(self) -> None:
        """Set who plays, as the file says it."""
        live = await self._doors.ask(MatchFeed, "GET", self._path)
        before = live.teams
        teams = _with_known_colours(self._match.teams, before)
        if before is not None and live.head and _names(before) != _names(teams):
            raise PlaybackFailed(
                f"This event's feed is of {' and '.join(_names(before))} already: choose another event."
            )
        await self._doors.ask(_Ignored, "PUT", f"{self._path}/teams", _TeamsUpdate(teams, live.revision))
        self._say(f"{teams.home.name} - {teams.away.name}")

    async def reached(self) -> tuple[int, int]:
        """How far the feed has got: place of the period, clock in milliseconds; what is not later is sent at once."""
        live = await self._doors.ask(MatchFeed, "GET", self._path)
        state = live.state
        if state.match_over:
            self._say("The feed says that this match is over: whatever it lacks is sent at once.")
            return len(PERIOD_ORDER), 0
        if state.clock is None:
            return max((PERIOD_ORDER.index(period) for period in state.over), default=-1), PERIOD_END_MS
        page = await self._doors.ask(FeedPage, "GET", f"{self._path}/pages/{(live.head - 1) // PAGE_ENTRIES + 1}")
        at_s = state.clock.at_s
        for entry in page.entries:
            at_s = max(0 if isinstance(entry.content, KickOff) else at_s, entry.clock_s or 0)
        return PERIOD_ORDER.index(state.clock.period), at_s * 1000

    async def run(self, reached: tuple[int, int]) -> None:
        """Send everything in order: at once what the feed has already, and the rest when its time has come."""
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
        """Figures before what is told, so that a goal comes with its shot."""
        event = self._doors.event_id
        counts = [
            CountedAction(named_id(event, one.name), one.what.side, one.what.kinds, one.what.player)
            for one in moments
            if isinstance(one.what, FileAction)
        ]
        if counts:
            await self._doors.ask(_Ignored, "POST", f"{self._path}/counts", _CountsRequest(counts))
        told = [one for one in moments if not isinstance(one.what, FileAction | FileFrame)]
        for some in _chunks(told, ENTRIES_MAX):
            await self._tell(some)
        frames = [_frame(one, one.what) for one in moments if isinstance(one.what, FileFrame)]
        for few in _chunks(frames, FRAMES_MAX):
            await self._doors.ask(_Ignored, "POST", f"tracking/{event}/frames", _FramesRequest(list(few)))

    async def _tell(self, moments: Sequence[FileEvent]) -> None:
        now = datetime.now(UTC)
        requests = [
            EntryRequest(named_id(self._doors.event_id, one.name), now, one.what, one.clock_ms // 1000)
            for one in moments
            if not isinstance(one.what, FileAction | FileFrame)
        ]
        outcomes = await self._doors.ask(list[_Outcome], "POST", f"{self._path}/entries", _EntriesRequest(requests))
        for one, outcome in zip(moments, outcomes, strict=True):
            if outcome.number is not None:
                self._say(f"{_minute(one)} {type(one.what).__name__}")
            elif outcome.reason != Reason.ENTRY_ID_TAKEN:
                self._say(f"{_minute(one)} {type(one.what).__name__}: refused, {outcome.reason}")


class _Pace:
    """The time of the match, sped up: it begins now."""

    def __init__(self, at_s: float, speed: float) -> None:
        self._at_s = at_s
        self._speed = speed
        self._began = monotonic()

    def ahead_s(self, at_s: float) -> float:
        """How long until that moment of the match."""
        return (at_s - self._at_s) / self._speed - (monotonic() - self._began)


def _with_times(match: MatchFile) -> Iterator[tuple[FileEvent, float]]:
    """Each moment, and when it is: seconds from the first one, with a short break between periods."""
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
    """The file's teams, in the colours that the house gave them if it knows them."""
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
