"""The rules of moving an event to another version of its venue."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.sale.ticketing.conftest import AREA, BLUE, BLUE_BLOCK, GOLD, GOLD_BLOCK, a_pricing, block_seats
from tests.sale.ticketing.test_rules import an_event
from tests.sale.ticketing.venues import arranged, seats_of
from virage.demo.venues.drawing import stadium
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.rules.moving import GONE, Affected, Line, MovePlan, new_places, plan_move
from virage.sale.ticketing.rules.open_sale import OpenSale, open_sale
from virage.sale.ticketing.rules.places import label
from virage.sale.ticketing.rules.plan import COMPANION, WHEELCHAIR
from virage.sale.ticketing.rules.reseating import BestEqual, GiveBack, MoveChoice, Reseat, Reseating, reseat
from virage.sale.ticketing.rules.terms import TARIFF_CODE, Reason, Tariff
from virage.site.venue.types import Venue

OLD = stadium()
LOUNGE = next(block.code for block in OLD.blocks if block.kind == "hospitality")
PRICE = {GOLD_BLOCK: 8000, BLUE_BLOCK: 3000, LOUNGE: 8000}


def without(*gone: int, blocks: Sequence[str] = (), **changes: Any) -> Venue:
    """The next version of the venue, without some seats and blocks."""
    kept = np.setdiff1d(np.arange(OLD.seats), [*gone, *(seats_of(OLD, *blocks) if blocks else ())])
    return arranged(OLD, kept, **({"version": "next"} | changes))


def line(place: int, tariff: Tariff = Tariff.FULL, order: UUID | None = None, price: int = 3000) -> Line:
    return Line(order or new_id(), new_id(), place, TARIFF_CODE[tariff], price)


def reasons(plan: MovePlan) -> dict[int, str]:
    return {found.line.place: found.reason for found in plan.affected}


def a_unit() -> tuple[int, int]:
    """A wheelchair space and its companion seat in a block that is for sale."""
    spaces = [seat for seat in range(OLD.seats) if OLD.features[seat] & WHEELCHAIR]
    return next((seat, seat + 1) for seat in spaces if OLD.features[seat + 1] & COMPANION)


def test_the_same_version_changes_no_place() -> None:
    assert (new_places(OLD, OLD) == np.arange(OLD.places)).all()


def test_a_seat_keeps_its_label_whatever_its_number() -> None:
    gone = [block_seats(GOLD_BLOCK)[3], 0, 40_000]
    new = without(*gone, blocks=["101", "327"])
    places = new_places(OLD, new)
    for seat in range(0, OLD.places, 7):
        if places[seat] != GONE:
            assert new.label(int(places[seat])) == OLD.label(seat)
    lost = np.flatnonzero(places == GONE)
    assert set(lost) == {*gone, *seats_of(OLD, "101", "327")}


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, OLD.seats - 1), max_size=60), st.randoms(use_true_random=False))
def test_places_map_one_to_one_for_any_lost_seats_and_order_of_blocks(gone: set[int], chance: Any) -> None:
    codes = [block.code for block in OLD.blocks]
    chance.shuffle(codes)
    seats = seats_of(OLD, *codes)
    new = arranged(OLD, seats[~np.isin(seats, list(gone))], version="shuffled")
    places = new_places(OLD, new)
    kept = places[places != GONE]
    assert len(set(kept.tolist())) == len(kept) == OLD.places - len(gone)
    assert (places[sorted(gone)] == GONE).all()
    for seat in chance.sample(range(OLD.places), 50):
        if seat not in gone:
            assert new.label(int(places[seat])) == OLD.label(seat)


def test_a_label_that_two_seats_share_names_no_seat() -> None:
    first = block_seats(BLUE_BLOCK)[0]
    number = OLD.number.copy()
    number[first + 1] = number[first]
    assert (new_places(OLD, replace(OLD, number=number, version="doubled"))[[first, first + 1]] == GONE).all()


def test_only_lines_that_rely_on_a_change_are_affected() -> None:
    space, companion = a_unit()
    features = OLD.features.copy()
    seats = block_seats(BLUE_BLOCK)
    features[[space, companion]] = 0
    features[seats[5]] |= WHEELCHAIR
    blocks = tuple(replace(block, kind="seats") if block.code == LOUNGE else block for block in OLD.blocks)
    new = replace(OLD, features=features, blocks=blocks, version="changed")
    order, lounge = new_id(), block_seats(LOUNGE)[0]
    lines = [
        line(space, Tariff.ACCESS, order),
        line(companion, Tariff.COMPANION, order, 0),
        line(seats[5]),
        line(seats[6]),
        line(lounge),
    ]
    plan = plan_move(OLD, new, lines)
    assert reasons(plan) == {space: "features", companion: "features", seats[5]: "features", lounge: "hospitality"}
    assert plan.places == {lines[3].ticket_id: seats[6]}
    unrelated = plan_move(OLD, new, [line(companion)])
    assert not unrelated.affected, "a full ticket on a companion seat relies on no feature"


def test_a_companion_moves_with_the_person() -> None:
    space, companion = a_unit()
    order = new_id()
    lines = [line(space, Tariff.ACCESS, order), line(companion, Tariff.COMPANION, order, 0), line(companion + 5)]
    plan = plan_move(OLD, without(space), lines)
    assert reasons(plan) == {space: "gone", companion: "party"}


def with_area(capacity: int) -> Venue:
    areas = tuple(replace(area, capacity_max=capacity) if area.code == AREA else area for area in OLD.areas)
    return without(0, areas=areas)


def test_standing_places_move_within_a_smaller_area_until_it_is_full() -> None:
    area = next(area for area in OLD.areas if area.code == AREA)
    lines = [line(area.first_place + number) for number in (0, 3, 40, 41, 49)]
    smaller = with_area(4)
    plan = plan_move(OLD, smaller, lines)
    first = next(area for area in smaller.areas if area.code == AREA).first_place
    assert sorted(plan.places.values()) == [first, first + 1, first + 2, first + 3]
    assert plan.places[lines[0].ticket_id] == first
    assert plan.places[lines[1].ticket_id] == first + 3
    assert reasons(plan) == {area.first_place + 49: "capacity"}


def test_a_standing_place_keeps_its_gate_group_if_it_can() -> None:
    area = next(area for area in OLD.areas if len(area.gate_groups) > 1)
    groups = len(area.gate_groups)
    areas = tuple(replace(other, capacity_max=3 * groups) if other.code == area.code else other for other in OLD.areas)
    new = without(areas=areas)
    lines = [line(area.first_place + 10 * groups + number) for number in range(groups)]
    plan = plan_move(OLD, new, lines)
    for old_line in lines:
        assert new.label(plan.places[old_line.ticket_id]).gate_group == OLD.label(old_line.place).gate_group


def test_an_area_that_is_gone_affects_all_its_lines() -> None:
    first = next(area for area in OLD.areas if area.code == AREA).first_place
    new = without(areas=tuple(area for area in OLD.areas if area.code != AREA))
    assert reasons(plan_move(OLD, new, [line(first)])) == {first: "gone"}


@cache
def pricing() -> Any:
    return a_pricing(blocks={GOLD_BLOCK: GOLD, BLUE_BLOCK: BLUE, LOUNGE: GOLD})


def resolved(
    new: Venue, lines: Sequence[Line], choose: MoveChoice | dict[UUID, MoveChoice], taken: Sequence[int] = ()
) -> tuple[MovePlan, OpenSale, Reseating | Refused]:
    plan = plan_move(OLD, new, lines)
    sale = open_sale(an_event(), new, pricing(), [*plan.places.values(), *taken])
    choices = choose if isinstance(choose, dict) else {found.line.ticket_id: choose for found in plan.affected}
    return plan, sale, reseat(sale, OLD, plan.affected, choices)


def seated(outcome: Reseating | Refused) -> dict[UUID, int]:
    assert isinstance(outcome, Reseating), outcome
    return outcome.places


def test_a_party_gets_seats_side_by_side_at_the_same_price() -> None:
    order, seats = new_id(), block_seats(BLUE_BLOCK)[4:7]
    lines = [line(seat, order=order) for seat in seats]
    new = without(*seats)
    _, _, outcome = resolved(new, lines, BestEqual())
    found = [seated(outcome)[one.ticket_id] for one in lines]
    assert found == list(range(found[0], found[0] + 3))
    assert {label(new, place).block for place in found} == {BLUE_BLOCK}
    assert len({label(new, place).row for place in found}) == 1
    assert seated(resolved(new, lines, BestEqual())[2]) == seated(outcome), "the same choices have the same result"


def test_the_next_category_is_used_once_the_own_one_is_full_and_never_a_cheaper_one() -> None:
    seat = block_seats(BLUE_BLOCK)[4]
    new = without(seat)
    blue = seats_of(new, BLUE_BLOCK).tolist()
    standing = next(area for area in new.areas if area.code == AREA)
    taken = [*blue, *range(standing.first_place, standing.first_place + 50)]
    one = line(seat)
    _, _, outcome = resolved(new, [one], BestEqual(), taken)
    assert label(new, seated(outcome)[one.ticket_id]).block in {GOLD_BLOCK, LOUNGE}
    gold = line(block_seats(GOLD_BLOCK)[4], price=8000)
    full = without(gold.place)
    _, _, refused = resolved(full, [gold], BestEqual(), seats_of(full, GOLD_BLOCK, LOUNGE).tolist())
    assert refused == Refused(Reason.SOLD_OUT, {"tickets": [gold.ticket_id]})


def test_a_hospitality_ticket_gets_hospitality() -> None:
    one = line(block_seats(LOUNGE)[0], price=8000)
    new = without(one.place)
    _, _, outcome = resolved(new, [one], BestEqual())
    assert label(new, seated(outcome)[one.ticket_id]).block == LOUNGE


def test_a_wheelchair_user_gets_a_known_space_with_its_companion_seat() -> None:
    block = next(
        block
        for block in OLD.blocks
        if np.count_nonzero(OLD.features[block.first_seat : block.first_seat + block.seat_count] & WHEELCHAIR) > 1
        and block.kind == "seats"
    )
    prices = a_pricing(blocks={block.code: BLUE}, areas=[])
    seats = range(block.first_seat, block.first_seat + block.seat_count)
    space = next(seat for seat in seats if OLD.features[seat] & WHEELCHAIR)
    order = new_id()
    lines = [line(space, Tariff.ACCESS, order, 1500), line(space + 1, Tariff.COMPANION, order, 0)]
    new = without(space)
    plan = plan_move(OLD, new, lines)
    sale = open_sale(an_event(), new, prices, list(plan.places.values()))
    outcome = reseat(sale, OLD, plan.affected, {one.ticket_id: BestEqual() for one in lines})
    at, beside = (seated(outcome)[one.ticket_id] for one in lines)
    assert new.features[at] & WHEELCHAIR
    assert new.features[beside] & COMPANION
    assert abs(at - beside) == 1
    blind = replace(new, features=np.zeros_like(new.features), version="blind")
    plan = plan_move(OLD, blind, lines)
    sale = open_sale(an_event(), blind, prices, [])
    refused = reseat(sale, OLD, plan.affected, {one.ticket_id: BestEqual() for one in lines})
    assert refused == Refused(Reason.SOLD_OUT, {"tickets": [lines[0].ticket_id]})


def test_a_named_place_must_be_free_and_suitable() -> None:
    one, other = line(block_seats(BLUE_BLOCK)[4]), line(block_seats(BLUE_BLOCK)[8])
    new = without(one.place)
    target = int(new_places(OLD, new)[block_seats(BLUE_BLOCK)[9]])
    _, sale, outcome = resolved(new, [one], {one.ticket_id: Reseat(target)})
    assert seated(outcome) == {one.ticket_id: target}
    assert not sale.inventory.is_free(target)
    taken = int(new_places(OLD, new)[other.place])
    for wrong in (taken, 10**6, int(new_places(OLD, new)[a_unit()[0]])):
        _, _, refused = resolved(new, [one, other], {one.ticket_id: Reseat(wrong)})
        assert refused == Refused(Reason.PLACE_TAKEN, {"places": [wrong], "tickets": [one.ticket_id]})


def test_two_tickets_never_get_one_named_place() -> None:
    seats = block_seats(BLUE_BLOCK)
    lines = [line(seats[4]), line(seats[5])]
    new = without(seats[4], seats[5])
    target = int(new_places(OLD, new)[seats[9]])
    _, _, refused = resolved(new, lines, Reseat(target))
    assert isinstance(refused, Refused)
    assert refused.reason == Reason.PLACE_TAKEN


def test_every_affected_ticket_needs_a_choice_and_no_other_may_have_one() -> None:
    one, other = line(block_seats(BLUE_BLOCK)[4]), line(block_seats(BLUE_BLOCK)[8])
    new = without(one.place)
    for choices, unclear in (
        ({}, one.ticket_id),
        ({one.ticket_id: GiveBack(), other.ticket_id: GiveBack()}, other.ticket_id),
    ):
        _, _, refused = resolved(new, [one, other], dict[UUID, MoveChoice](choices))
        assert refused == Refused(Reason.TICKETS_AFFECTED, {"tickets": [unclear]})
    plan, _, outcome = resolved(new, [one, other], GiveBack())
    assert outcome == Reseating({}, [one.ticket_id])
    assert plan.affected == [Affected(one, "gone")]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_no_place_is_given_twice_and_none_is_taken(data: st.DataObject) -> None:
    """Any lines, any lost seats: every line has a place of its own or is missing, and no line pays less."""
    pool = [*block_seats(BLUE_BLOCK)[:30], *block_seats(GOLD_BLOCK)[:20]]
    sold = data.draw(st.lists(st.sampled_from(pool), unique=True, max_size=25))
    orders = [new_id() for _ in range(4)]
    lines = [
        line(place, order=data.draw(st.sampled_from(orders)), price=PRICE[label(OLD, place).block or ""])
        for place in sold
        if not OLD.features[place] & (WHEELCHAIR | COMPANION)
    ]
    gone = data.draw(st.sets(st.sampled_from(pool), max_size=25))
    new = without(*gone)
    plan, sale, outcome = resolved(new, lines, BestEqual())
    places = seated(outcome) | plan.places
    assert places.keys() == {one.ticket_id for one in lines}
    assert len(set(places.values())) == len(places)
    for one in lines:
        category = sale.inventory.category_of[places[one.ticket_id]]
        assert sale.prices[category][one.tariff] >= one.price_cents


def test_all_but_the_lost_seats_of_a_full_venue_keep_their_places() -> None:
    lines = [line(place) for place in range(OLD.seats)]
    plan = plan_move(OLD, without(*range(0, 200, 2)), lines)
    assert [found.line.place for found in plan.affected] == list(range(0, 200, 2))
    assert sorted(plan.places.values()) == list(range(OLD.seats - 100))
