"""Rules of push notifications: opt-in, and quiet during play.

An entry yields a `Notification` or None. All notifications about one event share the number `about`, under which a
phone shows the latest: a disallowed goal replaces its goal. During play, quiet fans get only the kinds in
`even_during`; the others are held, and one summary follows at the end of the period.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final, Literal

from msgspec import Struct

from virage.identity.people.types import Urgency
from virage.matchday.access.types import EventAttendance
from virage.media.live.rules import notification_texts
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
from virage.site.venue.types import Venue

GOAL_LIFETIME: Final = timedelta(minutes=10)
"""A phone that is offline for longer gets the score at the end of the period."""
DEFAULT_LIFETIME: Final = timedelta(minutes=20)
CORRECTION_LIFETIME: Final = timedelta(hours=2)
"""As long as a phone may still show the disallowed goal."""

NOTIFIABLE: Final = (Goal, KickOff, PeriodOver, VenueUpdate, ReplayAvailable, EntryCorrection, EntryWithdrawal)

Quiet = Literal["inside", "always", "never"]


class NotificationKind(StrEnum):
    """A kind of notification that a fan can select."""

    GOALS = "goals"
    PERIODS = "periods"
    REPLAYS = "replays"
    GROUND = "ground"


class NotificationPreferences(Struct, frozen=True, forbid_unknown_fields=True):
    """A fan's preferences; empty `kinds`: no notifications.

    `quiet` during play: at the venue (`inside`), everywhere (`always`), or `never`. The kinds in `even_during` are sent
    during play, too.
    """

    kinds: list[NotificationKind]
    even_during: list[NotificationKind] = []
    quiet: Quiet = "inside"


class Notification(Struct, frozen=True):
    """A notification for subscribers of `kind`; None: for all who were notified of entry `about`."""

    kind: NotificationKind | None
    about: int
    texts: notification_texts.Texts
    lifetime: timedelta
    urgency: Urgency
    in_play: bool
    is_audible: bool = True
    ground: VenueUpdate | None = None
    ends_period: bool = False


class Recipient(Struct, frozen=True):
    """A possible recipient: preferences, tickets and presence."""

    choice: NotificationPreferences
    attending: EventAttendance | None = None


def validated(choice: NotificationPreferences) -> NotificationPreferences | Refused:
    """Return preferences in canonical form, or why they are invalid."""
    kinds = [kind for kind in NotificationKind if kind in choice.kinds]
    during = [kind for kind in NotificationKind if kind in choice.even_during]
    if not set(during) <= set(kinds):
        return invalid_input("even_during", "Kinds that are sent during play must be selected in `kinds`.")
    return NotificationPreferences(kinds, during, choice.quiet)


def delivery(notification: Notification, to: Recipient, venue: Venue) -> Literal["sent", "held"] | None:
    """Return whether a recipient is notified now, at the end of the period, or not at all.

    `venue` is that of the event.
    """
    if notification.kind is None:
        return "sent"
    if notification.kind not in to.choice.kinds or not _is_near(notification.ground, to.attending, venue):
        return None
    if not notification.in_play or notification.kind in to.choice.even_during or not _is_quiet(to):
        return "sent"
    return None if notification.kind is NotificationKind.PERIODS else "held"


def _is_quiet(to: Recipient) -> bool:
    if to.choice.quiet == "inside":
        return to.attending is not None and to.attending.inside
    return to.choice.quiet == "always"


def _is_near(ground: VenueUpdate | None, attending: EventAttendance | None, venue: Venue) -> bool:
    """A gate concerns holders of tickets for its gate group, an outlet those seated in its stand."""
    if ground is None:
        return True
    if attending is None:
        return False
    if ground.place == "gate":
        gate = venue.gate_by_code.get(ground.code)
        return gate is not None and gate.group in attending.gate_groups
    outlet = venue.outlet_by_code.get(ground.code)
    return outlet is not None and outlet.stand in attending.stands


def notification_for(entry: FeedEntry, entries: Sequence[FeedEntry], teams: Teams | None) -> Notification | None:
    """Return the notification of an entry. `entries` is the whole feed, which may have withdrawn it."""
    upto = {number: effective_entry for number, effective_entry in effective(entries).items() if number <= entry.number}
    state = state_of(upto.values())
    match entry.content:
        case EntryWithdrawal(about) | EntryCorrection(about):
            previous = effective(entries[: entry.number - 1]).get(about)
            return None if previous is None else _for_correction(previous, upto.get(about), state, teams)
        case ReplayAvailable(_, int(about)):
            return _for_replay(about, upto, teams)
        case _:
            still = upto.get(entry.number)
            return None if still is None else _for_event(still, state, teams)


def _for_event(entry: FeedEntry, state: MatchState, teams: Teams | None) -> Notification | None:
    played = state.clock is not None
    match entry.content:
        case Goal(side):
            texts = notification_texts.goal(teams, side, state, _minute(entry, state))
            return Notification(NotificationKind.GOALS, entry.number, texts, GOAL_LIFETIME, "high", played)
        case KickOff(period):
            return Notification(
                NotificationKind.PERIODS,
                entry.number,
                notification_texts.kick_off(teams, period),
                GOAL_LIFETIME,
                "normal",
                in_play=True,
            )
        case PeriodOver(period, match_over):
            texts = notification_texts.period_over(teams, period, state, match_over=match_over)
            return Notification(
                NotificationKind.PERIODS,
                entry.number,
                texts,
                DEFAULT_LIFETIME,
                "high",
                in_play=False,
                ends_period=True,
            )
        case VenueUpdate():
            texts = notification_texts.venue_update(entry.content)
            return Notification(
                NotificationKind.GROUND, entry.number, texts, DEFAULT_LIFETIME, "normal", played, ground=entry.content
            )
        case ReplayAvailable():
            return Notification(
                NotificationKind.REPLAYS,
                entry.number,
                notification_texts.replay(teams, state),
                DEFAULT_LIFETIME,
                "normal",
                played,
            )
        case _:
            return None


def _for_replay(about: int, happened: Mapping[int, FeedEntry], teams: Teams | None) -> Notification | None:
    """The replay of a goal replaces the goal's notification, without a sound."""
    shown = happened.get(about)
    if shown is None:
        return None
    state = state_of(entry for number, entry in happened.items() if number <= about)
    goal = shown.content if isinstance(shown.content, Goal) else None
    texts = (
        notification_texts.replay(teams, state)
        if goal is None
        else notification_texts.goal_replay(teams, goal.side, state)
    )
    return Notification(
        NotificationKind.REPLAYS, about, texts, DEFAULT_LIFETIME, "normal", state.clock is not None, is_audible=False
    )


def _for_correction(
    previous: FeedEntry, after: FeedEntry | None, state: MatchState, teams: Teams | None
) -> Notification | None:
    """A goal that was withdrawn or moved to the other side; a changed scorer is not notified."""
    if not isinstance(previous.content, Goal):
        return None
    if after is None:
        texts = notification_texts.goal_disallowed(teams, previous.content.side, state)
    elif isinstance(after.content, Goal) and after.content.side is not previous.content.side:
        texts = notification_texts.goal(teams, after.content.side, state, _minute(after, state))
    else:
        return None
    return Notification(None, previous.number, texts, CORRECTION_LIFETIME, "high", state.clock is not None)


def _minute(entry: FeedEntry, state: MatchState) -> tuple[int, int] | None:
    if entry.clock_s is None or state.clock is None:
        return None
    return minute(state.clock.period, entry.clock_s)
