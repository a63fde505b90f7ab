"""The match feed: entries with a number each, and what they add up to, without a database or a clock.

An entry is never changed. Who erred says so in a later entry, `corrected` or `withdrawn`, which names the number of the
one that it is about; `effective` puts both together. A player is named by side and shirt number, for a feed goes to
everybody and a name stands in the line-up alone. What is not known is left out of what is sent: a phone in a ground has
little network.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, field

from virage.site.programme.types import Text

LINEUP_MAX: Final = 30
STARTERS_MAX: Final = 11
PAGE_ENTRIES: Final = 32
CLOCK_MAX_S: Final = 5 * 3600
ENTRY_FACT: Final = "live_told"
TEAMS_FACT: Final = "live_teams"

Number = Annotated[int, Meta(ge=1, le=2**31 - 1)]
ShirtNumber = Annotated[int, Meta(ge=1, le=99)]
ClockSeconds = Annotated[int, Meta(ge=0, le=CLOCK_MAX_S)]
Name = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")]
PlayerName = Annotated[str, Meta(max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")]
Colour = Annotated[str, Meta(pattern=r"^#[0-9a-f]{6}$")]


class Side(StrEnum):
    """Which team."""

    HOME = "home"
    AWAY = "away"


class Period(StrEnum):
    """A part of a match that is played without a break (IFAB, Laws of the Game, law 7 and 10)."""

    FIRST_HALF = "first_half"
    SECOND_HALF = "second_half"
    EXTRA_FIRST = "extra_first"
    EXTRA_SECOND = "extra_second"
    SHOOT_OUT = "shoot_out"


# What the clock of the match shows when a period begins, and what it would show at its regular end; seconds.
PERIOD_STARTS_S: Final = {
    Period.FIRST_HALF: 0,
    Period.SECOND_HALF: 45 * 60,
    Period.EXTRA_FIRST: 90 * 60,
    Period.EXTRA_SECOND: 105 * 60,
    Period.SHOOT_OUT: 120 * 60,
}
PERIOD_ORDER: Final = tuple(Period)


class KickOff(Struct, frozen=True, tag_field="kind", tag="kick_off"):
    """A period begins."""

    period: Period


class PeriodOver(Struct, frozen=True, tag_field="kind", tag="period_over"):
    """A period has ended; `match_over` with the last one."""

    period: Period
    match_over: bool = False


class Goal(Struct, frozen=True, tag_field="kind", tag="goal", omit_defaults=True):
    """A goal for `side`. `player` scored it: of the other side if it is an own goal; None until it is known."""

    side: Side
    player: ShirtNumber | None = None
    assist: ShirtNumber | None = None
    manner: Literal["play", "penalty", "own"] = "play"


class ShootOutKick(Struct, frozen=True, tag_field="kind", tag="shoot_out_kick", omit_defaults=True):
    """A kick of the shoot-out: it counts in the score on penalties, and is no goal of the match."""

    side: Side
    outcome: Literal["scored", "saved", "missed"]
    player: ShirtNumber | None = None


class Booking(Struct, frozen=True, tag_field="kind", tag="card"):
    """A caution or a sending-off; `second_yellow` is both."""

    side: Side
    player: ShirtNumber
    colour: Literal["yellow", "second_yellow", "red"]


class Substitution(Struct, frozen=True, tag_field="kind", tag="substitution"):
    """Somebody goes off, somebody comes on."""

    side: Side
    off: ShirtNumber
    on: ShirtNumber


class AddedTime(Struct, frozen=True, tag_field="kind", tag="added_time"):
    """What the referee adds to the running period, whole minutes."""

    minutes: Annotated[int, Meta(ge=1, le=30)]


class VarReview(Struct, frozen=True, tag_field="kind", tag="var", omit_defaults=True):
    """The video assistant looks at something, or has. `about` is the entry in question, if there is one.

    An overturned goal is withdrawn by an entry of its own.
    """

    matter: Literal["goal", "penalty", "red_card", "identity"]
    phase: Literal["checking", "stands", "overturned"]
    about: Number | None = None


class GoalLine(Struct, frozen=True, tag_field="kind", tag="goal_line"):
    """What goal-line technology told the referee."""

    side: Side
    is_goal: bool


class RefereeSignal(Struct, frozen=True, tag_field="kind", tag="referee"):
    """What the referee's devices signal. A whistle alone decides nothing: what for is told by whoever saw it."""

    signal: Literal["whistle", "stopped", "resumed"]


class Announcement(Struct, frozen=True, tag_field="kind", tag="announcement"):
    """Words for everybody, in both languages."""

    text: Text


class VenueUpdate(Struct, frozen=True, tag_field="kind", tag="ground"):
    """News of a gate or an outlet, by its code. `sold_out`: an outlet has nothing left."""

    place: Literal["gate", "outlet"]
    code: Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^[A-Za-z0-9 _-]+$")]
    state: Literal["open", "closed", "busy", "sold_out"]


class ReplayAvailable(Struct, frozen=True, tag_field="kind", tag="replay", omit_defaults=True):
    """A clip can be watched; `about` is the entry that it shows."""

    clip_id: UUID
    about: Number | None = None


MatchEvent = (
    KickOff
    | PeriodOver
    | Goal
    | ShootOutKick
    | Booking
    | Substitution
    | AddedTime
    | VarReview
    | GoalLine
    | RefereeSignal
    | Announcement
    | VenueUpdate
    | ReplayAvailable
)


class EntryCorrection(Struct, frozen=True, tag_field="kind", tag="corrected"):
    """Entry `about` was wrong: this is what happened."""

    about: Number
    content: MatchEvent = field(name="told")


class EntryWithdrawal(Struct, frozen=True, tag_field="kind", tag="withdrawn"):
    """Entry `about` did not happen."""

    about: Number


Content = MatchEvent | EntryCorrection | EntryWithdrawal


class FeedEntry(Struct, frozen=True, omit_defaults=True):
    """One line of the feed. `at`: when it happened; `clock_s`: what the clock of the match showed, if it ran."""

    number: Number
    at: datetime
    content: Content = field(name="told")
    clock_s: ClockSeconds | None = None


class EntryRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody tells. The `id` is theirs: sent again, it is the same entry.

    `clock_s` None: as the running clock of the feed says.
    """

    id: UUID
    at: Annotated[datetime, Meta(tz=True)]
    content: Content = field(name="told")
    clock_s: ClockSeconds | None = None


Position = Literal["goalkeeper", "defender", "midfielder", "forward", ""]


class Player(Struct, frozen=True, forbid_unknown_fields=True):
    """A player of a line-up; `name` is empty while only the shirt number is known, `captain` left out of others."""

    number: ShirtNumber
    name: PlayerName
    position: Position = ""
    starts: bool = False
    captain: bool | UnsetType = UNSET


class Team(Struct, frozen=True, forbid_unknown_fields=True):
    """One side of a match: its name, three letters, its colour, its line-up."""

    name: Name
    code: Annotated[str, Meta(min_length=2, max_length=4, pattern=r"^[A-Z0-9]+$")]
    colour: Colour
    players: Annotated[list[Player], Meta(max_length=LINEUP_MAX)] = []


class Teams(Struct, frozen=True, forbid_unknown_fields=True):
    """Who plays."""

    home: Team
    away: Team

    def of(self, side: Side) -> Team:
        """One of the two."""
        return self.home if side is Side.HOME else self.away


def players_of(content: Content) -> list[tuple[Side, int]]:
    """Who is named, by side and shirt number."""
    match content:
        case Goal(side, player, assist, manner):
            scorer = (side if manner != "own" else other_side(side), player)
            return [(team, number) for team, number in (scorer, (side, assist)) if number is not None]
        case ShootOutKick(side, _, int(player)) | Booking(side, player):
            return [(side, player)]
        case Substitution(side, off, on):
            return [(side, off), (side, on)]
        case _:
            return []


def other_side(side: Side) -> Side:
    """Return the opposing side."""
    return Side.AWAY if side is Side.HOME else Side.HOME
