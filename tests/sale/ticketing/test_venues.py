"""Two venues with the same local codes sell on one evening, each with its own places, zone and gates."""

import io
import re
from typing import Any
from uuid import UUID

import pypdf
import pytest

from tests.sale.ticketing.conftest import BLUE_BLOCK, GOLD_BLOCK, HOUR, NOW, Box, System, a_pricing, block_seats, named
from tests.sale.ticketing.test_emails import Post
from tests.sale.ticketing.venues import arena, seats_of
from tests.venues import install
from virage.demo.venues.drawing import stadium
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.sale.ticketing.reads import offers
from virage.sale.ticketing.reads.open_sales import load_sale
from virage.site.venue.acts import set_closed

STADIUM = stadium()


class TwoVenues:
    """The system with an event at each of two venues on one evening."""

    def __init__(self, system: System, stadium: UUID, elsewhere: UUID) -> None:
        self.system = system
        self.stadium = stadium
        self.arena = elsewhere

    def box(self, box: Box, event_id: UUID) -> Box:
        """The same browser at the box office of an event."""
        return Box(box.browser, event_id)


@pytest.fixture
async def evening(empty_system: System, monkeypatch: pytest.MonkeyPatch) -> TwoVenues:
    await install(empty_system.db, monkeypatch, arena())
    elsewhere = await empty_system.open(venue=arena())
    stadium = await empty_system.open()
    return TwoVenues(empty_system, stadium, elsewhere)


async def test_an_event_is_sold_by_the_places_of_its_own_venue(evening: TwoVenues) -> None:
    fan = await evening.system.fan()
    places: dict[UUID, set[int]] = {}
    for event_id, venue in ((evening.stadium, STADIUM), (evening.arena, arena())):
        offer = (await fan.ask("GET", f"/api/events/{event_id}/offer")).json()
        assert offer["venue_version"] == venue.version
        order = await evening.system.bought(evening.box(fan, event_id), full=2)
        places[event_id] = {line["place"] for line in order["lines"]}
        assert places[event_id] <= set(seats_of(venue, GOLD_BLOCK).tolist())
        assert [line["label"]["block"] for line in order["lines"]] == [GOLD_BLOCK] * 2
    assert not places[evening.stadium] & places[evening.arena]
    shown = (await fan.ask("GET", "/api/me/tickets")).json()
    assert {(ticket["event"]["venue"], ticket["event"]["time_zone"]) for ticket in shown} == {
        (STADIUM.name, "Europe/Paris"),
        ("Harbour Arena", "America/New_York"),
    }
    assert {ticket["label"]["block"] for ticket in shown} == {GOLD_BLOCK}
    listed = (await fan.ask("GET", "/api/me/orders")).json()
    assert {line["label"]["block"] for order in listed for line in order["lines"]} == {GOLD_BLOCK}


async def test_the_passes_of_an_event_carry_the_gate_groups_of_its_venue(evening: TwoVenues) -> None:
    fan = await evening.system.fan()
    for event_id in (evening.stadium, evening.arena):
        await evening.system.bought(evening.box(fan, event_id), full=1)
    rows = await evening.system.rows("select event_id, place, gate_group from passes.pass")
    venues = {evening.stadium: STADIUM, evening.arena: arena()}
    assert len(rows) == 2
    for row in rows:
        assert row["gate_group"] == venues[row["event_id"]].label(row["place"]).gate_group


async def test_summaries_count_by_each_venue_in_memory_and_in_the_database(
    evening: TwoVenues, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = evening.system.browser()
    fan = await evening.system.fan()
    await evening.system.bought(evening.box(fan, evening.arena), full=3)
    evening.system.order_service.sales.forget(evening.arena)
    in_memory = (await browser.ask("GET", "/api/offers")).json()
    monkeypatch.setattr(offers, "KEPT_OPEN_MAX", 0)
    counted = (await browser.ask("GET", "/api/offers")).json()
    assert counted == in_memory
    free = {UUID(line["event_id"]): line["free"] for line in counted}
    assert free[evening.stadium] - free[evening.arena] == 3


async def test_the_office_finds_a_seat_and_counts_sales_at_each_venue(evening: TwoVenues) -> None:
    fan = await evening.system.fan()
    orders = {
        event_id: await evening.system.bought(evening.box(fan, event_id), full=1)
        for event_id in (evening.stadium, evening.arena)
    }
    office = await evening.system.staff(Grant("box_office"), Grant("finance"))
    for event_id, order in orders.items():
        label = order["lines"][0]["label"]
        wanted = f"Block {label['block']}, row {label['row']}, seat {label['seat']}"
        found = (await office.ask("GET", "/api/office/orders", params={"q": wanted})).json()
        assert order["id"] in [entry["order"]["id"] for entry in found]
        assert {entry["order"]["lines"][0]["label"]["seat"] for entry in found} == {label["seat"]}
        sales = (await office.ask("GET", f"/api/office/events/{event_id}/sales")).json()
        assert [row["sold"] for row in sales["by_category"]] == [1, 0]
    sums = (await office.ask("GET", "/api/office/sales")).json()
    assert {row["sold"] for row in sums} == {1}
    assert len({row["free"] for row in sums}) == 1


async def test_a_role_for_a_venue_finds_the_orders_and_sales_of_its_events_and_no_others(evening: TwoVenues) -> None:
    fan = await evening.system.fan()
    codes = {}
    for event_id in (evening.stadium, evening.arena):
        codes[event_id] = (await evening.system.bought(evening.box(fan, event_id), full=1))["code"]
    for venue, event_id in ((STADIUM.code, evening.stadium), (arena().code, evening.arena)):
        office = await evening.system.staff(Grant("box_office", "venue", venue), email=f"{venue}@example.org")
        sums = (await office.ask("GET", "/api/office/sales")).json()
        assert [(row["event_id"], row["sold"]) for row in sums] == [(str(event_id), 1)]
        for of_event, code in codes.items():
            found = (await office.ask("GET", "/api/office/orders", params={"q": code})).json()
            assert [entry["order"]["code"] for entry in found] == ([code] if of_event == event_id else [])


async def test_emails_state_the_city_of_a_zone_that_readers_do_not_expect(evening: TwoVenues, config: Config) -> None:
    fan = await evening.system.fan()
    post = Post(evening.system, config)
    await evening.system.bought(evening.box(fan, evening.stadium), full=1)
    await evening.system.bought(evening.box(fan, evening.arena), full=1)
    at_home, abroad = [message["body"] for message in await post.read()]
    assert "20:00" in at_home
    assert STADIUM.name in at_home
    assert "(" + "Paris" not in at_home
    assert "14:00 (New York)" in abroad
    assert "12:00 (New York)" in abroad
    assert "Harbour Arena" in abroad


async def test_paper_is_printed_for_the_events_venue_with_local_codes_of_gates(evening: TwoVenues) -> None:
    fan = await evening.system.fan()
    order = await evening.system.bought(evening.box(fan, evening.arena), full=1)
    answer = await fan.ask("POST", f"/api/tickets/{order['lines'][0]['ticket_id']}/paper")
    assert answer.status_code == 200, answer.text
    page = "".join(pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].extract_text().replace("\u200b", "").split())
    for said in ("HarbourArena", "14:00NewYork", "12:00NewYork", "BLOC/BLOCK113"):
        assert said in page
    assert re.search(r"ENTRÉE/ENTRANCE[A-Z]\d", page)


async def test_prices_name_the_blocks_of_the_events_venue(evening: TwoVenues) -> None:
    office = await evening.system.staff(Grant("programme"))
    body: dict[str, Any] = {"categories": [], "blocks": {"no-such": str(new_id())}}
    answer = await office.ask("PUT", f"/api/office/events/{evening.arena}/pricing", body)
    assert [defect["code"] for defect in answer.json()["data"]["defects"]] == ["unknown_block", "unknown_category"]
    missing = await office.ask("PUT", f"/api/office/events/{new_id()}/pricing", body)
    assert missing.status_code == 404


async def test_sales_at_one_version_share_their_plan(evening: TwoVenues) -> None:
    other = await evening.system.open(a_pricing(), rules=named(), starts_at=NOW + 30 * HOUR, ends_at=NOW + 32 * HOUR)
    async with evening.system.db.connection() as conn:
        sales = [await load_sale(conn, event_id) for event_id in (evening.stadium, other, evening.arena)]
    plans = [None if sale is None else sale.inventory.plan for sale in sales]
    assert plans[0] is plans[1]
    assert plans[0] is not plans[2]


async def test_a_block_that_is_closed_for_an_event_is_sold_no_more_until_it_reopens(evening: TwoVenues) -> None:
    fan = evening.box(await evening.system.fan(), evening.stadium)
    seat = block_seats(BLUE_BLOCK)[3]
    for closed, status in ((True, 409), (False, 201)):
        outcome = await evening.system.db.transact(
            set_closed, STADIUM, evening.stadium, "block", BLUE_BLOCK, closed=closed, who=None, now=NOW
        )
        assert outcome is None
        evening.system.order_service.sales.forget(evening.stadium)
        answer = await fan.hold({"kind": "chosen", "places": [{"place": seat, "tariff": "full"}]})
        assert answer.status_code == status
        offer = (await fan.ask("GET", f"/api/events/{evening.stadium}/offer")).json()
        assert (BLUE_BLOCK in offer["blocks"]) is not closed
