"""Who is told what of a feed by push: only what they chose, and nearly nothing while they watch.

An entry makes `News`, or nothing. All that is said of one happening has one number, `about`, by which a phone shows it
once: a goal that was none takes the place of its goal. While a period is played, who is quiet is told only what they
chose `even_during` it; the rest is held, and one message at its end says how it stands.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final, Literal

from msgspec import Struct

from virage.identity.people.types import Said, Urgency
from virage.matchday.access.types import Attending
from virage.media.live.rules import notice_words as words
from virage.media.live.rules.entries import (
    Corrected,
    Entry,
    Goal,
    Ground,
    KickOff,
    PeriodOver,
    Replayed,
    Teams,
    Withdrawn,
)
from virage.media.live.rules.feed import MatchState, effective, minute, state_of
from virage.platform.values.refusals import Refused, invalid_input
from virage.site.venue.types import load_ground

GOAL_FOR: Final = timedelta(minutes=10)
"""Whoever has no network for longer hears how it stands at the end of the period."""
NEWS_FOR: Final = timedelta(minutes=20)
CORRECTED_FOR: Final = timedelta(hours=2)
"""A goal that was none is worth saying for as long as a phone may show the goal."""

NEWSWORTHY: Final = (Goal, KickOff, PeriodOver, Ground, Replayed, Corrected, Withdrawn)

Words = dict[Literal["fr", "en"], Said]
Quiet = Literal["inside", "always", "never"]


class NoticeKind(StrEnum):
    """What one may choose."""

    GOALS = "goals"
    PERIODS = "periods"
    REPLAYS = "replays"
    GROUND = "ground"


class NoticeChoice(Struct, frozen=True, forbid_unknown_fields=True):
    """What a fan wants to be told; no `kinds`: nothing.

    `quiet` while a period is played: when they are in the ground (`inside`), wherever they watch (`always`), or
    `never`. What is `even_during` it is told all the same.
    """

    kinds: list[NoticeKind]
    even_during: list[NoticeKind] = []
    quiet: Quiet = "inside"


class News(Struct, frozen=True):
    """What an entry is to those who chose its `kind`. None: it goes to whoever was told of `about` before."""

    kind: NoticeKind | None
    about: int
    said: Words
    lasts: timedelta
    urgency: Urgency
    is_played: bool
    is_loud: bool = True
    ground: Ground | None = None
    ends_period: bool = False


class Recipient(Struct, frozen=True):
    """Who may be told: their choice, and whether they are in the ground."""

    choice: NoticeChoice
    attending: Attending | None = None


def accepted(choice: NoticeChoice) -> NoticeChoice | Refused:
    """A choice in its one spelling, or why it is none."""
    kinds = [kind for kind in NoticeKind if kind in choice.kinds]
    during = [kind for kind in NoticeKind if kind in choice.even_during]
    if not set(during) <= set(kinds):
        return invalid_input("even_during", "What is told during play is chosen first.")
    return NoticeChoice(kinds, during, choice.quiet)


def outcome(news: News, to: Recipient) -> Literal["told", "held"] | None:
    """Whether somebody is told now, later in one word, or not at all."""
    if news.kind is None:
        return "told"
    if news.kind not in to.choice.kinds or not _concerns(news.ground, to.attending):
        return None
    if not news.is_played or news.kind in to.choice.even_during or not _is_quiet(to):
        return "told"
    return None if news.kind is NoticeKind.PERIODS else "held"


def _is_quiet(to: Recipient) -> bool:
    if to.choice.quiet == "inside":
        return to.attending is not None and to.attending.inside
    return to.choice.quiet == "always"


def _concerns(ground: Ground | None, attending: Attending | None) -> bool:
    """A gate concerns those whose tickets lead through one like it, an outlet those who sit in its stand."""
    if ground is None:
        return True
    if attending is None:
        return False
    if ground.place == "gate":
        return any(gate.code == ground.code and gate.group in attending.gate_groups for gate in load_ground().gates)
    return any(one.code == ground.code and one.stand in attending.stands for one in load_ground().outlets)


def news_of(entry: Entry, entries: Sequence[Entry], teams: Teams | None) -> News | None:
    """What an entry is worth telling; `entries` is the whole feed, which may have gone on and taken it back."""
    upto = {number: one for number, one in effective(entries).items() if number <= entry.number}
    state = state_of(upto.values())
    match entry.told:
        case Withdrawn(about) | Corrected(about):
            before = effective(entries[: entry.number - 1]).get(about)
            return None if before is None else _corrected(before, upto.get(about), state, teams)
        case Replayed(_, int(about)):
            return _replayed(about, upto, teams)
        case _:
            still = upto.get(entry.number)
            return None if still is None else _happened(still, state, teams)


def _happened(entry: Entry, state: MatchState, teams: Teams | None) -> News | None:
    played = state.clock is not None
    match entry.told:
        case Goal(side):
            said = words.goal(teams, side, state, _minute(entry, state))
            return News(NoticeKind.GOALS, entry.number, said, GOAL_FOR, "high", played)
        case KickOff(period):
            return News(
                NoticeKind.PERIODS, entry.number, words.kick_off(teams, period), GOAL_FOR, "normal", is_played=True
            )
        case PeriodOver(period, match_over):
            said = words.over(teams, period, state, match_over=match_over)
            return News(NoticeKind.PERIODS, entry.number, said, NEWS_FOR, "high", is_played=False, ends_period=True)
        case Ground():
            said = words.ground(entry.told)
            return News(NoticeKind.GROUND, entry.number, said, NEWS_FOR, "normal", played, ground=entry.told)
        case Replayed():
            return News(NoticeKind.REPLAYS, entry.number, words.replay(teams, state), NEWS_FOR, "normal", played)
        case _:
            return None


def _replayed(about: int, happened: Mapping[int, Entry], teams: Teams | None) -> News | None:
    """The replay of a goal is said in the place of the goal, without a sound."""
    shown = happened.get(about)
    if shown is None:
        return None
    state = state_of(entry for number, entry in happened.items() if number <= about)
    goal = shown.told if isinstance(shown.told, Goal) else None
    said = words.replay(teams, state) if goal is None else words.goal_again(teams, goal.side, state)
    return News(NoticeKind.REPLAYS, about, said, NEWS_FOR, "normal", state.clock is not None, is_loud=False)


def _corrected(before: Entry, after: Entry | None, state: MatchState, teams: Teams | None) -> News | None:
    """A goal that was none, or the other side's: whoever was told of it must hear that; another scorer is no news."""
    if not isinstance(before.told, Goal):
        return None
    if after is None:
        said = words.no_goal(teams, before.told.side, state)
    elif isinstance(after.told, Goal) and after.told.side is not before.told.side:
        said = words.goal(teams, after.told.side, state, _minute(after, state))
    else:
        return None
    return News(None, before.number, said, CORRECTED_FOR, "high", state.clock is not None)


def _minute(entry: Entry, state: MatchState) -> tuple[int, int] | None:
    if entry.clock_s is None or state.clock is None:
        return None
    return minute(state.clock.period, entry.clock_s)
