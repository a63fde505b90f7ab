"""Search for the best seats of a party: side by side, best sightline first, without leaving single seats.

One of the first candidates is drawn at random, so that concurrent buyers do not get the same seats; their number grows
with conflicts (`SeatInventory.spread`). The result is a proposal: only the database decides who gets a place.
"""

from collections.abc import Sequence
from itertools import islice
from uuid import UUID

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from virage.platform.values.refusals import Refused
from virage.sale.ticketing.rules.access_seats import UnitFilter, pair_up, place_units
from virage.sale.ticketing.rules.inventory import SeatInventory
from virage.sale.ticketing.rules.plan import COMPANION, NEED_BITS
from virage.sale.ticketing.rules.runs import bits, flush, starts_of, without_orphans
from virage.sale.ticketing.rules.splits import near_first, partitions
from virage.sale.ticketing.rules.terms import Assigned, BestSeats, Party, Reason, Tariff

NEAR_EQUAL = 0.03
TRIES_MAX = 64
BLOCKS_TRIED_MAX = 4
CHAIR_ROWS_TRIED_MAX = 12


class SeatSearch(Struct, frozen=True):
    """Where to search, and how many of a group need seats with the feature."""

    category: UUID | None
    block: int | None
    feature: int = 0
    needing: int = 0
    hospitality: bool = False

    def segments(self, inventory: SeatInventory) -> npt.NDArray[np.int32] | None:
        """Return the segments to search, by rank; None means all."""
        return inventory.segments(self.category, self.block, hospitality=self.hospitality)


def best_seats(inventory: SeatInventory, request: BestSeats, block: int | None) -> list[Assigned] | Refused:
    """Propose one place per person of the party; `block` is the index of the requested block.

    Refused with `sold_out`, or with `not_together` if the party could be split.
    """
    if request.category_id is not None and request.category_id not in inventory.categories:
        return Refused(Reason.CATEGORY_UNKNOWN)
    if "wheelchair" in request.needs:
        return _with_wheelchairs(
            inventory, request, SeatSearch(request.category_id, block, hospitality=request.hospitality)
        )
    feature = sum(NEED_BITS[need] for need in set(request.needs))
    needing = max(1, request.party.access) if feature else 0
    search = SeatSearch(request.category_id, block, feature, needing, request.hospitality)
    together = group(inventory, search, request.party.size)
    if together is not None:
        return seat_party(inventory, request.party, together, search.feature)
    if request.together and inventory.room(search.segments(inventory)) >= request.party.size:
        return Refused(Reason.NOT_TOGETHER, {"splits_possible": not feature})
    split = None if request.together else scattered(inventory, search, request.party.size)
    return Refused(Reason.SOLD_OUT) if split is None else seat_party(inventory, request.party, split, search.feature)


def group(inventory: SeatInventory, search: SeatSearch, size: int) -> list[int] | None:
    """Return adjacent seats, enough of them with the feature; prefer those that leave no single seat."""
    segments = search.segments(inventory)
    for orphans in (False, True):
        found = _first_window(
            inventory, inventory.with_room(size, segments, orphans=orphans), search, size, orphans=orphans
        )
        if found is not None:
            return found
    return None


def _first_window(
    inventory: SeatInventory, candidates: npt.NDArray[np.intp], search: SeatSearch, size: int, *, orphans: bool
) -> list[int] | None:
    """Return a window of a segment drawn at random among the first candidates."""
    if search.needing:
        bears = inventory.plan.bears.get(search.feature)
        candidates = candidates[:0] if bears is None else candidates[bears[candidates]]
    if not len(candidates):
        return None
    near = min(inventory.spread, len(candidates))
    start = inventory.random.randrange(near)
    order = [*range(start, near), *range(start), *range(near, min(len(candidates), near + TRIES_MAX))]
    for index in order:
        segment = int(candidates[index])
        window = _window(inventory, segment, search, size, orphans=orphans)
        if window is not None:
            return window
    return None


def _window(
    inventory: SeatInventory, segment: int, search: SeatSearch, size: int, *, orphans: bool
) -> list[int] | None:
    """Return a window of a segment with about the best sightline, at an end of a free run if possible."""
    mask = inventory.mask(segment)
    starts = starts_of(mask, size) if orphans else without_orphans(mask, size)
    starts = with_feature(inventory, segment, search, size, starts)
    starts = flush(mask, size, starts) or starts
    if not starts:
        return None
    first, sightline = inventory.plan.first[segment], inventory.plan.sightline
    seen = {start: sum(sightline[first + start : first + start + size]) for start in bits(starts)}
    floor = max(seen.values()) - NEAR_EQUAL * size
    chosen = inventory.random.choice([start for start, sight in seen.items() if sight >= floor])
    return list(range(first + chosen, first + chosen + size))


def with_feature(inventory: SeatInventory, segment: int, search: SeatSearch, size: int, starts: int) -> int:
    """Return, of the windows of a segment that begin at bits of `starts`, those with enough seats of the feature."""
    if not search.needing:
        return starts
    masks = inventory.plan.featured.get(search.feature)
    window, featured = (1 << size) - 1, 0 if masks is None else masks[segment]
    enough = [start for start in bits(starts) if (featured >> start & window).bit_count() >= search.needing]
    return sum(1 << start for start in enough)


def scattered(inventory: SeatInventory, search: SeatSearch, size: int) -> list[int] | None:
    """Return seats for a split party: as few parts as possible, close together, else anywhere."""
    segments = search.segments(inventory)
    for parts in partitions(size):
        found = _parts_in_one_block(inventory, search, segments, parts)
        if found is not None:
            return found
    return _anywhere(inventory, search, size)


def _parts_in_one_block(
    inventory: SeatInventory, search: SeatSearch, segments: npt.NDArray[np.int32] | None, parts: Sequence[int]
) -> list[int] | None:
    """Return seats for all parts in one block, in rows as near as possible; the first part gets the feature."""
    if search.needing > parts[0]:
        return None
    for block in _roomy_blocks(inventory, segments, parts)[:BLOCKS_TRIED_MAX]:
        first = group(inventory, SeatSearch(search.category, block, search.feature, search.needing), parts[0])
        rest = None if first is None else _beside(inventory, block, first, parts[1:])
        if first is not None and rest is not None:
            return first + rest
    return None


def _roomy_blocks(inventory: SeatInventory, segments: npt.NDArray[np.int32] | None, parts: Sequence[int]) -> list[int]:
    """Return blocks with enough rows for all parts and one for the largest, best sightline first."""
    largest = inventory.plan.block[inventory.with_room(parts[0], segments, orphans=True)]
    smallest = inventory.plan.block[inventory.with_room(parts[-1], segments, orphans=True)]
    rows = np.bincount(smallest)
    blocks, at = np.unique(largest, return_index=True)
    roomy = rows[blocks] >= len(parts) if len(blocks) else np.zeros(0, np.bool_)
    by_rank: list[int] = blocks[roomy][np.argsort(at[roomy])].tolist()
    return by_rank


def _beside(inventory: SeatInventory, block: int, first: Sequence[int], parts: Sequence[int]) -> list[int] | None:
    """Return seats for the parts in the rows nearest to the `first` seats, without reusing those."""
    used = set(first)
    seats: list[int] = []
    row = inventory.plan.row[inventory.plan.segment_of[first[0]]]
    for size in parts:
        window = _nearest_window(inventory, block, row, size, used)
        if window is None:
            return None
        used.update(window)
        seats += window
    return seats


def _nearest_window(inventory: SeatInventory, block: int, row: int, size: int, used: set[int]) -> list[int] | None:
    segments = inventory.plan.by_block[block]
    for segment in near_first(inventory.with_room(size, segments, orphans=True).tolist(), inventory.plan.row, row):
        first, mask = inventory.plan.first[segment], inventory.mask(segment)
        for seat in used:
            if inventory.plan.segment_of[seat] == segment:
                mask &= ~(1 << (seat - first))
        starts = without_orphans(mask, size) or starts_of(mask, size)
        starts = flush(mask, size, starts) or starts
        if starts:
            start = bits(starts)[0]
            return list(range(first + start, first + start + size))
    return None


def _anywhere(inventory: SeatInventory, search: SeatSearch, size: int) -> list[int] | None:
    """Return single seats of the best segments in order; None if the party needs a feature."""
    if search.needing:
        return None
    seats: list[int] = []
    for segment in inventory.with_room(1, search.segments(inventory), orphans=True).tolist():
        first = inventory.plan.first[segment]
        seats += [first + offset for offset in bits(inventory.mask(segment))]
        if len(seats) >= size:
            return seats[:size]
    return None


def seat_party(inventory: SeatInventory, party: Party, seats: list[int], feature: int) -> list[Assigned]:
    """Assign the seats to the party: the access tariff where the feature is, companions beside them."""
    if not feature or not party.access:
        return [Assigned(place, tariff) for place, tariff in zip(seats, party.tariffs(), strict=True)]
    features = inventory.plan.features
    bearing = [place for place in seats if features[place] & feature == feature][: party.access]
    return pair_up(party, seats, bearing)


def _with_wheelchairs(inventory: SeatInventory, request: BestSeats, search: SeatSearch) -> list[Assigned] | Refused:
    """Assign wheelchair spaces with companion seats, and the others to the nearest rows of the same block."""
    party = request.party
    if not party.access:
        return Refused(Reason.PARTY_INVALID, {"needs": "access"})
    others: list[Tariff] = [tariff for tariff in party.tariffs() if tariff not in (Tariff.ACCESS, Tariff.COMPANION)]
    # A wheelchair space is always easy to reach; every other feature must be known of the space itself.
    features = sum(NEED_BITS[need] for need in set(request.needs) - {"wheelchair", "easy_access"})
    hospitality = frozenset() if search.hospitality else inventory.hospitality
    where = UnitFilter(search.category, search.block, hospitality, features)
    ways = place_units(inventory, where, party.access, party.companions_coming)
    chairs: list[int] = []
    for chairs in islice(ways, CHAIR_ROWS_TRIED_MAX):
        rest = _others(inventory, chairs, len(others))
        if rest is not None:
            return _with_chairs(inventory, chairs, rest, others)
    if not chairs:
        return Refused(Reason.SOLD_OUT, {"needs": "wheelchair"})
    if request.together:
        return Refused(Reason.NOT_TOGETHER, {"splits_possible": True})
    rest = group(inventory, search, len(others)) or scattered(inventory, search, len(others))
    return Refused(Reason.SOLD_OUT) if rest is None else _with_chairs(inventory, chairs, rest, others)


def _with_chairs(
    inventory: SeatInventory, chairs: list[int], rest: list[int], others: Sequence[Tariff]
) -> list[Assigned]:
    """Return the wheelchair spaces and companion seats, then the seats of the others."""
    beside = [Assigned(place, _tariff_at(inventory, place)) for place in chairs]
    return beside + [Assigned(place, tariff) for place, tariff in zip(rest, others, strict=True)]


def _tariff_at(inventory: SeatInventory, place: int) -> Tariff:
    return Tariff.COMPANION if inventory.plan.features[place] & COMPANION else Tariff.ACCESS


def _others(inventory: SeatInventory, chairs: list[int], count: int) -> list[int] | None:
    """Return seats for the rest of the party: together in the nearest row, else in parts."""
    if not count:
        return []
    block = inventory.plan.block_of(chairs[0])
    ways = ([count], *partitions(count))
    return next((seats for parts in ways if (seats := _beside(inventory, block, chairs, parts)) is not None), None)
