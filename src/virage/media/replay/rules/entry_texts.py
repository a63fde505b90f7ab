"""Texts of feed entries, for captions and for previews of shared clips."""
# ruff: noqa: RUF001 - prime of minutes

from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct

from virage.media.live.types import (
    AddedTime,
    Announcement,
    Booking,
    FeedEntry,
    Goal,
    GoalLine,
    KickOff,
    Period,
    PeriodOver,
    ShootOutKick,
    Side,
    Substitution,
    Teams,
    VarReview,
    minute,
    other_side,
)
from virage.platform.values.languages import messages
from virage.platform.values.localised import LanguageTag, text_in

UNTIMED: Final = (KickOff, PeriodOver, ShootOutKick)
"""Entries whose text has no minute."""

Locale = LanguageTag


class ReplayMessages(Struct, frozen=True, forbid_unknown_fields=True):
    """The file `replay.toml` of a language."""

    replay: str
    described: str
    substitution: str
    added: str
    added_one: str
    in_goal: str
    no_goal: str
    begins: str
    over: str
    periods: dict[Period, str]
    goals: dict[Literal["play", "penalty", "own"], str]
    kicks: dict[Literal["scored", "saved", "missed"], str]
    cards: dict[Literal["yellow", "second_yellow", "red"], str]
    reviews: dict[Literal["checking", "stands", "overturned"], str]


def messages_of(locale: Locale) -> ReplayMessages:
    """Return the texts of a language."""
    return messages(locale, "replay", ReplayMessages)


def entry_text(entry: FeedEntry, teams: Teams | None, period: Period | None, locale: Locale) -> str | None:
    """Return the text of an entry with its minute; None for entries without a text, such as replays."""
    text = _text(entry, teams, locale)
    if text is None or period is None or entry.clock_s is None or isinstance(entry.content, UNTIMED):
        return text
    whole, more = minute(period, entry.clock_s)
    return f"{text}, {whole}+{more}′" if more else f"{text}, {whole}′"


def _text(entry: FeedEntry, teams: Teams | None, locale: Locale) -> str | None:  # noqa: PLR0911 - one per kind
    m = messages_of(locale)
    match entry.content:
        case Goal() | ShootOutKick():
            return _at_goal(entry.content, teams, locale)
        case Booking(side, player, colour):
            return f"{m.cards[colour]}, {_team(teams, side)}, {_player(teams)(side, player)}"
        case Substitution(side, off, on):
            return m.substitution.format(
                team=_team(teams, side), on=_player(teams)(side, on), off=_player(teams)(side, off)
            )
        case AddedTime(minutes):
            return (m.added if minutes > 1 else m.added_one).format(minutes=minutes)
        case VarReview(phase=phase):
            return m.reviews[phase]
        case GoalLine(is_goal=is_goal):
            return m.in_goal if is_goal else m.no_goal
        case Announcement(text):
            return text_in(text, locale, locale)
        case KickOff(period):
            return m.begins.format(period=m.periods[period])
        case PeriodOver(period):
            return m.over.format(period=m.periods[period])
        case _:
            return None


def _at_goal(content: Goal | ShootOutKick, teams: Teams | None, locale: Locale) -> str:
    m, shooter = messages_of(locale), content.side
    if isinstance(content, ShootOutKick):
        text = f"{m.kicks[content.outcome]}, {_team(teams, content.side)}"
    else:
        text = m.goals[content.manner].format(team=_team(teams, content.side))
        if content.manner == "own":
            shooter = other_side(content.side)
    return text if content.player is None else f"{text}, {_player(teams)(shooter, content.player)}"


def _team(teams: Teams | None, side: Side) -> str:
    return str(side) if teams is None else teams.of(side).name


def _player(teams: Teams | None) -> Callable[[Side, int], str]:
    def named(side: Side, number: int) -> str:
        players = [] if teams is None else teams.of(side).players
        return next((f"{number} {player.name}".strip() for player in players if player.number == number), str(number))

    return named
