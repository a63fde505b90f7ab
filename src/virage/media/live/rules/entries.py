"""Feed entries: numbered, immutable messages of a match.

A later entry, `corrected` or `withdrawn`, corrects an entry by its number; `effective` applies both. Entries name a
player by side and shirt number; names are in the line-ups. Unknown members are left out to save bandwidth.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

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
    """A team of the match."""

    HOME = "home"
    AWAY = "away"


class Period(StrEnum):
    """A part of the match without a break (IFAB, Laws of the Game, laws 7 and 10)."""

    FIRST_HALF = "first_half"
    SECOND_HALF = "second_half"
    EXTRA_FIRST = "extra_first"
    EXTRA_SECOND = "extra_second"
    SHOOT_OUT = "shoot_out"


# Match clock at the start of each period, seconds; the next period's start is the regular end.
PERIOD_STARTS_S: Final = {
    Period.FIRST_HALF: 0,
    Period.SECOND_HALF: 45 * 60,
    Period.EXTRA_FIRST: 90 * 60,
    Period.EXTRA_SECOND: 105 * 60,
    Period.SHOOT_OUT: 120 * 60,
}
PERIOD_ORDER: Final = tuple(Period)


class KickOff(Struct, frozen=True, tag_field="kind", tag="kick_off"):
    """Start of a period."""

    period: Period


class PeriodOver(Struct, frozen=True, tag_field="kind", tag="period_over"):
    """End of a period; `match_over` with the last one."""

    period: Period
    match_over: bool = False


class Goal(Struct, frozen=True, tag_field="kind", tag="goal", omit_defaults=True):
    """A goal for `side`. The scorer `player` belongs to the other side for an own goal; None: not known yet."""

    side: Side
    player: ShirtNumber | None = None
    assist: ShirtNumber | None = None
    manner: Literal["play", "penalty", "own"] = "play"


class ShootOutKick(Struct, frozen=True, tag_field="kind", tag="shoot_out_kick", omit_defaults=True):
    """A kick of the shoot-out: it counts in the shoot-out score and not as a goal of the match."""

    side: Side
    outcome: Literal["scored", "saved", "missed"]
    player: ShirtNumber | None = None


class Booking(Struct, frozen=True, tag_field="kind", tag="card"):
    """A caution or a sending-off; `second_yellow` is both."""

    side: Side
    player: ShirtNumber
    colour: Literal["yellow", "second_yellow", "red"]


class Substitution(Struct, frozen=True, tag_field="kind", tag="substitution"):
    """Player `off` is replaced by player `on`."""

    side: Side
    off: ShirtNumber
    on: ShirtNumber


class AddedTime(Struct, frozen=True, tag_field="kind", tag="added_time"):
    """Time that the referee adds to the current period, whole minutes."""

    minutes: Annotated[int, Meta(ge=1, le=30)]


class VarReview(Struct, frozen=True, tag_field="kind", tag="var", omit_defaults=True):
    """A VAR review or its result. `about` is the reviewed entry, if there is one.

    An overturned goal is withdrawn by a separate entry.
    """

    matter: Literal["goal", "penalty", "red_card", "identity"]
    phase: Literal["checking", "stands", "overturned"]
    about: Number | None = None


class GoalLine(Struct, frozen=True, tag_field="kind", tag="goal_line"):
    """A signal of goal-line technology to the referee."""

    side: Side
    is_goal: bool


class RefereeSignal(Struct, frozen=True, tag_field="kind", tag="referee"):
    """A signal of the referee's devices. The match desk publishes the decision."""

    signal: Literal["whistle", "stopped", "resumed"]


class Announcement(Struct, frozen=True, tag_field="kind", tag="announcement"):
    """A text for everybody in the stadium."""

    text: Text


class VenueUpdate(Struct, frozen=True, tag_field="kind", tag="ground"):
    """A change of a gate or an outlet, by its code. `sold_out`: an outlet has no stock left."""

    place: Literal["gate", "outlet"]
    code: Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9 ._-]+$")]
    state: Literal["open", "closed", "busy", "sold_out"]


class ReplayAvailable(Struct, frozen=True, tag_field="kind", tag="replay", omit_defaults=True):
    """A replay clip is available; `about` is the entry that it shows."""

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
    """Replaces the content of entry `about`."""

    about: Number
    content: MatchEvent


class EntryWithdrawal(Struct, frozen=True, tag_field="kind", tag="withdrawn"):
    """Withdraws entry `about`."""

    about: Number


Content = MatchEvent | EntryCorrection | EntryWithdrawal


class FeedEntry(Struct, frozen=True, omit_defaults=True):
    """A feed entry. `at`: time of the event; `clock_s`: match clock in seconds, None while it is stopped."""

    number: Number
    at: datetime
    content: Content
    clock_s: ClockSeconds | None = None


class EntryRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """An entry to publish. `id` is the client's idempotency key.

    `clock_s` None: the feed's running clock at `at`.
    """

    id: UUID
    at: Annotated[datetime, Meta(tz=True)]
    content: Content
    clock_s: ClockSeconds | None = None


Position = Literal["goalkeeper", "defender", "midfielder", "forward", ""]


class Player(Struct, frozen=True, forbid_unknown_fields=True):
    """A player of a line-up; `name` is empty while only the shirt number is known."""

    number: ShirtNumber
    name: PlayerName
    position: Position = ""
    starts: bool = False
    captain: bool | UnsetType = UNSET


class Team(Struct, frozen=True, forbid_unknown_fields=True):
    """A team: name, short name of 2 to 4 characters, kit colour, line-up."""

    name: Name
    code: Annotated[str, Meta(min_length=2, max_length=4, pattern=r"^[A-Z0-9]+$")]
    colour: Colour
    players: Annotated[list[Player], Meta(max_length=LINEUP_MAX)] = []


class Teams(Struct, frozen=True, forbid_unknown_fields=True):
    """Both teams of a match."""

    home: Team
    away: Team

    def of(self, side: Side) -> Team:
        """Return the team of a side."""
        return self.home if side is Side.HOME else self.away


def players_of(content: Content) -> list[tuple[Side, int]]:
    """Return the players that a content names, by side and shirt number."""
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
