"""Two venues on one evening with the same local outlet codes: orders, stocks, tills and permits do not mix."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from msgspec import UNSET

from tests.conftest import FakeClock
from tests.matchday.food.conftest import Counters
from tests.matchday.food.menu.board import HERE, HOUR, NOW, a_match, line
from tests.matchday.food.menu.test_routes import a_permit
from tests.matchday.food.orders.kitchen import BEER, CAPACITY, COFFEE, COLA, HOT_DOG, KETCHUP, Kitchen
from tests.matchday.food.till.bar import Bar, sent
from tests.money.fiscal.till import Till
from tests.venues import arena, install
from virage.demo.programme import done
from virage.demo.venues.drawing import stadium
from virage.identity.people.types import Email, EmailKind
from virage.matchday.food.menu.acts.stock import record
from virage.matchday.food.menu.reads.catalogue import Catalogues, terms_at
from virage.matchday.food.menu.rules.stock import StockLine, StockRequest
from virage.matchday.food.orders.reads import kitchen as kitchens
from virage.matchday.food.orders.reads.emails import food_receipt
from virage.matchday.food.orders.reads.food_topics import food_topics
from virage.matchday.food.orders.reads.orders import OutletOffer
from virage.matchday.food.orders.reads.paid_at import outlets as outlets_paid_at
from virage.matchday.food.orders.rules.orders import Reason
from virage.money.fiscal.rules.record import Kind, Line, Tender, TenderKind
from virage.platform.data.database import Database
from virage.platform.realtime.hub import Opened, Opening
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant, Principal
from virage.site.programme import acts as programme
from virage.site.programme.rules import EventRules, NewEvent
from virage.site.venue.acts import set_closed

AWAY = "arena.01"
NEW_YORK = ZoneInfo("America/New_York")
SEAT = 100
LEVELS = "select outlet, level from food_menu.stock where product_id = $1 and outlet = any($2) order by outlet"


@pytest.fixture(autouse=True)
async def _two_venues(monkeypatch: pytest.MonkeyPatch, db: Database) -> None:
    await install(db, monkeypatch, arena())


async def an_event_at_the_arena(db: Database, organiser_id: UUID, **changes: Any) -> UUID:
    """A published event at the second venue."""
    event = a_match(organiser_id=organiser_id, **changes)
    fields = {name: getattr(event, name) for name in NewEvent.__struct_fields__} | {"venue_code": "arena"}
    async with db.transaction() as conn:
        await programme.create(conn, NewEvent(**fields), None, NOW)
        done(await programme.publish(conn, event.id, None, NOW))
    return event.id


@pytest.fixture
async def away(kitchen: Kitchen, db: Database, clock: FakeClock, config: Any) -> Kitchen:
    """The kitchen `arena.01` on the evening of an event at the second venue, beside `01` and `02` of the first one."""
    made = Kitchen(db, clock, config)
    made.event = a_match(id=await an_event_at_the_arena(db, kitchen.event.organiser_id))
    made.version = kitchen.version
    await made.says(CAPACITY, AWAY)
    lines = [StockLine(item.id, 100) for item in (HOT_DOG, COLA, BEER)]
    done(await made.act(record, StockRequest(new_id(), "count", AWAY, lines), None))
    return made


async def offers(kitchen: Kitchen, place: int | None = None) -> list[OutletOffer]:
    return await kitchen.desks[0].reads.outlets(kitchen.event.id, place, kitchen.clock.now(), step_free=False)


async def test_an_event_offers_the_outlets_of_its_venue_under_their_local_codes(
    kitchen: Kitchen, away: Kitchen
) -> None:
    assert sorted(offer.outlet for offer in await offers(kitchen)) == ["01", "02"]
    (there,) = await offers(away, SEAT)
    assert (there.outlet, there.name["fr"]) == (AWAY, "Point de vente 01, Virage Nord")
    (here,) = [offer for offer in await offers(kitchen, SEAT) if offer.outlet == HERE]
    assert there.walking_s == here.walking_s, "the arena has the plan of the first venue"
    reads, now = kitchen.desks[0].reads, kitchen.clock.now()
    assert [reading.place.code for reading in await reads.readings(away.event.id, now)] == [AWAY]
    assert await reads.slots(away.event.id, AWAY, now)
    assert await reads.slots(away.event.id, HERE, now) == []
    unknown = await reads.outlets(new_id(), None, now, step_free=False)
    assert [(offer.outlet, offer.closed_reason) for offer in unknown] == [("01", "closed"), ("02", "closed")]


@pytest.mark.parametrize("at_home", [True, False])
async def test_an_order_at_an_outlet_of_another_venue_is_refused(
    kitchen: Kitchen, away: Kitchen, at_home: bool
) -> None:
    at, outlet = (kitchen, AWAY) if at_home else (away, HERE)
    fan = await kitchen.fan()
    refused = await at.order(fan, at.request(line(COFFEE), outlet=outlet))
    unknown = await at.order(fan, at.request(line(COFFEE), outlet="arena.99"))
    assert isinstance(refused, Refused)
    assert refused == unknown
    assert refused.reason == Reason.OUTLET_CLOSED
    assert await kitchen.states() == []
    assert await kitchen.money(fan) == (5_000, 0, 0)


async def test_an_outlet_that_is_closed_for_an_event_takes_no_orders_until_it_reopens(
    kitchen: Kitchen, db: Database
) -> None:
    fan = await kitchen.fan()
    for closed in (True, False):
        outcome = await db.transact(
            set_closed, stadium(), kitchen.event.id, "outlet", HERE, closed=closed, who=None, now=kitchen.clock.now()
        )
        assert outcome is None
        (offer,) = [offer for offer in await offers(kitchen) if offer.outlet == HERE]
        assert (offer.closed_reason is not None) is closed
        placed = await kitchen.order(fan, kitchen.request(line(COFFEE)))
        assert isinstance(placed, Refused) is closed
        if isinstance(placed, Refused):
            assert placed.reason == Reason.OUTLET_CLOSED


async def test_a_full_outlet_has_its_alternatives_at_its_own_venue(kitchen: Kitchen, away: Kitchen) -> None:
    await away.says(CAPACITY, "arena.02")
    lines = [StockLine(HOT_DOG.id, 100)]
    done(await away.act(record, StockRequest(new_id(), "count", "arena.02", lines), None))
    request = away.request(line(HOT_DOG, 20, options=KETCHUP), outlet=AWAY, slot_at=None)
    for _ in range(9):
        outcome = await away.order(await away.fan(50_000), away.like(request, id=new_id()))
        if isinstance(outcome, Refused):
            break
    assert isinstance(outcome, Refused)
    assert outcome.reason == Reason.OUTLET_FULL
    assert {offer.outlet for offer in outcome.data["next"]} <= {AWAY, "arena.02"}
    assert "arena.02" in {offer.outlet for offer in outcome.data["next"]}


async def test_orders_of_two_outlets_with_the_same_local_code_have_their_own_numbers_boards_and_stock(
    kitchen: Kitchen, away: Kitchen
) -> None:
    fan = await kitchen.fan(20_000)
    here = await kitchen.placed(fan, line(HOT_DOG, 2, options=KETCHUP), outlet=HERE)
    there = await away.placed(fan, line(HOT_DOG, 3, options=KETCHUP), outlet=AWAY, deliver_to=SEAT)
    assert (here.number, there.number) == (1, 1)
    assert here.outlet_name == there.outlet_name
    assert there.deliver_to is not None
    for outlet, order in ((HERE, here), (AWAY, there)):
        async with kitchen.db.connection() as conn:
            board = await kitchens.board(conn, Catalogues(kitchen.db), outlet, timedelta(0), NOW)
        assert [(ticket.id, ticket.deliver_to) for ticket in board.tickets] == [(order.id, order.deliver_to)]
        assert board.name["en"] == "Food stand 01, Virage Nord"
        assert board.time_zone == (UNSET if outlet == HERE else "America/New_York")
        assert board.load[0].stations or board.load[1].stations
    # A kitchen takes no step with an order of the other one.
    wrong = await kitchen.step("accept", there.id, HERE)
    assert isinstance(wrong, Refused)
    assert (wrong.reason, wrong.data) == (Reason.NOT_FOUND, {})
    unknown = await kitchen.step("accept", there.id, "arena.99")
    assert unknown == Refused(Reason.NOT_FOUND, {"outlet": "arena.99"})
    for outlet, order in ((HERE, here), (AWAY, there)):
        assert not isinstance(await kitchen.step("accept", order.id, outlet), Refused)
    levels = await kitchen.rows(LEVELS, HOT_DOG.id, [HERE, AWAY])
    assert [tuple(row) for row in levels] == [(HERE, 98), (AWAY, 97)]
    sales = await kitchen.rows("select outlet, total_cents from fiscal.record order by outlet")
    assert [row["outlet"] for row in sales] == [HERE, AWAY]
    heads = await kitchen.rows("select number from fiscal.till_head where not training")
    assert [row["number"] for row in heads] == [1, 1], "each outlet has its own order-ahead till"
    await kitchen.clean()


async def test_a_delivery_is_routed_in_the_venue_of_its_event(kitchen: Kitchen, away: Kitchen) -> None:
    fan = await kitchen.fan(20_000)
    there = await away.placed(fan, line(COFFEE), outlet=AWAY, deliver_to=SEAT)
    here = await kitchen.placed(fan, line(COFFEE), outlet=HERE, deliver_to=SEAT)
    assert there.promise.arrives_at is not None
    for order, outlet in ((here, HERE), (there, AWAY)):
        for step in ("accept", "ready"):
            assert not isinstance(await kitchen.step(step, order.id, outlet), Refused)
        async with kitchen.db.connection() as conn:
            (planned,), today = await kitchens.runs(conn, outlet, kitchen.clock.now())
        run = await kitchens.with_way(planned, outlet, today)
        assert [stop.order_id for stop in run.stops] == [order.id]
        assert run.way is not None
    beyond = away.request(line(COFFEE), outlet=AWAY, deliver_to=arena().places)
    refused = await away.order(fan, beyond)
    assert isinstance(refused, Refused)
    assert refused.reason == Reason.NO_DELIVERY


async def test_the_history_of_a_wallet_names_the_venue_and_a_receipt_is_in_its_time_zone(
    kitchen: Kitchen, away: Kitchen
) -> None:
    order = await away.placed(await kitchen.fan(), line(COFFEE), outlet=AWAY)
    assert not isinstance(await kitchen.step("accept", order.id, AWAY), Refused)
    email = Email(
        id=new_id(),
        kind=EmailKind.FOOD_RECEIPT,
        subject_id=order.id,
        about_id=None,
        person_id=None,
        locale="en",
        to="fan@example.org",
        secret={},
        was_at=None,
        expires_at=None,
        blocked=False,
    )
    async with kitchen.db.connection() as conn:
        names = await outlets_paid_at(conn, [order.id])
        content = await food_receipt(conn, email)
    assert names[order.id]["en"] == "Food stand 01, Virage Nord, The Arena"
    assert content is not None
    assert content.values["outlet"] == order.outlet_name
    at = content.values["at"]
    assert isinstance(at, datetime)
    assert (at.tzinfo, at.hour) == (NEW_YORK, NOW.astimezone(NEW_YORK).hour)


async def test_the_event_at_an_outlet_is_that_of_its_venue(db: Database, away: Kitchen, kitchen: Kitchen) -> None:
    async with db.connection() as conn:
        for outlet, event_id in ((HERE, kitchen.event.id), (AWAY, away.event.id)):
            event = (await terms_at(conn, outlet, NOW)).event
            assert event is not None
            assert event.id == event_id
        assert (await terms_at(conn, "gone.01", NOW)).event is None


def beers(price_cents: int) -> list[Line]:
    """A beer of the board with its cup."""
    return [
        Line(BEER.id, "Beer", 1, price_cents, 200, [], deposit=False),
        Line(UUID(int=1), "Cup", 1, 200, 0, [], deposit=True),
    ]


async def test_a_till_sells_alcohol_by_the_event_at_its_own_venue(
    bar: Bar, kitchen: Kitchen, counters: Counters, clock: FakeClock
) -> None:
    """The match at the first venue serves beer; the concert at the arena on the same evening does not."""
    organiser = kitchen.event.organiser_id
    counters.knows("organiser", Grant("programme", "organiser", organiser))
    entered = await counters.ask("organiser", "POST", "/api/office/food/alcohol-permits", a_permit(organiser))
    assert entered.status_code == 200, entered.text
    await an_event_at_the_arena(bar.db, organiser, rules=EventRules(alcohol=False), starts_at=NOW + HOUR / 2)
    clock.set(NOW + timedelta(seconds=20))
    outcomes = {}
    for outlet in (HERE, AWAY):
        till = await bar.till()
        till.outlet = outlet
        sale = till.write(
            Kind.SALE, lines=beers(700), tenders=[Tender(TenderKind.CASH, 900, None)], catalogue=kitchen.version
        )
        await bar.send(till, sent(sale, offline=True))
        outcomes[outlet] = await bar_deviations(bar, till)
    assert outcomes == {HERE: [], AWAY: [("alcohol_forbidden", {"why": "house_rule"})]}


async def bar_deviations(bar: Bar, till: Till) -> Sequence[tuple[str, Any]]:
    """Deviations of a till's records, but the cashier, who has no grant at the arena."""
    async with bar.db.connection() as conn:
        rows = await conn.fetch("select reason, data from food_till.deviation where device_id = $1", till.id)
    return [(row["reason"], row["data"]) for row in rows if row["reason"] != "cashier_not_here"]


async def paired(counters: Counters, name: str, *posts: str) -> None:
    """A till at outlets that makes requests under a name."""
    till = Till()
    async with counters.db.transaction() as conn:
        await till.pair(conn)
        await conn.execute("update people.device set posts = $2 where id = $1", till.id, list(posts))
    grants = tuple(Grant("till", "outlet", post) for post in posts)
    counters.principals[sha256(name.encode()).digest()] = Principal("device", till.id, grants=grants)


async def test_a_till_pack_has_the_outlets_and_events_of_its_venue(
    counters: Counters, kitchen: Kitchen, away: Kitchen
) -> None:
    await paired(counters, "home till", "01", "02")
    await paired(counters, "away till", AWAY)
    packs = {name: (await counters.ask(name, "GET", "/api/till/pack")).json() for name in ("home till", "away till")}
    assert [outlet["code"] for outlet in packs["home till"]["outlets"]] == ["01", "02"]
    assert [outlet["code"] for outlet in packs["away till"]["outlets"]] == [AWAY]
    assert packs["away till"]["outlets"][0]["catalogue"]["outlet"] == AWAY
    assert packs["away till"]["time_zone"] == "America/New_York"
    assert "time_zone" not in packs["home till"], "the packs of 0.2.0 name no zone"
    assert [event["event_id"] for event in packs["home till"]["evenings"]] == [str(kitchen.event.id)]
    assert [event["event_id"] for event in packs["away till"]["evenings"]] == [str(away.event.id)]


async def test_stock_and_menus_are_kept_by_outlet_of_the_deployment(counters: Counters, kitchen: Kitchen) -> None:
    counters.knows("arena", Grant("cashier", "outlet", AWAY))
    cola = [{"product_id": str(COLA.id), "quantity": 7}]
    document: dict[str, Any] = {"id": str(new_id()), "kind": "delivery", "outlet": AWAY, "lines": cola}
    assert (await counters.ask("arena", "POST", "/api/food/stock", document)).status_code == 200
    (level,) = (await counters.ask("arena", "GET", f"/api/food/stock/{AWAY}")).json()
    assert (level["outlet"], level["level"]) == (AWAY, 7)
    assert (await counters.ask("arena", "GET", f"/api/food/stock/{HERE}")).status_code == 403
    # A transfer between venues is a transfer like any other: it needs a role at both outlets.
    moved = {"id": str(new_id()), "kind": "transfer", "outlet": AWAY, "to_outlet": HERE, "lines": cola}
    assert (await counters.ask("arena", "POST", "/api/food/stock", moved)).status_code == 403
    answer = await counters.ask("house", "POST", "/api/food/stock", moved)
    assert {(row["outlet"], row["quantity"]) for row in answer.json()} == {(AWAY, -7), (HERE, 7)}
    for outlet, status in ((AWAY, 200), (HERE, 200), ("arena.99", 404), ("gone.01", 404)):
        assert (await counters.ask("", "GET", f"/api/food/catalogue/{outlet}")).status_code == status
    shown = (await counters.ask("", "GET", f"/api/food/catalogue/{AWAY}")).json()
    assert shown["outlet"] == AWAY
    unknown = document | {"id": str(new_id()), "outlet": "arena.99"}
    answer = await counters.ask("house", "POST", "/api/food/stock", unknown)
    assert answer.json()["data"]["errors"][0]["source"] == "outlet"


async def test_the_stream_of_a_kitchen_is_open_for_the_staff_of_its_venue(db: Database) -> None:
    (topic,) = [topic for topic in food_topics(db) if topic.name == "kitchen"]
    cook = Principal("staff", new_id(), new_id(), (Grant("kitchen", "outlet", AWAY),), NOW)
    for outlet, expected in ((AWAY, Opened), (HERE, Refused), ("arena.99", Refused)):
        assert isinstance(await topic.open(outlet, Opening(cook, None, "")), expected)


async def test_a_permit_counts_in_the_year_of_the_venue_of_its_event(counters: Counters) -> None:
    """03:30 UTC on 1 January is still the old year in New York."""
    new_year = datetime.fromisoformat("2027-01-01T03:30:00+00:00")
    await an_event_at_the_arena(
        counters.db, counters.club, starts_at=new_year, sale_opens_at=NOW, sale_closes_at=new_year
    )
    times = {"starts_at": new_year.isoformat(), "ends_at": (new_year + HOUR).isoformat()}
    path = "/api/office/food/alcohol-permits"
    for _ in range(10):
        assert (await counters.ask("club", "POST", path, a_permit(counters.club, **times))).status_code == 200
    refused = await counters.ask("club", "POST", path, a_permit(counters.club, **times))
    assert (refused.status_code, refused.json()["data"]["year"]) == (409, 2026)
    # An organiser without an event then has its permits in the zone of the first venue.
    for _ in range(10):
        assert (await counters.ask("promoter", "POST", path, a_permit(counters.promoter, **times))).status_code == 200
    refused = await counters.ask("promoter", "POST", path, a_permit(counters.promoter, **times))
    assert refused.json()["data"]["year"] == 2027


async def test_an_item_may_be_sold_at_one_venue_only(counters: Counters) -> None:
    item = {
        "kind": "product",
        "id": str(new_id()),
        "name": {"fr": "Bagel", "en": "Bagel"},
        "category": "snacks",
        "vat_permille": 100,
        "station": "counter",
        "preparation_s": 0,
    }
    path = f"/api/office/food/items/{item['id']}"
    for outlets, status in (([AWAY], 200), (["arena.99"], 400), (["gone.01"], 400)):
        answer = await counters.ask("house", "PUT", path, {"item": item | {"outlets": outlets}})
        assert answer.status_code == status, answer.text
