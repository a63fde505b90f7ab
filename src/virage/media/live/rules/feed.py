"""The state of a feed, and the rules for its next entries."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from virage.media.live.rules.entries import (
    CLOCK_MAX_S,
    PERIOD_ORDER,
    PERIOD_STARTS_S,
    STARTERS_MAX,
    Content,
    EntryCorrection,
    EntryRequest,
    EntryWithdrawal,
    FeedEntry,
    Goal,
    KickOff,
    MatchEvent,
    Period,
    PeriodOver,
    ReplayAvailable,
    ShootOutKick,
    Side,
    Teams,
    VarReview,
    players_of,
)
from virage.platform.values.refusals import Refused
from virage.site.programme.types import YEAR_MAX, YEAR_MIN

CLOCK_TOLERANCE_S: Final = 2
"""Difference between an entry's clock and the running clock that does not set it."""


class Reason(StrEnum):
    """Refusal codes of live."""

    NOT_FOUND = "not_found"
    ENTRY_ID_TAKEN = "entry_id_taken"
    ENTRY_UNKNOWN = "entry_unknown"
    ENTRY_WITHDRAWN = "entry_withdrawn"
    ENTRY_IS_CORRECTION = "entry_is_correction"
    ENTRY_IS_WITHDRAWAL = "entry_is_withdrawal"
    ENTRY_NOT_OF_THIS_KIND = "entry_not_of_this_kind"
    PERIOD_OUT_OF_ORDER = "period_out_of_order"
    NOT_IN_THIS_PERIOD = "not_in_this_period"
    PLAYER_UNKNOWN = "player_unknown"
    SHIRT_TWICE = "shirt_twice"
    STARTERS_TOO_MANY = "starters_too_many"
    CAPTAIN_TWICE = "captain_twice"
    TEAMS_ALIKE = "teams_alike"
    NO_MATCH = "no_match"
    TIME_STRANGE = "time_strange"
    CHANGED = "changed_meanwhile"


class MatchClock(Struct, frozen=True):
    """A running match clock: `at_s` seconds at the time `since`."""

    period: Period
    since: datetime
    at_s: int

    def shows(self, at: datetime) -> int:
        """Return the match clock at a time in seconds, between `at_s` and `CLOCK_MAX_S`."""
        return min(CLOCK_MAX_S, self.at_s + max(0, int((at - self.since).total_seconds())))


class ShootOutScore(Struct, frozen=True):
    """The score of a shoot-out."""

    home: int = 0
    away: int = 0


class MatchState(Struct, frozen=True):
    """The score, the clock (None: stopped) and the finished periods.

    `penalties`: the score of the shoot-out, None before it starts.
    """

    home: int = 0
    away: int = 0
    clock: MatchClock | None = None
    over: tuple[Period, ...] = ()
    match_over: bool = False
    penalties: ShootOutScore | None = None


def effective(entries: Iterable[FeedEntry]) -> dict[int, FeedEntry]:
    """Return entries by number, in order, with corrections applied and without withdrawn ones."""
    kept: dict[int, FeedEntry] = {}
    for entry in entries:
        match entry.content:
            case EntryWithdrawal(about):
                kept.pop(about, None)
            case EntryCorrection(about, content):
                if about in kept:
                    kept[about] = replace(kept[about], content=content)
            case _:
                kept[entry.number] = entry
    return kept


def state_of(happened: Iterable[FeedEntry]) -> MatchState:
    """Return the state after effective entries. An entry with another clock sets the clock."""
    found = MatchState()
    for entry in happened:
        if found.clock is not None and entry.clock_s is not None:
            found = replace(found, clock=_adjusted(found.clock, entry.at, entry.clock_s))
        match entry.content:
            case KickOff(period):
                at_s = PERIOD_STARTS_S[period] if entry.clock_s is None else entry.clock_s
                penalties = found.penalties or (ShootOutScore() if period is Period.SHOOT_OUT else None)
                found = replace(found, clock=MatchClock(period, entry.at, at_s), penalties=penalties)
            case PeriodOver(period, match_over):
                found = replace(found, clock=None, over=(*found.over, period), match_over=match_over)
            case Goal(Side.HOME):
                found = replace(found, home=found.home + 1)
            case Goal(Side.AWAY):
                found = replace(found, away=found.away + 1)
            case ShootOutKick(side, "scored"):
                found = replace(found, penalties=_with_penalty(found.penalties or ShootOutScore(), side))
            case _:
                pass
    return found


def _with_penalty(penalties: ShootOutScore, side: Side) -> ShootOutScore:
    if side is Side.HOME:
        return replace(penalties, home=penalties.home + 1)
    return replace(penalties, away=penalties.away + 1)


def _adjusted(clock: MatchClock, at: datetime, clock_s: int) -> MatchClock:
    """Return the clock after an entry's own reading; rounding differences do not set it."""
    return replace(clock, since=at, at_s=clock_s) if abs(clock.shows(at) - clock_s) > CLOCK_TOLERANCE_S else clock


def minute(period: Period, clock_s: int) -> tuple[int, int]:
    """Return the displayed minute and added minutes: (45, 2) is 45+2, (27, 0) is 27."""
    following = PERIOD_ORDER.index(period) + 1
    ends = PERIOD_STARTS_S[PERIOD_ORDER[following]] // 60 if following < len(PERIOD_ORDER) else None
    running = clock_s // 60 + 1
    return (ends, running - ends) if ends is not None and running > ends else (running, 0)


def accept_entries(
    requests: Sequence[EntryRequest], known: Sequence[FeedEntry], teams: Teams | None
) -> list[FeedEntry | Refused]:
    """Return a numbered entry or a refusal for each request; each request sees the entries before it."""
    happened = effective(known)
    entries = list(known)
    outcomes: list[FeedEntry | Refused] = []
    for request in requests:
        now = state_of(happened.values())
        refusal = _refuse_time(request.at) or _refuse(request.content, happened, now, entries, teams)
        if refusal is not None:
            outcomes.append(refusal)
            continue
        entry = FeedEntry(len(entries) + 1, request.at, request.content, _clock_s(request, now))
        entries.append(entry)
        outcomes.append(entry)
        happened = effective([*happened.values(), entry])
    return outcomes


def refuse_teams(teams: Teams, known: Iterable[FeedEntry]) -> Refused | None:
    """Return why these line-ups cannot be set. A player who appears in the feed must stay."""
    if teams.home.code == teams.away.code:
        return Refused(Reason.TEAMS_ALIKE, {"code": teams.home.code})
    for side in Side:
        players = teams.of(side).players
        numbers = [player.number for player in players]
        twice = next((number for number in numbers if numbers.count(number) > 1), None)
        if twice is not None:
            return Refused(Reason.SHIRT_TWICE, {"side": side, "player": twice})
        if sum(player.starts for player in players) > STARTERS_MAX:
            return Refused(Reason.STARTERS_TOO_MANY, {"side": side})
        if sum(player.captain is True for player in players) > 1:
            return Refused(Reason.CAPTAIN_TWICE, {"side": side})
    named = {player for entry in known for player in players_of(_reported(entry))}
    for side, number in sorted(named):
        if all(player.number != number for player in teams.of(side).players):
            return Refused(Reason.PLAYER_UNKNOWN, {"side": side, "player": number})
    return None


def _reported(entry: FeedEntry) -> Content:
    return entry.content.content if isinstance(entry.content, EntryCorrection) else entry.content


def _clock_s(request: EntryRequest, now: MatchState) -> int | None:
    if (
        request.clock_s is not None
        or now.clock is None
        or isinstance(request.content, EntryCorrection | EntryWithdrawal)
    ):
        return request.clock_s
    return now.clock.shows(request.at)


def _refuse_time(at: datetime) -> Refused | None:
    """Refuse a time outside of the supported years: arithmetic on it would overflow."""
    return None if YEAR_MIN <= at.year <= YEAR_MAX else Refused(Reason.TIME_STRANGE)


def _refuse(
    content: Content,
    happened: Mapping[int, FeedEntry],
    now: MatchState,
    entries: Sequence[FeedEntry],
    teams: Teams | None,
) -> Refused | None:
    """Return why a content cannot be published in the feed's current state."""
    match content:
        case EntryWithdrawal(about):
            return _refuse_about(about, happened, entries)
        case EntryCorrection(about, instead):
            refusal = _refuse_about(about, happened, entries)
            if refusal is None and type(happened[about].content) is not type(instead):
                refusal = Refused(Reason.ENTRY_NOT_OF_THIS_KIND, {"about": about})
            return refusal or _refuse_players(instead, teams)
        case VarReview(about=int(about)) | ReplayAvailable(about=int(about)):
            return _refuse_about(about, happened, entries)
        case _:
            untimely = _period_refusal(content, now)
            return _refuse_players(content, teams) if untimely is None else Refused(untimely)


def _period_refusal(event: MatchEvent, now: MatchState) -> Reason | None:
    """Return the refusal code if an event does not fit the current period."""
    match event:
        case KickOff(period):
            begun = [*now.over, *([now.clock.period] if now.clock is not None else [])]
            late = now.match_over or any(PERIOD_ORDER.index(period) <= PERIOD_ORDER.index(started) for started in begun)
            return Reason.PERIOD_OUT_OF_ORDER if late or now.clock is not None else None
        case PeriodOver(period):
            running = now.clock is not None and now.clock.period is period
            return None if running else Reason.PERIOD_OUT_OF_ORDER
        case Goal():
            in_shoot_out = now.clock is not None and now.clock.period is Period.SHOOT_OUT
            return Reason.NOT_IN_THIS_PERIOD if in_shoot_out else None
        case ShootOutKick():
            return Reason.NOT_IN_THIS_PERIOD if now.penalties is None else None
        case _:
            return None


def _refuse_about(about: int, happened: Mapping[int, FeedEntry], entries: Sequence[FeedEntry]) -> Refused | None:
    """Return why an entry cannot be referenced; `of` is the original entry of a correction."""
    if about in happened:
        return None
    if about > len(entries):
        return Refused(Reason.ENTRY_UNKNOWN, {"about": about})
    match entries[about - 1].content:
        case EntryCorrection(of):
            return Refused(Reason.ENTRY_IS_CORRECTION, {"about": about, "of": of})
        case EntryWithdrawal(of):
            return Refused(Reason.ENTRY_IS_WITHDRAWAL, {"about": about, "of": of})
        case _:
            return Refused(Reason.ENTRY_WITHDRAWN, {"about": about})


def _refuse_players(event: MatchEvent, teams: Teams | None) -> Refused | None:
    """Refuse players who are not in the line-up."""
    named = players_of(event)
    if not named:
        return None
    if teams is None:
        return Refused(Reason.NO_MATCH)
    for side, number in named:
        if all(player.number != number for player in teams.of(side).players):
            return Refused(Reason.PLAYER_UNKNOWN, {"side": side, "player": number})
    return None
