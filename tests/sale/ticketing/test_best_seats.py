import random
from functools import cache
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from virage.demo.venues.drawing import stadium
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.rules.best_seats import best_seats
from virage.sale.ticketing.rules.inventory import SeatInventory
from virage.sale.ticketing.rules.places import seat_plan
from virage.sale.ticketing.rules.plan import NEED_BITS, SeatPlan, category_by_place
from virage.sale.ticketing.rules.terms import Assigned, BestSeats, Need, Party, Reason, Tariff
from virage.site.venue.types import Venue

NEAR, FAR = new_id(), new_id()
GROUND = stadium()
WHEELCHAIR, COMPANION, EASY_ACCESS, HEARING_LOOP = 1, 2, 4, 16
SIGN_LANGUAGE, GUIDE_DOG, QUIET = 32, 64, 128


@cache
def categories() -> Any:
    ranges = [(block.first_seat, block.seat_count, NEAR if block.ring == 1 else FAR) for block in GROUND.blocks]
    return category_by_place(GROUND.places, ranges, [NEAR, FAR])


def a_hall(seed: int = 1) -> SeatInventory:
    """The whole bowl, free: ring 1 in one category, the others in another."""
    inventory = SeatInventory(seat_plan(GROUND), [NEAR, FAR], categories())
    inventory.random.seed(seed)
    return inventory


def fill(inventory: SeatInventory, share: float) -> None:
    inventory.hold(crowd(share))


@cache
def crowd(share: float) -> list[int]:
    """Seats as a crowd would take them: runs of a few, all over the bowl."""
    choice = random.Random(1)  # noqa: S311 - the same crowd each time
    taken: set[int] = set()
    while len(taken) < share * GROUND.seats:
        start = choice.randrange(GROUND.seats - 5)
        taken.update(range(start, start + choice.randint(1, 5)))
    return sorted(taken)


def ask(inventory: SeatInventory, full: int = 0, **wish: Any) -> list[Assigned] | Refused:
    party = Party(full=full, **wish.pop("party", {}))
    block = wish.get("block")
    return best_seats(inventory, BestSeats(party, **wish), None if block is None else GROUND.block_index[block])


def places(outcome: list[Assigned] | Refused) -> list[int]:
    assert isinstance(outcome, list)
    return [seat.place for seat in outcome]


def are_together(seats: list[int]) -> bool:
    ordered = sorted(seats)
    return ordered == list(range(ordered[0], ordered[-1] + 1)) and len({int(GROUND.segment[s]) for s in ordered}) == 1


@pytest.mark.parametrize("size", range(1, 10))
@pytest.mark.parametrize("sold", [0.1, 0.5, 0.9])
def test_a_party_gets_adjacent_free_ordinary_seats(size: int, sold: float) -> None:
    inventory = a_hall()
    fill(inventory, sold)
    outcome = ask(inventory, size)
    if isinstance(outcome, Refused):
        assert sold > 0.5
        assert outcome.reason == Reason.NOT_TOGETHER
        return
    assert len(outcome) == size
    assert are_together(places(outcome))
    assert all(inventory.is_free(place) for place in places(outcome))
    assert not any(GROUND.features[place] & (WHEELCHAIR | COMPANION) for place in places(outcome))


def test_the_first_party_gets_close_to_the_best_sightline() -> None:
    ordinary = (GROUND.features & (WHEELCHAIR | COMPANION)) == 0
    seats = places(ask(a_hall(), 2))
    assert min(GROUND.sightline[seat] for seat in seats) > GROUND.sightline[ordinary].max() - 0.05


def test_no_single_seat_is_left_while_there_is_room() -> None:
    inventory = a_hall()
    choice = random.Random(5)  # noqa: S311 - the same parties each time
    before = singles(inventory)
    for _ in range(20):
        for _ in range(100):
            inventory.hold(places(ask(inventory, choice.choice([1, 2, 2, 3, 4, 5]))))
        assert singles(inventory) <= before


def singles(inventory: SeatInventory) -> int:
    masks = [inventory.mask(segment) for segment in range(len(inventory.plan.first))]
    return sum((mask & ~(mask << 1) & ~(mask >> 1)).bit_count() for mask in masks)


def test_a_single_seat_is_left_only_as_the_last_option() -> None:
    inventory = a_hall()
    segment = next(
        s for s, length in enumerate(inventory.plan.length) if length >= 3 and inventory.mask(s).bit_count() >= 3
    )
    first = inventory.plan.first[segment]
    inventory.hold(place for place in range(GROUND.seats) if not first <= place < first + 3)
    assert are_together(places(ask(inventory, 2)))


def test_a_search_stays_within_its_category_or_block() -> None:
    inventory = a_hall()
    assert {GROUND.blocks[GROUND.block[seat]].ring for seat in places(ask(inventory, 4, category_id=NEAR))} == {1}
    assert {GROUND.blocks[GROUND.block[seat]].code for seat in places(ask(inventory, 4, block="307"))} == {"307"}


def test_a_block_of_another_category_offers_nothing() -> None:
    outcome = ask(a_hall(), 2, category_id=NEAR, block="307")
    assert outcome == Refused(Reason.SOLD_OUT)


def test_an_unknown_category_is_refused() -> None:
    assert ask(a_hall(), 2, category_id=new_id()) == Refused(Reason.CATEGORY_UNKNOWN)


def test_a_wheelchair_space_comes_with_the_companion_seat_beside_it() -> None:
    space, companion = places(ask(a_hall(), party={"access": 1}, needs=("wheelchair",)))
    assert GROUND.features[space] & WHEELCHAIR
    assert GROUND.features[companion] & COMPANION
    assert abs(space - companion) == 1


def test_two_wheelchair_spaces_lie_in_one_row_with_their_companions() -> None:
    outcome = ask(a_hall(), party={"access": 2}, needs=("wheelchair",))
    assert isinstance(outcome, list)
    assert [seat.tariff for seat in outcome] == [Tariff.ACCESS, Tariff.COMPANION] * 2
    assert len({(int(GROUND.block[s]), int(GROUND.row[s])) for s in places(outcome)}) == 1


def test_the_family_of_a_wheelchair_user_sits_in_the_same_block() -> None:
    seats = places(ask(a_hall(), 2, party={"access": 1, "child": 1}, needs=("wheelchair",)))
    assert len(seats) == 5
    assert len({int(GROUND.block[seat]) for seat in seats}) == 1
    assert are_together(seats[2:])


def test_a_wheelchair_user_without_companion_gets_only_the_space() -> None:
    outcome = ask(a_hall(), party={"access": 1, "companions": 0}, needs=("wheelchair",))
    assert [GROUND.features[seat] & WHEELCHAIR for seat in places(outcome)] == [WHEELCHAIR]


def test_every_wheelchair_space_can_be_sold_once() -> None:
    inventory = a_hall()
    for _ in range(350):
        inventory.hold(places(ask(inventory, party={"access": 1}, needs=("wheelchair",))))
    assert ask(inventory, party={"access": 1}, needs=("wheelchair",)) == Refused(
        Reason.SOLD_OUT, {"needs": "wheelchair"}
    )


def test_a_wheelchair_space_needs_an_access_ticket_in_the_party() -> None:
    outcome = ask(a_hall(), 2, needs=("wheelchair",))
    assert isinstance(outcome, Refused)
    assert outcome.reason == Reason.PARTY_INVALID


@pytest.mark.parametrize(
    ("need", "bit"),
    [
        ("easy_access", 4),
        ("audio_description", 8),
        ("hearing_loop", 16),
        ("sign_language", 32),
        ("guide_dog", 64),
        ("quiet", 128),
    ],
)
def test_a_person_with_a_need_gets_a_suitable_seat_beside_the_companion(need: str, bit: int) -> None:
    outcome = ask(a_hall(), 2, party={"access": 1}, needs=(need,))
    assert isinstance(outcome, list)
    access, companion = outcome[0], outcome[1]
    assert (access.tariff, companion.tariff) == (Tariff.ACCESS, Tariff.COMPANION)
    assert GROUND.features[access.place] & bit
    assert abs(access.place - companion.place) == 1
    assert are_together(places(outcome))


def test_two_needs_are_met_by_one_seat() -> None:
    outcome = ask(a_hall(), party={"access": 1}, needs=("easy_access", "hearing_loop"))
    assert GROUND.features[places(outcome)[0]] & (EASY_ACCESS | HEARING_LOOP) == EASY_ACCESS | HEARING_LOOP


def only_pairs_left() -> SeatInventory:
    """Every third seat is taken: only pairs are free."""
    inventory = a_hall()
    inventory.hold(
        first + offset
        for first, length in zip(inventory.plan.first, inventory.plan.length, strict=True)
        for offset in range(2, length, 3)
    )
    return inventory


def test_a_party_that_cannot_sit_together_is_offered_a_split() -> None:
    assert ask(only_pairs_left(), 4) == Refused(Reason.NOT_TOGETHER, {"splits_possible": True})


def test_a_party_that_may_be_split_gets_pairs_in_one_block() -> None:
    inventory = only_pairs_left()
    seats = places(ask(inventory, 6, together=False))
    assert len(set(seats)) == 6
    assert len({int(GROUND.block[seat]) for seat in seats}) == 1
    assert all(seat + 1 in seats or seat - 1 in seats for seat in seats)


def test_the_last_seats_are_sold_wherever_they_are() -> None:
    inventory = a_hall()
    free = [seat for seat in range(0, GROUND.seats, 9001) if not GROUND.features[seat] & 3]
    inventory.hold(seat for seat in range(GROUND.seats) if seat not in free)
    assert sorted(places(ask(inventory, len(free), together=False))) == free


def test_a_sold_out_event_has_no_seats_to_propose() -> None:
    inventory = a_hall()
    inventory.hold(range(GROUND.seats))
    assert ask(inventory, 1) == Refused(Reason.SOLD_OUT)
    assert ask(inventory, 3, together=False) == Refused(Reason.SOLD_OUT)


def test_two_processes_rarely_propose_the_same_seats() -> None:
    one, other = a_hall(seed=1), a_hall(seed=2)
    both = [(set(places(ask(one, 2))), set(places(ask(other, 2)))) for _ in range(200)]
    assert sum(1 for left, right in both if left & right) < 40


def test_a_released_place_is_free_again_in_the_inventory() -> None:
    inventory = a_hall()
    before = inventory.bitmap()
    seats = places(ask(inventory, 9))
    inventory.hold(seats)
    assert inventory.bitmap() != before
    assert inventory.release([*seats, *seats]) == seats
    assert inventory.bitmap() == before


def test_a_place_that_is_not_for_sale_is_never_free() -> None:
    inventory = a_hall()
    first_standing = GROUND.areas[0].first_place
    assert not inventory.is_free(first_standing)
    assert inventory.release([first_standing]) == []
    assert inventory.bitmap()[0][first_standing >> 3] >> (first_standing & 7) & 1 == 0


@cache
def partly_known(share: float) -> Venue:
    """The venue with the known features of only a part of its seats; those of few seats are scattered over many."""
    chance = np.random.default_rng(5)
    features = GROUND.features.copy()
    for rare in (SIGN_LANGUAGE, GUIDE_DOG, QUIET):
        features |= np.where(chance.random(GROUND.seats) < 0.5, rare, 0).astype(np.uint8)
    return replace(GROUND, features=np.where(chance.random(GROUND.seats) < share, features, 0).astype(np.uint8))


@cache
def partly_known_plan(share: float) -> SeatPlan:
    return seat_plan(partly_known(share))


def with_unknown_features(share: float) -> SeatInventory:
    """The bowl of a venue that knows the features of only a part of its seats."""
    inventory = SeatInventory(partly_known_plan(share), [NEAR, FAR], categories())
    inventory.random.seed(3)
    return inventory


NEED_SETS = [needs for size in (1, 2, 3) for needs in combinations(NEED_BITS, size)]


@pytest.mark.parametrize("needs", NEED_SETS)
@pytest.mark.parametrize("together", [True, False])
def test_no_seat_with_unknown_features_is_proposed_for_a_need(needs: tuple[Need, ...], together: bool) -> None:
    wanted = sum(NEED_BITS[need] for need in needs)
    if "wheelchair" in needs:
        wanted &= ~EASY_ACCESS  # a wheelchair space is always easy to reach
    found = 0
    inventory = with_unknown_features(0.3)
    for full, access in product((0, 1, 3), (1, 2, 4)):
        outcome = ask(inventory, full, party={"access": access, "companions": 1}, needs=needs, together=together)
        if isinstance(outcome, Refused):
            continue
        bearing = [seat.place for seat in outcome if seat.tariff is Tariff.ACCESS]
        assert len(bearing) == access
        for place in bearing:
            assert inventory.plan.features[place] & wanted == wanted
        inventory.hold(places(outcome))
        found += 1
    assert found


@pytest.mark.parametrize("needs", NEED_SETS)
def test_a_venue_without_known_features_has_no_seat_for_a_need(needs: tuple[Need, ...]) -> None:
    outcome = ask(with_unknown_features(0.0), 1, party={"access": 1}, needs=needs, together=False)
    assert outcome == Refused(Reason.SOLD_OUT, {"needs": "wheelchair"} if "wheelchair" in needs else {})


def test_spaces_without_the_second_feature_are_left_out_of_a_row() -> None:
    """The features of the spaces of one row differ: only those that have the feature count."""
    row = next(row for row in seat_plan(GROUND).unit_rows if len(row) >= 4)
    known = GROUND.features & ~np.uint8(HEARING_LOOP)
    loop = [row[1], row[3]]
    for unit in loop:
        known[unit.space] |= HEARING_LOOP
    inventory = SeatInventory(seat_plan(replace(GROUND, features=known)), [NEAR, FAR], categories())
    both = ask(inventory, party={"access": 2}, needs=("wheelchair", "hearing_loop"))
    assert isinstance(both, list)
    assert {seat.place for seat in both if seat.tariff is Tariff.ACCESS} == {unit.space for unit in loop}
    assert ask(inventory, party={"access": 3}, needs=("wheelchair", "hearing_loop")) == Refused(
        Reason.SOLD_OUT, {"needs": "wheelchair"}
    )
