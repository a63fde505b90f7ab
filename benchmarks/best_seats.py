"""Time to find seats for a party in the whole bowl, at 10, 50, 90 and 99 % sold; the slowest
counts.

`python -m benchmarks.best_seats [--quick]`. Parties of 1 to 9, in a category or anywhere, together
or split, one in a hundred with access needs, as on a real sale. The seats found are not sold, so
the bowl stays as full as it was.
"""

import random
import sys
import time

from benchmarks.common import commits_alone, machine, percentile, quick, run, tell
from virage.demo.venues.drawing import stadium
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.rules.best_seats import best_seats
from virage.sale.ticketing.rules.inventory import SeatInventory
from virage.sale.ticketing.rules.places import seat_plan
from virage.sale.ticketing.rules.plan import category_by_place
from virage.sale.ticketing.rules.terms import BestSeats, Need, Party

LEVELS = (0.1, 0.5, 0.9, 0.99)
SEARCHES, QUICK_SEARCHES = 20_000, 1_000
NEEDS: tuple[Need, ...] = ("wheelchair", "easy_access", "audio_description", "hearing_loop")


def a_hall() -> SeatInventory:
    """The whole bowl in three categories by ring, nothing sold."""
    ground = stadium()
    categories = [new_id() for _ in range(3)]
    ranges = [(b.first_seat, b.seat_count, categories[min(b.ring, 3) - 1]) for b in ground.blocks]
    return SeatInventory(seat_plan(ground), categories, category_by_place(ground.places, ranges, categories))


def fill(inventory: SeatInventory, share: float, chance: random.Random) -> None:
    """Sell up to that share: half of the parties get the best seats, the others are scattered all
    over the bowl.
    """
    seats = inventory.plan.seats
    while inventory.free_count > (1 - share) * seats:
        size = chance.choice((1, 2, 2, 2, 3, 3, 4, 4, 5, 6))
        if chance.random() < 0.5:  # noqa: PLR2004 - half of them
            start = chance.randrange(seats - size)
            inventory.hold(range(start, start + size))
            continue
        found = best_seats(inventory, BestSeats(Party(full=size), together=False), None)
        if not isinstance(found, Refused):
            inventory.hold([seat.place for seat in found])


def wish(inventory: SeatInventory, chance: random.Random) -> BestSeats:
    """One search request."""
    category = chance.choice(inventory.categories) if chance.random() < 0.7 else None  # noqa: PLR2004 - seven of ten
    together = chance.random() < 0.9  # noqa: PLR2004 - nine of ten
    if chance.random() < 0.01:  # noqa: PLR2004 - one of a hundred
        need = chance.choice(NEEDS)
        return BestSeats(Party(full=chance.randint(0, 4), access=1), category, together=together, needs=(need,))
    return BestSeats(Party(full=chance.randint(1, 9)), category, together=together)


def search(inventory: SeatInventory, searches: int, chance: random.Random) -> tuple[list[float], int]:
    """Microseconds of each search, and how many found nothing."""
    wishes = [wish(inventory, chance) for _ in range(searches)]
    times, refused = [], 0
    for one in wishes:
        began = time.perf_counter_ns()
        found = best_seats(inventory, one, None)
        times.append((time.perf_counter_ns() - began) / 1000)
        refused += isinstance(found, Refused)
    return times, refused


def main() -> None:
    """Search at each level and print the line."""
    chance = random.Random(2026)
    inventory = a_hall()
    searches = QUICK_SEARCHES if quick() else SEARCHES
    levels = {}
    cpu = time.process_time()
    for level in LEVELS:
        fill(inventory, level, chance)
        search(inventory, searches // 20, chance)
        times, refused = search(inventory, searches, chance)
        levels[f"{level:.0%}"] = {
            "median_us": round(percentile(times, 0.5), 1),
            "p99_us": round(percentile(times, 0.99), 1),
            "refused": refused,
        }
    cpu = time.process_time() - cpu
    print(levels, file=sys.stderr)
    tell(
        {
            "benchmark": "best_seats",
            "median_us": max(level["median_us"] for level in levels.values()),
            "p99_us": max(level["p99_us"] for level in levels.values()),
            "levels": levels,
            "searches": searches,
            "workers": 1,
            "clients": 1,
            "commits_per_s": round(run(commits_alone()), 1),
            "cpu_s_per_1000": round(1000 * cpu / (searches * len(LEVELS)), 4),
            "machine": machine(),
        }
    )


if __name__ == "__main__":
    main()
