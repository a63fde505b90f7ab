"""Texts of feed entries, for captions and for previews of shared clips."""
# ruff: noqa: RUF001 - French apostrophe, prime of minutes

from collections.abc import Callable
from typing import Final, Literal

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

UNTIMED: Final = (KickOff, PeriodOver, ShootOutKick)
"""Entries whose text has no minute."""

Locale = Literal["fr", "en"]
LOCALES: Final[tuple[Locale, ...]] = ("fr", "en")

REPLAY: Final = {"fr": "Un ralenti", "en": "A replay"}
_PERIODS: Final[dict[str, dict[Period, str]]] = {
    "fr": {
        Period.FIRST_HALF: "Première période",
        Period.SECOND_HALF: "Seconde période",
        Period.EXTRA_FIRST: "Prolongation, première période",
        Period.EXTRA_SECOND: "Prolongation, seconde période",
        Period.SHOOT_OUT: "Tirs au but",
    },
    "en": {
        Period.FIRST_HALF: "First half",
        Period.SECOND_HALF: "Second half",
        Period.EXTRA_FIRST: "Extra time, first half",
        Period.EXTRA_SECOND: "Extra time, second half",
        Period.SHOOT_OUT: "Shoot-out",
    },
}
_GOALS: Final = {
    "fr": {"play": "But pour {}", "penalty": "Penalty marqué par {}", "own": "But contre son camp, pour {}"},
    "en": {"play": "Goal for {}", "penalty": "Penalty scored by {}", "own": "Own goal, for {}"},
}
_KICKS: Final = {
    "fr": {"scored": "Tir au but marqué", "saved": "Tir au but arrêté", "missed": "Tir au but manqué"},
    "en": {"scored": "Penalty scored", "saved": "Penalty saved", "missed": "Penalty missed"},
}
_CARDS: Final = {
    "fr": {"yellow": "Carton jaune", "second_yellow": "Second carton jaune", "red": "Carton rouge"},
    "en": {"yellow": "Yellow card", "second_yellow": "Second yellow card", "red": "Red card"},
}
_REVIEWS: Final = {
    "fr": {
        "checking": "L’assistance vidéo vérifie",
        "stands": "Vérifié : la décision est maintenue",
        "overturned": "Vérifié : la décision est annulée",
    },
    "en": {
        "checking": "The video assistant checks",
        "stands": "Checked: the decision stands",
        "overturned": "Checked: the decision is overturned",
    },
}
_WORDS: Final = {
    "fr": {
        "on": "{} : entrée du {}, sortie du {}",
        "added": "{} minutes de temps additionnel",
        "added_one": "1 minute de temps additionnel",
        "in": "Technologie sur la ligne de but : le ballon est entré",
        "out": "Technologie sur la ligne de but : le ballon n’est pas entré",
        "begins": "{} : coup d’envoi",
        "over": "{} : terminé",
    },
    "en": {
        "on": "{}: {} on, {} off",
        "added": "{} minutes added",
        "added_one": "1 minute added",
        "in": "Goal-line technology: the ball was in",
        "out": "Goal-line technology: the ball was not in",
        "begins": "{} begins",
        "over": "{} over",
    },
}


def entry_text(entry: FeedEntry, teams: Teams | None, period: Period | None, locale: Locale) -> str | None:
    """Return the text of an entry with its minute; None for entries without a text, such as replays."""
    text = _text(entry, teams, locale)
    if text is None or period is None or entry.clock_s is None or isinstance(entry.content, UNTIMED):
        return text
    whole, more = minute(period, entry.clock_s)
    return f"{text}, {whole}+{more}′" if more else f"{text}, {whole}′"


def _text(entry: FeedEntry, teams: Teams | None, locale: Locale) -> str | None:  # noqa: PLR0911 - one per kind
    words = _WORDS[locale]
    match entry.content:
        case Goal() | ShootOutKick():
            return _at_goal(entry.content, teams, locale)
        case Booking(side, player, colour):
            return f"{_CARDS[locale][colour]}, {_team(teams, side)}, {_player(teams)(side, player)}"
        case Substitution(side, off, on):
            return words["on"].format(_team(teams, side), _player(teams)(side, on), _player(teams)(side, off))
        case AddedTime(minutes):
            return words["added" if minutes > 1 else "added_one"].format(minutes)
        case VarReview(phase=phase):
            return _REVIEWS[locale][phase]
        case GoalLine(is_goal=is_goal):
            return words["in" if is_goal else "out"]
        case Announcement(text):
            return text.fr if locale == "fr" else text.en
        case KickOff(period):
            return words["begins"].format(_PERIODS[locale][period])
        case PeriodOver(period):
            return words["over"].format(_PERIODS[locale][period])
        case _:
            return None


def _at_goal(content: Goal | ShootOutKick, teams: Teams | None, locale: Locale) -> str:
    shooter = content.side
    if isinstance(content, ShootOutKick):
        text = f"{_KICKS[locale][content.outcome]}, {_team(teams, content.side)}"
    else:
        text = _GOALS[locale][content.manner].format(_team(teams, content.side))
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
