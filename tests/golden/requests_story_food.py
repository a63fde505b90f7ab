"""Recorded requests of food: catalogue, stock, concessionaires, orders by phone and their kitchen, closings."""

from base64 import b64encode
from typing import Any

from tests.golden.requests_story import ANY, Story
from tests.golden.requests_story_money import is_plain
from tests.golden.requests_story_people import sign_in_again

OFFICE = "/api/office/concessions"
# A picture of one pixel.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


async def play(story: Story) -> None:
    """Play all of it."""
    await catalogue(story)
    await stock(story)
    await concessionaires(story)
    await derogations(story)
    await orders(story)
    await books(story)


async def catalogue(story: Story) -> None:
    """Write an item into the draft, price and publish it, remove it again."""
    draft = (await story.ask("admin", "GET", f"{OFFICE}/draft")).json
    item_id = story.new_id()
    tea = {
        "kind": "product",
        "id": item_id,
        "name": {"fr": "Thé", "en": "Tea"},
        "category": "hot_drinks",
        "station": "coffee",
        "vat_permille": 100,
        "preparation_s": 20,
        "position": 99,
    }
    path = f"{OFFICE}/items/{item_id}"
    await story.ask("admin", "PUT", path, {"item": tea, "revision": 0})
    await story.ask("admin", "PUT", path, {"item": tea | {"position": 98}, "revision": 9}, expect=409)
    await story.ask("admin", "PUT", path, {"item": tea | {"id": story.new_id()}}, expect=400)
    await story.ask("admin", "PUT", path, {"item": tea | {"vat_permille": 1_001}}, expect=400)
    await story.ask("office", "PUT", path, {"item": tea}, expect=403)
    unpriced = (await story.ask("admin", "GET", f"{OFFICE}/draft")).json
    wish = {"id": story.new_id(), "version": unpriced["version"]}
    await story.ask("admin", "POST", f"{OFFICE}/publications", wish, expect=409)
    await story.ask("admin", "PUT", f"{path}/prices", {"prices": [{"cents": 300}, {"cents": 250, "outlet": "01"}]})
    await story.ask("finance", "PUT", f"{path}/prices", {"prices": [{"cents": 310}, {"cents": 250, "outlet": "01"}]})
    priced = (await story.ask("admin", "GET", f"{OFFICE}/draft")).json
    await story.ask("admin", "POST", f"{OFFICE}/publications", wish | {"version": draft["version"]}, expect=409)
    await story.ask("admin", "POST", f"{OFFICE}/publications", wish | {"version": priced["version"]})
    await story.ask("admin", "POST", f"{OFFICE}/publications", wish | {"version": priced["version"]})
    shown = await story.ask("anonymous", "GET", "/api/concessions/catalogue/01")
    tag = {"if-none-match": shown.headers["etag"]}
    await story.ask("anonymous", "GET", "/api/concessions/catalogue/01", headers=tag, expect=304)
    picture = {"content-type": "image/png"}
    uploaded = await story.ask("admin", "POST", f"{OFFICE}/pictures", content=PNG, headers=picture)
    broken = b64encode(b"no picture").decode()
    await story.ask("admin", "POST", f"{OFFICE}/pictures", content=broken, headers=picture, expect=415)
    await story.ask("anonymous", "GET", f"/api/concessions/pictures/{uploaded.json['picture']}")
    await story.ask("admin", "PUT", f"{path}/prices", {"prices": []})
    await story.ask("admin", "DELETE", path)
    await story.ask("admin", "DELETE", path, expect=ANY)
    story.learn(version=priced["version"], name=uploaded.json["picture"])


async def stock(story: Story) -> None:
    """Deliver, waste, count and move goods; set a threshold."""
    product = await product_of(story, "01")
    lines = [{"product_id": product["id"], "quantity": 40}]
    delivery = {"id": story.new_id(), "kind": "delivery", "outlet": "01", "lines": lines}
    await story.ask("cashier", "POST", "/api/concessions/stock", delivery)
    await story.ask("cashier", "POST", "/api/concessions/stock", delivery)
    await story.ask("cashier", "POST", "/api/concessions/stock", delivery | {"kind": "waste"}, expect=409)
    await story.ask("cashier", "POST", "/api/concessions/stock", delivery | {"outlet": "02"}, expect=403)
    for kind, quantity in (("waste", 2), ("count", 30)):
        said = {"id": story.new_id(), "kind": kind, "outlet": "01", "lines": [lines[0] | {"quantity": quantity}]}
        await story.ask("cashier", "POST", "/api/concessions/stock", said)
    moved = {
        "id": story.new_id(),
        "kind": "transfer",
        "outlet": "01",
        "to_outlet": "19",
        "lines": [lines[0] | {"quantity": 5}],
    }
    await story.ask("cashier", "POST", "/api/concessions/stock", moved)
    low = {"thresholds": [{"product_id": product["id"], "low_at": 50}]}
    await story.ask("cashier", "PUT", "/api/concessions/stock/01/thresholds", low)
    await story.ask("cashier", "GET", "/api/concessions/stock/01")
    await story.ask("cashier", "GET", "/api/concessions/stock/01/movements")
    await story.ask("cashier", "GET", "/api/concessions/stock-alerts")


async def product_of(story: Story, outlet: str) -> Any:
    """Return a plain product of an outlet."""
    shown = (await story.ask("anonymous", "GET", f"/api/concessions/catalogue/{outlet}")).json
    return next(item for item in shown["items"] if is_plain(item))["item"]


async def concessionaires(story: Story) -> None:
    """Enter a concessionaire with terms, read a statement, delete both."""
    path = f"{OFFICE}/concessionaires/{story.new_id()}"
    wish = {"name": "Buvettes", "address": "1 place", "siret": "", "vat_number": "", "commission_vat_permille": 200}
    await story.ask("admin", "PUT", path, wish)
    await story.ask("admin", "PUT", path, wish | {"name": "Buvettes du Nord"})
    await story.ask("office", "PUT", path, wish, expect=403)
    terms = f"{path}/terms/{story.new_id()}"
    day = story.at(days=60)[:10]
    said = {"outlet": "20", "starts_on": day, "ends_on": None, "commission_permille": 300}
    await story.ask("admin", "PUT", terms, said)
    await story.ask("admin", "PUT", f"{path}/terms/{story.new_id()}", said, expect=409)
    await story.ask("admin", "DELETE", path, expect=409)
    listed = (await story.ask("finance", "GET", f"{OFFICE}/concessionaires")).json
    other = next(one for one in listed if one["terms"] and one["id"] not in path)
    days = f"from={story.at(days=-2)[:10]}&to={story.at(days=-1)[:10]}"
    for kind in ("", ".csv", ".pdf"):
        await story.ask("finance", "GET", f"{OFFICE}/concessionaires/{other['id']}/statement{kind}", query=days)
    await story.ask("admin", "DELETE", terms)
    await story.ask("admin", "DELETE", path)
    story.learn(concessionaire_id=other["id"])


async def derogations(story: Story) -> None:
    """Enter a permission to sell alcohol and withdraw it."""
    wish = {
        "id": story.new_id(),
        "organiser_id": story.known["match"][2],
        "reference": "2026-17",
        "starts_at": story.at(hours=1),
        "ends_at": story.at(hours=9),
    }
    await story.ask("office", "POST", f"{OFFICE}/derogations", wish)
    await story.ask("office", "POST", f"{OFFICE}/derogations", wish)
    await story.ask("office", "POST", f"{OFFICE}/derogations", wish | {"ends_at": story.at()}, expect=ANY)
    await story.ask("office", "GET", f"{OFFICE}/derogations")
    await story.ask("office", "DELETE", f"{OFFICE}/derogations/{wish['id']}")
    await story.ask("office", "DELETE", f"{OFFICE}/derogations/{wish['id']}", expect=ANY)


async def orders(story: Story) -> None:
    """Order food by phone: hand it over, deliver, decline, cancel and refund it."""
    event, starts_at, _ = story.known["match"]
    story.until(starts_at, minutes=-60)
    for who in ("fan", "admin", "cashier"):
        await sign_in_again(story, who)
    await top_up(story)
    await story.ask("anonymous", "GET", "/api/food/outlets", query=f"event_id={event}")
    await story.ask("anonymous", "GET", "/api/food/slots", query=f"event_id={event}&outlet=01")
    await story.ask("anonymous", "GET", "/api/food/sold-out", query="outlet=01")
    stations = ("counter", "bar", "grill", "fryer", "coffee", "cold")
    capacity = {"per_five_minutes": dict.fromkeys(stations, 9), "open": True, "delivers": True, "note": ""}
    await story.ask("kitchen", "PUT", "/api/kitchen/01/capacity", capacity)
    await story.ask("kitchen", "PUT", "/api/kitchen/02/capacity", capacity, expect=403)
    shown = (await story.ask("anonymous", "GET", "/api/concessions/catalogue/01")).json
    item = next(item for item in shown["items"] if is_plain(item))["item"]
    wish = {
        "event_id": event,
        "outlet": "01",
        "version": shown["version"],
        "lines": [{"item_id": item["id"], "quantity": 1}],
    }
    placed = [await order(story, wish) for _ in range(5)]
    await story.ask(
        "fan",
        "POST",
        "/api/food/orders",
        wish | {"id": placed[0]["id"], "lines": [{"item_id": item["id"], "quantity": 2}]},
        expect=409,
    )
    await story.ask("fan", "POST", "/api/food/orders", wish | {"id": story.new_id(), "version": "0" * 32}, expect=409)
    await story.ask("promoter", "POST", "/api/food/orders", wish | {"id": story.new_id()}, expect=409)
    await story.ask("promoter", "GET", f"/api/food/orders/{placed[0]['id']}", expect=404)
    handed, quick, declined, cancelled, waiting = (f"/api/kitchen/01/orders/{one['id']}" for one in placed)
    await story.ask("kitchen", "GET", "/api/kitchen/01")
    for path in (handed, quick):
        await story.ask("kitchen", "POST", f"{path}/accept")
        await story.ask("kitchen", "POST", f"{path}/ready")
    await story.ask("kitchen", "POST", f"{handed}/accept", expect=ANY)
    await story.ask(
        "kitchen",
        "POST",
        f"{handed}/hand-over",
        {"code": "0000" if placed[0]["pick_up_code"] != "0000" else "0001"},
        expect=409,
    )
    await story.ask("kitchen", "POST", f"{handed}/hand-over", {"code": placed[0]["pick_up_code"]}, expect=ANY)
    await story.ask("cashier", "POST", f"{handed}/hand-over", {"code": placed[0]["pick_up_code"]})
    await story.ask("cashier", "POST", f"{quick}/hand-over", {"code": None}, expect=ANY)
    await story.ask("kitchen", "POST", f"{declined}/decline", {"reason": "too_busy"})
    await story.ask("fan", "POST", f"/api/food/orders/{placed[3]['id']}/cancel")
    await story.ask("kitchen", "POST", f"{cancelled}/accept", expect=409)
    await story.ask("cashier", "POST", f"{handed}/refund", {"reason": "quality"})
    await story.ask("kitchen", "POST", f"{waiting}/delivered", {}, expect=ANY)
    await story.ask("fan", "GET", "/api/food/orders")
    for one in placed:
        await story.ask("fan", "GET", f"/api/food/orders/{one['id']}")
    await story.ask("fan", "POST", f"/api/food/orders/{placed[1]['id']}/receipt", {"id": story.new_id()})
    await story.ask("kitchen", "GET", "/api/kitchen/01")
    await story.ask("kitchen", "GET", "/api/kitchen/01/runs")
    await deliver(story, wish)
    await story.work()
    story.learn(food_id=placed[0]["id"])


async def top_up(story: Story) -> None:
    """Top up the fan's wallet."""
    wallet = story.known["purse"][0]
    gift = {"id": story.new_id(), "purse_id": wallet, "cents": 5_000, "reason": "promotion"}
    await story.ask("admin", "POST", "/api/office/wallet/bonus", gift)


async def order(story: Story, wish: dict[str, Any]) -> Any:
    """Place an order, twice by the same id."""
    numbered = wish | {"id": story.new_id()}
    placed = (await story.ask("fan", "POST", "/api/food/orders", numbered)).json
    await story.ask("fan", "POST", "/api/food/orders", numbered)
    return placed


async def deliver(story: Story, wish: dict[str, Any]) -> None:
    """Have an order delivered to a seat."""
    tickets = (await story.ask("fan", "GET", "/api/me/tickets")).json
    seat = next(ticket["place"] for ticket in tickets if ticket["event"]["id"] == wish["event_id"])
    numbered = wish | {"id": story.new_id(), "deliver_to": seat}
    answer = await story.ask("fan", "POST", "/api/food/orders", numbered)
    path = f"/api/kitchen/01/orders/{answer.json['id']}"
    await story.ask("kitchen", "POST", f"{path}/accept")
    await story.ask("kitchen", "POST", f"{path}/ready")
    await story.ask("kitchen", "GET", "/api/kitchen/01/runs")
    await story.ask("kitchen", "POST", f"{path}/delivered", {"age_checked": False})


async def books(story: Story) -> None:
    """Read the sales, the shifts, closings and journals."""
    days = f"from={story.at(days=-2)[:10]}&to={story.at()[:10]}"
    times = f"from={story.at(days=-2)}&to={story.at()}"
    for by in ("outlet", "product", "till", "minute"):
        await story.ask("finance", "GET", f"{OFFICE}/sales", query=f"by={by}&{times}")
    await story.ask("finance", "GET", f"{OFFICE}/shifts", query=times)
    for subject in ("till", "outlet"):
        for period in ("day", "month", "year"):
            query = f"subject={subject}&period={period}&{days}"
            await story.ask("finance", "GET", f"{OFFICE}/closings", query=query)
    for path in ("accounting", "accounting.csv"):
        await story.ask("finance", "GET", f"/api/office/{path}", query=days)
    await story.ask("finance", "GET", f"{OFFICE}/promises", query=f"event_id={story.known['match'][0]}")
