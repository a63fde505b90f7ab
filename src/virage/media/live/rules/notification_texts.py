"""Texts of push notifications in every language. They contain team names, and no names of persons."""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from virage.identity.people.types import PushText
from virage.media.live.rules.entries import Period, Side, Teams, VenueUpdate
from virage.media.live.rules.feed import MatchState
from virage.platform.values.languages import installed, messages
from virage.platform.values.localised import LanguageTag
from virage.site.venue.types import local_code

Texts = dict[LanguageTag, PushText]


class MatchMessages(Struct, frozen=True, forbid_unknown_fields=True):
    """The section `match` of `push.toml`."""

    goal: str
    goal_replay: str
    goal_disallowed: str
    home_team: str
    away_team: str
    full_time: str
    replay: str
    penalties: str
    starts: dict[Period, str]
    ends: dict[Period, str]
    gate: dict[Literal["open", "closed", "busy"], str]
    outlet: dict[Literal["open", "closed", "busy", "sold_out"], str]


def goal(teams: Teams | None, side: Side, state: MatchState, at: tuple[int, int] | None) -> Texts:
    """A goal, with the new score."""
    return _texts(lambda m: PushText(m.goal.format(team=_name(m, teams, side)), _score(m, teams, state) + _minute(at)))


def goal_replay(teams: Teams | None, side: Side, state: MatchState) -> Texts:
    """The replay of a goal; it replaces the goal's notification."""
    return _texts(lambda m: PushText(m.goal_replay.format(team=_name(m, teams, side)), _score(m, teams, state)))


def goal_disallowed(teams: Teams | None, side: Side, state: MatchState) -> Texts:
    """A goal that was withdrawn."""
    return _texts(lambda m: PushText(m.goal_disallowed.format(team=_name(m, teams, side)), _score(m, teams, state)))


def kick_off(teams: Teams | None, period: Period) -> Texts:
    """Start of a period."""
    names = "" if teams is None else f"{teams.home.name} \N{EN DASH} {teams.away.name}"
    return _texts(lambda m: PushText(m.starts[period], names))


def period_over(teams: Teams | None, period: Period, state: MatchState, *, match_over: bool) -> Texts:
    """End of a period, with the score."""
    return _texts(lambda m: PushText(m.full_time if match_over else m.ends[period], _score(m, teams, state)))


def replay(teams: Teams | None, state: MatchState) -> Texts:
    """Any other replay."""
    return _texts(lambda m: PushText(m.replay, _score(m, teams, state)))


def venue_update(news: VenueUpdate) -> Texts:
    """A change of a gate or an outlet."""
    code = local_code(news.code)
    if news.place == "gate" and news.state != "sold_out":
        return _texts(lambda m: PushText(m.gate[news.state].format(code=code), ""))  # type: ignore[index]  # narrowed above
    return _texts(lambda m: PushText(m.outlet[news.state].format(code=code), ""))


def _texts(written: Callable[[MatchMessages], PushText]) -> Texts:
    return {tag: written(messages(tag, "push.match", MatchMessages)) for tag in installed()}


def _name(m: MatchMessages, teams: Teams | None, side: Side) -> str:
    if teams is not None:
        return teams.of(side).name
    return m.home_team if side is Side.HOME else m.away_team


def _score(m: MatchMessages, teams: Teams | None, state: MatchState) -> str:
    line = f"{state.home}\N{EN DASH}{state.away}"
    if teams is not None:
        line = f"{teams.home.name} {line} {teams.away.name}"
    if state.penalties is None:
        return line
    return m.penalties.format(score=line, kicks=f"{state.penalties.home}\N{EN DASH}{state.penalties.away}")


def _minute(at: tuple[int, int] | None) -> str:
    if at is None:
        return ""
    return f" ({at[0]}+{at[1]}\N{PRIME})" if at[1] else f" ({at[0]}\N{PRIME})"
