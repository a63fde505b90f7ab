"""Seat inventory: the free places of an event in memory.

The database decides who gets a place; the inventory only says where to search. It may be slightly outdated.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from random import Random
from uuid import UUID

import numpy as np
import numpy.typing as npt

from virage.sale.ticketing.rules.plan import SeatPlan, Unit
from virage.sale.ticketing.rules.runs import fits, longest

SPREAD_MIN, SPREAD_MAX = 16.0, 512.0
CALMING = 0.99


class SeatInventory:
    """The free places of an event, as bits by segment and as one bitmap.

    `category_of` is the category of each place as an index into `categories`, -1 if not for sale. The search for best
    seats in the whole event leaves out the `hospitality` categories.
    """

    def __init__(
        self,
        plan: SeatPlan,
        categories: list[UUID],
        category_of: npt.NDArray[np.int16],
        taken: Iterable[int] = (),
        hospitality: frozenset[UUID] = frozenset(),
    ) -> None:
        self.plan = plan
        self.categories = categories
        self.category_of = category_of.tolist()
        self.random = Random()  # noqa: S311 - it only spreads buyers
        self._category = category_of
        self._sellable = category_of >= 0
        self._bytes = bytearray(self._sellable.tobytes())  # of one place, read many times faster than in an array
        self._free = np.frombuffer(self._bytes, np.bool_)
        gone = np.fromiter((place for place in taken if place < plan.places), np.int64)
        self._free[gone] = False
        self._masks = self._masks_of(self._free)
        self._fits = np.fromiter((fits(mask) for mask in self._masks), np.uint16, len(self._masks))
        self._longest = np.fromiter((longest(mask) for mask in self._masks), np.int8, len(self._masks))
        self._spread = SPREAD_MIN
        self._packed: tuple[bytes, str] | None = None
        self._by_category = self._segments_by_category()
        self.hospitality = hospitality
        self._ordinary = self._segments_without(hospitality) if hospitality else None
        self._units_free = [self._count_units(row) for row in plan.unit_rows]
        self._row_of = {seat: number for number, row in enumerate(plan.unit_rows) for u in row for seat in u.seats}
        pools = self._pools_of(category_of)
        self._pools: list[int] = pools.tolist()
        self.free_count = int(self._free.sum())
        self.free_by_pool = np.bincount(pools[self._free], minlength=len(categories) + 1).tolist()
        """Free places by pool: one per category, then one for wheelchair spaces and companion seats."""

    def _pools_of(self, category_of: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
        pools = category_of.copy()
        pools[np.fromiter(self._row_of, np.int64)] = len(self.categories)
        return pools

    def pools_of(self, places: Iterable[int]) -> Counter[int]:
        """Return how many of these places belong to each pool."""
        return Counter([self._pools[place] for place in places])

    def _masks_of(self, free: npt.NDArray[np.bool_]) -> list[int]:
        bits = free.tolist()
        masks = []
        for first, length, ordinary in zip(self.plan.first, self.plan.length, self.plan.ordinary, strict=True):
            mask = 0
            for offset in range(length):
                if bits[first + offset]:
                    mask |= 1 << offset
            masks.append(mask & ordinary)
        return masks

    def _segments_by_category(self) -> dict[UUID, npt.NDArray[np.int32]]:
        category = np.array([self.category_of[first] for first in self.plan.first], np.int16)
        return {id_: np.flatnonzero(category == index).astype(np.int32) for index, id_ in enumerate(self.categories)}

    def _segments_without(self, categories: frozenset[UUID]) -> npt.NDArray[np.int32]:
        """Return the segments of all other categories, by rank."""
        others = [segments for id_, segments in self._by_category.items() if id_ not in categories]
        return np.sort(np.concatenate(others))

    @property
    def spread(self) -> int:
        """Number of best segments among which one is drawn at random."""
        return int(self._spread)

    def record_conflict(self) -> None:
        """Record a conflict: the next buyers are spread over twice as many segments."""
        self._spread = min(SPREAD_MAX, self._spread * 2)

    def record_success(self) -> None:
        """Record a hold without conflict: the next buyers are spread over slightly fewer segments."""
        self._spread = max(SPREAD_MIN, self._spread * CALMING)

    def hold(self, places: Iterable[int]) -> list[int]:
        """Mark places as taken; return those that were free."""
        return self._set(places, free=False)

    def release(self, places: Iterable[int]) -> list[int]:
        """Mark places as free; return those that were not."""
        return self._set(places, free=True)

    def _set(self, places: Iterable[int], *, free: bool) -> list[int]:
        changed = []
        for place in places:
            if place >= self.plan.places or self._bytes[place] == free or (free and self.category_of[place] < 0):
                continue
            self._bytes[place] = free
            self.free_by_pool[self._pools[place]] += 1 if free else -1
            changed.append(place)
            if place in self._row_of:
                number = self._row_of[place]
                self._units_free[number] = self._count_units(self.plan.unit_rows[number])
            segment = self.plan.segment_of[place]
            if segment >= 0:
                bit = (1 << (place - self.plan.first[segment])) & self.plan.ordinary[segment]
                mask = self._masks[segment] | bit if free else self._masks[segment] & ~bit
                self._masks[segment] = mask
                self._fits[segment] = fits(mask)
                self._longest[segment] = longest(mask)
        if changed:
            self._packed = None
            self.free_count += len(changed) if free else -len(changed)
        return changed

    def free(self) -> npt.NDArray[np.bool_]:
        """Return for each place whether it is for sale and free."""
        return self._free.copy()

    @contextmanager
    def limited_to(self, places: npt.NDArray[np.bool_]) -> Iterator[None]:
        """Let searches find only these places until the block ends, which must not wait for anything."""
        hidden = self.hold(np.flatnonzero(self._free & ~places).tolist())
        try:
            yield
        finally:
            self.release(hidden)

    def _count_units(self, row: list[Unit]) -> tuple[int, int]:
        free = [unit for unit in row if self._bytes[unit.space]]
        return len(free), sum(1 for unit in free if self.companion_free(unit))

    def companion_free(self, unit: Unit) -> bool:
        """Return whether a wheelchair space has a companion seat that is free."""
        return unit.companion is not None and bool(self._bytes[unit.companion])

    def rows_with_units(self, spaces: int, companions: int) -> list[list[Unit]]:
        """Return the rows with enough free wheelchair spaces and companion seats, best first."""
        return [
            row
            for row, (free, accompanied) in zip(self.plan.unit_rows, self._units_free, strict=True)
            if free >= spaces and accompanied >= companions
        ]

    def is_free(self, place: int) -> bool:
        """Return whether a place is for sale and free."""
        return 0 <= place < self.plan.places and bool(self._bytes[place])

    def not_for_sale(self, places: Iterable[int]) -> list[int]:
        """Return those of these places that are not for sale, free or not."""
        count, category_of = self.plan.places, self.category_of
        return [place for place in places if not 0 <= place < count or category_of[place] < 0]

    def taken(self, places: Iterable[int]) -> list[int]:
        """Return those of these places, which are for sale, that are not free."""
        free = self._bytes
        return [place for place in places if not free[place]]

    def mask(self, segment: int) -> int:
        """Return the free ordinary seats of a segment as bits."""
        return self._masks[segment]

    def segments(
        self, category: UUID | None, block: int | None, *, hospitality: bool = False
    ) -> npt.NDArray[np.int32] | None:
        """Return the segments of a category, a block, or both, by rank; None means all.

        Without category and block, hospitality is included only on request.
        """
        if block is not None:
            within = self.plan.by_block.get(block, np.zeros(0, np.int32))
            wanted = None if category is None else self.categories.index(category)
            sold_as = {self.category_of[self.plan.first[segment]] for segment in within.tolist()}
            return within if wanted is None or wanted in sold_as else within[:0]
        if category is not None:
            return self._by_category[category]
        return None if hospitality else self._ordinary

    def with_room(
        self, size: int, segments: npt.NDArray[np.int32] | None, *, orphans: bool = False
    ) -> npt.NDArray[np.intp]:
        """Return the segments with room for a party of this size, by rank; `orphans` allows leaving single seats."""
        if segments is None:
            room = self._longest >= size if orphans else self._fits & (1 << size)
            return np.flatnonzero(room)
        room = self._longest[segments] >= size if orphans else self._fits[segments] & (1 << size)
        return segments[np.flatnonzero(room)].astype(np.intp)

    def room(self, segments: npt.NDArray[np.int32] | None) -> int:
        """Return a lower bound of the free ordinary seats: the sum of the longest runs."""
        runs = self._longest if segments is None else self._longest[segments]
        return int(runs.sum())

    def standing(self, first: int, count: int, wanted: int) -> list[int] | None:
        """Return free places of a standing area, None if there are too few.

        The search starts at random, so that concurrent buyers do not get the same places.
        """
        free = np.flatnonzero(self._free[first : first + count])
        if len(free) < wanted:
            return None
        start = self.random.randrange(len(free))
        return [first + int(free[(start + step) % len(free)]) for step in range(wanted)]

    def bitmap(self) -> tuple[bytes, str]:
        """Return the free places as bits (place i is bit i % 8 of byte i // 8), and a hash of them."""
        if self._packed is None:
            packed = np.packbits(self._free, bitorder="little").tobytes()
            self._packed = packed, blake2b(packed, digest_size=12).hexdigest()
        return self._packed

    def count_by_category(self) -> list[int]:
        """Return the free places of each category, in the order of `categories`."""
        counts: list[int] = np.bincount(self._category[self._free], minlength=len(self.categories)).tolist()
        return counts
