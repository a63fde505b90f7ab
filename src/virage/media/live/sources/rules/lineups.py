"""Line-ups from CDF documents, merged with those of the feed."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace

from virage.media.live.rules.entries import LINEUP_MAX, Player, Position, Side, Team, Teams
from virage.media.live.sources.rules.cdf import MatchSheet, MetaData, Person, SourceIds, Squad

SHIRT_MAX: Final = 99
NAME_MAX: Final = 60
CODE_MAX: Final = 4
POSITIONS: Final[dict[str | None, Position]] = {
    "GK": "goalkeeper",
    "DF": "defender",
    "MF": "midfielder",
    "FW": "forward",
}
COLOURS: Final = {Side.HOME: "#1f4fa3", Side.AWAY: "#b3122f"}
"""Default kit colours."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_COLOUR = re.compile(r"#[0-9a-f]{6}")


def source_ids_of(document: MetaData | MatchSheet) -> SourceIds | str:
    """Return the ids of a document, or the error in its line-ups."""
    players: dict[str, tuple[Side, int]] = {}
    for side, squad in ((Side.HOME, document.teams.home), (Side.AWAY, document.teams.away)):
        numbers = [person.jersey_number for person in squad.players]
        if any(not 1 <= number <= SHIRT_MAX for number in numbers):
            return f"Shirt numbers are 1 to {SHIRT_MAX} - at `$.teams.{side}`"
        if len(set(numbers)) < len(numbers):
            return f"Duplicate shirt number - at `$.teams.{side}`"
        players |= {person.id: (side, person.jersey_number) for person in squad.players}
    return SourceIds(document.match.id, document.teams.home.id, document.teams.away.id, players)


def teams_of(document: MetaData | MatchSheet, before: Teams | None, *, bound: bool) -> Teams:
    """Return both line-ups; missing details keep their current values. `bound`: the source has set them before."""
    return with_distinct_codes(
        Teams(
            _team(Side.HOME, document.teams.home, before.home if before else None, bound=bound),
            _team(Side.AWAY, document.teams.away, before.away if before else None, bound=bound),
        )
    )


def code_of(name: str, side: Side) -> str:
    """Return a team's short name: the first three letters of its name, without accents."""
    letters = re.sub(r"[^A-Z0-9]", "", unicodedata.normalize("NFKD", name).upper())[:3]
    return letters if len(letters) > 1 else side.upper()[:3]


def with_distinct_codes(teams: Teams) -> Teams:
    """Return the teams with different short names: initials if the first letters are equal, else their sides."""
    for code in (lambda team, _: team.code, lambda team, _: _initials(team.name), lambda _, side: side.upper()[:3]):
        home, away = code(teams.home, Side.HOME), code(teams.away, Side.AWAY)
        if home != away and min(len(home), len(away)) > 1:
            break
    return Teams(replace(teams.home, code=home), replace(teams.away, code=away))


def _initials(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name).upper().split()
    return re.sub(r"[^A-Z0-9]", "", "".join(word[0] for word in letters))[:CODE_MAX]


def clean_name(name: str) -> str:
    """Return a name that a line-up accepts."""
    return _CONTROL.sub("", name).strip()[:NAME_MAX]


def line_up(players: Iterable[Player]) -> list[Player]:
    """Return at most `LINEUP_MAX` players, starters first, otherwise in the given order."""
    return sorted(players, key=lambda player: not player.starts)[:LINEUP_MAX]


def _team(side: Side, squad: Squad, before: Team | None, *, bound: bool) -> Team:
    named = [squad.name, before.name if before and bound else None, squad.short_name, before.name if before else None]
    name = next((shown for candidate in [*named, squad.id, side] if (shown := clean_name(candidate or ""))), "")
    colour = (squad.colour or "").lower()
    old = {player.number: player for player in before.players} if before else {}
    return Team(
        name,
        before.code if before and before.name == name else code_of(name, side),
        colour if _COLOUR.fullmatch(colour) else (before.colour if before else COLOURS[side]),
        line_up(_player(person, old.get(person.jersey_number)) for person in squad.players),
    )


def _player(person: Person, before: Player | None) -> Player:
    full = " ".join(part for part in (person.first_name, person.last_name) if part)
    name = clean_name(person.short_name or full) or (before.name if before else "")
    position = POSITIONS.get(person.position_group, before.position if before else "")
    captain = before.captain if before else UNSET
    return Player(person.jersey_number, name, position, starts=person.is_starter, captain=captain)
