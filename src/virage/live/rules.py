"""The match feed: entries with a number each, and what they add up to, without a database or a clock.

An entry is never changed. Who erred says so in a later entry, `corrected` or `withdrawn`, which names the number of the
one that it is about; `effective` puts both together. A player is named by side and shirt number, for a feed goes to
everybody and a name stands in the line-up alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.kernel.problems import Refused
from virage.programme.rules import Text

LINEUP_MAX: Final = 30
PAGE_ENTRIES: Final = 32
TOLD_FACT: Final = "live_told"
TEAMS_FACT: Final = "live_teams"

Number = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Shirt = Annotated[int, Meta(ge=1, le=99)]
Seconds = Annotated[int, Meta(ge=0, le=5 * 3600)]
Name = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")]
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
BEGINS_S: Final = {
    Period.FIRST_HALF: 0,
    Period.SECOND_HALF: 45 * 60,
    Period.EXTRA_FIRST: 90 * 60,
    Period.EXTRA_SECOND: 105 * 60,
    Period.SHOOT_OUT: 120 * 60,
}
ORDER: Final = tuple(Period)


class KickOff(Struct, frozen=True, tag_field="kind", tag="kick_off"):
    """A period begins."""

    period: Period


class PeriodOver(Struct, frozen=True, tag_field="kind", tag="period_over"):
    """A period has ended; `match_over` with the last one."""

    period: Period
    match_over: bool = False


class Goal(Struct, frozen=True, tag_field="kind", tag="goal"):
    """A goal for `side`. `player` scored it: of the other side if it is an own goal; None until it is known."""

    side: Side
    player: Shirt | None = None
    assist: Shirt | None = None
    manner: Literal["play", "penalty", "own"] = "play"


class Card(Struct, frozen=True, tag_field="kind", tag="card"):
    """A caution or a sending-off; `second_yellow` is both."""

    side: Side
    player: Shirt
    colour: Literal["yellow", "second_yellow", "red"]


class Substitution(Struct, frozen=True, tag_field="kind", tag="substitution"):
    """Somebody goes off, somebody comes on."""

    side: Side
    off: Shirt
    on: Shirt


class AddedTime(Struct, frozen=True, tag_field="kind", tag="added_time"):
    """What the referee adds to the running period, whole minutes."""

    minutes: Annotated[int, Meta(ge=1, le=30)]


class Review(Struct, frozen=True, tag_field="kind", tag="var"):
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


class Announcement(Struct, frozen=True, tag_field="kind", tag="announcement"):
    """Words for everybody, in both languages."""

    text: Text


class Ground(Struct, frozen=True, tag_field="kind", tag="ground"):
    """News of a gate or an outlet, by its code."""

    place: Literal["gate", "outlet"]
    code: Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^[A-Za-z0-9 _-]+$")]
    state: Literal["open", "closed", "busy"]


class Replayed(Struct, frozen=True, tag_field="kind", tag="replay"):
    """A clip can be watched; `about` is the entry that it shows."""

    clip_id: UUID
    about: Number | None = None


Happening = (
    KickOff | PeriodOver | Goal | Card | Substitution | AddedTime | Review | GoalLine | Announcement | Ground | Replayed
)


class Corrected(Struct, frozen=True, tag_field="kind", tag="corrected"):
    """Entry `about` was wrong: this is what happened."""

    about: Number
    told: Happening


class Withdrawn(Struct, frozen=True, tag_field="kind", tag="withdrawn"):
    """Entry `about` did not happen."""

    about: Number


Told = Happening | Corrected | Withdrawn


class Entry(Struct, frozen=True, omit_defaults=True):
    """One line of the feed. `at`: when it happened; `clock_s`: what the clock of the match showed, if it ran."""

    number: Number
    at: datetime
    told: Told
    clock_s: Seconds | None = None


class Telling(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody tells. The `id` is theirs: sent again, it is the same entry.

    `clock_s` None: as the running clock of the feed says.
    """

    id: UUID
    at: Annotated[datetime, Meta(tz=True)]
    told: Told
    clock_s: Seconds | None = None


Position = Literal["goalkeeper", "defender", "midfielder", "forward", ""]


class Player(Struct, frozen=True, forbid_unknown_fields=True):
    """One of a line-up."""

    number: Shirt
    name: Name
    position: Position = ""
    starts: bool = False


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


class Reason(StrEnum):
    """Why nothing is told."""

    NOT_FOUND = "not_found"
    ENTRY_ID_TAKEN = "entry_id_taken"
    ENTRY_UNKNOWN = "entry_unknown"
    ENTRY_WITHDRAWN = "entry_withdrawn"
    ENTRY_NOT_OF_THIS_KIND = "entry_not_of_this_kind"
    PERIOD_OUT_OF_ORDER = "period_out_of_order"
    PLAYER_UNKNOWN = "player_unknown"
    NO_MATCH = "no_match"
    CHANGED = "changed_meanwhile"


class Clock(Struct, frozen=True):
    """A running clock: it showed `at_s` at the moment `since`."""

    period: Period
    since: datetime
    at_s: int

    def shows(self, at: datetime) -> int:
        """The seconds of the match at a moment; before its beginning, its beginning."""
        return self.at_s + max(0, int((at - self.since).total_seconds()))


class Score(Struct, frozen=True):
    """What a feed adds up to: the score, the clock (None: nothing is played), the periods that are over."""

    home: int = 0
    away: int = 0
    clock: Clock | None = None
    over: tuple[Period, ...] = ()
    match_over: bool = False


def effective(entries: Iterable[Entry]) -> dict[int, Entry]:
    """What happened, by number and in order: entries as they were corrected last, without those withdrawn."""
    kept: dict[int, Entry] = {}
    for entry in entries:
        match entry.told:
            case Withdrawn(about):
                kept.pop(about, None)
            case Corrected(about, told):
                if about in kept:
                    kept[about] = replace(kept[about], told=told)
            case _:
                kept[entry.number] = entry
    return kept


def score(happened: Iterable[Entry]) -> Score:
    """What effective entries add up to."""
    found = Score()
    for entry in happened:
        match entry.told:
            case KickOff(period):
                at_s = BEGINS_S[period] if entry.clock_s is None else entry.clock_s
                found = replace(found, clock=Clock(period, entry.at, at_s))
            case PeriodOver(period, match_over):
                found = replace(found, clock=None, over=(*found.over, period), match_over=match_over)
            case Goal(Side.HOME):
                found = replace(found, home=found.home + 1)
            case Goal(Side.AWAY):
                found = replace(found, away=found.away + 1)
            case _:
                pass
    return found


def minute(period: Period, clock_s: int) -> tuple[int, int]:
    """The minute in which something happened, as it is written: (45, 2) is 45+2, (27, 0) is 27."""
    following = ORDER.index(period) + 1
    ends = BEGINS_S[ORDER[following]] // 60 if following < len(ORDER) else None
    running = clock_s // 60 + 1
    return (ends, running - ends) if ends is not None and running > ends else (running, 0)


def numbered(tellings: Sequence[Telling], known: Sequence[Entry], teams: Teams | None) -> list[Entry | Refused]:
    """One entry a telling, numbered on from those that are known, or why it is none; each stands on the one before."""
    happened = effective(known)
    head = known[-1].number if known else 0
    outcomes: list[Entry | Refused] = []
    for telling in tellings:
        now = score(happened.values())
        refusal = _refuse(telling.told, happened, now, head, teams)
        if refusal is not None:
            outcomes.append(refusal)
            continue
        head += 1
        entry = Entry(head, telling.at, telling.told, _clock_s(telling, now))
        outcomes.append(entry)
        happened = effective([*happened.values(), entry])
    return outcomes


def _clock_s(telling: Telling, now: Score) -> int | None:
    if telling.clock_s is not None or now.clock is None or isinstance(telling.told, Corrected | Withdrawn):
        return telling.clock_s
    return now.clock.shows(telling.at)


def _refuse(told: Told, happened: Mapping[int, Entry], now: Score, head: int, teams: Teams | None) -> Refused | None:
    """Why that cannot be told as the feed stands."""
    match told:
        case Withdrawn(about):
            return _refuse_about(about, happened, head)
        case Corrected(about, instead):
            refusal = _refuse_about(about, happened, head)
            if refusal is None and type(happened[about].told) is not type(instead):
                refusal = Refused(Reason.ENTRY_NOT_OF_THIS_KIND, {"about": about})
            return refusal or _refuse_players(instead, teams)
        case KickOff(period):
            begun = [*now.over, *([now.clock.period] if now.clock is not None else [])]
            late = now.match_over or any(ORDER.index(period) <= ORDER.index(one) for one in begun)
            return Refused(Reason.PERIOD_OUT_OF_ORDER) if late or now.clock is not None else None
        case PeriodOver(period):
            running = now.clock is not None and now.clock.period is period
            return None if running else Refused(Reason.PERIOD_OUT_OF_ORDER)
        case Review(about=int(about)) | Replayed(about=int(about)):
            return _refuse_about(about, happened, head)
        case _:
            return _refuse_players(told, teams)


def _refuse_about(about: int, happened: Mapping[int, Entry], head: int) -> Refused | None:
    if about in happened:
        return None
    return Refused(Reason.ENTRY_WITHDRAWN if about <= head else Reason.ENTRY_UNKNOWN, {"about": about})


def _refuse_players(told: Happening, teams: Teams | None) -> Refused | None:
    """Whoever is named stands in the line-up."""
    named = players_of(told)
    if not named:
        return None
    if teams is None:
        return Refused(Reason.NO_MATCH)
    for side, number in named:
        if all(player.number != number for player in teams.of(side).players):
            return Refused(Reason.PLAYER_UNKNOWN, {"side": side, "player": number})
    return None


def players_of(told: Told) -> list[tuple[Side, int]]:
    """Who is named, by side and shirt number."""
    match told:
        case Goal(side, player, assist, manner):
            scorer = (side if manner != "own" else _other(side), player)
            return [(team, number) for team, number in (scorer, (side, assist)) if number is not None]
        case Card(side, player):
            return [(side, player)]
        case Substitution(side, off, on):
            return [(side, off), (side, on)]
        case _:
            return []


def _other(side: Side) -> Side:
    return Side.AWAY if side is Side.HOME else Side.HOME
