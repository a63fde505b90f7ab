"""Match statistics: totals of counted actions for teams and players."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from virage.media.live.rules.entries import ShirtNumber, Side

STATS_FACT: Final = "live_stats"
PUBLISH_INTERVAL: Final = timedelta(seconds=30)
"""Shortest time between updates without a goal: the feed of a phone stays below 2 kB per minute."""

COUNTS_MAX: Final = 500


class CountedKind(StrEnum):
    """A kind of counted action."""

    SHOT = "shot"
    ON_TARGET = "on_target"
    PASS = "pass"  # noqa: S105 - not a password
    COMPLETED = "completed"
    CORNER = "corner"
    FOUL = "foul"
    OFFSIDE = "offside"


class CountedAction(Struct, frozen=True, forbid_unknown_fields=True):
    """An action of a player. `id` is the source's; a repeated id replaces the action.

    Empty `kinds` remove the action.
    """

    id: UUID
    side: Side
    kinds: Annotated[list[CountedKind], Meta(max_length=len(CountedKind))]
    player: ShirtNumber | None = None


class Tally(Struct, frozen=True):
    """Number of actions of one kind; `player` None: unknown player of that side."""

    side: Side
    player: int | None
    kind: CountedKind
    times: int


Pair = tuple[int, int]


class TeamStatistics(Struct, frozen=True):
    """Statistics of both teams, home first. `possession`: share of all passes, percent."""

    shots: Pair = (0, 0)
    on_target: Pair = (0, 0)
    passes: Pair = (0, 0)
    completed: Pair = (0, 0)
    corners: Pair = (0, 0)
    fouls: Pair = (0, 0)
    offsides: Pair = (0, 0)
    possession: Pair | None = None


class PlayerStatistics(Struct, frozen=True):
    """Statistics of one player."""

    side: Side
    number: int
    shots: int = 0
    on_target: int = 0
    passes: int = 0
    completed: int = 0
    fouls: int = 0


class MatchStatistics(Struct, frozen=True):
    """Statistics of a match, and of each player with counted actions, by side and shirt number."""

    teams: TeamStatistics = TeamStatistics()
    players: list[PlayerStatistics] = []


def statistics(tallies: Iterable[Tally]) -> MatchStatistics:
    """Return the totals of tallies."""
    found = list(tallies)

    def times(kind: CountedKind, side: Side) -> int:
        return sum(tally.times for tally in found if (tally.kind, tally.side) == (kind, side))

    def pair(kind: CountedKind) -> Pair:
        return times(kind, Side.HOME), times(kind, Side.AWAY)

    passes = pair(CountedKind.PASS)
    teams = TeamStatistics(
        shots=pair(CountedKind.SHOT),
        on_target=pair(CountedKind.ON_TARGET),
        passes=passes,
        completed=pair(CountedKind.COMPLETED),
        corners=pair(CountedKind.CORNER),
        fouls=pair(CountedKind.FOUL),
        offsides=pair(CountedKind.OFFSIDE),
        possession=_shares(passes),
    )
    return MatchStatistics(teams, _players(found))


def due(published_at: datetime | None, now: datetime) -> bool:
    """Return whether changed statistics are published now."""
    return published_at is None or now - published_at >= PUBLISH_INTERVAL


def _shares(passes: Pair) -> Pair | None:
    home, away = passes
    if not home + away:
        return None
    share = (200 * home + home + away) // (2 * (home + away))  # rounded half up, so that both add up to a hundred
    return share, 100 - share


def _players(tallies: Iterable[Tally]) -> list[PlayerStatistics]:
    of: dict[tuple[Side, int], dict[CountedKind, int]] = {}
    for tally in tallies:
        if tally.player is not None:
            of.setdefault((tally.side, tally.player), {})[tally.kind] = tally.times
    return [
        PlayerStatistics(
            side,
            number,
            shots=did.get(CountedKind.SHOT, 0),
            on_target=did.get(CountedKind.ON_TARGET, 0),
            passes=did.get(CountedKind.PASS, 0),
            completed=did.get(CountedKind.COMPLETED, 0),
            fouls=did.get(CountedKind.FOUL, 0),
        )
        for (side, number), did in sorted(of.items(), key=lambda item: (item[0][0] is Side.AWAY, item[0][1]))
    ]
