"""The walkways of a venue as a network of queues, for the time to clear it."""

from math import inf
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from virage.site.venue.types import (
    KINDS,
    STAIRS_DOWN_M_S,
    STAIRS_UP_M_S,
    WALK_M_S,
    Block,
    Kind,
    Venue,
    steps_of,
)

ASSUMED_WIDTH_M: Final = 1.2
"""Clear width of a passage whose width the file does not give: the least of new ones in the Green Guide."""
GANGWAYS_M: Final = 2.4
"""Clear width of the stairs inside a block, which the file does not give: two gangways of 1.2 m (est.)."""
WIDEST_M: Final = 100.0
"""Width that a passage without delays counts as where people are shared out by width."""

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


class EgressNetwork(Struct, frozen=True, eq=False):
    """Blocks full of people, passages and exits, as arrays. Lengths are metres, times seconds of free walking.

    A block is a block of seats, or one of the ways out of a standing area, whose code is then repeated. `stand` is its
    zone of presence, an index into `stands`, `capacity` its places, `block_node` the node of its entry (-1: not on a
    walkway), `block_m` the width of its own way out, on stairs or not, `block_s` the mean walk from a place to the
    entry. Passages are directed, from node `tail` to node `head`; the width of one that never delays is infinite. Each
    exit has one node. `assumed` counts the walkways whose width is `ASSUMED_WIDTH_M`, as the venue file gives none.
    """

    stands: tuple[str, ...]
    blocks: tuple[str, ...]
    stand: Ints
    capacity: Ints
    block_node: Ints
    block_m: Floats
    block_stairs: npt.NDArray[np.bool_]
    block_s: Floats
    nodes: int
    tail: Ints
    head: Ints
    seconds: Floats
    width_m: Floats
    stairs: npt.NDArray[np.bool_]
    exits: tuple[str, ...]
    exit_node: Ints
    exit_m: Floats
    assumed: int = 0


def egress_network(venue: Venue) -> EgressNetwork:
    """Return the network of a venue: its exits are its groups of gates, which are as wide as their gates together.

    Passages are the walkways inside the gates, without lifts. A block or area without a node has no way out, and so
    has every block of a venue without walkways. Takes about 20 ms for a stadium.
    """
    walk, edges = venue.walk, venue.walk.edges
    gate_group = {
        walk.index[f"gate:{gate.code}"]: gate.group for gate in venue.gates if f"gate:{gate.code}" in walk.index
    }
    exits = tuple(dict.fromkeys(gate_group.values()))
    at_gate = np.zeros(len(walk.nodes), np.bool_)
    at_gate[list(gate_group)] = True
    inside = ~np.array(walk.outside, np.bool_).reshape(-1) | at_gate
    used = inside[edges.a] & inside[edges.b] & ~(at_gate[edges.a] & at_gate[edges.b])
    used &= edges.kind != KINDS.index(Kind.LIFT)
    a, b = edges.a[used], edges.b[used]
    unknown = edges.width[used] <= 0
    width = np.where(unknown, ASSUMED_WIDTH_M, edges.width[used])
    to_gate = at_gate[a] | at_gate[b]

    gate_m: dict[int, float] = {}
    for gate, metres in zip(np.where(at_gate[a], a, b)[to_gate].tolist(), width[to_gate].tolist(), strict=True):
        gate_m[gate] = max(gate_m.get(gate, 0.0), metres)
    exit_m = np.zeros(len(exits))
    for gate, metres in gate_m.items():
        exit_m[exits.index(gate_group[gate])] += metres
    exit_node = len(walk.nodes) + np.arange(len(exits), dtype=np.int32)
    gates = np.array(list(gate_group), np.int32)
    own_exit = np.array([exit_node[exits.index(group)] for group in gate_group.values()], np.int32)

    # People pass a gate outwards alone: its edges lead to it, and from it only to its exit. They never cross an area.
    at_area = np.zeros(len(walk.nodes), np.bool_)
    at_area[[walk.index[f"area:{area.code}"] for area in venue.areas if f"area:{area.code}" in walk.index]] = True
    out, back = ~at_gate[a] & ~at_area[b], ~at_gate[b] & ~at_area[a]
    passage_m = np.where(to_gate, inf, width)
    stairs = edges.kind[used] == KINDS.index(Kind.STAIRS)
    none = np.zeros(len(gates))
    tail, head = np.concatenate((a[out], b[back], gates)), np.concatenate((b[out], a[back], own_exit))
    all_m = np.concatenate((passage_m[out], passage_m[back], none + inf))
    blocks = [_of_block(venue, block) for block in venue.blocks]
    stands = [venue.zones.index(block.stand) for block in venue.blocks]
    nodes = len(walk.nodes) + len(exits)
    for area in venue.areas:
        ways = np.flatnonzero(tail == walk.index.get(f"area:{area.code}", -1))
        places = shares(area.capacity_max, np.minimum(all_m[ways], WIDEST_M))
        # Each way out gets a node of its own, so that the people of an area use all of them.
        tail[ways] = nodes + np.arange(len(ways))
        parts = zip(places.tolist(), tail[ways].tolist(), strict=True)
        blocks += [(area.code, count, node, inf, False, 0.0) for count, node in parts] or [
            (area.code, area.capacity_max, -1, inf, False, 0.0)
        ]
        stands += [venue.zones.index(area.code)] * max(len(ways), 1)
        nodes += len(ways)
    codes, capacity, block_node, block_m, block_stairs, block_s = zip(*blocks, strict=True)
    return EgressNetwork(
        stands=venue.zones,
        blocks=tuple(codes),
        stand=np.array(stands, np.int32),
        capacity=np.array(capacity, np.int32),
        block_node=np.array(block_node, np.int32),
        block_m=np.array(block_m, np.float64),
        block_stairs=np.array(block_stairs, np.bool_),
        block_s=np.array(block_s, np.float64),
        nodes=nodes,
        tail=tail,
        head=head,
        seconds=np.concatenate((edges.seconds[used][out], edges.back[used][back], none)),
        width_m=all_m,
        stairs=np.concatenate((stairs[out], stairs[back], none > 0)),
        exits=exits,
        exit_node=exit_node,
        exit_m=exit_m,
        assumed=int(np.count_nonzero(unknown)),
    )


def shares(people: int, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return whole numbers in proportion to the weights, whose sum is `people` if there is a positive weight."""
    if not weights.sum() > 0:
        return np.zeros(len(weights), np.int64)
    bounds = np.rint(people * np.cumsum(weights) / weights.sum()).astype(np.int64)
    return np.asarray(np.diff(bounds, prepend=0), np.int64)


def _of_block(venue: Venue, block: Block) -> tuple[str, int, int, float, bool, float]:
    """Return code, places, node, width, whether it is stairs, and the mean walk from a seat to the entry of a block."""
    node = venue.walk.index.get(f"block:{block.code}", -1)
    if node < 0:
        return block.code, block.seat_count, -1, GANGWAYS_M, True, 0.0
    seats = slice(block.first_seat, block.first_seat + block.seat_count)
    segments, segment = venue.row_segments, venue.segment[seats]
    place = np.arange(block.first_seat, block.first_seat + block.seat_count) - segments.first_seat[segment]
    along_m = np.abs(segments.t[segment] + place * segments.pitch[segment]) / 100
    depth_m = np.abs(segments.d[segment] - venue.walk.entry_cm[block.code]) / 100
    rise = venue.height[seats] - venue.walk.nodes[node].height
    stairs = np.array([steps_of(float(metres)) > 0 for metres in rise])
    # A seat above the entry is left downstairs. On the level, the way along the row is the whole way, as in routes.
    gangway_s = np.where(stairs, depth_m / np.where(rise > 0, STAIRS_DOWN_M_S, STAIRS_UP_M_S), 0.0)
    return block.code, block.seat_count, node, GANGWAYS_M, True, float(np.mean(along_m / WALK_M_S + gangway_s))
