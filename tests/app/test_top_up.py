"""A wallet is topped up by bank card and paid out, through real processes, and the books are right."""

import asyncio
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.app.test_purchase import browser_of, sign_in
from virage.platform.values.ids import new_id
from virage_sandbox.cards import Card

if TYPE_CHECKING:
    from tests.app.conftest import Served, World

CENTS = 2_000
REFUNDED = "select amount_cents from payments.refund where payment_id = $1"
ASTRAY = "update wallet_ledger.account set balance_cents = balance_cents + $1 where kind = 'purse'"


async def until_it_holds(browser: httpx.AsyncClient, cents: int, what: str = "available_cents") -> dict[str, Any]:
    """Wait for the money, or for the provider's news about it."""
    async with asyncio.timeout(60):
        while True:
            wallet: dict[str, Any] = (await browser.get("/api/wallet")).json()
            if wallet[what] == cents:
                return wallet
            await asyncio.sleep(0.05)


async def audited(served: "Served") -> subprocess.CompletedProcess[str]:
    """The output of the operator's command."""
    command = [sys.executable, "-m", "virage.cli", "wallet", "audit"]
    return await asyncio.to_thread(subprocess.run, command, env=served.env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("card", [Card.ACCEPTED, Card.WEBHOOK_TWICE, Card.ANSWER_LOST, Card.WEBHOOK_NEVER])
async def test_a_wallet_is_topped_up_once_and_its_rest_is_paid_out(
    served: "Served", live_world: "World", card: Card
) -> None:
    async with browser_of(served.url) as browser:
        await sign_in(browser, f"fan{card.value}@example.org")
        assert (await browser.get("/api/wallet")).json()["balance_cents"] == 0
        wish = {"id": str(new_id()), "payment_id": str(new_id()), "cents": CENTS}
        page = (await browser.post("/api/wallet/top-ups", json=wish)).json()["payment_url"]
        again = (await browser.post("/api/wallet/top-ups", json=wish)).json()["payment_url"]
        assert page == again
        assert page.startswith(served.sandbox_url)
        with suppress(httpx.ReadError, httpx.RemoteProtocolError):  # the response to one card is lost
            await browser.post(page, json={"card": card.value})
        wallet = await until_it_holds(browser, CENTS)
        assert [(line["cents"], line["purpose"]) for line in wallet["history"]] == [(CENTS, "top_up")]
        assert (await audited(served)).returncode == 0
        payout = {"id": str(new_id())}
        for _ in range(2):
            answer = await browser.post("/api/wallet/payouts", json=payout)
            assert answer.json() == {"cents": CENTS, "left_cents": 0}
        wallet = await until_it_holds(browser, 0)
        assert [line["cents"] for line in wallet["history"]] == [-CENTS, CENTS]
        said = await audited(served)
        assert (said.returncode, "clean" in said.stdout) == (0, True), said.stdout + said.stderr
        (refund,) = await live_world.rows(REFUNDED, wish["payment_id"])
        assert refund["amount_cents"] == CENTS
        await live_world.rows(ASTRAY, 1)
        said = await audited(served)
        await live_world.rows(ASTRAY, -1)
        assert (said.returncode, "wrong" in said.stdout) == (1, True)


async def topped_up(browser: httpx.AsyncClient, card: Card) -> str:
    """The payment of a top-up that a card pays at the sandbox."""
    payment_id = str(new_id())
    wish = {"id": str(new_id()), "payment_id": payment_id, "cents": CENTS}
    page = (await browser.post("/api/wallet/top-ups", json=wish)).json()["payment_url"]
    await browser.post(page, json={"card": card.value})
    return payment_id


async def test_a_payout_leaves_out_a_top_up_that_is_disputed_at_the_provider(
    served: "Served", live_world: "World"
) -> None:
    async with browser_of(served.url) as browser:
        await sign_in(browser, "disputing@example.org")
        disputed = await topped_up(browser, Card.DISPUTED)
        await until_it_holds(browser, CENTS)
        await until_it_holds(browser, 0, "refundable_cents")
        refused = await browser.post("/api/wallet/payouts", json={"id": str(new_id())})
        assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_pay_out")
        accepted = await topped_up(browser, Card.ACCEPTED)
        await until_it_holds(browser, 2 * CENTS)
        paid_out = await browser.post("/api/wallet/payouts", json={"id": str(new_id())})
        assert paid_out.json() == {"cents": CENTS, "left_cents": CENTS}
        assert [row["amount_cents"] for row in await live_world.rows(REFUNDED, accepted)] == [CENTS]
        assert await live_world.rows(REFUNDED, disputed) == []
        assert (await audited(served)).returncode == 0
