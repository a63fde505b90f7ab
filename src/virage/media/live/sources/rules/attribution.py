"""Attribution of CDF event lines to players.

A referee line names an official and no player. The punished player is one of those in its related lines, and the format
does not define which: a foul is a line of the offender, and often also one of the fouled player.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final, NamedTuple

from virage.media.live.rules.entries import Side
from virage.media.live.sources.rules.cdf import CdfEvent, SourceIds
from virage.media.live.sources.rules.counting import CountedAction

Actor = tuple[Side, int | None]

FOULS: Final = ("foul", "foul_committed")
CHALLENGES: Final = ("defending", "duel", "tackle")


class Blame(IntEnum):
    """Evidence in a line that its player was punished by the referee."""

    NONE = 0
    LOST = 1
    """A challenge that failed."""
    SAID = 2
    """A foul by its own name, or the referee's word on it."""


class AttributedAction(NamedTuple):
    """The player of a line that a referee line may refer to."""

    who: Actor
    blame: Blame = Blame.NONE


class AttributedCount(CountedAction, frozen=True):
    """A counted action with its evidence, for referee lines that refer to it later."""

    blame: Blame = Blame.NONE


def blame_of(event: CdfEvent) -> Blame:
    """Return the evidence of a line against its own player."""
    if event.type == "referee" or event.type in FOULS or event.sub_type in FOULS or event.outcome_type in FOULS:
        return Blame.SAID
    is_challenge = event.type in CHALLENGES or (event.type == "misc" and event.sub_type in CHALLENGES)
    return Blame.LOST if is_challenge and not event.is_successful else Blame.NONE


def actor_of(event: CdfEvent, known: SourceIds, related: Mapping[str, AttributedAction]) -> Actor | None:
    """Return the player of a line; for referee lines, the punished player.

    That is the one player with the strongest evidence. If several remain, the result is their common side without a
    player, or None.
    """
    if event.player_id in known.players:
        return known.players[event.player_id or ""]
    side = known.side_of(event.team_id)
    if side is not None:
        return side, None
    found = [related[name] for name in event.related_event_ids or () if name in related]
    most = max((action.blame for action in found), default=Blame.NONE)
    actors = {action.who for action in found if action.blame == most}
    if len(actors) == 1:
        return actors.pop()
    sides = {actor[0] for actor in actors}
    return (sides.pop(), None) if len(sides) == 1 else None
