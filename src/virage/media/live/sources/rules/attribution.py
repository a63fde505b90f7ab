"""Whose a line of event data is.

A line of the referee names an official and no player. Who was punished is among those whose lines it refers to, and the
format does not say which: a foul is a line of whoever committed it, and often one of whoever suffered it.
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
    """How much a line says that its player is the one whom the referee punished."""

    NONE = 0
    LOST = 1
    """A challenge that failed."""
    SAID = 2
    """A foul by its own name, or the referee's word on it."""


class AttributedAction(NamedTuple):
    """Who did something that a line of the referee may refer to."""

    who: Actor
    blame: Blame = Blame.NONE


class AttributedCount(CountedAction, frozen=True):
    """What a line counts as, kept with what it says of its player for lines that will refer to it."""

    blame: Blame = Blame.NONE


def blame_of(event: CdfEvent) -> Blame:
    """What a line says of its own player."""
    if event.type == "referee" or event.type in FOULS or event.sub_type in FOULS or event.outcome_type in FOULS:
        return Blame.SAID
    is_challenge = event.type in CHALLENGES or (event.type == "misc" and event.sub_type in CHALLENGES)
    return Blame.LOST if is_challenge and not event.is_successful else Blame.NONE


def actor_of(event: CdfEvent, known: SourceIds, related: Mapping[str, AttributedAction]) -> Actor | None:
    """Who did it; of the referee's own lines, who was punished.

    That is the one player of the lines that blame somebody most. Where these are several, nobody is named: their side
    alone if they have one, and nothing if they have not.
    """
    if event.player_id in known.players:
        return known.players[event.player_id or ""]
    side = known.side_of(event.team_id)
    if side is not None:
        return side, None
    found = [related[name] for name in event.related_event_ids or () if name in related]
    most = max((one.blame for one in found), default=Blame.NONE)
    whos = {one.who for one in found if one.blame == most}
    if len(whos) == 1:
        return whos.pop()
    sides = {who[0] for who in whos}
    return (sides.pop(), None) if len(sides) == 1 else None
