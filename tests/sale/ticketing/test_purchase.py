from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.sale.ticketing.conftest import System
from virage.money.payments import api as payments
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import base64url


def a_phone_key() -> dict[str, str]:
    raw = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "x": base64url(raw)}


async def test_a_fan_holds_pays_and_puts_the_ticket_on_a_phone(system: System) -> None:
    fan = await system.fan()
    order = await fan.best(full=2)
    assert order["state"] == "held"
    assert order["total_cents"] == 2 * 8000 + 2 * 150
    payment_id = new_id()
    page = (await fan.pay(order["id"], payment_id)).json()
    assert page["state"] == "paying"
    assert page["payment_url"] == f"https://pay.example/{payment_id}"

    await system.news(payment_id)

    paid = (await fan.ask("GET", f"/api/orders/{order['id']}")).json()
    assert paid["state"] == "paid"
    tickets = (await fan.ask("GET", "/api/me/tickets")).json()
    assert {ticket["id"] for ticket in tickets} == {line["ticket_id"] for line in paid["lines"]}
    bound = await fan.ask("POST", f"/api/tickets/{tickets[0]['id']}/pass", {"key": a_phone_key()})
    assert bound.status_code == 200, bound.text
    assert bound.json()["text"]


async def test_releasing_an_order_that_was_just_paid_is_refused(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    fan = await system.fan()
    order = await fan.best()
    payment_id = new_id()
    assert (await fan.pay(order["id"], payment_id)).status_code == 200

    async def money_comes(*_: Any) -> None:
        await system.news(payment_id)

    monkeypatch.setattr(payments, "abandon", money_comes)
    answer = await fan.ask("DELETE", f"/api/orders/{order['id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "order_already_paid")
    assert len((await fan.ask("GET", "/api/me/tickets")).json()) == 2
