"""Recorded requests of the sale: events, prices, orders, payments, refunds, tickets and passes."""

from typing import Any

from tests.golden.requests_cast import Signer
from tests.golden.requests_story import ANY, Story

MATCH = "Virage FC"
TOURNAMENT = "Aigles"


async def play(story: Story) -> None:
    """Play all of it."""
    await choose(story)
    await buy(story)
    await carry(story)
    await refund(story)
    await office(story)


async def choose(story: Story) -> None:
    """Read the events on sale, and the free places."""
    events = (await story.ask("anonymous", "GET", "/api/events")).json["events"]
    match = next(event for event in events if event["title"]["fr"].startswith(MATCH))
    concert = next(event for event in events if event["kind"] == "concert")
    named = next(event for event in events if event["title"]["fr"].startswith(TOURNAMENT))
    story.learn(event_id=match["id"], other_event_id=concert["id"], named_event_id=named["id"])
    shown = (await story.ask("anonymous", "GET", f"/api/events/{match['id']}")).json
    story.known["match"] = [match["id"], shown["starts_at"], shown["organiser_id"]]
    for event in (match, concert):
        for part in ("", "/offer", "/availability", "/pass-keys"):
            await story.ask("anonymous", "GET", f"/api/events/{event['id']}{part}", expect=ANY)
    await story.ask("anonymous", "GET", "/api/offers")
    proposal = f"/api/events/{match['id']}/proposal"
    for party in ({"full": 1}, {"full": 2, "child": 2}, {"access": 1}, {"reduced": 3}):
        await story.ask("anonymous", "POST", proposal, {"kind": "best", "party": party})
    await story.ask("anonymous", "POST", proposal, {"kind": "best", "party": {"full": 40}}, expect=400)
    await story.ask("anonymous", "POST", proposal, {"kind": "best", "party": {"full": 2}, "block": "none"}, expect=409)


async def hold(story: Story, who: str, event_id: str, seats: dict[str, Any], expect: int = 201) -> dict[str, Any]:
    """Hold places and return the order."""
    wish = {"id": story.new_id(), "event_id": event_id, "seats": seats}
    order: dict[str, Any] = (await story.ask(who, "POST", "/api/orders", wish, expect=expect)).json
    return order


async def pay(story: Story, who: str, order: dict[str, Any], terms: str | None) -> dict[str, Any]:
    """Start a payment, have the provider confirm the money, and return the paid order."""
    path, payment = f"/api/orders/{order['id']}", {"payment_id": story.new_id(), "terms": terms}
    await story.ask(who, "POST", f"{path}/payment", payment)
    await captured(story, payment["payment_id"], order["total_cents"])
    paid: dict[str, Any] = (await story.ask(who, "GET", path)).json
    assert paid["state"] == "paid", paid
    return paid


async def captured(story: Story, payment_id: str | None, cents: int, **more: Any) -> None:
    """Have the provider confirm that a payment was captured."""
    event = {"id": f"event-{story.new_id()}", "payment_id": payment_id, "state": "captured", "amount_cents": cents}
    await story.ask("provider", "POST", "/api/payments/webhooks/sandbox", {"events": [event | more]})


async def terms_in_force(story: Story) -> str:
    """Return the version of the terms of sale that a buyer accepts."""
    pages = (await story.ask("anonymous", "GET", "/api/pages")).json
    found: str = next(page["id"] for page in pages if page["kind"] == "terms")
    story.learn(version_id=found)
    return found


async def buy(story: Story) -> None:
    """Hold, join, release and pay orders, as a fan and as a guest."""
    (match,) = story.known["event_id"][:1]
    best = {"kind": "best", "party": {"full": 2}}
    first = await hold(story, "fan", match, best)
    wish = {"id": first["id"], "event_id": match, "seats": best}
    await story.ask("fan", "POST", "/api/orders", wish)
    await story.ask("fan", "POST", "/api/orders", wish | {"seats": {"kind": "best", "party": {"full": 3}}})
    joined = {"id": story.new_id(), "event_id": match, "seats": {"kind": "best", "party": {"child": 1}}}
    first = (await story.ask("fan", "POST", "/api/orders", joined | {"joins": first["id"]})).json
    for who in ("friend", "guest", "office"):
        await story.ask(who, "GET", f"/api/orders/{first['id']}", expect=404)
    refused = {"payment_id": story.new_id()}
    await story.ask("fan", "POST", f"/api/orders/{first['id']}/payment", refused, expect=409)
    terms = await terms_in_force(story)
    paid = await pay(story, "fan", first, terms)
    await story.ask("fan", "DELETE", f"/api/orders/{first['id']}", expect=409)
    await story.ask("fan", "GET", f"/api/orders/{first['id']}/terms")
    story.learn(order_id=paid["id"])
    taken = {"kind": "chosen", "places": [{"place": paid["lines"][0]["place"], "tariff": "full"}]}
    await hold(story, "friend", match, taken, expect=409)
    chosen = await story.ask("friend", "POST", f"/api/events/{match}/proposal", best)
    places = [{"place": line["place"], "tariff": "full"} for line in chosen.json["places"]]
    second = await hold(story, "friend", match, {"kind": "chosen", "places": places})
    await story.ask("friend", "DELETE", f"/api/orders/{second['id']}")
    await story.ask("friend", "DELETE", f"/api/orders/{second['id']}")
    spare = await pay(story, "friend", await hold(story, "friend", match, best), terms)
    story.known["spare"] = [spare["id"], *(line["ticket_id"] for line in spare["lines"])]
    await hold(story, "newcomer", match, best)
    for event in (*story.known["other_event_id"], *story.known["named_event_id"]):
        await pay(story, "fan", await hold(story, "fan", event, best), terms)
    late = await hold(story, "guest", match, best)
    story.known["late"] = [late["id"]]
    story.learn(order_id=late["id"])


async def carry(story: Story) -> None:
    """Name holders, put tickets on phones and on paper, move one to another phone."""
    await story.work()
    tickets = (await story.ask("fan", "GET", "/api/me/tickets")).json
    await story.ask("fan", "GET", "/api/me/orders")
    (match,) = story.known["event_id"][:1]
    of_match = tickets_for(tickets, match)
    assert len(of_match) >= 3, of_match
    for ticket in of_match:
        await story.ask("fan", "PATCH", f"/api/tickets/{ticket['id']}", {"holder_name": "Holder"}, expect=409)
        story.learn(ticket_id=ticket["id"])
    (event,) = story.known["named_event_id"]
    for ticket, name in zip(tickets_for(tickets, event), ("Holder One", None), strict=True):
        await story.ask("fan", "PATCH", f"/api/tickets/{ticket['id']}", {"holder_name": name})
    moved, printed, kept = (f"/api/tickets/{ticket['id']}" for ticket in of_match[:3])
    for path, phone in ((moved, "first phone"), (moved, "first phone"), (kept, "first phone")):
        bound = await story.ask("fan", "POST", f"{path}/pass", {"key": Signer(phone).jwk()})
        story.known["pass"] = [bound.json["text"], bound.json["number"]]
    await story.ask("fan", "POST", f"{moved}/pass", {"key": Signer("second phone").jwk()}, expect=409)
    await story.ask("friend", "POST", f"{moved}/pass", {"key": Signer("second phone").jwk()}, expect=404)
    await story.ask("fan", "POST", f"{printed}/paper")
    await story.ask("fan", "POST", f"{moved}/rebind-code")
    code = await story.letter("fan@example.org", r"\b(\d{6})\b")
    wrong = {"code": "000000", "key": Signer("second phone").jwk()}
    await story.ask("fan", "POST", f"{moved}/rebind", wrong, expect=409)
    await story.ask("fan", "POST", f"{moved}/rebind", wrong | {"code": code})


def tickets_for(tickets: list[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    """Return the tickets of an event."""
    return [ticket for ticket in tickets if ticket["event"]["id"] == event]


async def refund(story: Story) -> None:
    """Refund a ticket and an order, and send emails again."""
    spare, first, *_ = story.known["spare"]
    path = f"/api/office/orders/{spare}"
    await story.ask("office", "GET", "/api/office/orders", query="q=friend%40example.org")
    await story.ask("office", "GET", path)
    wish = {"refund_id": story.new_id(), "reason": "asked", "ticket_ids": [first]}
    await story.ask("office", "POST", f"{path}/refund", wish)
    await story.ask("office", "POST", f"{path}/refund", wish)
    await story.ask("promoter", "POST", f"{path}/refund", wish, expect=404)
    await story.ask("office", "POST", f"{path}/refund", {"refund_id": story.new_id(), "reason": "goodwill"})
    await story.work()
    await story.ask("office", "GET", path)
    letters = (await story.ask("office", "GET", f"{path}/letters")).json
    assert letters
    story.wait(minutes=2)
    again = {"id": story.new_id()}
    await story.ask("office", "POST", f"{path}/letters/{letters[0]['id']}/resend", again)
    await story.ask("office", "POST", f"{path}/letters/{letters[0]['id']}/resend", {"id": story.new_id()}, expect=429)
    (order, *_) = story.known["order_id"]
    mine = (await story.ask("fan", "GET", "/api/me/letters", query=f"about={order}")).json
    await story.ask("fan", "POST", f"/api/me/letters/{order}/{mine[0]['id']}/resend", {"id": story.new_id()})
    story.learn(letter_id=letters[0]["id"])
    await story.work()


async def office(story: Story) -> None:
    """Create an event, price it, put it on sale, change it, cancel it."""
    organiser = story.known["match"][2]
    await story.ask("admin", "POST", "/api/office/organisers", {"id": story.new_id(), "name": "Golden Organiser"})
    series = {"id": story.new_id(), "organiser_id": organiser, "title": {"fr": "Coupe", "en": "Cup"}}
    await story.ask("office", "POST", "/api/office/series", series)
    event: dict[str, Any] = {
        "id": story.new_id(),
        "organiser_id": organiser,
        "series_id": series["id"],
        "kind": "match",
        "title": {"fr": "Match d'essai", "en": "Trial match"},
        "subtitle": {"fr": "Coupe", "en": "Cup"},
        "doors_at": story.at(days=9, hours=-2),
        "starts_at": story.at(days=9),
        "ends_at": story.at(days=9, hours=2),
        "sale_opens_at": story.at(hours=-1),
        "sale_closes_at": story.at(days=9),
    }
    path = f"/api/office/events/{event['id']}"
    await story.ask("office", "POST", "/api/office/events", event)
    await story.ask("office", "POST", "/api/office/events", event)
    await story.ask("office", "POST", "/api/office/events", event | {"kind": "tour"}, expect=409)
    await story.ask("promoter", "POST", "/api/office/events", event | {"id": story.new_id()}, expect=403)
    category = {
        "id": story.new_id(),
        "name": {"fr": "Or", "en": "Gold"},
        "colour": "#c9a227",
        "prices": {"full": 4200, "child": 2100, "reduced": 3150, "access": 2100},
    }
    pricing = {"categories": [category], "blocks": {"103": category["id"]}}
    await story.ask("office", "PUT", f"{path}/pricing", pricing | {"blocks": {"none": category["id"]}}, expect=422)
    await story.ask("office", "PUT", f"{path}/pricing", pricing)
    await story.ask("office", "POST", f"{path}/publish")
    await story.ask("office", "POST", f"{path}/publish")
    shown = (await story.ask("office", "GET", path)).json["event"]
    amended = {name: value for name, value in event.items() if name not in ("id", "organiser_id")}
    amended |= {"title": {"fr": "Match amical", "en": "Friendly match"}}
    await story.ask("office", "PUT", path, amended | {"revision": shown["revision"] + 7}, expect=409)
    await story.ask("office", "PUT", path, amended | {"revision": shown["revision"]})
    terms = story.known["version_id"][0]
    paid = await pay(
        story, "friend", await hold(story, "friend", event["id"], {"kind": "best", "party": {"full": 2}}), terms
    )
    await story.ask("office", "GET", f"{path}/sales")
    await story.ask("program", "GET", f"/api/office/orders/{paid['id']}")
    await story.ask("office", "PUT", f"{path}/pricing", pricing | {"fee_cents": 200, "accept_sold": True})
    await story.ask("office", "POST", f"{path}/cancel")
    await story.ask("office", "POST", f"{path}/publish", expect=409)
    await story.work()
    story.known["cancelled"] = [event["id"]]
