"""Proceeds of the exchange go to the seller's wallet on wish, within its limit, and may go back to their payment."""

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import FakeClock
from tests.money.wallet.ledger.books import TILL
from tests.money.wallet.ledger.books import books as audited
from tests.sale.ticketing.conftest import Box, System
from tests.sale.ticketing.test_disputes import dispute
from tests.sale.ticketing.test_exchange import (
    FACE,
    gold,
    held,
    office,
    open_refunds,
    paying,
    sold,
)
from tests.sale.ticketing.test_sellers import READY, connect
from tests.sale.ticketing.test_transfers import FRIEND, letters
from virage.identity.people.types import Email, EmailKind
from virage.money.payments.rules import DisputeState
from virage.money.wallet.accounts import api as accounts
from virage.money.wallet.funding import api as funding
from virage.money.wallet.funding.reads.proceeds import PAGE
from virage.money.wallet.funding.rules.disputes import TakenBack
from virage.money.wallet.funding.store import proceeds
from virage.money.wallet.ledger import api as ledger
from virage.money.wallet.ledger.types import Transfer, wallet_account
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant
from virage.sale.ticketing.reads import books
from virage.sale.ticketing.reads import exchange as reads

__all__ = ["office"]
PAYOUT = FACE - FACE * 50 // 1000
"""What the sale of a gold seat pays to its seller, in cents."""


async def listed(box: Box, ticket_ids: list[str]) -> dict[str, Any]:
    """Tickets listed at face value, whose seller wants the money in the wallet."""
    tickets = [{"ticket_id": id_, "price_cents": FACE} for id_ in ticket_ids]
    body = {"id": str(new_id()), "tickets": tickets, "to_wallet": True}
    answer = await box.ask("POST", "/api/exchange/listings", body)
    assert answer.status_code == 201, answer.text
    listing: dict[str, Any] = answer.json()
    return listing


async def wallet(box: Box) -> tuple[int, int]:
    """What a fan's wallet has, and what of it may be paid out to cards."""
    found = (await box.ask("GET", "/api/wallet")).json()
    return found["balance_cents"], found["refundable_cents"]


async def pay_out(box: Box) -> Any:
    answer = await box.ask("POST", "/api/wallet/payouts", {"id": str(new_id())})
    return answer.status_code, answer.json()


async def person_of(system: System, email: str = "fan@example.org") -> UUID:
    (row,) = await system.rows("select id from people.person where email = $1", email)
    found: UUID = row["id"]
    return found


async def test_the_money_of_a_sold_ticket_is_in_the_wallet_at_once_and_in_no_refund(
    system: System, office: Box
) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    first, second = await gold(system, seller)
    offers = (await seller.ask("GET", "/api/exchange/tickets")).json()
    assert [one["may_pay_wallet"] for one in offers] == [True, True]
    listing = await listed(seller, [first])
    assert (listing["state"], listing["to_wallet"]) == ("listed", True)
    order = await held(buyer, listing["id"])
    payment_id = await paying(buyer, order)
    for _ in range(3):
        await system.news(payment_id)
    assert await wallet(seller) == (PAYOUT, PAYOUT)
    assert await open_refunds(system) == []
    found = await audited(system.db)
    assert (found.clean, found.sum_cents, found.proceeds_cents) == (True, 0, PAYOUT)
    (line,) = (await seller.ask("GET", "/api/wallet")).json()["history"]
    assert (line["purpose"], line["cents"], line["subject"]) == ("tickets_sold", PAYOUT, listing["id"])
    (mine,) = (await seller.ask("GET", "/api/exchange/listings")).json()
    assert (mine["state"], mine["to_wallet"], mine["payout_cents"]) == ("sold", True, PAYOUT)
    (bought,) = (await seller.ask("GET", "/api/me/orders")).json()
    assert bought["refunded_cents"] == PAYOUT
    (progress,) = (await seller.ask("GET", f"/api/orders/{bought['id']}/refunds")).json()
    assert (progress["amount_cents"], progress["paid_by"], progress["failed_at"]) == (PAYOUT, "wallet", None)
    assert progress["done_at"] == progress["asked_at"]
    (shown,) = (await office.ask("GET", f"/api/office/orders/{bought['id']}")).json()["refunds"]
    assert (shown["reason"], shown["paid_by"], shown["failure"]) == ("exchanged", "wallet", None)
    (booked,) = (await office.ask("GET", f"/api/office/events/{system.event_id}/exchange")).json()["listings"]
    assert booked["to_wallet"]
    assert await letters(system) == ["listing_sold"]
    assert await email_says(system, listing) == (True, False)
    assert second != first


async def email_says(system: System, listing: dict[str, Any]) -> tuple[bool, bool]:
    """Whether the email of a sale says that the money is in the wallet, or that the wallet was full."""
    subject_id, person_id = UUID(listing["id"]), await person_of(system)
    email = Email(
        id=new_id(),
        kind=EmailKind.LISTING_SOLD,
        subject_id=subject_id,
        about_id=subject_id,
        person_id=person_id,
        locale="en",
        to="fan@example.org",
        secret={},
        was_at=None,
        expires_at=None,
        blocked=False,
    )
    async with system.db.connection() as conn:
        content = await reads.email(conn, email)
    assert content is not None
    return content.values["to_wallet"], content.values["wallet_was_full"]


async def test_above_the_limit_of_the_wallet_the_money_goes_to_the_payment(system: System, office: Box) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    tickets = await gold(system, seller, 4)
    listings = [await listed(seller, [one]) for one in tickets]
    for listing in listings:
        await sold(system, buyer, listing)
    assert 3 * PAYOUT <= 25_000 < 4 * PAYOUT
    assert await wallet(seller) == (3 * PAYOUT, 3 * PAYOUT)
    assert await open_refunds(system) == [PAYOUT]
    shown = {one["id"]: one["to_wallet"] for one in (await seller.ask("GET", "/api/exchange/listings")).json()}
    assert [shown[one["id"]] for one in listings] == [True, True, True, False]
    assert await email_says(system, listings[3]) == (False, True)
    assert (await audited(system.db)).clean


async def test_a_top_up_that_may_still_be_paid_counts_towards_the_limit(system: System, office: Box) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    first, _ = await gold(system, seller)
    for _ in range(2):
        body = {"id": str(new_id()), "payment_id": str(new_id()), "cents": 10_000}
        assert (await seller.ask("POST", "/api/wallet/top-ups", body)).status_code == 200
    await sold(system, buyer, await listed(seller, [first]))
    assert await wallet(seller) == (0, 0)
    assert await open_refunds(system) == [PAYOUT]


async def test_sales_of_one_seller_at_the_same_time_keep_to_the_limit_together(system: System, office: Box) -> None:
    seller = await system.fan()
    buyers = [await system.fan(f"buyer{number}@example.org") for number in range(4)]
    tickets = await gold(system, seller, 4)
    started = [
        await paying(buyer, await held(buyer, (await listed(seller, [ticket]))["id"]))
        for buyer, ticket in zip(buyers, tickets, strict=True)
    ]
    await asyncio.gather(*(system.news(payment_id) for payment_id in started))
    assert await wallet(seller) == (3 * PAYOUT, 3 * PAYOUT)
    assert await open_refunds(system) == [PAYOUT]
    assert (await audited(system.db)).clean


async def test_a_payout_returns_proceeds_to_the_payment_and_leaves_what_its_other_tickets_cost(
    system: System, office: Box
) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    first, second, _ = await gold(system, seller, 3)
    for ticket in (first, second):
        await sold(system, buyer, await listed(seller, [ticket]))
    person_id = await person_of(system)
    async with system.db.transaction() as conn:  # a sale at a till is given back to the wallet
        own = await accounts.wallet_of(conn, person_id)
        assert own is not None
        refund = Transfer(new_id(), TILL, wallet_account(own.id), 5_000, "refund", new_id())
        (posted,) = await ledger.post(conn, [[refund]], system.clock.now())
        assert not isinstance(posted, Refused)
    assert await wallet(seller) == (2 * PAYOUT + 5_000, 2 * PAYOUT)
    assert await pay_out(seller) == (200, {"cents": 2 * PAYOUT, "left_cents": 5_000})
    assert (await pay_out(seller))[0] == 409
    assert await open_refunds(system) == [2 * PAYOUT], "of both sales, to the one payment that bought the tickets"
    found = await audited(system.db)
    assert (found.clean, found.proceeds_cents, found.proceeds_booked_cents) == (True, 0, 0)
    (order,) = (await seller.ask("GET", "/api/me/orders")).json()
    progress = (await seller.ask("GET", f"/api/orders/{order['id']}/refunds")).json()
    assert [(one["amount_cents"], one["paid_by"]) for one in progress] == [(PAYOUT, "wallet")] * 2
    body = {"refund_id": str(new_id()), "reason": "goodwill"}
    answer = await office.ask("POST", f"/api/office/orders/{order['id']}/refund", body)
    assert (answer.status_code, answer.json()["amount_cents"]) == (200, FACE + 150)
    assert sorted(await open_refunds(system)) == [FACE + 150, 2 * PAYOUT]


async def test_spent_proceeds_are_not_paid_out(system: System, office: Box) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    first, second = await gold(system, seller)
    await sold(system, buyer, await listed(seller, [first]))
    async with system.db.transaction() as conn:
        own = await accounts.wallet_of(conn, await person_of(system))
        assert own is not None
        drink = Transfer(new_id(), wallet_account(own.id), TILL, 1_000, "sale", new_id())
        await ledger.post(conn, [[drink]], system.clock.now())
    assert await pay_out(seller) == (200, {"cents": PAYOUT - 1_000, "left_cents": 0})
    await sold(system, buyer, await listed(seller, [second]))
    assert await wallet(seller) == (PAYOUT, PAYOUT), "of a payment whose proceeds went back in part"
    assert await pay_out(seller) == (200, {"cents": PAYOUT, "left_cents": 0})
    found = await audited(system.db)
    assert (found.clean, found.proceeds_cents) == (True, 1_000)


async def test_an_erasure_returns_proceeds_to_their_payment(system: System, office: Box) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    first, _ = await gold(system, seller)
    await sold(system, buyer, await listed(seller, [first]))
    person_id = await person_of(system)
    async with system.db.transaction() as conn:
        assert await funding.forget_wallet(conn, person_id, system.clock.now()) is None
    assert await open_refunds(system) == [PAYOUT]
    assert (await audited(system.db)).clean


async def test_the_money_of_an_organisers_own_account_goes_back_to_the_payment(system: System, office: Box) -> None:
    await connect(system, READY)
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    first, _ = await gold(system, seller)
    offers = (await seller.ask("GET", "/api/exchange/tickets")).json()
    assert [one["may_pay_wallet"] for one in offers] == [False, False]
    await sold(system, buyer, await listed(seller, [first]))
    assert await wallet(seller) == (0, 0)
    assert await open_refunds(system) == [PAYOUT]


@pytest.mark.parametrize("to_wallet", [False, True])
async def test_the_books_of_tickets_are_the_same_wherever_the_money_goes(
    system: System, office: Box, clock: FakeClock, *, to_wallet: bool
) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    first, _ = await gold(system, seller)
    tickets = [{"ticket_id": first, "price_cents": FACE}]
    body = {"id": str(new_id()), "tickets": tickets, "to_wallet": to_wallet}
    await sold(system, buyer, (await seller.ask("POST", "/api/exchange/listings", body)).json())
    async with system.db.connection() as conn:
        day = timedelta(days=1)
        moved = await books.moved(conn, clock.now() - day, clock.now() + day, ZoneInfo("Europe/Paris"), timedelta())
    by_rate: dict[int, int] = {}
    for one in moved:
        by_rate[one.vat_permille] = by_rate.get(one.vat_permille, 0) + one.cents
    assert by_rate == {55: 2 * FACE, 200: 3 * 150 + FACE - PAYOUT}


async def moves(system: System, cents: int, *, to_wallet: bool) -> None:
    """A sale of a till that a fan's wallet pays, or one that is given back to it."""
    async with system.db.transaction() as conn:
        own = await accounts.wallet_of(conn, await person_of(system))
        assert own is not None
        ends = (TILL, wallet_account(own.id)) if to_wallet else (wallet_account(own.id), TILL)
        (posted,) = await ledger.post(conn, [[Transfer(new_id(), *ends, cents, "sale", new_id())]], system.clock.now())
    assert not isinstance(posted, Refused)


async def taken_back(system: System) -> list[tuple[int, int]]:
    """What disputes took from wallets, and what they did not find there."""
    rows = await system.rows("select data from kernel.journal where what = 'proceeds_taken_back'")
    return [(row["data"]["cents"], row["data"]["missing_cents"]) for row in rows]


@pytest.mark.parametrize("inquiry", [True, False])
async def test_the_money_of_a_disputed_payment_goes_to_no_wallet(
    system: System, office: Box, clock: FakeClock, *, inquiry: bool
) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    order = await system.bought(seller, full=2)
    first, second = (line["ticket_id"] for line in order["lines"])
    if not inquiry:
        clock.advance(timedelta(hours=12))  # on the day of the event its tickets are not suspended
    listing = await listed(seller, [first])
    await dispute(system, order, inquiry=inquiry)
    await sold(system, buyer, listing)
    assert await wallet(seller) == (0, 0)
    assert await open_refunds(system) == [PAYOUT]
    assert await email_says(system, listing) == (False, False), "the wallet was not full"
    await dispute(system, order, DisputeState.WON, inquiry=inquiry)
    await sold(system, buyer, await listed(seller, [second]))
    assert await wallet(seller) == (PAYOUT, PAYOUT), "the operator keeps the money of the payment"
    assert (await audited(system.db)).clean


async def test_a_dispute_takes_the_proceeds_of_its_payment_back_until_it_is_won(system: System, office: Box) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    order = await system.bought(seller, full=2)
    await sold(system, buyer, await listed(seller, [order["lines"][0]["ticket_id"]]))
    await dispute(system, order, inquiry=True)
    assert await wallet(seller) == (PAYOUT, PAYOUT), "an inquiry takes no money, and may be ended by a refund"
    for _ in range(2):
        await dispute(system, order)
    assert await wallet(seller) == (0, 0)
    assert await taken_back(system) == [(PAYOUT, 0)]
    assert await open_refunds(system) == [], "the bank has taken the money itself"
    found = await audited(system.db)
    assert (found.clean, found.sum_cents, found.proceeds_cents, found.proceeds_booked_cents) == (True, 0, 0, 0)
    for _ in range(2):
        await dispute(system, order, DisputeState.WON)
    assert await wallet(seller) == (PAYOUT, PAYOUT)
    history = (await seller.ask("GET", "/api/wallet")).json()["history"]
    assert {(line["purpose"], line["cents"]) for line in history} == {
        ("sale_dispute_won", PAYOUT),
        ("sale_disputed", -PAYOUT),
        ("tickets_sold", PAYOUT),
    }
    assert len(history) == 3
    found = await audited(system.db)
    assert (found.clean, found.proceeds_cents) == (True, PAYOUT)


async def test_a_dispute_takes_what_is_left_and_states_what_is_missing(system: System, office: Box) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    order = await system.bought(seller, full=2)
    await sold(system, buyer, await listed(seller, [order["lines"][0]["ticket_id"]]))
    await moves(system, 1_000, to_wallet=False)
    await dispute(system, order)
    assert await wallet(seller) == (0, 0)
    assert await taken_back(system) == [(PAYOUT - 1_000, 1_000)]
    await moves(system, 5_000, to_wallet=True)
    assert await wallet(seller) == (5_000, 0), "other money does not go to the disputed payment"
    assert (await pay_out(seller))[0] == 409
    await dispute(system, order, DisputeState.LOST)
    assert await wallet(seller) == (5_000, 0)
    found = await audited(system.db)
    assert (found.clean, found.proceeds_cents) == (True, 1_000)


async def disputed_proceeds(finance: Box, **query: str) -> Any:
    """What finance reads of proceeds that disputes took back."""
    answer = await finance.ask("GET", f"/api/office/wallet/disputed-proceeds?{urlencode(query)}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_finance_reads_what_a_dispute_took_back_and_what_is_missing(system: System, office: Box) -> None:
    seller, buyer, finance = (
        await system.fan(),
        await system.fan(FRIEND),
        await system.staff(Grant("finance"), email="finance@example.org"),
    )
    order = await system.bought(seller, full=2)
    await sold(system, buyer, await listed(seller, [order["lines"][0]["ticket_id"]]))
    assert await disputed_proceeds(finance) == {"lines": [], "more": False}
    await moves(system, 1_000, to_wallet=False)
    await dispute(system, order)
    async with system.db.connection() as conn:
        own = await accounts.wallet_of(conn, await person_of(system))
    assert own is not None
    page = await disputed_proceeds(finance)
    (line,) = page["lines"]
    assert {key: line[key] for key in line if key not in {"dispute_id", "taken_at"}} == {
        "payment_id": order["payment_id"],
        "wallet_id": str(own.id),
        "owner": "fan@example.org",
        "cents": PAYOUT - 1_000,
        "missing_cents": 1_000,
        "state": "needs_response",
    }
    assert await disputed_proceeds(finance, payment_id=order["payment_id"]) == page
    assert (await disputed_proceeds(finance, payment_id=str(new_id())))["lines"] == []
    assert (await disputed_proceeds(finance, before=line["taken_at"]))["lines"] == []
    await dispute(system, order, DisputeState.WON)
    assert [one["state"] for one in (await disputed_proceeds(finance))["lines"]] == ["won"]
    assert (await seller.ask("GET", "/api/office/wallet/disputed-proceeds")).status_code == 403


async def test_an_empty_wallet_misses_all_proceeds_and_an_erased_fan_has_no_name(system: System, office: Box) -> None:
    seller, buyer, finance = (
        await system.fan(),
        await system.fan(FRIEND),
        await system.staff(Grant("finance"), email="finance@example.org"),
    )
    order = await system.bought(seller, full=2)
    await sold(system, buyer, await listed(seller, [order["lines"][0]["ticket_id"]]))
    await moves(system, PAYOUT, to_wallet=False)
    await dispute(system, order)
    async with system.db.transaction() as conn:
        assert await funding.forget_wallet(conn, await person_of(system), system.clock.now()) is None
    (line,) = (await disputed_proceeds(finance))["lines"]
    assert (line["owner"], line["cents"], line["missing_cents"]) == (None, 0, PAYOUT)


async def test_disputed_proceeds_come_in_pages_that_lose_none_of_one_time(system: System) -> None:
    await system.fan()
    now, payment_id, person_id = system.clock.now(), new_id(), await person_of(system)
    async with system.db.transaction() as conn:
        wallet_id = (await accounts.ensure_wallet(conn, person_id, now)).id
        await accounts.lock_wallets(conn, [wallet_id])
        for minutes, count in ((0, 30), (1, 40), (2, 1)):
            taken = [TakenBack(new_id(), wallet_id, payment_id, 1, 0) for _ in range(count)]
            await proceeds.insert_disputed_proceeds(conn, taken, now - timedelta(minutes=minutes))
        first = await proceeds.latest_disputed_proceeds(conn, now + timedelta(days=1), PAGE)
        second = await proceeds.latest_disputed_proceeds(conn, first[-1].taken_at, PAGE)
    assert (len(first), [one.taken_at for one in second]) == (70, [now - timedelta(minutes=2)])


async def test_a_dispute_of_a_part_takes_at_most_that_part(system: System, office: Box) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    order = await system.bought(seller, full=2)
    await sold(system, buyer, await listed(seller, [order["lines"][0]["ticket_id"]]))
    await dispute(system, order, cents=2_000)
    assert (await wallet(seller))[0] == PAYOUT - 2_000
    assert await taken_back(system) == [(2_000, 0)]
    assert (await pay_out(seller))[0] == 409, "the rest waits for the end of the dispute"
    await dispute(system, order, DisputeState.WON, cents=2_000)
    assert await pay_out(seller) == (200, {"cents": PAYOUT, "left_cents": 0})
    assert (await audited(system.db)).clean


async def test_a_dispute_that_is_won_after_an_erasure_returns_the_money_to_the_payment(
    system: System, office: Box
) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    order = await system.bought(seller, full=2)
    await sold(system, buyer, await listed(seller, [order["lines"][0]["ticket_id"]]))
    await dispute(system, order)
    person_id = await person_of(system)
    async with system.db.transaction() as conn:
        own = await accounts.wallet_of(conn, person_id)
        assert own is not None
        assert await funding.forget_wallet(conn, person_id, system.clock.now()) is None
    assert await open_refunds(system) == []
    await dispute(system, order, DisputeState.WON)
    async with system.db.transaction() as conn:
        await funding.empty_closed(conn, own.id, system.clock.now())
    assert await open_refunds(system) == [PAYOUT]
    assert (await audited(system.db)).clean
