"""One purchase from the code in the mailbox to the pass on the phone, through real processes."""

import asyncio
import base64
import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from virage.platform.values.ids import new_id
from virage.sale.ticketing.acts.pricing import set_pricing
from virage.sale.ticketing.rules.pricing import PriceCategory, Pricing
from virage.sale.ticketing.rules.terms import PRICED_TARIFFS
from virage_sandbox.cards import Card

if TYPE_CHECKING:
    from tests.app.conftest import Served, World

FULL_CENTS = 4_200
FEE_CENTS = 150


async def put_on_sale(world: "World") -> None:
    """Set a price for the event."""
    category = PriceCategory(new_id(), {"fr": "Or", "en": "Gold"}, "#c9a227", dict.fromkeys(PRICED_TARIFFS, FULL_CENTS))
    pricing = Pricing(categories=[category], blocks={"103": category.id}, fee_cents=FEE_CENTS)
    async with world.db.transaction() as conn:
        await set_pricing(conn, world.event, pricing, None, world.clock.now())


async def sign_in(browser: httpx.AsyncClient, email: str) -> None:
    """Request a code, read it in the mailbox, type it."""
    asked = await browser.post("/api/sign-in/codes", json={"email": email, "locale": "en"})
    assert asked.status_code == 202
    async with asyncio.timeout(30):
        code = None
        while code is None:
            await asyncio.sleep(0.05)
            emails = [one for one in (await browser.get("/api/mailbox")).json() if one["recipient"] == email]
            code = next((found[0] for one in emails if (found := re.search(r"\b\d{6}\b", one["body"]))), None)
    assert (await browser.post("/api/sign-in", json={"email": email, "code": code})).status_code == 200


async def until_paid(browser: httpx.AsyncClient, order_id: UUID) -> dict[str, Any]:
    """Wait for the payment, as the web app does."""
    async with asyncio.timeout(30):
        while True:
            answer = await browser.get(f"/api/orders/{order_id}", headers={"prefer": "wait=10"})
            order: dict[str, Any] = answer.json()
            if order["state"] != "paying":
                return order


def phone_key() -> dict[str, str]:
    """The public key that a phone makes, as a JWK."""
    raw = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    return {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(raw).rstrip(b"=").decode()}


def browser_of(url: str) -> httpx.AsyncClient:
    """A client that treats localhost as browsers do: as a secure context, whose secure cookies it
    sends.
    """
    session: dict[str, str] = {}
    cookies: dict[str, str] = {}

    async def show(request: httpx.Request) -> None:
        request.headers.update(session)

    async def keep(response: httpx.Response) -> None:
        if "set-cookie" in response.headers:
            name, _, value = response.headers["set-cookie"].partition(";")[0].partition("=")
            cookies[name] = value
            session["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())

    return httpx.AsyncClient(base_url=url, timeout=30, event_hooks={"request": [show], "response": [keep]})


@pytest.mark.parametrize("card", [Card.ACCEPTED, Card.WEBHOOK_TWICE])
async def test_a_fan_buys_two_seats_and_carries_them_on_the_phone(
    served: "Served", live_world: "World", card: Card
) -> None:
    await put_on_sale(live_world)
    event_id = str(live_world.event)
    async with browser_of(served.url) as browser:
        order_id, payment_id = new_id(), new_id()
        party = {"kind": "best", "party": {"full": 2}}
        held = await browser.post("/api/orders", json={"id": str(order_id), "event_id": event_id, "seats": party})
        assert held.json()["total_cents"] == 2 * (FULL_CENTS + FEE_CENTS)
        await sign_in(browser, f"fan{card.value}@example.org")
        paying = await browser.post(f"/api/orders/{order_id}/payment", json={"payment_id": str(payment_id)})
        page = paying.json()["payment_url"]
        assert page.startswith(served.sandbox_url)
        assert (await browser.post(page, json={"card": card.value})).json()["state"] == "captured"
        assert (await until_paid(browser, order_id))["state"] == "paid"
        tickets = (await browser.get("/api/me/tickets")).json()
        assert len(tickets) == 2
        bound = await browser.post(f"/api/tickets/{tickets[0]['id']}/pass", json={"key": phone_key()})
        assert bound.status_code == 200, bound.text
        paper = await browser.post(f"/api/tickets/{tickets[1]['id']}/paper")
        assert paper.content.startswith(b"%PDF")
        events = await browser.get(f"/api/events/{event_id}/availability")
        free = sum(byte.bit_count() for byte in events.content)
        assert free == 1_010  # the block has 1,012 seats
