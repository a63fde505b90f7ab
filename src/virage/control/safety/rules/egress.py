"""The time to clear a venue: people leave their block, queue at each passage, and pass an exit.

A passage lets people through in the order of their arrival, at most its width x its flow in a time. The n-th person
leaves a passage at max(arrival, departure of the person before) + 1 / capacity, which is a running maximum and needs no
loop over seconds. People arrive at whole seconds. A person is an element of an array, so none is lost or divided.

Each block has one way out. The ways are chosen for full blocks (of those in use) and planning figures, as signs and
stewards would show them: the walk and the estimated queues are minimised in rounds. A closed exit changes them.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from itertools import pairwise
from math import ceil, inf
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from virage.control.safety.rules.network import EgressNetwork, Floats, Ints, shares

ROUNDS: Final = 24
"""Rounds in which the ways out are improved."""
SAMPLE: Final = 8
"""One of so many people leaves when ways out are compared."""
MEMBERS_AT_ONCE: Final = 8
"""Members of an ensemble that are computed together: their arrays stay in the cache of a processor."""
PRE_MOVEMENT_S, PRE_MOVEMENT_SIGMA = 30.0, 0.5
FLOW_SD, SPEED_SD = 0.10, 0.19
FACTOR_MIN, FACTOR_MAX = 0.5, 1.5
QUANTILE: Final = 0.95

Times = npt.NDArray[np.float64]


class Flows(Struct, frozen=True):
    """Flows of people through a passage, in persons per metre of width and minute."""

    level: float
    stairs: float


PLANNING: Final = Flows(82, 66)
"""Planning figures of the Guide to Safety at Sports Grounds (Green Guide)."""
OBSERVED: Final = Flows(60, 48)
"""Flows as observed in stadiums."""


class StandCleared(Struct, frozen=True):
    """When a stand or standing area is clear, as `Cleared`."""

    stand: str
    people: int
    blocked: int
    seconds: int | None
    p95_s: int | None


class Cleared(Struct, frozen=True, eq=False):
    """When a venue is clear. `people` is the sum of `left` and `blocked`, those without an open exit.

    `seconds` until the last person has left, None if people are blocked; `p95_s` until 95 % have left, None if more are
    blocked. Both are 0 without people. `by_exit` counts the people of each exit, `left_by_s[t]` those who have left by
    second t.
    """

    people: int
    left: int
    blocked: int
    seconds: int | None
    p95_s: int | None
    stands: tuple[StandCleared, ...]
    by_exit: dict[str, int]
    left_by_s: npt.NDArray[np.int64]


class Spread(Struct, frozen=True):
    """Median and 95th percentile of the seconds until the last person has left; None if people are blocked."""

    p50_s: int | None
    p95_s: int | None


class Ensemble(Struct, frozen=True):
    """Spread of the time to clear of the venue and of each stand, by code."""

    members: int
    venue: Spread
    stands: dict[str, Spread]


class _Ways(Struct, frozen=True, eq=False):
    """The way out of each block: its passages as `path[block, step]` (-1: none) and its exit (-1: blocked)."""

    path: Ints
    exit: Ints


class _Queues(Struct, frozen=True, eq=False):
    """Passages and exits where people may have to wait.

    The first queues are the blocks themselves. `per_s` is the capacity of each queue, `walk_s` the walk from there to
    its next queue or out. `steps[k][block]` is the queue of a block at step k + 1, -1 if it has none; the queues of a
    step are complete: all of their people arrive from earlier steps.
    """

    per_s: Floats
    walk_s: Floats
    steps: tuple[Ints, ...]
    exit: Ints


def run(
    network: EgressNetwork, people: Mapping[str, int], flows: Flows, closed: AbstractSet[str] = frozenset()
) -> Cleared:
    """Return when the venue is clear if all start at once; `people` by block, `closed` are codes of exits.

    Raises:
        ValueError: for a block or exit that the network does not have, or a negative number.
    """
    counts = _counts(network, people)
    queues = _planned(network, (counts > 0).tobytes(), frozenset(closed), flows)
    present = np.where(queues.exit >= 0, counts, 0)
    (times,) = _leave(queues, present, np.zeros((1, len(counts))), np.ones(1), np.ones(1))
    stand = np.repeat(network.stand, present)
    stands = []
    for number, code in enumerate(network.stands):
        own = network.stand == number
        blocked = int(counts[own].sum() - present[own].sum())
        seconds = np.sort(times[stand == number])
        stands.append(StandCleared(code, len(seconds) + blocked, blocked, *_last_and_p95(seconds, blocked)))
    by_exit = np.bincount(np.repeat(queues.exit, present), minlength=len(network.exits))
    left_by_s = np.cumsum(np.bincount(times.astype(np.int64), minlength=1))
    blocked = int(counts.sum() - present.sum())
    return Cleared(
        int(counts.sum()),
        int(left_by_s[-1]),
        blocked,
        *_last_and_p95(np.sort(times), blocked),
        tuple(stands),
        dict(zip(network.exits, by_exit.tolist(), strict=True)),
        left_by_s,
    )


def ensemble(
    network: EgressNetwork,
    people: Mapping[str, int],
    flows: Flows,
    *,
    members: int = 200,
    seed: int = 0,
    closed: AbstractSet[str] = frozenset(),
) -> Ensemble:
    """Return the spread of the time to clear over `members` runs; the same for the same seed.

    The first member is `run`. In the others, each block starts after a log-normal pre-movement time of median 30 s and
    sigma 0.5 (est.); all flows are multiplied by a normal factor of standard deviation 0.10 (est.), all walking speeds
    by one of 0.19, the spread between persons in Weidmann (1993). Both factors are limited to 0.5 .. 1.5.

    Raises:
        ValueError: as `run`, and for less than one member.
    """
    if members < 1:
        raise ValueError(f"an ensemble has at least one member, not {members}")
    counts = _counts(network, people)
    queues = _planned(network, (counts > 0).tobytes(), frozenset(closed), flows)
    present = np.where(queues.exit >= 0, counts, 0)
    chance = np.random.default_rng(seed)
    start_s = PRE_MOVEMENT_S * np.exp(PRE_MOVEMENT_SIGMA * chance.standard_normal((members, len(counts))))
    flow = np.clip(1 + FLOW_SD * chance.standard_normal(members), FACTOR_MIN, FACTOR_MAX)
    speed = np.clip(1 + SPEED_SD * chance.standard_normal(members), FACTOR_MIN, FACTOR_MAX)
    start_s[0], flow[0], speed[0] = 0.0, 1.0, 1.0
    full = np.flatnonzero(present)
    first = np.concatenate(([0], np.cumsum(present[full])[:-1])).astype(np.int64)
    last_s = np.zeros((members, len(counts)))
    for at in range(0, members, MEMBERS_AT_ONCE):
        own = slice(at, at + MEMBERS_AT_ONCE)
        times = _leave(queues, present, start_s[own], flow[own], speed[own])
        if len(full):
            last_s[own, full] = np.maximum.reduceat(times, first, axis=1)
    last_s[:, counts > present] = inf
    stands = {
        code: _spread(np.max(last_s[:, network.stand == number], axis=1, initial=0.0))
        for number, code in enumerate(network.stands)
    }
    return Ensemble(members, _spread(np.max(last_s, axis=1, initial=0.0)), stands)


def _last_and_p95(seconds: Times, blocked: int) -> tuple[int | None, int | None]:
    people = len(seconds) + blocked
    if not people:
        return 0, 0
    rank = ceil(QUANTILE * people - 1e-9) - 1
    p95_s = int(seconds[rank]) if rank < len(seconds) else None
    return None if blocked else int(seconds[-1]), p95_s


def _spread(seconds: Times) -> Spread:
    if np.isinf(seconds).any():
        return Spread(None, None)
    p50_s, p95_s = np.quantile(seconds, (0.5, QUANTILE), method="inverted_cdf")
    return Spread(int(p50_s), int(p95_s))


def _counts(network: EgressNetwork, people: Mapping[str, int]) -> npt.NDArray[np.int64]:
    """Return the people of each block of the network; those of an area are shared out over its ways."""
    parts: dict[str, list[int]] = {}
    for number, code in enumerate(network.blocks):
        parts.setdefault(code, []).append(number)
    counts = np.zeros(len(network.blocks), np.int64)
    for code, count in people.items():
        if code not in parts or count < 0:
            raise ValueError(f"{count} people are in {code}, which is no number or no block of the network")
        if len(own := parts[code]) == 1:
            counts[own[0]] = count
        else:
            counts[own] = shares(count, network.capacity[own].astype(np.float64))
    return counts


def _leave(queues: _Queues, people: npt.NDArray[np.int64], start_s: Floats, flow: Floats, speed: Floats) -> Times:
    """Return the second in which each person leaves, of shape (members, people), with people in the order of blocks.

    `start_s` has a row for each member and a column for each block, `flow` and `speed` a factor for each member.
    """
    block = np.repeat(np.arange(len(people)), people)
    rank = np.arange(1, len(block) + 1) - np.repeat(np.cumsum(people) - people, people)
    walk_s = queues.walk_s / speed[:, None]
    service_s = 1 / (queues.per_s * flow[:, None])
    times = _whole(start_s[:, block] + rank * service_s[:, block] + walk_s[:, block])
    for step in queues.steps:
        queue = step[block]
        here = np.flatnonzero(queue >= 0)
        if not len(here):
            continue
        arrival, queue = times[:, here], queue[here]
        order = _by_queue_and_time(queue, arrival)
        queue = np.sort(queue)
        first = np.flatnonzero(np.diff(queue, prepend=-1))
        size = np.diff(first, append=len(queue))
        rank = np.arange(len(queue)) - np.repeat(first, size)
        # A multiple of the longest possible time for each queue keeps the running maxima of queues apart.
        served = rank * service_s[:, queue]
        apart = np.repeat(np.arange(len(first)) * (float(arrival.max()) + float(served.max()) + 1), size)
        begin = np.take_along_axis(arrival, order, axis=1) - served + apart
        np.maximum.accumulate(begin, axis=1, out=begin)
        begin += served - apart + (service_s + walk_s)[:, queue]
        arrival[np.arange(len(arrival))[:, None], order] = _whole(begin)
        times[:, here] = arrival
    return times


def _whole(seconds: Times) -> Times:
    """Return times rounded up to whole seconds, except for errors of arithmetic."""
    return np.ceil(seconds - 1e-6)


def _by_queue_and_time(queue: Ints, arrival: Times) -> npt.NDArray[np.int64]:
    """Return the order of people by queue and then by time for each member."""
    small = arrival.max() < np.iinfo(np.uint16).max and queue.max() < np.iinfo(np.uint16).max
    kind = np.uint16 if small else np.int64  # the sort of 16 bits is several times as fast
    by_time = np.argsort(arrival.astype(kind), axis=1, kind="stable")
    by_queue = np.argsort(queue.astype(kind)[by_time], axis=1, kind="stable")
    return np.take_along_axis(by_time, by_queue, axis=1)


@lru_cache(maxsize=64)
def _planned(network: EgressNetwork, in_use: bytes, closed: frozenset[str], flows: Flows) -> _Queues:
    capacity = np.where(np.frombuffer(in_use, np.bool_), np.maximum(network.capacity, 1), 0)
    network = replace(network, capacity=capacity.astype(np.int32))
    return _queues(network, _ways(network, closed), flows)


def _queues(network: EgressNetwork, ways: _Ways, flows: Flows) -> _Queues:
    """Return where people queue, on these ways at these flows."""
    blocks, passages = len(network.blocks), len(network.tail)
    exit_s = _per_s(network.exit_m, np.zeros(len(network.exits), np.bool_), flows)
    capacity = np.concatenate((_per_s(network.width_m, network.stairs, flows), exit_s))
    walk = np.concatenate((network.seconds, np.zeros(len(network.exits)))).tolist()
    block_s = _per_s(network.block_m, network.block_stairs, flows)
    paths = {
        block: [*own[own >= 0].tolist(), passages + exit_]
        for block, (own, exit_) in enumerate(zip(ways.path, ways.exit.tolist(), strict=True))
        if exit_ >= 0 and network.capacity[block]
    }
    slow = _bottlenecks(paths, block_s, capacity)
    queue_of = {passage: blocks + number for number, passage in enumerate(slow)}
    walk_s = np.concatenate((network.block_s, np.zeros(len(slow))))
    chains: dict[int, list[int]] = {}
    step_of: dict[int, int] = {}
    for block, path in paths.items():
        at = block
        chain = chains[block] = []
        for passage in path:
            if passage in queue_of:
                at = queue_of[passage]
                walk_s[at] = 0.0  # the same walk follows a queue on every path
                step_of[at] = max(step_of.get(at, 0), len(chain))
                chain.append(at)
            walk_s[at] += walk[passage]
    steps = np.full((max(step_of.values(), default=-1) + 1, blocks), -1, np.int32)
    for block, chain in chains.items():
        steps[[step_of[queue] for queue in chain], block] = chain
    return _Queues(np.concatenate((block_s, capacity[slow])), walk_s, tuple(steps), ways.exit)


def _bottlenecks(paths: Mapping[int, Sequence[int]], block_s: Floats, capacity: Floats) -> list[int]:
    """Return the passages that may be reached by more people in a time than they let through; others are only a walk.

    Paths of blocks are passages; paths that meet stay together, so that each passage has one after it.
    """
    depth: dict[int, int] = {}
    after: dict[int, int] = {}
    inflow: dict[int, float] = {}
    for block, path in paths.items():
        inflow[path[0]] = inflow.get(path[0], 0.0) + float(block_s[block])
        for step, passage in enumerate(path):
            depth[passage] = max(depth.get(passage, 0), step)
        after.update(pairwise(path))
    slow = []
    for passage in sorted(depth, key=depth.__getitem__):
        most = float(capacity[passage])
        if inflow[passage] > most * (1 + 1e-9):
            slow.append(passage)
        if passage in after:
            inflow[after[passage]] = inflow.get(after[passage], 0.0) + min(inflow[passage], most)
    return slow


def _per_s(width_m: Floats, stairs: npt.NDArray[np.bool_], flows: Flows) -> Floats:
    return width_m * np.where(stairs, flows.stairs, flows.level) / 60


def _ways(network: EgressNetwork, closed: frozenset[str]) -> _Ways:
    """Return the ways out that clear the full venue first, of all that were tried.

    Each round takes the quickest ways, with the mean delay of each queue in the rounds before as a part of its time,
    and lets one of `SAMPLE` people leave through passages of 1 / `SAMPLE` of their width.
    """
    if unknown := closed - set(network.exits):
        raise ValueError(f"the network has no exits {sorted(unknown)}")
    open_ = np.array([number for number, code in enumerate(network.exits) if code not in closed], np.int64)
    sink, passages = network.nodes, len(network.tail)
    tail = np.concatenate((network.tail, network.exit_node[open_]))
    head = np.concatenate((network.head, np.full(len(open_), sink)))
    walk = np.concatenate((network.seconds, np.zeros(len(open_)))) + 1e-3  # a sparse matrix has no edges of length 0
    capacity = np.concatenate(
        (_per_s(network.width_m, network.stairs, PLANNING), network.exit_m[open_] * PLANNING.level / 60)
    )
    own_s = network.capacity / _per_s(network.block_m, network.block_stairs, PLANNING)
    pair = tail.astype(np.int64) * (sink + 1) + head
    delay = np.zeros(len(tail))
    best, best_s = _Ways(np.zeros((len(network.blocks), 0), np.int32), np.full(len(network.blocks), -1, np.int32)), inf
    tried = set()
    for round_ in range(ROUNDS):
        cost = walk + delay
        order = np.lexsort((cost, pair))
        order = order[np.flatnonzero(np.diff(pair[order], prepend=-1))]  # the quickest of parallel passages
        graph = csr_array((cost[order], (head[order], tail[order])), shape=(sink + 1, sink + 1))
        _, following = dijkstra(graph, indices=[sink], return_predecessors=True)
        path = _paths(network.block_node, following[0], pair[order], order, sink)
        exits = path.max(axis=1, initial=-1) - passages
        exit_ = np.where(exits >= 0, open_[np.maximum(exits, 0)], -1) if len(open_) else np.full(len(path), -1)
        ways = _Ways(np.where(path < passages, path, -1), exit_.astype(np.int32))
        if path.tobytes() not in tried:
            tried.add(path.tobytes())
            queues = _queues(network, ways, PLANNING)
            sample = np.where(exit_ >= 0, -(-network.capacity // SAMPLE), 0)
            none, same = np.zeros((1, len(sample))), np.ones(1)
            cleared_s = _leave(queues, sample, none, same / SAMPLE, same).max(initial=0.0)
            if cleared_s < best_s:
                best, best_s = ways, cleared_s
        delay += (_delays(path, network.capacity, own_s, capacity) - delay) / (round_ + 2)
    return best


def _paths(
    start: Ints, following: Ints, pairs: npt.NDArray[np.int64], passage: npt.NDArray[np.int64], sink: int
) -> Ints:
    """Return the passages from each start to the sink, one column a step, -1 after the last."""
    at = start.astype(np.int64)
    columns: list[Ints] = []
    while True:
        next_ = np.where(at >= 0, following[at], -1)
        going = next_ >= 0
        if not going.any():
            return np.array(columns, np.int32).reshape(len(columns), len(start)).T
        found = passage[np.searchsorted(pairs, np.where(going, at * (sink + 1) + next_, pairs[0]))]
        columns.append(np.where(going, found, -1).astype(np.int32))
        at = np.where(going, next_, -1)


def _delays(path: Ints, people: Ints, own_s: Floats, capacity: Floats) -> Floats:
    """Return an estimate of the mean delay at each passage: the time that it takes for all of its people, less the time
    over which they arrive, which is that of the slowest passage before.
    """
    load = np.zeros(len(capacity))
    for column in path.T:
        load += np.bincount(column[column >= 0], people[column >= 0], len(capacity))
    service_s = load / capacity
    slowest_s, delay = own_s.copy(), np.zeros(len(capacity))
    for column in path.T:
        on = column >= 0
        here = column[on]
        delay += np.bincount(here, np.maximum(service_s[here] - slowest_s[on], 0) / 2 * people[on], len(capacity))
        slowest_s[on] = np.maximum(slowest_s[on], service_s[here])
    return delay / np.maximum(load, 1)
