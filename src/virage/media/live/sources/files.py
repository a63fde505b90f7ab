"""Match files in the formats of kloppy: line-ups, events and positions.

kloppy comes with the extra `virage[match]` and is imported only here. Names, shirt numbers and times are taken
unchanged. https://kloppy.pysport.org documents the providers' files.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from heapq import merge
from pathlib import Path
from typing import Any, Final, Literal

from msgspec import Struct

from virage.media.live.rules.entries import (
    PERIOD_ORDER,
    PERIOD_STARTS_S,
    Booking,
    Goal,
    KickOff,
    MatchEvent,
    Period,
    PeriodOver,
    Player,
    Position,
    ShootOutKick,
    Side,
    Substitution,
    Team,
    Teams,
    other_side,
)
from virage.media.live.sources.rules.counting import CountedKind
from virage.media.live.sources.rules.lineups import (
    COLOURS,
    SHIRT_MAX,
    clean_name,
    code_of,
    line_up,
    with_distinct_codes,
)

Format = Literal["statsbomb", "skillcorner", "hawkeye"]
FRAMES_HZ: Final = 10
"""Played frames per second."""
PITCH_MAX_M: Final = 80.0
"""Largest plausible distance from the centre spot."""
HEIGHT_M: Final = (-5.0, 60.0)
"""Plausible heights of the ball."""

_CARDS: Final[dict[str, Literal["yellow", "second_yellow", "red"]]] = {
    "FIRST_YELLOW": "yellow",
    "SECOND_YELLOW": "second_yellow",
    "RED": "red",
}
_OUTCOMES: Final[dict[str, Literal["scored", "saved", "missed"]]] = {
    "GOAL": "scored",
    "SAVED": "saved",
    "BLOCKED": "saved",
}
_ASSIST_WITHIN: Final = 12  # number of events before a goal that are searched for the assist

Spot = tuple[Side, int, float, float]


class UnreadableFile(Exception):
    """The files cannot be read; the message tells the user what to do."""


class FileAction(Struct, frozen=True):
    """A counted action of a file."""

    side: Side
    player: int | None
    kinds: list[CountedKind]


class FileFrame(Struct, frozen=True):
    """Positions of one frame, metres from the centre spot; ball with height, None while not visible."""

    players: list[Spot]
    ball: tuple[float, float, float] | None


class FileEvent(Struct, frozen=True):
    """An event at a match clock in milliseconds. `name` is stable between reads of the file."""

    period: Period
    clock_ms: int
    name: str
    what: MatchEvent | FileAction | FileFrame

    @property
    def order(self) -> tuple[int, int, int]:
        """Sort key: period, clock, and start or end of the period around simultaneous events."""
        return PERIOD_ORDER.index(self.period), self.clock_ms, _whistle_order(self.what)


class MatchFile(Struct):
    """A match: teams, events in order, and frames."""

    teams: Teams
    events: list[FileEvent]
    frames: Callable[[], Iterator[FileEvent]]

    def moments(self) -> Iterator[FileEvent]:
        """Return events and frames in order."""
        return merge(self.events, self.frames(), key=lambda moment: moment.order)


def load(format_: Format, paths: Sequence[Path]) -> MatchFile:
    """Read a match.

    Raises:
        UnreadableFile: kloppy is missing, or the files do not match the format.
    """
    try:
        import kloppy  # noqa: F401, PLC0415 - an optional dependency
    except ImportError:
        raise UnreadableFile("Match files need kloppy: pip install 'virage[match]'") from None
    for path in paths:
        if not path.is_file():
            raise UnreadableFile(f"There is no file {path}.")
    try:
        with warnings.catch_warnings():
            # kloppy emits warnings for analysts, and does not close files that it opens
            warnings.simplefilter("ignore")
            return _match_file(_LOADERS[format_](paths))
    except UnreadableFile:
        raise
    except Exception as error:
        raise UnreadableFile(f"kloppy cannot read that as {format_}: {error!r}") from error


def _statsbomb(paths: Sequence[Path]) -> Any:
    from kloppy import statsbomb  # noqa: PLC0415 - see load

    events, lineups = _two_files(paths, "events, then line-ups")
    return statsbomb.load(event_data=events, lineup_data=lineups, coordinates="statsbomb")


def _skillcorner(paths: Sequence[Path]) -> Any:
    from kloppy import skillcorner  # noqa: PLC0415 - see load

    tracking, meta = _two_files(paths, "tracking, then match data")
    return skillcorner.load(raw_data=tracking, meta_data=meta, coordinates="skillcorner")


def _hawkeye(paths: Sequence[Path]) -> Any:
    from kloppy import hawkeye  # noqa: PLC0415 - see load

    balls = [path.read_bytes() for path in paths if path.suffix == ".ball"]
    players = [path.read_bytes() for path in paths if path.suffix == ".centroids"]
    meta = [
        str(path) for path in paths if path.suffix in (".json", ".xml")
    ]  # kloppy detects the format by the file name
    if not balls or len(balls) != len(players) or len(meta) > 1 or len(balls) * 2 + len(meta) != len(paths):
        raise UnreadableFile("hawkeye wants as many files .ball as .centroids, and one .json or .xml about the match.")
    return hawkeye.load(
        ball_feeds=balls,
        player_centroid_feeds=players,
        meta_data=meta[0] if meta else None,
        sample_rate=FRAMES_HZ / 50,
        coordinates="hawkeye",
    )


_LOADERS: Final[dict[Format, Callable[[Sequence[Path]], Any]]] = {
    "statsbomb": _statsbomb,
    "skillcorner": _skillcorner,
    "hawkeye": _hawkeye,
}


def _two_files(paths: Sequence[Path], which: str) -> tuple[bytes, bytes]:
    if len(paths) != 2:  # noqa: PLR2004 - two it is
        raise UnreadableFile(f"Two files are wanted: {which}.")
    return paths[0].read_bytes(), paths[1].read_bytes()


def _match_file(data: Any) -> MatchFile:
    by_side = {Side(team.ground.value): team for team in data.metadata.teams}
    teams = with_distinct_codes(Teams(_team(Side.HOME, by_side[Side.HOME]), _team(Side.AWAY, by_side[Side.AWAY])))
    if data.dataset_type.name == "TRACKING":
        return MatchFile(teams, _periods(_tracked(data.records)), lambda: _frames(data.records))
    spans = {
        PERIOD_ORDER[period.id - 1]: (0, _ms(period.end_timestamp - period.start_timestamp))
        for period in data.metadata.periods
    }
    happened = [moment for place, event in enumerate(data.records) for moment in _event(event, place, data.records)]
    return MatchFile(teams, _in_order(_periods(spans), happened), lambda: iter(()))


def _tracked(records: Sequence[Any]) -> dict[Period, tuple[int, int]]:
    """Return the tracked span of each period in milliseconds; a file may contain one minute of it."""
    spans: dict[Period, tuple[int, int]] = {}
    for record in records:
        period, at_ms = PERIOD_ORDER[record.period.id - 1], _ms(record.timestamp)
        spans[period] = spans.get(period, (at_ms,))[0], at_ms
    return spans


def _periods(spans_ms: dict[Period, tuple[int, int]]) -> list[FileEvent]:
    last = max(spans_ms, key=PERIOD_ORDER.index)
    return [
        moment
        for period, (begin_ms, end_ms) in spans_ms.items()
        for moment in (
            FileEvent(period, _clock_ms(period, begin_ms), f"{period} start", KickOff(period)),
            FileEvent(
                period, _clock_ms(period, end_ms), f"{period} end", PeriodOver(period, match_over=period is last)
            ),
        )
    ]


def _in_order(periods: Sequence[FileEvent], happened: Sequence[FileEvent]) -> list[FileEvent]:
    """Sort by period and clock, inside the period's start and end; an event shortly after the end gets its clock."""

    def key(moment: FileEvent) -> tuple[int, int, int]:
        number, clock_ms, whistle = moment.order
        return number, whistle, clock_ms

    ordered: list[FileEvent] = []
    for moment in sorted([*periods, *happened], key=key):
        late = ordered and ordered[-1].period is moment.period and ordered[-1].clock_ms > moment.clock_ms
        at_ms = ordered[-1].clock_ms if late else moment.clock_ms
        ordered.append(FileEvent(moment.period, at_ms, moment.name, moment.what))
    return ordered


def _whistle_order(what: MatchEvent | FileAction | FileFrame) -> int:
    return {KickOff: -1, PeriodOver: 1}.get(type(what), 0)


def _team(side: Side, team: Any) -> Team:
    players = [
        Player(
            person.jersey_no,
            clean_name(_name(person)),
            _position(person.starting_position),
            starts=bool(person.starting),
        )
        for person in team.players
        if _has_shirt(person)
    ]
    name = clean_name(team.name) or str(team.team_id)
    return Team(name, code_of(name, side), COLOURS[side], line_up(players))


def _name(person: Any) -> str:
    known = person.name or " ".join(part for part in (person.first_name, person.last_name) if part)
    return str(known or "")


def _position(position: Any) -> Position:
    named: dict[str, Position] = {
        "Goalkeeper": "goalkeeper",
        "Defender": "defender",
        "Midfielder": "midfielder",
        "Attacker": "forward",
    }
    group = getattr(position, "position_group", None)  # hawkeye has a letter instead
    return "" if group is None else named.get(group.name, "")


def _has_shirt(person: Any) -> bool:
    return person.jersey_no is not None and 1 <= person.jersey_no <= SHIRT_MAX


def _event(event: Any, place: int, events: Sequence[Any]) -> Iterator[FileEvent]:
    """Yield the counted action and the match event of a kloppy event."""
    period, side = PERIOD_ORDER[event.period.id - 1], _side(event.team)
    if side is None:
        return
    clock_ms = _clock_ms(period, _ms(event.timestamp))
    name = f"{event.event_id} {event.event_type.name.lower()}"  # a foul and its card share an id
    kinds = [] if period is Period.SHOOT_OUT else _kinds(event)
    if kinds:
        yield FileEvent(period, clock_ms, name, FileAction(side, _shirt(event.player), kinds))
    content = _match_event(event, side, place, events)
    if content is not None:
        yield FileEvent(period, clock_ms, f"{name} told", content)


def _match_event(event: Any, side: Side, place: int, events: Sequence[Any]) -> MatchEvent | None:
    shirt, result = _shirt(event.player), _result(event)
    match event.event_type.name:
        case "SHOT" if PERIOD_ORDER[event.period.id - 1] is Period.SHOOT_OUT:
            return ShootOutKick(side, _OUTCOMES.get(result, "missed"), shirt)
        case "SHOT" if result == "GOAL":
            manner: Literal["play", "penalty"] = "penalty" if "PENALTY" in _qualifiers(event) else "play"
            return Goal(side, shirt, _assist(event, place, events), manner)
        case "SHOT" if result == "OWN_GOAL":
            return Goal(other_side(side), shirt, None, "own")
        case "CARD" if shirt is not None and event.card_type.name in _CARDS:
            return Booking(side, shirt, _CARDS[event.card_type.name])
        case "SUBSTITUTION":
            on = _shirt(event.replacement_player)
            return None if shirt is None or on is None else Substitution(side, shirt, on)
        case _:
            return None


def _kinds(event: Any) -> list[CountedKind]:
    result, qualifiers = _result(event), _qualifiers(event)
    match event.event_type.name:
        case "SHOT" if result != "OWN_GOAL":
            return [CountedKind.SHOT, *([CountedKind.ON_TARGET] if result in ("GOAL", "SAVED") else [])]
        case "PASS":
            besides = {"COMPLETE": CountedKind.COMPLETED, "OFFSIDE": CountedKind.OFFSIDE}
            corner = [CountedKind.CORNER] if "CORNER_KICK" in qualifiers else []
            return [CountedKind.PASS, *([besides[result]] if result in besides else []), *corner]
        case "FOUL_COMMITTED":
            return [CountedKind.FOUL]
        case "GENERIC" if event.event_name == "Offside":
            return [CountedKind.OFFSIDE]
        case _:
            return []


def _assist(goal: Any, place: int, events: Sequence[Any]) -> int | None:
    for event in reversed(events[max(0, place - _ASSIST_WITHIN) : place]):
        if event.team == goal.team and event.event_type.name == "PASS" and "ASSIST" in _qualifiers(event):
            return _shirt(event.player)
    return None


def _frames(records: Sequence[Any]) -> Iterator[FileEvent]:
    for record in records:
        period = PERIOD_ORDER[record.period.id - 1]
        clock_ms = _clock_ms(period, _ms(record.timestamp))
        yield FileEvent(
            period, clock_ms, f"{record.frame_id}", FileFrame(_spots(record), _ball(record.ball_coordinates))
        )


def _spots(record: Any) -> list[Spot]:
    spots: dict[tuple[Side, int], Spot] = {}
    for person, seen in record.players_data.items():
        side, at = _side(person.team), seen.coordinates
        if side is not None and at is not None and _has_shirt(person) and _on_pitch(at):
            spots[side, person.jersey_no] = (side, person.jersey_no, round(at.x, 2), round(at.y, 2))
    return list(spots.values())


def _ball(at: Any) -> tuple[float, float, float] | None:
    if at is None or not _on_pitch(at):
        return None
    low, high = HEIGHT_M
    return round(at.x, 2), round(at.y, 2), round(min(max(getattr(at, "z", 0) or 0, low), high), 2)


def _on_pitch(at: Any) -> bool:
    return all(abs(metres) < PITCH_MAX_M for metres in (at.x, at.y))


def _side(team: Any) -> Side | None:
    return None if team is None else Side(team.ground.value)


def _shirt(person: Any) -> int | None:
    return person.jersey_no if person is not None and _has_shirt(person) else None


def _result(event: Any) -> str:
    return event.result.name if event.result is not None else ""


def _qualifiers(event: Any) -> set[str]:
    return {getattr(qualifier.value, "name", "") for qualifier in event.qualifiers or ()}


def _ms(span: timedelta) -> int:
    return round(span / timedelta(milliseconds=1))


def _clock_ms(period: Period, since_ms: int) -> int:
    return PERIOD_STARTS_S[period] * 1000 + since_ms
