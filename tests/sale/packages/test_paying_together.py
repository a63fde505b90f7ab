"""Packages that several fans pay at the same moment are paid in one transaction, as are those whose money comes at
once.
"""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec import Struct

from tests.sale.packages.conftest import PRICE, Season
from tests.sale.ticketing.conftest import Box
from tests.sale.ticketing.test_accepted_terms import terms
from virage.money.payments.rules import Outcome, PaymentState
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.packages.routes.package_service import PackageService
from virage.sale.packages.rules.terms import Package
from virage.sale.ticketing.acts.paying import PayBundle, Paying

PACK = 6 * 2 * PRICE * 4 // 5
"""What a pack of six matches costs two adults, in cents."""


class Buyer(Struct):
    """A fan who holds a pack, and the payment that they start."""

    box: Box
    person_id: UUID
    pack: dict[str, Any]
    payment_id: UUID

    def wish(self, terms: UUID | None = None) -> PayBundle:
        return PayBundle(UUID(self.pack["id"]), self.payment_id, self.person_id, "https://virage.local/", terms)


class Buyers:
    """Fans who hold packs and pay them at once."""

    def __init__(self, season: Season, package: Package) -> None:
        self.season, self.package = season, package
        self.service = PackageService(season.system.db, season.system.clock, season.system.order_service.sales)

    async def come(self, count: int, **changes: Any) -> list[Buyer]:
        found = []
        for number in range(count):
            address = f"buyer{number}@example.org"
            box = await self.season.system.fan(address)
            pack = await self.season.held(box, self.package, **changes)
            rows = await self.season.system.rows("select id from people.person where email = $1", address)
            found.append(Buyer(box, rows[0]["id"], pack, new_id()))
        return found

    async def pay(self, *wishes: PayBundle) -> list[Paying | str]:
        answers = await asyncio.gather(*(self.service.pays.submit(wish) for wish in wishes))
        await self.season.system.provider.create(
            [one.start for one in answers if isinstance(one, Paying) and one.start is not None]
        )
        return [str(one.reason) if isinstance(one, Refused) else one for one in answers]

    async def money(self, *payment_ids: UUID) -> None:
        """Let the provider tell of several payments at once."""
        started = self.season.system.provider.started
        news = [Outcome(id_, PaymentState.CAPTURED, started[id_].amount_cents) for id_ in payment_ids]
        browser = self.season.system.browser().browser
        answer = await browser.post("/api/payments/webhooks/sandbox", content=msgspec.json.encode(news))
        assert answer.status_code == 204, answer.text

    async def transactions(self, what: str) -> int:
        query = "select count(distinct xid) as transactions from kernel.journal where what = $1"
        count: int = (await self.season.system.rows(query, what))[0]["transactions"]
        return count

    async def states(self, buyers: list[Buyer]) -> list[str]:
        return [(await self.season.seen(one.box, one.pack))["state"] for one in buyers]


@pytest.fixture
async def buyers(season: Season) -> Buyers:
    return Buyers(season, await season.package())


async def test_fans_who_pay_at_once_start_their_payments_and_get_their_tickets_together(buyers: Buyers) -> None:
    fans = await buyers.come(5)
    answers = await buyers.pay(*(one.wish() for one in fans))
    pages = [one.start for one in answers if isinstance(one, Paying) and one.start is not None]
    assert [(page.payment_id, page.amount_cents) for page in pages] == [(one.payment_id, PACK) for one in fans]
    assert await buyers.transactions("order_paying") == 1
    await buyers.money(*(one.payment_id for one in fans))
    assert await buyers.transactions("order_paid") == 1
    written = await buyers.season.system.rows("select distinct xmin::text, cmin::text from ticketing.ticket")
    assert len(written) == 1, "all tickets are written by one statement"
    assert await buyers.states(fans) == ["paid"] * 5
    for one in fans:
        assert len((await one.box.ask("GET", "/api/me/tickets")).json()) == 6 * 2
    rows = await buyers.season.system.rows("select person_id from people.letter where kind = 'bundle_paid'")
    assert sorted(row["person_id"] for row in rows) == sorted(one.person_id for one in fans)
    assert await buyers.season.system.rows("select from payments.refund") == []


async def test_a_fan_who_may_not_pay_is_refused_and_the_others_pay(buyers: Buyers) -> None:
    first, second, late = await buyers.come(3)
    assert (await late.box.ask("DELETE", f"/api/subscriptions/{late.pack['id']}")).status_code == 204
    stranger = msgspec.structs.replace(first.wish(), fan_id=second.person_id)
    answers = await buyers.pay(stranger, first.wish(), late.wish(), second.wish())
    assert [answers[0], answers[2]] == ["not_found", "hold_expired"]
    assert isinstance(answers[1], Paying)
    assert isinstance(answers[3], Paying)
    assert await buyers.states([first, second, late]) == ["paying", "paying", "ended"]


async def test_a_payment_that_is_started_twice_at_once_opens_one_page(buyers: Buyers) -> None:
    (fan,) = await buyers.come(1)
    other = msgspec.structs.replace(fan.wish(), payment_id=new_id())
    answers = await buyers.pay(fan.wish(), fan.wish(), other)
    pages = [one.start for one in answers if isinstance(one, Paying) and one.start is not None]
    assert [page.payment_id for page in pages] == [fan.payment_id] * 3
    assert len({page.expires_at for page in pages}) == 1
    assert isinstance((await buyers.pay(other))[0], Paying)
    facts = await buyers.season.system.rows("select about from kernel.journal where what = 'order_paying'")
    assert len(facts) == len({fact["about"] for fact in facts}) == 6
    rows = await buyers.season.system.rows("select id from payments.payment")
    assert [row["id"] for row in rows] == [fan.payment_id]


async def test_free_packs_are_paid_at_once_and_together(season: Season) -> None:
    buyers = Buyers(season, await season.package(discount_permille=1000))
    fans = await buyers.come(3)
    answers = await buyers.pay(*(one.wish() for one in fans), fans[0].wish())
    assert [(one.order.state, one.start) for one in answers if isinstance(one, Paying)] == [("paid", None)] * 4
    assert await buyers.transactions("order_paid") == 1
    assert await buyers.states(fans) == ["paid"] * 3


async def test_each_fan_accepts_the_terms_that_their_first_request_names(buyers: Buyers) -> None:
    fans = await buyers.come(2)
    async with buyers.season.system.db.transaction() as conn:
        french, english = [UUID(await terms(conn, "Un.", language=language)) for language in ("fr", "en")]
    first, second = fans
    answers = await buyers.pay(first.wish(), first.wish(french), first.wish(english), second.wish(english))
    assert answers[0] == "terms_not_accepted"
    assert all(isinstance(answer, Paying) for answer in answers[1:])
    rows = await buyers.season.system.rows(
        "select o.bundle_id, a.version_id, count(*) as orders from ticketing.accepted_terms as a "
        "join ticketing.orders as o on o.id = a.order_id group by 1, 2"
    )
    assert {row["bundle_id"]: (row["version_id"], row["orders"]) for row in rows} == {
        UUID(first.pack["id"]): (french, 6),
        UUID(second.pack["id"]): (english, 6),
    }


async def test_of_packs_whose_money_comes_at_once_a_late_one_is_bought_again_or_goes_back(buyers: Buyers) -> None:
    fans = await buyers.come(3)
    await buyers.pay(*(one.wish() for one in fans))
    async with buyers.season.system.db.transaction() as conn:
        query = "update ticketing.orders set state = 'expired' where bundle_id = any($1)"
        await conn.execute(query, [UUID(one.pack["id"]) for one in fans[1:]])
        taken = "delete from ticketing.claim as c using ticketing.orders as o where o.id = c.order_id and o.bundle_id"
        await conn.execute(f"{taken} = $1", UUID(fans[1].pack["id"]))
        seat = "update ticketing.claim as c set order_id = $2 from ticketing.orders as o where o.id = c.order_id"
        await conn.execute(f"{seat} and o.bundle_id = $1", UUID(fans[2].pack["id"]), new_id())
    await buyers.money(*(one.payment_id for one in fans))
    assert await buyers.states(fans) == ["paid", "paid", "ended"]
    rows = await buyers.season.system.rows("select payment_id, amount_cents from payments.refund")
    assert [(row["payment_id"], row["amount_cents"]) for row in rows] == [(fans[2].payment_id, PACK)]
