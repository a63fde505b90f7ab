"""Customers, charges of saved cards, and refunds against localstripe, a stand-in that is not ours."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest

from tests.ports import free_ports
from virage.money.payments.rules import Charge, DueRefund, Outcome, PaymentState, Reference, RefundState
from virage.money.payments.stripe_provider import StripeProvider
from virage.platform.values.ids import new_id

FOLDER = Path(__file__).parent / "localstripe"
KEY = "sk_test_localstripe"
ACCEPTED, LATER_DECLINED, AUTHENTICATED = "4242424242424242", "4000000000000341", "4000002760003184"
CENTS = 2500


@pytest.fixture(scope="module")
def localstripe() -> Iterator[str]:
    """Its address."""
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(  # noqa: S603 - ours
        [str(FOLDER / ".venv" / "bin" / "python"), str(FOLDER / "run.py"), str(port)]
    )
    try:
        while True:
            try:
                httpx.get(f"{url}/v1/customers")
                break
            except httpx.TransportError:
                assert process.poll() is None, "localstripe ended at once"
        yield url
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
async def provider(localstripe: str) -> AsyncIterator[StripeProvider]:
    made = StripeProvider(KEY, ["whsec_none"], currency="EUR", merchant="Club", methods=["card"], api_url=localstripe)
    yield made
    await made.close()


@pytest.fixture
async def session(localstripe: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(localstripe, headers={"authorization": f"Bearer {KEY}"}) as session:
        yield session


async def saved(session: aiohttp.ClientSession, number: str) -> Reference:
    """A card that a hosted page saved, which localstripe does not have."""

    async def post(path: str, **form: str) -> Any:
        async with session.post(path, data=form) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    customer = await post("/v1/customers", email="fan@example.org")
    card = {"card[number]": number, "card[exp_month]": "12", "card[exp_year]": "2040", "card[cvc]": "123"}
    method = await post("/v1/payment_methods", type="card", **card)
    await post(f"/v1/payment_methods/{method['id']}/attach", customer=customer["id"])
    return Reference(new_id(), f"{customer['id']}/{method['id']}")


async def charged(provider: StripeProvider, card: Reference) -> Outcome:
    charge = Charge(new_id(), card.payment_id, CENTS, card.provider_ref, datetime.now(UTC))
    (outcome,) = await provider.charge([charge])
    return outcome


async def test_a_saved_card_is_charged(provider: StripeProvider, session: aiohttp.ClientSession) -> None:
    outcome = await charged(provider, await saved(session, ACCEPTED))
    assert (outcome.state, outcome.amount_cents, outcome.is_foreign) == (PaymentState.CAPTURED, CENTS, False)
    (again,) = await provider.fetch([Reference(outcome.payment_id, outcome.provider_ref)])
    assert again == outcome


@pytest.mark.parametrize(
    ("number", "reason"), [(LATER_DECLINED, "card_declined"), (AUTHENTICATED, "authentication_required")]
)
async def test_a_charge_that_the_bank_does_not_accept_is_declined_with_its_reason(
    provider: StripeProvider, session: aiohttp.ClientSession, number: str, reason: str
) -> None:
    outcome = await charged(provider, await saved(session, number))
    assert (outcome.state, outcome.reason) == (PaymentState.DECLINED, reason)


async def test_a_charge_is_refunded_in_parts_and_a_repeated_part_once(
    provider: StripeProvider, session: aiohttp.ClientSession
) -> None:
    paid = await charged(provider, await saved(session, ACCEPTED))
    first = DueRefund(new_id(), paid.payment_id, 1000, 0, paid.provider_ref)
    rest = DueRefund(new_id(), paid.payment_id, CENTS - 1000, 0, paid.provider_ref)
    (done,) = await provider.refund([first])
    (repeated,) = await provider.refund([DueRefund(first.id, paid.payment_id, 1000, 1, paid.provider_ref)])
    (other,) = await provider.refund([rest])
    assert [answer.state for answer in (done, repeated, other)] == [RefundState.DONE] * 3
    assert repeated.provider_ref == done.provider_ref != other.provider_ref
    async with session.get("/v1/refunds", params={"payment_intent": str(paid.provider_ref)}) as answer:
        assert sorted(refund["amount"] for refund in (await answer.json())["data"]) == [1000, 1500]


async def test_a_paid_charge_is_not_cancelled(provider: StripeProvider, session: aiohttp.ClientSession) -> None:
    paid = await charged(provider, await saved(session, ACCEPTED))
    assert await provider.cancel([Reference(paid.payment_id, paid.provider_ref)]) == [paid]


async def test_a_forgotten_card_is_not_charged_and_is_forgotten_once(
    provider: StripeProvider, session: aiohttp.ClientSession
) -> None:
    card = await saved(session, ACCEPTED)
    await provider.forget([card])
    await provider.forget([card])
    outcome = await charged(provider, card)
    assert (outcome.state, outcome.reason) == (PaymentState.DECLINED, "resource_missing")


async def test_a_charge_that_does_not_exist_is_left_out(provider: StripeProvider) -> None:
    assert list(await provider.fetch([Reference(new_id(), "pi_none")])) == []
