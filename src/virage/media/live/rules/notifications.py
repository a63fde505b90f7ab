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
from virage.media.live.rules import notification_texts as words
from virage.media.live.rules.entries import (
    EntryCorrection,
    EntryWithdrawal,
    FeedEntry,
    Goal,
    KickOff,
    PeriodOver,
    ReplayAvailable,
    Teams,
    VenueUpdate,
)
from virage.media.live.rules.feed import MatchState, effective, minute, state_of
from virage.platform.values.refusals import Refused, invalid_input
from virage.site.venue.types import load_ground

GOAL_LIFETIME: Final = timedelta(minutes=10)
"""Whoever has no network for longer hears how it stands at the end of the period."""
DEFAULT_LIFETIME: Final = timedelta(minutes=20)
CORRECTION_LIFETIME: Final = timedelta(hours=2)
"""A goal that was none is worth saying for as long as a phone may show the goal."""

NOTIFIABLE: Final = (Goal, KickOff, PeriodOver, VenueUpdate, ReplayAvailable, EntryCorrection, EntryWithdrawal)

Texts = dict[Literal["fr", "en"], Said]
Quiet = Literal["inside", "always", "never"]


class NotificationKind(StrEnum):
    """What one may choose."""

    GOALS = "goals"
    PERIODS = "periods"
    REPLAYS = "replays"
    GROUND = "ground"


class NotificationPreferences(Struct, frozen=True, forbid_unknown_fields=True):
    """What a fan wants to be told; no `kinds`: nothing.

    `quiet` while a period is played: when they are in the ground (`inside`), wherever they watch (`always`), or
    `never`. What is `even_during` it is told all the same.
    """

    kinds: list[NotificationKind]
    even_during: list[NotificationKind] = []
    quiet: Quiet = "inside"


class Notification(Struct, frozen=True):
    """What an entry is to those who chose its `kind`. None: it goes to whoever was told of `about` before."""

    kind: NotificationKind | None
    about: int
    said: Texts
    lasts: timedelta
    urgency: Urgency
    is_played: bool
    is_loud: bool = True
    ground: VenueUpdate | None = None
    ends_period: bool = False


class Recipient(Struct, frozen=True):
    """Who may be told: their choice, and whether they are in the ground."""

    choice: NotificationPreferences
    attending: Attending | None = None


def validated(choice: NotificationPreferences) -> NotificationPreferences | Refused:
    """A choice in its one spelling, or why it is none."""
    kinds = [kind for kind in NotificationKind if kind in choice.kinds]
    during = [kind for kind in NotificationKind if kind in choice.even_during]
    if not set(during) <= set(kinds):
        return invalid_input("even_during", "What is told during play is chosen first.")
    return NotificationPreferences(kinds, during, choice.quiet)


def delivery(news: Notification, to: Recipient) -> Literal["told", "held"] | None:
    """Whether somebody is told now, later in one word, or not at all."""
    if news.kind is None:
        return "told"
    if news.kind not in to.choice.kinds or not _is_near(news.ground, to.attending):
        return None
    if not news.is_played or news.kind in to.choice.even_during or not _is_quiet(to):
        return "told"
    return None if news.kind is NotificationKind.PERIODS else "held"


def _is_quiet(to: Recipient) -> bool:
    if to.choice.quiet == "inside":
        return to.attending is not None and to.attending.inside
    return to.choice.quiet == "always"


def _is_near(ground: VenueUpdate | None, attending: Attending | None) -> bool:
    """A gate concerns those whose tickets lead through one like it, an outlet those who sit in its stand."""
    if ground is None:
        return True
    if attending is None:
        return False
    if ground.place == "gate":
        return any(gate.code == ground.code and gate.group in attending.gate_groups for gate in load_ground().gates)
    return any(one.code == ground.code and one.stand in attending.stands for one in load_ground().outlets)


def notification_for(entry: FeedEntry, entries: Sequence[FeedEntry], teams: Teams | None) -> Notification | None:
    """What an entry is worth request; `entries` is the whole feed, which may have gone on and taken it back."""
    upto = {number: one for number, one in effective(entries).items() if number <= entry.number}
    state = state_of(upto.values())
    match entry.content:
        case EntryWithdrawal(about) | EntryCorrection(about):
            before = effective(entries[: entry.number - 1]).get(about)
            return None if before is None else _for_correction(before, upto.get(about), state, teams)
        case ReplayAvailable(_, int(about)):
            return _for_replay(about, upto, teams)
        case _:
            still = upto.get(entry.number)
            return None if still is None else _for_event(still, state, teams)


def _for_event(entry: FeedEntry, state: MatchState, teams: Teams | None) -> Notification | None:
    played = state.clock is not None
    match entry.content:
        case Goal(side):
            said = words.goal(teams, side, state, _minute(entry, state))
            return Notification(NotificationKind.GOALS, entry.number, said, GOAL_LIFETIME, "high", played)
        case KickOff(period):
            return Notification(
                NotificationKind.PERIODS,
                entry.number,
                words.kick_off(teams, period),
                GOAL_LIFETIME,
                "normal",
                is_played=True,
            )
        case PeriodOver(period, match_over):
            said = words.period_over(teams, period, state, match_over=match_over)
            return Notification(
                NotificationKind.PERIODS,
                entry.number,
                said,
                DEFAULT_LIFETIME,
                "high",
                is_played=False,
                ends_period=True,
            )
        case VenueUpdate():
            said = words.venue_update(entry.content)
            return Notification(
                NotificationKind.GROUND, entry.number, said, DEFAULT_LIFETIME, "normal", played, ground=entry.content
            )
        case ReplayAvailable():
            return Notification(
                NotificationKind.REPLAYS, entry.number, words.replay(teams, state), DEFAULT_LIFETIME, "normal", played
            )
        case _:
            return None


def _for_replay(about: int, happened: Mapping[int, FeedEntry], teams: Teams | None) -> Notification | None:
    """The replay of a goal is said in the place of the goal, without a sound."""
    shown = happened.get(about)
    if shown is None:
        return None
    state = state_of(entry for number, entry in happened.items() if number <= about)
    goal = shown.content if isinstance(shown.content, Goal) else None
    said = words.replay(teams, state) if goal is None else words.goal_replay(teams, goal.side, state)
    return Notification(
        NotificationKind.REPLAYS, about, said, DEFAULT_LIFETIME, "normal", state.clock is not None, is_loud=False
    )


def _for_correction(
    before: FeedEntry, after: FeedEntry | None, state: MatchState, teams: Teams | None
) -> Notification | None:
    """A goal that was none, or the other side's: whoever was told of it must hear that; another scorer is no news."""
    if not isinstance(before.content, Goal):
        return None
    if after is None:
        said = words.goal_disallowed(teams, before.content.side, state)
    elif isinstance(after.content, Goal) and after.content.side is not before.content.side:
        said = words.goal(teams, after.content.side, state, _minute(after, state))
    else:
        return None
    return Notification(None, before.number, said, CORRECTION_LIFETIME, "high", state.clock is not None)


def _minute(entry: FeedEntry, state: MatchState) -> tuple[int, int] | None:
    if entry.clock_s is None or state.clock is None:
        return None
    return minute(state.clock.period, entry.clock_s)
