"""Losses of offline sales in statements."""

import csv
from datetime import date
from io import BytesIO
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from pypdf import PdfReader

from tests.control.books.test_concessionaires import DOOR, PAID, cents_of, terms
from tests.matchday.food.conftest import Counters
from tests.matchday.food.till.bar import ROUND, ROUND_CENTS, Bar, by_card, sent
from tests.money.fiscal.till import Till, beer, fries, refund_of
from virage.identity.keys.rules.vault import KeyVault
from virage.money.fiscal.acts.records import close
from virage.money.fiscal.rules.closing import Period, PeriodKind
from virage.money.fiscal.rules.record import Kind, Tender, TenderKind, VatTotal, VerifiedRecord
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant

EVENING = date(2026, 5, 9)
MINUS = "\N{MINUS SIGN}"
PERIOD = "from=2026-05-01&to=2026-05-31"
BACK: dict[str, Any] = {"lines": [beer(-1), fries(-1)], "tenders": [Tender(TenderKind.CARD, -ROUND_CENTS, None)]}


async def upload(bar: Bar, till: Till, *records: VerifiedRecord) -> None:
    answers = await bar.send(till, *(sent(one, offline=True) for one in records))
    assert [answer.outcome for answer in answers] == ["booked"] * len(records)


async def closed(bar: Bar, vault: KeyVault, clock: Clock) -> None:
    async with bar.db.transaction() as conn:
        assert not isinstance(await close(conn, vault, Period(PeriodKind.DAY, EVENING), clock.now()), Refused)


async def runs(counters: Counters, bearers: dict[str, str | None]) -> UUID:
    """A concessionaire with outlets, and who bears the losses of each (None: default)."""
    made = new_id()
    assert (await counters.ask("finance", "PUT", f"{DOOR}/{made}", {"name": "Buvettes"})).status_code == 200
    for outlet, bearer in bearers.items():
        said = terms(outlet) | ({} if bearer is None else {"loss_borne_by": bearer})
        answer = await counters.ask("finance", "PUT", f"{DOOR}/{made}/terms/{new_id()}", said)
        assert answer.status_code == 200, answer.text
        assert answer.json()["loss_borne_by"] == (bearer or "house")
    counters.knows("manager", *(Grant("finance", "outlet", outlet) for outlet in bearers))
    return made


async def statement_of(counters: Counters, who: UUID) -> Any:
    answer = await counters.ask("manager", "GET", f"{DOOR}/{who}/statement?{PERIOD}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def losses(bar: Bar) -> dict[int, int]:
    async with bar.db.connection() as conn:
        return {row["number"]: row["cents"] for row in await conn.fetch("select * from food_till.loss")}


async def test_losses_of_forged_taps_and_empty_wallets_are_listed_by_outlet(
    bar: Bar, counters: Counters, vault: KeyVault, clock: Clock
) -> None:
    who = await runs(counters, {"01": None, "02": "concessionaire"})
    till, poor = await bar.till(), await bar.fan(150)
    for outlet, proof in (("01", "picc_data=00&cmac=00"), ("02", poor.tap()), ("01", None)):
        till.outlet = outlet
        tenders = [Tender(TenderKind.CASH, ROUND_CENTS, None)] if proof is None else by_card(ROUND_CENTS, proof)
        await upload(bar, till, till.write(lines=ROUND, tenders=tenders))
    await closed(bar, vault, clock)
    found = await statement_of(counters, who)
    first, second = (line["sums"] for line in found["lines"])
    assert (first["lost_cents"], first["borne_cents"]) == (ROUND_CENTS, 0), "without terms the operator bears the loss"
    assert (second["lost_cents"], second["borne_cents"]) == (1_000, 1_000)
    for sums, sales in ((first, 2 * ROUND_CENTS), (second, ROUND_CENTS)):
        assert sums["sales_cents"] == sales, "the sale counts nevertheless"
        kept = sums["commission_cents"] + sums["commission_vat_cents"] + sums["borne_cents"]
        assert sums["payable_cents"] == sales - kept
    total = found["total"]
    assert (total["lost_cents"], total["borne_cents"]) == (2_150, 1_000)
    assert total["payable_cents"] == first["payable_cents"] + second["payable_cents"]
    table = await counters.ask("manager", "GET", f"{DOOR}/{who}/statement.csv?{PERIOD}")
    rows = list(csv.DictReader(table.text.splitlines()))
    lost = {(row["outlet"], row["what"]): row["gross"] for row in rows if row["what"].startswith("lost")}
    assert lost == {("01", "lost_house"): "-11.50", ("02", "lost_concessionaire"): "-10.00"}
    assert sum(cents_of(row["gross"]) for row in rows if row["what"] in PAID) == total["payable_cents"]
    for lang, words, by_house, borne in (
        ("fr", "Ventes hors ligne impayées", "11,50", f"{MINUS}10,00"),
        ("en", "Unpaid offline sales", "€11.50", f"{MINUS}€10.00"),
    ):
        paper = await counters.ask("manager", "GET", f"{DOOR}/{who}/statement.pdf?{PERIOD}&lang={lang}")
        said = " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(paper.content)).pages).split())
        assert words in said
        assert (by_house in said, borne in said) == (True, True), said


async def test_a_reversed_uncovered_sale_is_no_loss(
    bar: Bar, counters: Counters, vault: KeyVault, clock: Clock
) -> None:
    who = await runs(counters, {"01": "concessionaire"})
    till = await bar.till()
    sale = till.write(lines=ROUND, tenders=by_card(ROUND_CENTS, "picc_data=00&cmac=00"))
    await upload(bar, till, sale, till.write(Kind.REFUND, refund_of=refund_of(sale, "no_answer"), **BACK))
    await closed(bar, vault, clock)
    assert await losses(bar) == {1: ROUND_CENTS, 2: -ROUND_CENTS}
    total = (await statement_of(counters, who))["total"]
    assert (total["lost_cents"], total["payable_cents"]) == (0, 0)
    assert await bar.of_kind("loss") == 0


@pytest.mark.parametrize("cents", [3_000, 0])
async def test_an_early_refund_makes_the_same_loss_in_the_end(bar: Bar, cents: int) -> None:
    till, desk, fan = await bar.till(), await bar.till(), await bar.fan(cents)
    sale = till.write(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap()))
    await upload(bar, desk, desk.write(Kind.REFUND, refund_of=refund_of(sale), **BACK))
    assert await losses(bar) == {}, "the refund waits for its sale"
    await upload(bar, till, sale)
    assert sum((await losses(bar)).values()) == -await bar.of_kind("loss") == 0


async def test_totals_above_the_payments_are_a_loss(
    bar: Bar, counters: Counters, vault: KeyVault, clock: Clock
) -> None:
    """The closing has the signed totals, so the missing money is shown as a loss."""
    who = await runs(counters, {"01": "concessionaire"})
    till = await bar.till()
    claims = [VatTotal(200, 100_000, 16_667)]
    await upload(bar, till, till.write(lines=[beer()], totals=claims, tenders=[Tender(TenderKind.CASH, 700, None)]))
    await closed(bar, vault, clock)
    total = (await statement_of(counters, who))["total"]
    assert (total["sales_cents"], total["lost_cents"]) == (100_000, 99_300)
    kept = total["commission_cents"] + total["commission_vat_cents"]
    assert total["payable_cents"] == 700 - kept


async def test_losses_are_never_changed_or_deleted(bar: Bar) -> None:
    till = await bar.till()
    await upload(bar, till, till.write(lines=ROUND, tenders=by_card(ROUND_CENTS, "picc_data=00&cmac=00")))
    async with bar.db.connection() as conn:
        for statement in ("update food_till.loss set cents = 1", "delete from food_till.loss"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute(statement)
    assert await losses(bar) == {1: ROUND_CENTS}
