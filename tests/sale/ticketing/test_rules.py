from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.sale.ticketing.conftest import AREA, BLUE, GOLD, GOLD_BLOCK, NOW, a_pricing, prices_from
from virage.demo.venues.drawing import stadium
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.rules import codes
from virage.sale.ticketing.rules.open_sale import OpenSale, open_sale
from virage.sale.ticketing.rules.places import label, layout, seat_of
from virage.sale.ticketing.rules.pricing import AreaPricing, PriceCategory, Pricing, amounts, defects, repriced, vat_of
from virage.sale.ticketing.rules.refunds import RefundPlan, plan_refund
from virage.sale.ticketing.rules.sale import PAYING_FOR, may_pay, paying_until, propose, sale_window, within_limit
from virage.sale.ticketing.rules.terms import (
    Assigned,
    Basket,
    ChosenSeat,
    ChosenSeats,
    OnSale,
    OrderRow,
    Party,
    Reason,
    StandingPlaces,
    State,
    Tariff,
    TicketRow,
    Vat,
)

GROUND = stadium()


def an_event(**changes: Any) -> OnSale:
    content: dict[str, Any] = {
        "event_id": new_id(),
        "cancelled": False,
        "opens_at": NOW - timedelta(hours=1),
        "closes_at": NOW + timedelta(days=1),
        "limit_per_buyer": 9,
    }
    return OnSale(**(content | changes))


def a_sale(pricing: Pricing | None = None, **changes: Any) -> OpenSale:
    return open_sale(an_event(**changes), GROUND, pricing or a_pricing(), [])


def an_order(state: State = "held", **changes: Any) -> OrderRow:
    """Two places at 80 euros and a free one, with a fee of 1.50 for each place with a price."""
    content: dict[str, Any] = {
        "id": new_id(),
        "code": "ABCDEFGH",
        "event_id": new_id(),
        "owner_id": new_id(),
        "session_id": None,
        "state": state,
        "places": [1, 2, 3],
        "tariffs": [0, 0, 4],
        "prices": [8000, 8000, 0],
        "ticket_ids": [new_id(), new_id(), new_id()],
        "fee_cents": 300,
        "total_cents": 16300,
        "refunded_cents": 0,
        "vat_permille": 55,
        "fee_vat_permille": 200,
        "held_at": NOW,
        "expires_at": NOW + timedelta(minutes=10),
    }
    return OrderRow(**(content | changes))


def a_basket(state: State = "held", **changes: Any) -> Basket:
    content: dict[str, Any] = {
        "id": new_id(),
        "event_id": new_id(),
        "owner_id": new_id(),
        "state": state,
        "size": 3,
        "total_cents": 16300,
        "expires_at": NOW + timedelta(minutes=10),
    }
    return Basket(**(content | changes))


def tickets_of(order: OrderRow) -> dict[Any, TicketRow]:
    rows = zip(order.ticket_ids, order.places, order.tariffs, order.prices, strict=True)
    return {id_: TicketRow(id_, order.id, order.event_id, place, tariff, price) for id_, place, tariff, price in rows}


def test_the_access_tariff_brings_a_free_companion() -> None:
    assert Party(full=1, access=1).tariffs() == [Tariff.ACCESS, Tariff.COMPANION, Tariff.FULL]
    assert Party(access=2, companions=1).tariffs() == [Tariff.ACCESS, Tariff.COMPANION, Tariff.ACCESS]


@pytest.mark.parametrize(
    ("party", "valid"),
    [
        (Party(), False),
        (Party(full=9), True),
        (Party(full=9, child=1), False),
        (Party(access=4), True),
        (Party(access=5), False),
        (Party(access=1, companions=2), False),
        (Party(full=1, companions=1), False),
    ],
)
def test_a_party_has_one_to_nine_places_and_at_most_one_companion_per_person(party: Party, valid: bool) -> None:
    assert party.valid is valid


def test_free_tickets_bear_no_fee() -> None:
    sale = a_sale()
    first = GROUND.blocks[GROUND.block_index[GOLD_BLOCK]].first_seat
    cost = sale.amounts_of([Assigned(first, Tariff.FULL), Assigned(first + 1, Tariff.COMPANION)])
    assert (cost.prices, cost.fee_cents, cost.total_cents) == ([8000, 0], 150, 8150)


def test_vat_is_included_at_two_rates() -> None:
    assert vat_of(16300, 300, 55, 200) == [Vat(55, 16000, 834), Vat(200, 300, 50)]


def test_equal_vat_rates_are_one_entry_and_a_free_order_has_none() -> None:
    assert vat_of(1000, 100, 55, 55) == [Vat(55, 1000, 52)]
    assert vat_of(0, 0, 55, 200) == []


def test_a_free_order_has_no_fee() -> None:
    assert amounts([0, 0], 150).total_cents == 0


def ground_defects(pricing: Pricing) -> set[tuple[str, str]]:
    areas = {code: capacity for code, (_, capacity) in layout(GROUND).areas.items()}
    return {(defect.code, defect.at) for defect in defects(pricing, layout(GROUND).blocks, areas)}


def test_a_valid_pricing_has_no_defects() -> None:
    assert ground_defects(a_pricing()) == set()


def test_all_defects_of_a_pricing_are_returned() -> None:
    broken = PriceCategory(GOLD, {"fr": "", "en": "Gold"}, "gold", {Tariff.FULL: -1, Tariff.CHILD: 0, Tariff.ACCESS: 0})
    pricing = Pricing(
        categories=[broken, PriceCategory(GOLD, {"fr": "Or", "en": "Gold"}, "#c9a227", prices_from(1))],
        blocks={"999": GOLD, GOLD_BLOCK: BLUE},
        areas=[AreaPricing("XX", GOLD, 1), AreaPricing(AREA, GOLD, 10**6), AreaPricing(AREA, BLUE, 1)],
        fee_cents=-1,
        vat_permille=1000,
    )
    assert ground_defects(pricing) == {
        ("fee_out_of_range", "fee_cents"),
        ("vat_out_of_range", "vat_permille"),
        ("name_missing", "categories[0].name.fr"),
        ("colour_invalid", "categories[0].colour"),
        ("price_out_of_range", "categories[0].prices.full"),
        ("price_missing", "categories[0].prices.reduced"),
        ("duplicate_category", "categories[1]"),
        ("unknown_block", "blocks.999"),
        ("unknown_category", f"blocks.{GOLD_BLOCK}"),
        ("unknown_area", "areas[0]"),
        ("capacity_out_of_range", "areas[1]"),
        ("duplicate_area", "areas[2]"),
        ("unknown_category", "areas[2]"),
    }


def test_only_blocks_with_sold_places_are_named_when_prices_change() -> None:
    dearer = PriceCategory(GOLD, {"fr": "Or", "en": "Gold"}, "#c9a227", prices_from(9000))
    new = a_pricing(categories=[dearer, a_pricing().categories[1]])
    where = {1: (GOLD_BLOCK, False), 2: ("103", False), 3: (AREA, True)}.__getitem__
    assert repriced(a_pricing(), new, [1, 2, 3], where) == [GOLD_BLOCK]
    assert repriced(a_pricing(), new, [2, 3], where) == []
    assert repriced(a_pricing(), a_pricing(areas=[]), [3], where) == [AREA]


def test_a_sale_is_open_from_its_opening_until_its_close() -> None:
    assert sale_window(an_event(), NOW) is None
    assert sale_window(an_event(opens_at=NOW), NOW) is None
    assert sale_window(an_event(closes_at=NOW), NOW) == Refused(Reason.SALE_CLOSED, {"closed_at": NOW})
    later = NOW + timedelta(seconds=1)
    assert sale_window(an_event(opens_at=later), NOW) == Refused(Reason.SALE_NOT_OPEN, {"opens_at": later})
    assert sale_window(an_event(cancelled=True), NOW) == Refused(Reason.EVENT_CANCELLED)


def test_the_limit_counts_what_a_buyer_has() -> None:
    assert within_limit(an_event(), 5, 4) is None
    assert within_limit(an_event(), 6, 4) == Refused(Reason.LIMIT_REACHED, {"limit": 9, "left": 3})


def choose(sale: OpenSale, *choices: tuple[int, Tariff]) -> list[Assigned] | Refused:
    chosen = ChosenSeats(tuple(ChosenSeat(place, tariff) for place, tariff in choices))
    return propose(sale.inventory, chosen, sale.blocks, sale.areas)


def a_wheelchair_pair() -> tuple[int, int]:
    sale = a_sale(blocks_everywhere())
    unit = sale.inventory.plan.units[0]
    assert unit.companion is not None
    return unit.space, unit.companion


def blocks_everywhere() -> Pricing:
    return a_pricing(blocks={block.code: GOLD for block in GROUND.blocks})


def test_chosen_seats_may_leave_a_single_seat() -> None:
    first = GROUND.blocks[GROUND.block_index[GOLD_BLOCK]].first_seat
    assert choose(a_sale(), (first + 1, Tariff.FULL)) == [Assigned(first + 1, Tariff.FULL)]


def test_a_chosen_seat_must_be_for_sale_free_and_named_once() -> None:
    sale = a_sale()
    first = GROUND.blocks[GROUND.block_index[GOLD_BLOCK]].first_seat
    elsewhere = GROUND.blocks[GROUND.block_index["307"]].first_seat
    sale.inventory.hold([first])
    assert choose(sale, (elsewhere, Tariff.FULL)) == Refused(Reason.NOT_FOR_SALE, {"places": [elsewhere]})
    assert choose(sale, (10**6, Tariff.FULL)) == Refused(Reason.NOT_FOR_SALE, {"places": [10**6]})
    assert choose(sale, (first, Tariff.FULL)) == Refused(Reason.PLACE_TAKEN, {"places": [first]})
    twice = choose(sale, (first + 1, Tariff.FULL), (first + 1, Tariff.FULL))
    assert isinstance(twice, Refused)
    assert twice.reason == Reason.PARTY_INVALID


def test_a_wheelchair_space_needs_the_access_tariff() -> None:
    space, companion = a_wheelchair_pair()
    sale = a_sale(blocks_everywhere())
    assert choose(sale, (space, Tariff.FULL)) == Refused(Reason.PLACE_NEEDS_ACCESS, {"places": [space]})
    assert choose(sale, (companion, Tariff.FULL)) == Refused(Reason.PLACE_NEEDS_ACCESS, {"places": [companion]})
    assert isinstance(choose(sale, (space, Tariff.ACCESS), (companion, Tariff.COMPANION)), list)


def test_a_companion_seat_is_open_to_all_once_its_space_is_taken() -> None:
    space, companion = a_wheelchair_pair()
    sale = a_sale(blocks_everywhere())
    sale.inventory.hold([space])
    assert choose(sale, (companion, Tariff.FULL)) == [Assigned(companion, Tariff.FULL)]


def test_a_companion_is_free_only_with_an_access_ticket() -> None:
    first = GROUND.blocks[GROUND.block_index[GOLD_BLOCK]].first_seat
    outcome = choose(a_sale(), (first, Tariff.FULL), (first + 1, Tariff.COMPANION))
    assert outcome == Refused(Reason.COMPANION_ALONE)


def test_a_standing_area_gives_any_of_its_open_places() -> None:
    sale = a_sale()
    first, capacity = sale.areas[AREA]
    outcome = propose(sale.inventory, StandingPlaces(AREA, Party(full=9)), sale.blocks, sale.areas)
    assert isinstance(outcome, list)
    assert len({seat.place for seat in outcome}) == 9
    assert all(first <= seat.place < first + capacity for seat in outcome)


def test_a_standing_area_sells_its_open_capacity() -> None:
    sale = a_sale()
    first, capacity = sale.areas[AREA]
    sale.inventory.hold(range(first, first + capacity - 1))
    ask_for = StandingPlaces(AREA, Party(full=2))
    assert propose(sale.inventory, ask_for, sale.blocks, sale.areas) == Refused(Reason.SOLD_OUT)
    assert propose(sale.inventory, StandingPlaces("XX", Party(full=1)), sale.blocks, sale.areas) == Refused(
        Reason.AREA_UNKNOWN
    )


def test_blocks_that_the_venue_does_not_have_are_left_out() -> None:
    elsewhere = a_pricing(blocks={"no-such": GOLD}, areas=[AreaPricing("no-such", BLUE, 50)])
    sale = open_sale(an_event(), GROUND, elsewhere, [])
    assert (sale.inventory.free_count, sale.areas) == (0, {})


def test_starting_a_payment_extends_a_hold_once() -> None:
    order = a_basket(expires_at=NOW + timedelta(minutes=1))
    assert paying_until(order, NOW) == NOW + PAYING_FOR
    again = a_basket(expires_at=NOW + timedelta(minutes=1), payment_id=new_id())
    assert paying_until(again, NOW) == again.expires_at


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (a_basket("paid"), Reason.ALREADY_PAID),
        (a_basket("refunded"), Reason.ALREADY_PAID),
        (a_basket("released"), Reason.NOT_OPEN),
        (a_basket("expired"), Reason.HOLD_EXPIRED),
        (a_basket(expires_at=NOW), Reason.HOLD_EXPIRED),
    ],
)
def test_only_an_open_order_can_be_paid(order: Basket, reason: Reason) -> None:
    refusal = may_pay(order, NOW)
    assert refusal is not None
    assert refusal.reason == reason


def test_a_whole_refund_returns_the_total() -> None:
    order = an_order("paid")
    plan = plan_refund(order, tickets_of(order), None)
    assert isinstance(plan, RefundPlan)
    assert (len(plan.tickets), plan.amount_cents) == (3, 16300)


def test_a_ticket_is_refunded_with_its_share_of_the_fee_and_the_last_with_the_rest() -> None:
    order = an_order("paid", fee_cents=301, total_cents=16301)
    tickets = tickets_of(order)
    plan = plan_refund(order, tickets, [order.ticket_ids[0]])
    assert isinstance(plan, RefundPlan)
    assert plan.amount_cents == 8150
    rest = {**tickets, order.ticket_ids[0]: given_back(tickets[order.ticket_ids[0]])}
    left = plan_refund(an_order_like(order, refunded_cents=8150), rest, order.ticket_ids[1:])
    assert isinstance(left, RefundPlan)
    assert left.amount_cents == 8151


def given_back(ticket: TicketRow) -> TicketRow:
    values = (ticket.id, ticket.order_id, ticket.event_id, ticket.place, ticket.tariff, ticket.price_cents)
    return TicketRow(*values, None, new_id())


def an_order_like(order: OrderRow, **changes: Any) -> OrderRow:
    return OrderRow(**({name: getattr(order, name) for name in OrderRow.__struct_fields__} | changes))


def test_only_paid_existing_unrefunded_tickets_can_be_refunded() -> None:
    order = an_order("paid")
    tickets = tickets_of(order)
    first = order.ticket_ids[0]
    stranger = new_id()
    held = an_order()
    assert plan_refund(held, tickets_of(held), None) == Refused(Reason.NOT_PAID)
    assert plan_refund(order, tickets, [stranger]) == Refused(Reason.NOT_FOUND, {"tickets": [stranger]})
    back = {**tickets, first: given_back(tickets[first])}
    assert plan_refund(order, back, [first]) == Refused(Reason.TICKET_REFUNDED, {"tickets": [first]})


def test_an_order_code_is_recognised_in_any_spelling() -> None:
    code = codes.new_code()
    assert codes.as_code(f" {code[:4].lower()}-{code[4:]} ") == code
    assert codes.as_code("fan@example.org") is None
    assert codes.as_code("0000OOOO") is None


@pytest.mark.parametrize("seat", [0, 1, GROUND.seats // 2, GROUND.seats - 1])
@pytest.mark.parametrize(
    "form",
    [
        "{block} {row} {seat}",
        "{block}-{row}-{seat}",
        "Block {block}, row {row}, seat {seat}",
        "bloc {block} rang {row} place {seat}",
    ],
)
def test_a_seat_is_found_by_its_label(form: str, seat: int) -> None:
    sign = label(GROUND, seat)
    assert seat_of(GROUND, form.format(block=sign.block, row=sign.row, seat=sign.seat)) == seat


def test_codes_and_rows_of_any_venue_are_found_as_they_are_typed() -> None:
    """Imported venues have codes in small letters, with hyphens, and rows of several words."""
    first = GROUND.blocks[0]
    block = replace(first, code="floor-a", rows=("Rang AA", *first.rows[1:]))
    venue = replace(GROUND, blocks=(block, *GROUND.blocks[1:]))
    number = label(venue, block.first_seat).seat
    for typed in (f"floor-a AA {number}", f"Block FLOOR A, row aa, seat {number}"):
        assert seat_of(venue, typed) == block.first_seat
    assert seat_of(venue, "floor-a AA 99999999999999999999") is None


@pytest.mark.parametrize("typed", ["", "113", "113 1", "113 1 1 1", "113 1 999", "113 999 1", "999 1 1", "113 1 A"])
def test_an_unknown_label_finds_no_seat(typed: str) -> None:
    assert seat_of(GROUND, typed) is None
