"""Tickets of an organiser with an account of its own: its money, the operator's fee, and what the books have."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from tests.sale.ticketing.conftest import System
from tests.sale.ticketing.test_books import accounts, give_back, sums
from tests.sale.ticketing.test_selling import codes, state_of
from virage.money.payments.accounts import acts as account_acts
from virage.money.payments.accounts.rules import AccountReport, DirectCharge, FeeRule
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

READY = AccountReport("acct_1", may_charge=True, may_pay_out=True)
SOLD = date(2026, 5, 9)


async def connect(system: System, report: AccountReport = READY, organiser_id: UUID | None = None) -> None:
    """Give the organiser of the event an account, with a fee of 5 % and 1 euro."""
    id_, who, now = organiser_id or system.organiser_id, new_id(), system.clock.now()
    async with system.db.transaction() as conn:
        account = await account_acts.begin_account(conn, id_, who, now)
        await account_acts.name_account(conn, account, report, now)
        await account_acts.set_fee(conn, id_, FeeRule(50, 100), who, now)


async def payment_of(system: System, order: dict[str, Any]) -> Any:
    (row,) = await system.rows(
        "select account, fee_cents, returns_fee from payments.payment where subject = $1", UUID(order["id"])
    )
    return tuple(row)


async def test_the_organisers_account_takes_the_money_and_the_page_shows_its_name(system: System) -> None:
    await connect(system)
    order = await system.bought(await system.fan(), full=2)
    fee = order["total_cents"] * 5 // 100 + 100
    assert await payment_of(system, order) == ("acct_1", fee, True)
    (started,) = system.provider.started.values()
    assert started.direct == DirectCharge("acct_1", fee, "The club")


async def test_a_repeated_payment_keeps_its_fee_while_the_rule_changes(system: System) -> None:
    await connect(system)
    fan, payment_id = await system.fan(), new_id()
    order = await fan.best(full=2)
    assert (await fan.pay(order["id"], payment_id)).status_code == 200
    before = system.provider.started[payment_id].direct
    async with system.db.transaction() as conn:
        await account_acts.set_fee(conn, system.organiser_id, FeeRule(1000), new_id(), system.clock.now())
    assert (await fan.pay(order["id"], payment_id)).status_code == 200
    assert system.provider.started[payment_id].direct == before is not None


async def test_without_an_account_of_its_organiser_a_sale_is_the_operators(system: System) -> None:
    order = await system.bought(await system.fan(), full=2)
    assert await payment_of(system, order) == (None, 0, False)
    assert [one.direct for one in system.provider.started.values()] == [None]


async def test_while_the_account_may_not_charge_nothing_is_paid_and_the_seats_stay(system: System) -> None:
    await connect(system, AccountReport("acct_1", may_charge=False, may_pay_out=False))
    fan = await system.fan()
    order = await fan.best(full=2)
    assert codes(await fan.pay(order["id"])) == (409, "seller_not_ready")
    assert await state_of(fan, order) == "held"
    assert await system.rows("select from payments.payment") == []
    async with system.db.transaction() as conn:
        await account_acts.record_accounts(conn, [READY], system.clock.now())
    assert (await fan.pay(order["id"])).status_code == 200


async def test_the_office_sees_that_no_ticket_of_the_event_can_be_paid(system: System) -> None:
    office = await system.staff(Grant("box_office"))

    async def is_ready() -> bool:
        ready: bool = (await office.ask("GET", f"/api/office/events/{system.event_id}/sales")).json()["seller_ready"]
        return ready

    assert await is_ready()
    await connect(system, AccountReport("acct_1", may_charge=False, may_pay_out=False))
    assert not await is_ready()
    async with system.db.transaction() as conn:
        await account_acts.record_accounts(conn, [READY], system.clock.now())
    assert await is_ready()


async def test_an_organiser_that_is_unknown_or_has_no_account_is_not_found(system: System) -> None:
    finance = await system.staff(Grant("finance"))
    path = f"/api/office/payments/accounts/{system.organiser_id}"
    fee = {"permille": 50, "cents": 0, "is_returned": True}
    assert codes(await finance.ask("PUT", f"{path}/fee", fee)) == (404, "not_found")
    assert codes(await finance.ask("POST", f"{path}/refresh", {})) == (404, "not_found")
    unknown = f"/api/office/payments/accounts/{new_id()}/onboarding"
    assert codes(await finance.ask("POST", unknown, {})) == (404, "not_found")
    listed = (await finance.ask("GET", "/api/office/payments/accounts")).json()
    assert [(one["organiser"], one["account"]) for one in listed] == [("The club", None)]
    await connect(system)
    assert (await finance.ask("PUT", f"{path}/fee", fee)).json()["fee"] == fee
    assert codes(await finance.ask("PUT", f"{path}/fee", fee | {"permille": 501})) == (400, "invalid")
    assert (await finance.ask("PUT", f"{path}/fee", fee | {"permille": 500})).status_code == 200


async def test_finance_replaces_an_account_by_name_and_freshly_signed_in(system: System, clock: Any) -> None:
    await connect(system)
    finance = await system.staff(Grant("finance"))
    path = f"/api/office/payments/accounts/{system.organiser_id}"
    assert codes(await finance.ask("POST", f"{path}/replacement", {"ref": "acct_other"})) == (404, "not_found")
    answers = [await finance.ask("POST", f"{path}/replacement", {"ref": "acct_1"}) for _ in range(2)]
    assert [answer.json()["url"].partition("?")[0] for answer in answers] == ["https://form.example/acct_new"] * 2
    assert len(system.provider.opened) == 1
    (line,) = (await finance.ask("GET", "/api/office/payments/accounts")).json()
    assert [one["ref"] for one in line["former"]] == ["acct_1"]
    assert (line["account"]["ref"], line["account"]["fee"]["permille"]) == ("acct_new", 50)
    facts = await system.rows("select data from kernel.journal where what = 'account_replaced'")
    assert len(facts) == 1
    clock.advance(timedelta(minutes=16))
    assert codes(await finance.ask("POST", f"{path}/replacement", {"ref": "acct_new"})) == (403, "step_up_required")


async def test_the_books_have_no_ticket_that_an_organiser_sold_on_its_account(system: System) -> None:
    fan = await system.fan()
    own = await system.bought(fan, full=1)
    await connect(system)
    theirs = await system.bought(fan, full=2)
    await give_back(system, theirs, 0)
    sold = sums(await accounts(system, SOLD, SOLD))
    assert -sold["ticket_clearing"] == own["total_cents"]
    assert sold["deferred_tickets"] + sold["vat"] == own["total_cents"]
