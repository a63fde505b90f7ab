"""Texts of push notifications in both languages. They contain team names, and no names of persons."""

# ruff: noqa: RUF001 - typographic characters of French and English

from typing import Final, Literal

from virage.identity.people.types import PushText
from virage.media.live.rules.entries import Period, Side, Teams, VenueUpdate
from virage.media.live.rules.feed import MatchState
from virage.site.venue.types import local_code

Texts = dict[Literal["fr", "en"], PushText]

_HOME, _AWAY = ("l’équipe à domicile", "the home team"), ("les visiteurs", "the away team")
_PERIOD_STARTS: Final = {
    Period.FIRST_HALF: ("Coup d’envoi", "Kick-off"),
    Period.SECOND_HALF: ("Début de la seconde mi-temps", "Second half under way"),
    Period.EXTRA_FIRST: ("Début de la prolongation", "Extra time under way"),
    Period.EXTRA_SECOND: ("Début de la seconde période de la prolongation", "Second half of extra time under way"),
    Period.SHOOT_OUT: ("Début des tirs au but", "Shoot-out under way"),
}
_PERIOD_ENDS: Final = {
    Period.FIRST_HALF: ("Mi-temps", "Half-time"),
    Period.SECOND_HALF: ("Fin du temps réglementaire", "End of normal time"),
    Period.EXTRA_FIRST: ("Mi-temps de la prolongation", "Half-time in extra time"),
    Period.EXTRA_SECOND: ("Fin de la prolongation", "End of extra time"),
    Period.SHOOT_OUT: ("Fin des tirs au but", "End of the shoot-out"),
}
_PLACES: Final = {
    ("gate", "open"): ("Porte {} : ouverte", "Gate {} is open"),
    ("gate", "closed"): ("Porte {} : fermée", "Gate {} is closed"),
    ("gate", "busy"): ("Porte {} : longue attente", "Long queue at gate {}"),
    ("outlet", "open"): ("Buvette {} : ouverte", "Food stand {} is open"),
    ("outlet", "closed"): ("Buvette {} : fermée", "Food stand {} is closed"),
    ("outlet", "busy"): ("Buvette {} : longue attente", "Long queue at food stand {}"),
    ("outlet", "sold_out"): ("Buvette {} : rupture de stock", "Food stand {} is sold out"),
}


def goal(teams: Teams | None, side: Side, state: MatchState, at: tuple[int, int] | None) -> Texts:
    """A goal, with the new score."""
    return _texts(("But pour {}", "Goal for {}"), teams, side, _score(teams, state), _minute(at))


def goal_replay(teams: Teams | None, side: Side, state: MatchState) -> Texts:
    """The replay of a goal; it replaces the goal's notification."""
    return _texts(("Ralenti : but pour {}", "Replay: goal for {}"), teams, side, _score(teams, state))


def goal_disallowed(teams: Teams | None, side: Side, state: MatchState) -> Texts:
    """A goal that was withdrawn."""
    return _texts(("But annulé : {}", "Goal disallowed: {}"), teams, side, _score(teams, state))


def kick_off(teams: Teams | None, period: Period) -> Texts:
    """Start of a period."""
    french, english = _PERIOD_STARTS[period]
    return {"fr": PushText(french, _team_names(teams, 0)), "en": PushText(english, _team_names(teams, 1))}


def period_over(teams: Teams | None, period: Period, state: MatchState, *, match_over: bool) -> Texts:
    """End of a period, with the score."""
    french, english = ("Fin du match", "Full time") if match_over else _PERIOD_ENDS[period]
    return {"fr": PushText(french, _score(teams, state)[0]), "en": PushText(english, _score(teams, state)[1])}


def replay(teams: Teams | None, state: MatchState) -> Texts:
    """Any other replay."""
    french, english = _score(teams, state)
    return {"fr": PushText("Nouveau ralenti", french), "en": PushText("New replay", english)}


def venue_update(news: VenueUpdate) -> Texts:
    """A change of a gate or an outlet."""
    (french, english), code = _PLACES[news.place, news.state], local_code(news.code)
    return {"fr": PushText(french.format(code), ""), "en": PushText(english.format(code), "")}


def _texts(
    title: tuple[str, str], teams: Teams | None, side: Side, body: tuple[str, str], more: tuple[str, str] = ("", "")
) -> Texts:
    name = _names(teams, side)
    return {
        "fr": PushText(title[0].format(name[0]), body[0] + more[0]),
        "en": PushText(title[1].format(name[1]), body[1] + more[1]),
    }


def _names(teams: Teams | None, side: Side) -> tuple[str, str]:
    if teams is not None:
        return teams.of(side).name, teams.of(side).name
    return _HOME if side is Side.HOME else _AWAY


def _score(teams: Teams | None, state: MatchState) -> tuple[str, str]:
    line = f"{state.home}–{state.away}"
    if teams is not None:
        line = f"{teams.home.name} {line} {teams.away.name}"
    if state.penalties is None:
        return line, line
    kicks = f"{state.penalties.home}–{state.penalties.away}"
    return f"{line}, {kicks} aux tirs au but", f"{line}, {kicks} on penalties"


def _team_names(teams: Teams | None, language: int) -> str:
    names = [_names(teams, side)[language] for side in Side]
    return " – ".join(names) if teams is not None else ""


def _minute(at: tuple[int, int] | None) -> tuple[str, str]:
    if at is None:
        return "", ""
    text = f" ({at[0]}+{at[1]}′)" if at[1] else f" ({at[0]}′)"
    return text, text
