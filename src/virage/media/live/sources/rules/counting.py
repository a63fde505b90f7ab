"""The statistics of a match: what each player did counts as something, and adds up for both sides."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from virage.media.live.rules.entries import Shirt, Side

STATS_FACT: Final = "live_stats"
EVERY: Final = timedelta(seconds=30)
"""How often figures are told at most, while nothing greater happens: a phone's feed stays below 2 kB a minute."""

COUNTS_MAX: Final = 500


class Kind(StrEnum):
    """As what something counts."""

    SHOT = "shot"
    ON_TARGET = "on_target"
    PASS = "pass"  # noqa: S105 - a ball that is played, no password
    COMPLETED = "completed"
    CORNER = "corner"
    FOUL = "foul"
    OFFSIDE = "offside"


class Count(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that a player did. The `id` is the source's: sent again, it counts once, as it was said last.

    No kinds: it counts as nothing, or no more.
    """

    id: UUID
    side: Side
    kinds: Annotated[list[Kind], Meta(max_length=len(Kind))]
    player: Shirt | None = None


class Tally(Struct, frozen=True):
    """How often somebody did something; `player` None: nobody knows who of that side."""

    side: Side
    player: int | None
    kind: Kind
    times: int


Pair = tuple[int, int]


class Stats(Struct, frozen=True):
    """The figures of both sides, home first. `possession`: each side's share of all passes, percent."""

    shots: Pair = (0, 0)
    on_target: Pair = (0, 0)
    passes: Pair = (0, 0)
    completed: Pair = (0, 0)
    corners: Pair = (0, 0)
    fouls: Pair = (0, 0)
    offsides: Pair = (0, 0)
    possession: Pair | None = None


class PlayerStats(Struct, frozen=True):
    """The figures of one player."""

    side: Side
    number: int
    shots: int = 0
    on_target: int = 0
    passes: int = 0
    completed: int = 0
    fouls: int = 0


class Statistics(Struct, frozen=True):
    """The figures of a match, and of each player who did something that counts, by side and shirt number."""

    teams: Stats = Stats()
    players: list[PlayerStats] = []


def statistics(tallies: Iterable[Tally]) -> Statistics:
    """What tallies add up to."""
    found = list(tallies)

    def times(kind: Kind, side: Side) -> int:
        return sum(tally.times for tally in found if (tally.kind, tally.side) == (kind, side))

    def pair(kind: Kind) -> Pair:
        return times(kind, Side.HOME), times(kind, Side.AWAY)

    passes = pair(Kind.PASS)
    teams = Stats(
        shots=pair(Kind.SHOT),
        on_target=pair(Kind.ON_TARGET),
        passes=passes,
        completed=pair(Kind.COMPLETED),
        corners=pair(Kind.CORNER),
        fouls=pair(Kind.FOUL),
        offsides=pair(Kind.OFFSIDE),
        possession=_shares(passes),
    )
    return Statistics(teams, _players(found))


def due(told_at: datetime | None, now: datetime) -> bool:
    """Whether figures that have changed are told now."""
    return told_at is None or now - told_at >= EVERY


def _shares(passes: Pair) -> Pair | None:
    home, away = passes
    if not home + away:
        return None
    share = (200 * home + home + away) // (2 * (home + away))  # rounded half up, so that both add up to a hundred
    return share, 100 - share


def _players(tallies: Iterable[Tally]) -> list[PlayerStats]:
    of: dict[tuple[Side, int], dict[Kind, int]] = {}
    for tally in tallies:
        if tally.player is not None:
            of.setdefault((tally.side, tally.player), {})[tally.kind] = tally.times
    return [
        PlayerStats(
            side,
            number,
            shots=did.get(Kind.SHOT, 0),
            on_target=did.get(Kind.ON_TARGET, 0),
            passes=did.get(Kind.PASS, 0),
            completed=did.get(Kind.COMPLETED, 0),
            fouls=did.get(Kind.FOUL, 0),
        )
        for (side, number), did in sorted(of.items(), key=lambda item: (item[0][0] is Side.AWAY, item[0][1]))
    ]
