"""A deployment in yen, which has no decimals: a ticket and a top-up through real processes, a sale at a till by its
routes.
"""

import asyncio
import csv
import re
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from pypdf import PdfReader

from tests.app.conftest import Served
from tests.app.test_purchase import FEE_CENTS, FULL_CENTS, browser_of, put_on_sale, sign_in, until_paid
from tests.app.test_top_up import audited, until_it_holds
from tests.matchday.food.conftest import Counters, bar, counters
from tests.matchday.food.till.bar import ROUND, Bar, as_till, by_card, sent
from tests.money.fiscal.till import cup
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.values.money import Currency
from virage_sandbox.cards import Card

if TYPE_CHECKING:
    from tests.app.conftest import World

__all__ = ["bar", "counters"]
RECEIPT_SAYS = re.compile(r"¥[\d,]+(?:\.\d+)?")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shared_database_url: str) -> Iterator[Served]:
    """A running Virage in yen, west of Greenwich."""
    made = Served(
        tmp_path_factory.mktemp("yen"),
        shared_database_url,
        VIRAGE_CURRENCY="JPY",
        VIRAGE_TIME_ZONE="America/New_York",
    )
    try:
        asyncio.run(made.start())
        yield made
    finally:
        made.stop()
        sys.stdout.write(made.logs())


async def test_a_ticket_is_bought_in_yen_from_the_page_of_the_bank_to_the_paper(
    served: Served, live_world: "World"
) -> None:
    await put_on_sale(live_world)
    email = "yen@example.org"
    async with browser_of(served.url) as browser:
        club = (await browser.get("/api/club")).json()
        assert (club["currency"], club["time_zone"]) == ({"code": "JPY", "digits": 0}, "America/New_York")
        order_id = new_id()
        wish = {"id": str(order_id), "event_id": str(live_world.event)}
        held = await browser.post("/api/orders", json=wish | {"seats": {"kind": "best", "party": {"full": 2}}})
        total = 2 * (FULL_CENTS + FEE_CENTS)
        assert held.json()["total_cents"] == total
        await sign_in(browser, email)
        paying = await browser.post(f"/api/orders/{order_id}/payment", json={"payment_id": str(new_id())})
        page = paying.json()["payment_url"]
        assert f"JP¥{total:,}<" in (await browser.get(f"{page}?lang=en", headers={"accept": "text/html"})).text
        assert (await browser.post(page, json={"card": Card.ACCEPTED.value})).json()["state"] == "captured"
        assert (await until_paid(browser, order_id))["state"] == "paid"
        tickets = (await browser.get("/api/me/tickets")).json()
        paper = await browser.post(f"/api/tickets/{tickets[0]['id']}/paper")
        assert f"¥{FULL_CENTS:,}" in PdfReader(BytesIO(paper.content)).pages[0].extract_text()
        async with asyncio.timeout(30):
            body = ""
            while "¥" not in body:
                await asyncio.sleep(0.05)
                emails = (await browser.get("/api/mailbox")).json()
                body = "".join(one["body"] for one in emails if one["recipient"] == email)
        assert set(RECEIPT_SAYS.findall(body)) >= {f"¥{total:,}", f"¥{FULL_CENTS:,}"}
        assert not any("." in amount for amount in RECEIPT_SAYS.findall(body))


async def test_a_wallet_is_topped_up_in_yen_and_the_audit_counts_whole_yen(served: Served) -> None:
    async with browser_of(served.url) as browser:
        await sign_in(browser, "wallet-in-yen@example.org")
        wish = {"id": str(new_id()), "payment_id": str(new_id()), "cents": 1_200}
        page = (await browser.post("/api/wallet/top-ups", json=wish)).json()["payment_url"]
        assert "JP¥1,200<" in (await browser.get(f"{page}?lang=en", headers={"accept": "text/html"})).text
        await browser.post(page, json={"card": Card.ACCEPTED.value})
        await until_it_holds(browser, 1_200)
    said = await audited(served)
    assert said.returncode == 0, said.stderr
    assert re.search(r"captured at the provider for wallets\W+1,200\s", said.stdout)


async def test_another_currency_is_refused_with_what_to_do(served: Served) -> None:
    command = [sys.executable, "-m", "virage.cli", "serve"]
    env = served.env | {"VIRAGE_CURRENCY": "EUR"}
    said = await asyncio.to_thread(subprocess.run, command, env=env, capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert "the amounts in this database are in JPY" in said.stderr


@pytest.fixture
def config(config: Config) -> Config:
    return replace(config, currency=Currency("JPY", 0))


async def test_a_sale_at_a_till_is_booked_and_accounted_in_yen(bar: Bar, counters: Counters) -> None:
    till, fan = await bar.till(), await bar.fan(3_000)
    counters.principals[sha256(b"till").digest()] = as_till(till)
    pack = await counters.ask("till", "GET", "/api/till/pack")
    assert pack.status_code == 200, pack.text
    sale = till.write(lines=[*ROUND, cup()], tenders=by_card(1_250, fan.tap()))
    answer = await counters.ask("till", "POST", "/api/till/records", {"records": [sent(sale)]})
    (said,) = answer.json()["answers"]
    assert (said["outcome"], said["available_cents"]) == ("booked", 1_750)
    table = await counters.ask("finance", "GET", "/api/office/accounting.csv?from=2026-05-09&to=2026-05-09")
    rows = list(csv.DictReader(table.text.splitlines()))
    amounts = {(row["what"], row["vat_permille"]): (row["debit"], row["credit"]) for row in rows}
    assert amounts == {
        ("purses", ""): ("0", "1750"),
        ("cash", ""): ("3000", "0"),
        ("deposits", ""): ("0", "100"),
        ("sales", "100"): ("0", "409"),
        ("sales", "200"): ("0", "583"),
        ("vat", "100"): ("0", "41"),
        ("vat", "200"): ("0", "117"),
    }
