"""The best seats for a party: together, the best sightline first, no single seat left over, access needs first of all.

Among the first few candidates chance decides, so that buyers who ask at once are not all sent to the same seats; how
many that are follows from how often buyers get into each other's way (`Hall.spread`). What is found here is only
proposed: the database decides who gets it.
"""

from collections.abc import Sequence
from itertools import islice
from uuid import UUID

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from virage.platform.values.refusals import Refused
from virage.sale.ticketing.rules.access_seats import Where, pair_up, place_units
from virage.sale.ticketing.rules.hall import Hall
from virage.sale.ticketing.rules.plan import COMPANION, NEED_BITS
from virage.sale.ticketing.rules.runs import bits, flush, starts_of, without_orphans
from virage.sale.ticketing.rules.splits import near_first, partitions
from virage.sale.ticketing.rules.terms import Assigned, Best, Party, Reason, Tariff

NEAR_EQUAL = 0.03
TRIES_MAX = 64
BLOCKS_TRIED_MAX = 4
CHAIR_ROWS_TRIED_MAX = 12


class Wish(Struct, frozen=True):
    """Where to look, and how many of a group must sit where the feature is."""

    category: UUID | None
    block: int | None
    feature: int = 0
    needing: int = 0
    hospitality: bool = False

    def segments(self, hall: Hall) -> npt.NDArray[np.int32] | None:
        """The segments to look at, by rank; None means all."""
        return hall.segments(self.category, self.block, hospitality=self.hospitality)


def best_seats(hall: Hall, request: Best, block: int | None) -> list[Assigned] | Refused:
    """Propose one place a person of the party; `block` is the index of the block that the request names.

    Refuses `sold_out`, or `not_together` where the party could be split if it asked for that.
    """
    if request.category_id is not None and request.category_id not in hall.categories:
        return Refused(Reason.CATEGORY_UNKNOWN)
    if "wheelchair" in request.needs:
        return _with_wheelchairs(hall, request, Wish(request.category_id, block, hospitality=request.hospitality))
    feature = sum(NEED_BITS[need] for need in set(request.needs))
    needing = max(1, request.party.access) if feature else 0
    wish = Wish(request.category_id, block, feature, needing, request.hospitality)
    together = group(hall, wish, request.party.size)
    if together is not None:
        return _seat(hall, request.party, together, wish.feature)
    if request.together and hall.room(wish.segments(hall)) >= request.party.size:
        return Refused(Reason.NOT_TOGETHER, {"splits_possible": not feature})
    split = None if request.together else scattered(hall, wish, request.party.size)
    return Refused(Reason.SOLD_OUT) if split is None else _seat(hall, request.party, split, wish.feature)


def group(hall: Hall, wish: Wish, size: int) -> list[int] | None:
    """Seats side by side, some of them with the feature of the wish; first without orphans, then with."""
    segments = wish.segments(hall)
    for orphans in (False, True):
        found = _first_window(hall, hall.with_room(size, segments, orphans=orphans), wish, size, orphans=orphans)
        if found is not None:
            return found
    return None


def _first_window(
    hall: Hall, candidates: npt.NDArray[np.intp], wish: Wish, size: int, *, orphans: bool
) -> list[int] | None:
    """A window of a segment chosen by chance among the first few that there are."""
    if wish.needing:
        candidates = candidates[hall.plan.bears[wish.feature][candidates]]
    if not len(candidates):
        return None
    near = min(hall.spread, len(candidates))
    start = hall.random.randrange(near)
    order = [*range(start, near), *range(start), *range(near, min(len(candidates), near + TRIES_MAX))]
    for index in order:
        segment = int(candidates[index])
        window = _window(hall, segment, wish, size, orphans=orphans)
        if window is not None:
            return window
    return None


def _window(hall: Hall, segment: int, wish: Wish, size: int, *, orphans: bool) -> list[int] | None:
    """A window of a segment that sees about best; at an end of its run if it can be, for that breaks up nothing."""
    mask = hall.mask(segment)
    starts = starts_of(mask, size) if orphans else without_orphans(mask, size)
    if wish.needing:
        window, featured = (1 << size) - 1, hall.plan.featured[wish.feature][segment]
        enough = [s for s in bits(starts) if (featured >> s & window).bit_count() >= wish.needing]
        starts = sum(1 << s for s in enough)
    starts = flush(mask, size, starts) or starts
    if not starts:
        return None
    first, sightline = hall.plan.first[segment], hall.plan.sightline
    seen = {start: sum(sightline[first + start : first + start + size]) for start in bits(starts)}
    floor = max(seen.values()) - NEAR_EQUAL * size
    chosen = hall.random.choice([start for start, sight in seen.items() if sight >= floor])
    return list(range(first + chosen, first + chosen + size))


def scattered(hall: Hall, wish: Wish, size: int) -> list[int] | None:
    """The party in parts: as few as possible and near each other, then anywhere it fits."""
    segments = wish.segments(hall)
    for parts in partitions(size):
        found = _parts_in_one_block(hall, wish, segments, parts)
        if found is not None:
            return found
    return _anywhere(hall, wish, size)


def _parts_in_one_block(
    hall: Hall, wish: Wish, segments: npt.NDArray[np.int32] | None, parts: Sequence[int]
) -> list[int] | None:
    """All parts in one block, rows as near as can be; the first part has who needs the feature."""
    if wish.needing > parts[0]:
        return None
    for block in _roomy_blocks(hall, segments, parts)[:BLOCKS_TRIED_MAX]:
        first = group(hall, Wish(wish.category, block, wish.feature, wish.needing), parts[0])
        rest = None if first is None else _beside(hall, block, first, parts[1:])
        if first is not None and rest is not None:
            return first + rest
    return None


def _roomy_blocks(hall: Hall, segments: npt.NDArray[np.int32] | None, parts: Sequence[int]) -> list[int]:
    """The blocks with as many rows to offer as the party has parts, and one for its largest; best sightline first."""
    largest = hall.plan.block[hall.with_room(parts[0], segments, orphans=True)]
    smallest = hall.plan.block[hall.with_room(parts[-1], segments, orphans=True)]
    rows = np.bincount(smallest)
    blocks, at = np.unique(largest, return_index=True)
    roomy = rows[blocks] >= len(parts) if len(blocks) else np.zeros(0, np.bool_)
    by_rank: list[int] = blocks[roomy][np.argsort(at[roomy])].tolist()
    return by_rank


def _beside(hall: Hall, block: int, first: Sequence[int], parts: Sequence[int]) -> list[int] | None:
    """Seats for the parts in the rows nearest to the `first` seats, none of which is used again."""
    used = set(first)
    seats: list[int] = []
    row = hall.plan.row[hall.plan.segment_of[first[0]]]
    for size in parts:
        window = _nearest_window(hall, block, row, size, used)
        if window is None:
            return None
        used.update(window)
        seats += window
    return seats


def _nearest_window(hall: Hall, block: int, row: int, size: int, used: set[int]) -> list[int] | None:
    segments = hall.plan.by_block[block]
    for segment in near_first(hall.with_room(size, segments, orphans=True).tolist(), hall.plan.row, row):
        first, mask = hall.plan.first[segment], hall.mask(segment)
        for seat in used:
            if hall.plan.segment_of[seat] == segment:
                mask &= ~(1 << (seat - first))
        starts = without_orphans(mask, size) or starts_of(mask, size)
        starts = flush(mask, size, starts) or starts
        if starts:
            start = bits(starts)[0]
            return list(range(first + start, first + start + size))
    return None


def _anywhere(hall: Hall, wish: Wish, size: int) -> list[int] | None:
    """Seats of the best segments one after the other, whoever needs the feature first."""
    if wish.needing:
        return None
    seats: list[int] = []
    for segment in hall.with_room(1, wish.segments(hall), orphans=True).tolist():
        first = hall.plan.first[segment]
        seats += [first + offset for offset in bits(hall.mask(segment))]
        if len(seats) >= size:
            return seats[:size]
    return None


def _seat(hall: Hall, party: Party, seats: list[int], feature: int) -> list[Assigned]:
    """Give each person of a party a seat: the access tariff where the feature is, companions next to them."""
    if not feature or not party.access:
        return [Assigned(place, tariff) for place, tariff in zip(seats, party.tariffs(), strict=True)]
    features = hall.plan.features
    bearing = [place for place in seats if features[place] & feature == feature][: party.access]
    return pair_up(party, seats, bearing)


def _with_wheelchairs(hall: Hall, request: Best, wish: Wish) -> list[Assigned] | Refused:
    """Wheelchair spaces with their companion seats; the others of the party in the rows nearest, in the same block."""
    party = request.party
    if not party.access:
        return Refused(Reason.PARTY_INVALID, {"needs": "access"})
    others: list[Tariff] = [tariff for tariff in party.tariffs() if tariff not in (Tariff.ACCESS, Tariff.COMPANION)]
    where = Where(wish.category, wish.block, frozenset() if wish.hospitality else hall.hospitality)
    ways = place_units(hall, where, party.access, party.companions_coming)
    chairs: list[int] = []
    for chairs in islice(ways, CHAIR_ROWS_TRIED_MAX):
        rest = _others(hall, chairs, len(others))
        if rest is not None:
            return _with_chairs(hall, chairs, rest, others)
    if not chairs:
        return Refused(Reason.SOLD_OUT, {"needs": "wheelchair"})
    if request.together:
        return Refused(Reason.NOT_TOGETHER, {"splits_possible": True})
    rest = group(hall, wish, len(others)) or scattered(hall, wish, len(others))
    return Refused(Reason.SOLD_OUT) if rest is None else _with_chairs(hall, chairs, rest, others)


def _with_chairs(hall: Hall, chairs: list[int], rest: list[int], others: Sequence[Tariff]) -> list[Assigned]:
    """The wheelchair spaces and companion seats, then the others of the party."""
    beside = [Assigned(place, _tariff_at(hall, place)) for place in chairs]
    return beside + [Assigned(place, tariff) for place, tariff in zip(rest, others, strict=True)]


def _tariff_at(hall: Hall, place: int) -> Tariff:
    return Tariff.COMPANION if hall.plan.features[place] & COMPANION else Tariff.ACCESS


def _others(hall: Hall, chairs: list[int], count: int) -> list[int] | None:
    """The rest of a party whose wheelchair spaces are chosen: together in the nearest row, else in parts."""
    if not count:
        return []
    block = hall.plan.block_of(chairs[0])
    ways = ([count], *partitions(count))
    return next((seats for parts in ways if (seats := _beside(hall, block, chairs, parts)) is not None), None)
