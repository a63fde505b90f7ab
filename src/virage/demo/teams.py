"""The teams of the demo: shirt numbers without names, because no player is invented."""

from datetime import datetime
from typing import Final

from virage.demo.programme import Planned
from virage.media.live import api as live
from virage.media.live.types import Player, Position, Team, Teams
from virage.platform.data.database import Connection

STARTING: Final = 11
SQUAD: Final = 18
POSITIONS: Final[tuple[tuple[int, Position], ...]] = (
    (1, "goalkeeper"),
    (5, "defender"),
    (8, "midfielder"),
    (STARTING, "forward"),
    (SQUAD, ""),
)


async def load_teams(conn: Connection, plan: Planned, now: datetime) -> None:
    """Set the two teams of a match, unless they are set."""
    await live.set_teams(conn, plan.event.id, TEAMS, None, now, revision=0)


def _squad() -> list[Player]:
    return [
        Player(
            number,
            "",
            next(position for last, position in POSITIONS if number <= last),
            starts=number <= STARTING,
        )
        for number in range(1, SQUAD + 1)
    ]


TEAMS: Final = Teams(
    Team("Virage FC", "VIR", "#12235a", _squad()),
    Team("Étoile du Nord", "EDN", "#b3132b", _squad()),
)
