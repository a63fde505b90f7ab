"""Seats are proposed with place and price before anything is held."""

from typing import Any

from tests.sale.ticketing.conftest import BLUE, BLUE_BLOCK, GOLD, GOLD_BLOCK, Box, System, a_pricing
from virage.demo.venues.drawing import stadium
from virage.platform.values.ids import new_id
from virage.sale.ticketing.rules.open_sale import hospitality
from virage.sale.ticketing.rules.places import layout
from virage.sale.ticketing.rules.pricing import PriceCategory
from virage.sale.ticketing.rules.terms import PRICED_TARIFFS

LOUNGE, LOUNGE_BLOCK = new_id(), "209"


async def propose(box: Box, **wish: Any) -> Any:
    body = {"kind": "best", "party": {"full": 2}} | wish
    return (await box.ask("POST", f"/api/events/{box.event_id}/proposal", body)).json()


def with_hospitality() -> Any:
    ordinary = a_pricing()
    lounge = PriceCategory(LOUNGE, {"fr": "Salon", "en": "Lounge"}, "#7a4b94", dict.fromkeys(PRICED_TARIFFS, 24_000))
    return a_pricing(categories=[lounge, *ordinary.categories], blocks=ordinary.blocks | {LOUNGE_BLOCK: LOUNGE})


async def test_a_proposal_has_place_view_and_full_price_and_holds_nothing(system: System) -> None:
    guest = system.browser()
    proposal = await propose(guest, category_id=str(GOLD))
    assert [place["label"]["block"] for place in proposal["places"]] == [GOLD_BLOCK] * 2
    assert [place["price_cents"] for place in proposal["places"]] == [8000, 8000]
    assert all(0 <= place["sightline"] <= 100 for place in proposal["places"])
    assert (proposal["fee_cents"], proposal["total_cents"]) == (300, 16300)
    assert await system.rows("select from ticketing.orders") == []
    assert not guest.browser.cookies


async def test_a_proposal_can_be_held_while_it_is_free(system: System) -> None:
    guest, other = system.browser(), system.browser()
    places = (await propose(guest))["places"]
    chosen = {"kind": "chosen", "places": [{"place": one["place"], "tariff": one["tariff"]} for one in places]}
    held = await guest.hold(chosen)
    assert [line["place"] for line in held.json()["lines"]] == [one["place"] for one in places]
    late = await other.hold(chosen)
    assert (late.status_code, late.json()["code"]) == (409, "place_taken")
    assert not {one["place"] for one in (await propose(other))["places"]} & {one["place"] for one in places}


async def test_a_proposal_for_a_wheelchair_user_can_be_held(system: System) -> None:
    guest = system.browser()
    places = (await propose(guest, party={"access": 1, "full": 1}, needs=["wheelchair"]))["places"]
    assert sorted(one["tariff"] for one in places) == ["access", "companion", "full"]
    chosen = {"kind": "chosen", "places": [{"place": one["place"], "tariff": one["tariff"]} for one in places]}
    assert (await guest.hold(chosen)).status_code == 201


async def test_best_seats_include_hospitality_only_on_request(empty_system: System) -> None:
    await empty_system.open(with_hospitality())
    guest = empty_system.browser()
    blocks = {
        place["label"]["block"] for _ in range(20) for place in (await propose(guest, party={"full": 1}))["places"]
    }
    assert blocks <= {GOLD_BLOCK, BLUE_BLOCK}
    for wish in ({"category_id": str(LOUNGE)}, {"block": LOUNGE_BLOCK}):
        assert {place["label"]["block"] for place in (await propose(guest, **wish))["places"]} == {LOUNGE_BLOCK}
    anywhere = [await propose(guest, hospitality=True) for _ in range(40)]
    assert LOUNGE_BLOCK in {place["label"]["block"] for one in anywhere for place in one["places"]}
    order = (await guest.hold({"kind": "best", "party": {"full": 2}})).json()
    assert {line["label"]["block"] for line in order["lines"]} <= {GOLD_BLOCK, BLUE_BLOCK}


def test_an_event_with_only_hospitality_proposes_hospitality() -> None:
    assert hospitality(with_hospitality(), layout(stadium())) == {LOUNGE}
    assert hospitality(a_pricing(blocks={LOUNGE_BLOCK: GOLD}), layout(stadium())) == set()
    assert hospitality(a_pricing(blocks={LOUNGE_BLOCK: BLUE, BLUE_BLOCK: BLUE}), layout(stadium())) == set()


async def test_an_event_without_prices_has_no_proposals(system: System) -> None:
    guest = system.browser()
    assert (await propose(guest, party={"full": 0}))["code"] == "party_invalid"
    await system.cancel()
    system.forget()
    assert (await propose(guest))["code"] == "event_cancelled"
    system.event_id = guest.event_id = new_id()
    assert (await propose(guest))["code"] == "not_found"
