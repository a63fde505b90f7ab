"""Common Data Format (CDF) of football, versions 0.2.1 to 0.3.2: the documents that a feed uses.

Anzer and others, "Common Data Format (CDF): A Standardized Format for Match-Data in Football (Soccer)", 2025, arXiv
2505.15820, and its schemas in the package common-data-format-validator. Meta data have line-ups and whistles, the match
sheet goals, bookings and substitutions, event data one action per line. Unknown keys are ignored, as the format
requires.
"""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from virage.media.live.rules.entries import CLOCK_MAX_S, Period, Side

LINES_MAX: Final = 10_000
BYTES_MAX: Final = 16 * 1024 * 1024

Id = Annotated[str, Meta(min_length=1, max_length=200)]
Timestamp = Annotated[datetime, Meta(tz=True)]
PeriodName = Literal["first_half", "second_half", "first_half_extratime", "second_half_extratime", "shootout"]
CardType = Literal["yellow_card", "second_yellow_card", "red_card"]
Number = int | float

PERIODS: Final[dict[str, Period]] = {
    "first_half": Period.FIRST_HALF,
    "second_half": Period.SECOND_HALF,
    "first_half_extratime": Period.EXTRA_FIRST,
    "second_half_extratime": Period.EXTRA_SECOND,
    "shootout": Period.SHOOT_OUT,
}
MATCH_CLOCK: Final = re.compile(r"(\d{1,3}):([0-5]\d)(?:\.\d+)?")


class DefectCode(StrEnum):
    """Codes of defective lines, in addition to `virage.media.live.rules.feed.Reason`."""

    NOT_CDF = "not_cdf"
    INVALID = "invalid_line"
    META_MISSING = "meta_missing"
    OTHER_MATCH = "other_match"
    TEAM_UNKNOWN = "team_unknown"
    PLAYER_UNKNOWN = "player_unknown"


class LineDefect(Struct, frozen=True):
    """A line that was not imported, counted from 1, with code and message."""

    line: int
    reason: str
    message: str = ""


class MatchId(Struct, frozen=True):
    """Reference to a match."""

    id: Id


class Var(Struct, frozen=True):
    """Result of a VAR review: `upheld` if the decision on the field stood."""

    reviewed: bool = False
    upheld: bool = False


class CdfEvent(Struct, frozen=True):
    """`event` of a line of event data. Since version 0.3.1, referee lines name an official and no player."""

    id: Id
    time: Timestamp
    period: PeriodName
    type: str
    sub_type: str | None
    is_successful: bool
    outcome_type: str
    receiver_id: str | None
    receiver_time: Timestamp | None
    x: Number
    y: Number
    x_end: Number | None
    y_end: Number | None
    body_part: str | None
    related_event_ids: list[Id] | None
    player_id: Id | None = None
    team_id: Id | None = None
    match_clock: str | None = None
    var: Var | None = None


class EventLine(Struct, frozen=True):
    """A line of event data."""

    match: MatchId
    event: CdfEvent


class Person(Struct, frozen=True):
    """A player of meta data or match sheet."""

    id: Id
    jersey_number: int
    is_starter: bool
    first_name: str | None = None
    last_name: str | None = None
    short_name: str | None = None
    position_group: str | None = None


class Squad(Struct, frozen=True, rename={"colour": "jersey_colour"}):
    """A team of meta data (`name`) or match sheet (`short_name`)."""

    id: Id
    players: list[Person]
    name: str | None = None
    short_name: str | None = None
    colour: str | None = None


class Sides(Struct, frozen=True):
    """Both teams."""

    home: Squad
    away: Squad


class Whistle(Struct, frozen=True):
    """The whistle at the start or end of a period."""

    type: str
    sub_type: str
    time: Timestamp


class MetaMatch(Struct, frozen=True):
    """The match in meta data."""

    id: Id
    whistles: list[Whistle]


class MetaData(Struct, frozen=True):
    """Meta data: line-ups and whistles."""

    match: MetaMatch
    teams: Sides


class SheetGoal(Struct, frozen=True):
    """A goal of the match sheet; `team_id` is the team that gained it, also for an own goal."""

    time: Timestamp
    period: PeriodName
    team_id: Id
    player_id: Id
    assist_id: Id | None
    is_own_goal: bool
    is_penalty: bool


class SheetSubstitution(Struct, frozen=True):
    """A substitution of the match sheet."""

    team_id: Id
    in_time: Timestamp
    in_player_id: Id
    out_player_id: Id


class SheetCard(Struct, frozen=True):
    """A booking of the match sheet."""

    team_id: Id
    time: Timestamp
    player_id: Id
    type: CardType


class SheetEvents(Struct, frozen=True):
    """Events of a match sheet; null for none."""

    goals: list[SheetGoal] | None
    substitutions: list[SheetSubstitution] | None
    cards: list[SheetCard] | None


class MatchSheet(Struct, frozen=True):
    """The official match sheet."""

    match: MatchId
    teams: Sides
    events: SheetEvents


Document = EventLine | MetaData | MatchSheet


class SourceIds(Struct, frozen=True):
    """Ids of a source: match, teams, and each player's side and shirt number."""

    match_id: str
    home: str
    away: str
    players: dict[str, tuple[Side, int]]

    def side_of(self, team_id: str | None) -> Side | None:
        """Return the side of a team."""
        return {self.home: Side.HOME, self.away: Side.AWAY}.get(team_id or "")


def read_document(line: bytes, number: int) -> Document | str | LineDefect:
    """Return a document, the name of an unused CDF document type, or a defect."""
    try:
        keys = msgspec.json.decode(line, type=dict[str, msgspec.Raw]).keys()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return LineDefect(number, DefectCode.NOT_CDF, str(error))
    shape: Any = None
    if "event" in keys:
        shape = EventLine
    elif {"teams", "events"} <= keys:
        shape = MatchSheet
    elif "teams" in keys and keys & {"venue", "stadium"}:  # `stadium` until version 0.2
        shape = MetaData
    elif "frame_id" in keys:
        return "tracking"
    else:
        return LineDefect(number, DefectCode.NOT_CDF, "It is no event, no meta data, no match sheet.")
    try:
        document: Document = msgspec.json.decode(line, type=shape)
    except (msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        return LineDefect(number, DefectCode.INVALID, str(error))
    if isinstance(document, EventLine) and (why := _defect_of(document.event)):
        return LineDefect(number, DefectCode.INVALID, why)
    return document


def clock_s(match_clock: str | None) -> int | None:
    """Return a match clock in seconds; None if it is missing or malformed."""
    found = MATCH_CLOCK.fullmatch(match_clock or "")
    seconds = None if found is None else int(found[1]) * 60 + int(found[2])
    return None if seconds is None or seconds > CLOCK_MAX_S else seconds


def _defect_of(event: CdfEvent) -> str:
    if event.type != "referee" and (event.player_id is None or event.team_id is None):
        return "Object missing required field `player_id` or `team_id` - at `$.event`"
    if event.match_clock is not None and clock_s(event.match_clock) is None:
        return "Expected `MM:SS.mm` - at `$.event.match_clock`"
    return ""
