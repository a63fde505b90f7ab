"""Sales paid at card readers: a captured payment pays one record of its till, and its refunds return to its card."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.matchday.food.till.bar import ROUND, ROUND_BACK, ROUND_CENTS, sent
from tests.money.card_readers.readers import captured, reader_of, refunds_of, requested, settled
from tests.money.fiscal.till import CASHIER, NOW, Till, beer, fries, refund_of
from tests.money.wallet.ledger.books import loaded_wallet
from virage.control.books.reads.shifts import shifts
from virage.control.books.reads.takings import till_mismatches
from virage.control.books.rules.shifts import TerminalTopUps
from virage.control.books.store.sales_statistics import SalesFilter
from virage.matchday.food.till.acts.selling import RecordAnswer
from virage.money.card_readers import acts
from virage.money.card_readers.rules import CardPayment, reference_of
from virage.money.fiscal.rules.record import Kind, Tender, TenderKind, VerifiedRecord
from virage.money.payments.rules import PaymentState
from virage.money.wallet.accounts.rules.wallets import DeskTender
from virage.money.wallet.funding.rules.desk import DeskTransaction, transfer
from virage.money.wallet.ledger import acts as ledger
from virage.money.wallet.ledger.rules import Posted
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

if TYPE_CHECKING:
    from tests.matchday.food.till.bar import Bar

MINUTE = timedelta(minutes=1)


async def till_with_reader(bar: "Bar") -> Till:
    till = await bar.till()
    await reader_of(bar.db, till.id, NOW)
    return till


def by_reader(payment: CardPayment, cents: int = ROUND_CENTS) -> Tender:
    return Tender(TenderKind.TERMINAL, cents, payment.reference)


def sale(till: Till, payment: CardPayment, *tenders: Tender, **changes: Any) -> VerifiedRecord:
    """A signed round that this payment pays, unless the tenders say otherwise."""
    paid = list(tenders) or [by_reader(payment)]
    return till.sign(till.record(Kind.SALE, id=payment.record_id, lines=ROUND, tenders=paid, **changes))


async def online(bar: "Bar", till: Till, written: VerifiedRecord) -> RecordAnswer:
    (answer,) = await bar.send(till, sent(written))
    if answer.outcome == "booked":
        till.keep(written)
    return answer


def by_terminal(desk: Till, sold: VerifiedRecord, cents: int) -> VerifiedRecord:
    """A refund of a round, or of a part of it, that a till gives by its terminal."""
    tenders = [Tender(TenderKind.TERMINAL, -cents, None)]
    return desk.write(Kind.REFUND, lines=ROUND_BACK[cents], tenders=tenders, refund_of=refund_of(sold))


async def deviations(bar: "Bar") -> list[tuple[str, int]]:
    async with bar.db.connection() as conn:
        rows = await conn.fetch("select reason, data from food_till.deviation order by number, position")
    return [(row["reason"], row["data"]["cents"]) for row in rows if row["reason"].startswith("card_payment")]


async def state_of(bar: "Bar", payment: CardPayment) -> tuple[bool, bool]:
    """Whether a payment is booked, and whether it was returned."""
    async with bar.db.connection() as conn:
        row = await conn.fetchrow(
            "select booked_at is not null, returned_at is not null from card_readers.payment where id = $1", payment.id
        )
    assert row is not None
    return row[0], row[1]


async def test_a_captured_payment_pays_one_sale(bar: "Bar") -> None:
    till = await till_with_reader(bar)
    payment = await captured(bar.db, till.id, ROUND_CENTS, NOW)
    written = sale(till, payment)
    assert (await online(bar, till, written)).outcome == "booked"
    assert (await bar.send(till, sent(written)))[0].outcome == "known"
    assert await state_of(bar, payment) == (True, False)
    assert await bar.of_kind("terminal") == -ROUND_CENTS
    again = till.sign(till.record(Kind.SALE, lines=ROUND, tenders=[by_reader(payment)]))
    assert (await online(bar, till, again)).reason == "card_payment_wrong"


@pytest.mark.parametrize(
    ("state", "reason"),
    [(None, "card_payment_not_captured"), (PaymentState.DECLINED, "card_payment_not_captured")],
)
async def test_a_payment_without_money_pays_nothing(bar: "Bar", state: PaymentState | None, reason: str) -> None:
    till = await till_with_reader(bar)
    payment = await requested(bar.db, till.id, ROUND_CENTS, NOW)
    if state is not None:
        await settled(bar.db, payment, NOW, state)
    assert (await online(bar, till, sale(till, payment))).reason == reason
    assert await bar.of_kind("terminal") == 0


async def test_a_payment_of_another_till_or_amount_and_an_unknown_one_pay_nothing(bar: "Bar") -> None:
    till, other = await till_with_reader(bar), await till_with_reader(bar)
    of_other = await captured(bar.db, other.id, ROUND_CENTS, NOW)
    assert (await online(bar, till, sale(till, of_other))).reason == "card_payment_wrong"
    less = await captured(bar.db, till.id, ROUND_CENTS - 1, NOW)
    assert (await online(bar, till, sale(till, less))).reason == "card_payment_wrong"
    unknown = Tender(TenderKind.TERMINAL, ROUND_CENTS, reference_of(new_id()))
    assert (await online(bar, till, sale(till, less, unknown))).reason == "card_payment_unknown"
    assert await state_of(bar, less) == (False, False)


async def test_two_tenders_of_a_record_do_not_use_one_payment(bar: "Bar") -> None:
    till = await till_with_reader(bar)
    payment = await captured(bar.db, till.id, ROUND_CENTS // 2, NOW)
    half = by_reader(payment, ROUND_CENTS // 2)
    assert (await online(bar, till, sale(till, payment, half, half))).reason == "card_payment_wrong"


async def test_a_refused_sale_leaves_its_payment_for_the_next_try(bar: "Bar") -> None:
    till = await till_with_reader(bar)
    payment = await captured(bar.db, till.id, ROUND_CENTS, NOW)
    wrong = sale(till, payment, by_reader(payment), tip_cents=1)
    assert (await online(bar, till, wrong)).outcome == "refused"
    assert await state_of(bar, payment) == (False, False)
    assert (await online(bar, till, sale(till, payment))).outcome == "booked"


async def test_a_slip_number_typed_by_hand_is_not_checked(bar: "Bar") -> None:
    till = await bar.till()
    written = till.sign(till.record(Kind.SALE, lines=ROUND, tenders=[Tender(TenderKind.TERMINAL, ROUND_CENTS, "0042")]))
    assert (await online(bar, till, written)).outcome == "booked"


@pytest.mark.parametrize("how", ["returned", "unknown", "not_captured", "wrong"])
async def test_an_offline_sale_without_its_payment_is_stored_with_its_loss(bar: "Bar", how: str) -> None:
    till = await till_with_reader(bar)
    cents = ROUND_CENTS - (how == "wrong")
    payment = await requested(bar.db, till.id, cents, NOW)
    tender = by_reader(payment)
    if how == "unknown":
        tender = Tender(TenderKind.TERMINAL, ROUND_CENTS, reference_of(new_id()))
    if how in ("returned", "wrong"):
        await settled(bar.db, payment, NOW)
    if how == "returned":
        async with bar.db.transaction() as conn:
            await acts.give_back(conn, payment.id, till.id, NOW)
    written = sale(till, payment, tender)
    (answer,) = await bar.send(till, sent(till.keep(written), offline=True))
    assert (answer.outcome, answer.loss_cents) == ("booked", ROUND_CENTS)
    assert await deviations(bar) == [(f"card_payment_{how}", ROUND_CENTS)]
    assert await bar.lost(till.id) == [(ROUND_CENTS, f"card_payment_{how}")]
    assert (await bar.of_kind("terminal"), await bar.of_kind("loss")) == (0, -ROUND_CENTS)
    async with bar.db.transaction() as conn:
        assert await till_mismatches(conn) == [], "no terminal holds what no card has paid"


async def test_an_offline_sale_with_its_payment_is_no_loss(bar: "Bar") -> None:
    till = await till_with_reader(bar)
    payment = await captured(bar.db, till.id, ROUND_CENTS, NOW)
    written = till.keep(sale(till, payment))
    for _ in range(2):
        (answer,) = await bar.send(till, sent(written, offline=True))
    assert (answer.outcome, answer.loss_cents) == ("known", 0)
    assert await deviations(bar) == []
    assert await state_of(bar, payment) == (True, False)


async def test_a_refund_returns_part_and_whole_to_the_card_and_never_as_cash(bar: "Bar") -> None:
    till = await till_with_reader(bar)
    payment = await captured(bar.db, till.id, ROUND_CENTS, NOW)
    written = sale(till, payment)
    assert (await online(bar, till, written)).outcome == "booked"
    assert (await bar.refund(till, written, 700, TenderKind.CASH)).reason == "refund_exceeds_sale"
    assert (await bar.refund(till, written, 700, TenderKind.TERMINAL)).outcome == "booked"
    assert await refunds_of(bar.db, payment) == [700]
    assert (await bar.refund(till, written, 451, TenderKind.TERMINAL)).reason == "refund_exceeds_sale"
    assert (await bar.refund(till, written, 450, TenderKind.TERMINAL)).outcome == "booked"
    assert sorted(await refunds_of(bar.db, payment)) == [450, 700]
    assert await bar.of_kind("terminal") == 0


async def test_of_a_split_sale_each_payer_gets_back_what_it_paid(bar: "Bar") -> None:
    till = await till_with_reader(bar)
    payment = await captured(bar.db, till.id, 700, NOW)
    split = [by_reader(payment, 700), Tender(TenderKind.CASH, 450, None)]
    written = sale(till, payment, *split)
    assert (await online(bar, till, written)).outcome == "booked"
    assert (await bar.refund(till, written, ROUND_CENTS, TenderKind.CASH)).reason == "refund_exceeds_sale"
    assert (await bar.refund(till, written, 450, TenderKind.CASH)).outcome == "booked"
    assert (await bar.refund(till, written, 700, TenderKind.TERMINAL)).outcome == "booked"
    assert await refunds_of(bar.db, payment) == [700]


async def test_what_a_till_refunded_in_cash_does_not_return_to_the_card_too(bar: "Bar") -> None:
    till = await till_with_reader(bar)
    payment = await captured(bar.db, till.id, ROUND_CENTS, NOW)
    sold = till.keep(sale(till, payment))
    upload = [sent(sold, offline=True)]
    for kind in (TenderKind.CASH, TenderKind.TERMINAL):
        tenders = [Tender(kind, -ROUND_CENTS, None)]
        back = till.write(Kind.REFUND, lines=ROUND_BACK[ROUND_CENTS], tenders=tenders, refund_of=refund_of(sold))
        upload.append(sent(back, offline=True))
    assert {answer.outcome for answer in await bar.send(till, *upload)} == {"booked"}
    assert await refunds_of(bar.db, payment) == []


async def test_two_payments_of_one_sale_are_refunded_each_up_to_its_amount(bar: "Bar") -> None:
    till = await till_with_reader(bar)
    record = new_id()
    paid = [await captured(bar.db, till.id, cents, NOW, record) for cents in (700, 450)]
    tenders = [by_reader(payment, payment.amount_cents) for payment in paid]
    written = sale(till, paid[0], *tenders)
    assert (await online(bar, till, written)).outcome == "booked"
    assert (await bar.refund(till, written, ROUND_CENTS, TenderKind.TERMINAL)).outcome == "booked"
    assert [await refunds_of(bar.db, payment) for payment in paid] == [[700], [450]]


async def test_an_offline_sale_and_its_refund_in_one_upload_return_the_money_once(bar: "Bar") -> None:
    till = await till_with_reader(bar)
    payment = await captured(bar.db, till.id, ROUND_CENTS, NOW)
    sold = till.keep(sale(till, payment))
    back = till.write(
        Kind.REFUND,
        lines=ROUND_BACK[ROUND_CENTS],
        tenders=[Tender(TenderKind.TERMINAL, -ROUND_CENTS, None)],
        refund_of=refund_of(sold),
    )
    upload = [sent(sold, offline=True), sent(back, offline=True)]
    assert [answer.outcome for answer in await bar.send(till, *upload)] == ["booked", "booked"]
    assert [answer.outcome for answer in await bar.send(till, *upload)] == ["known", "known"]
    assert await refunds_of(bar.db, payment) == [ROUND_CENTS]


@pytest.mark.parametrize("back", [[ROUND_CENTS], [700, 450]], ids=["whole", "in two parts"])
@pytest.mark.parametrize("order", ["refund first", "both at once", "sale first"])
async def test_a_refund_at_another_till_returns_to_the_card_once_in_whatever_order_the_two_arrive(
    bar: "Bar", order: str, back: list[int]
) -> None:
    till, desks = await till_with_reader(bar), [await bar.till() for _ in back]
    payment = await captured(bar.db, till.id, ROUND_CENTS, NOW)
    sold = till.keep(sale(till, payment))
    refunds = [by_terminal(desk, sold, cents) for desk, cents in zip(desks, back, strict=True)]

    async def refund() -> None:
        for desk, written in zip(desks, refunds, strict=True):
            (answer,) = await bar.send(desk, sent(written, offline=True))
            assert answer.outcome in {"booked", "known"}

    async def sell() -> None:
        (answer,) = await bar.send(till, sent(sold, offline=True), process=1)
        assert (answer.outcome in {"booked", "known"}, answer.loss_cents) == (True, 0)

    if order == "both at once":
        await asyncio.gather(refund(), sell())
    else:
        for upload in (refund, sell) if order == "refund first" else (sell, refund):
            await upload()
    assert sorted(await refunds_of(bar.db, payment)) == sorted(back)
    await refund()
    await sell()
    assert sorted(await refunds_of(bar.db, payment)) == sorted(back), "the same uploads again refund nothing"
    assert [await bar.of_kind(kind) for kind in ("terminal", "loss", "revenue")] == [0, 0, 0]
    async with bar.db.connection() as conn:
        assert await conn.fetch("select * from food_till.loss") == []
    assert (await bar.refund(till, sold, 1, TenderKind.TERMINAL)).reason == "refund_exceeds_sale"


async def test_an_early_refund_returns_to_the_card_only_what_no_till_paid_out_in_cash(bar: "Bar") -> None:
    till, desks = await till_with_reader(bar), [await bar.till(), await bar.till()]
    payment = await captured(bar.db, till.id, ROUND_CENTS, NOW)
    sold = till.keep(sale(till, payment))
    await bar.send(desks[0], sent(by_terminal(desks[0], sold, ROUND_CENTS), offline=True))
    cash = [Tender(TenderKind.CASH, -700, None)]
    in_cash = desks[1].write(Kind.REFUND, lines=[beer(-1)], tenders=cash, refund_of=refund_of(sold))
    await bar.send(desks[1], sent(in_cash, offline=True))
    await bar.send(till, sent(sold, offline=True))
    assert await refunds_of(bar.db, payment) == [ROUND_CENTS - 700]


async def test_an_early_refund_of_a_split_sale_leaves_the_cash_to_refund(bar: "Bar") -> None:
    till, desk = await till_with_reader(bar), await bar.till()
    payment = await captured(bar.db, till.id, 700, NOW)
    sold = till.keep(sale(till, payment, by_reader(payment, 700), Tender(TenderKind.CASH, 450, None)))
    await bar.send(desk, sent(by_terminal(desk, sold, 700), offline=True))
    await bar.send(till, sent(sold, offline=True))
    assert await refunds_of(bar.db, payment) == [700]
    assert (await bar.refund(till, sold, 450, TenderKind.CASH)).outcome == "booked"
    assert (await bar.refund(till, sold, 1, TenderKind.TERMINAL)).reason == "refund_exceeds_sale"


async def test_an_early_refund_to_two_payments_and_a_wallet_is_settled_in_parts_of_its_own(bar: "Bar") -> None:
    till, desk, fan = await till_with_reader(bar), await bar.till(), await bar.fan(1000)
    record = new_id()
    paid = [await captured(bar.db, till.id, cents, NOW, record) for cents in (400, 300)]
    tenders = [by_reader(payment, payment.amount_cents) for payment in paid]
    sold = till.keep(sale(till, paid[0], *tenders, Tender(TenderKind.CARD, 450, fan.tap())))
    back = [Tender(TenderKind.TERMINAL, -700, None), Tender(TenderKind.CARD, -450, None)]
    refund = desk.write(Kind.REFUND, lines=ROUND_BACK[ROUND_CENTS], tenders=back, refund_of=refund_of(sold))
    await bar.send(desk, sent(refund, offline=True))
    (answer,) = await bar.send(till, sent(sold, offline=True))
    assert (answer.outcome, await bar.balance_of(fan)) == ("booked", 1000)
    assert [await refunds_of(bar.db, payment) for payment in paid] == [[400], [300]]
    assert [await bar.of_kind(kind) for kind in ("terminal", "loss", "revenue")] == [0, 0, 0]


@pytest.mark.parametrize("how", ["no sale", "payment returned", "paid by hand"])
async def test_an_early_refund_that_no_card_can_get_is_listed_for_the_office(bar: "Bar", how: str) -> None:
    till, desk = await till_with_reader(bar), await bar.till()
    payment = await captured(bar.db, till.id, ROUND_CENTS, NOW)
    slip = [Tender(TenderKind.TERMINAL, ROUND_CENTS, "0042")] if how == "paid by hand" else []
    sold = till.keep(sale(till, payment, *slip))
    await bar.send(desk, sent(by_terminal(desk, sold, ROUND_CENTS), offline=True))
    if how == "payment returned":
        async with bar.db.transaction() as conn:
            await acts.give_back(conn, payment.id, till.id, NOW)
    if how != "no sale":
        (answer,) = await bar.send(till, sent(sold, offline=True))
        assert answer.outcome == "booked"
    assert await refunds_of(bar.db, payment) == ([ROUND_CENTS] if how == "payment returned" else [])
    async with bar.db.connection() as conn:
        rows = await conn.fetch("select reason from food_till.deviation where record_id <> $1", sold.record.id)
    reasons = [row["reason"] for row in rows]
    assert reasons == ["sale_unknown"] + ["refund_exceeds_sale"] * (how == "payment returned")


async def test_a_captured_payment_becomes_a_sale_or_goes_back_never_both(bar: "Bar") -> None:
    till = await till_with_reader(bar)
    booked = await captured(bar.db, till.id, ROUND_CENTS, NOW)
    left = await captured(bar.db, till.id, 500, NOW)
    assert (await online(bar, till, sale(till, booked))).outcome == "booked"
    async with bar.db.transaction() as conn:
        refused = await acts.give_back(conn, booked.id, till.id, NOW)
        assert getattr(refused, "reason", None) == "card_payment_booked"
        assert await acts.return_unbooked(conn, till.id, NOW + MINUTE, NOW) == 1
        assert await acts.return_unbooked(conn, till.id, NOW + MINUTE, NOW) == 0
    assert (await refunds_of(bar.db, booked), await refunds_of(bar.db, left)) == ([], [500])
    assert await state_of(bar, left) == (False, True)


async def test_the_token_of_a_till_returns_only_its_money_without_a_record_and_lets_out_no_goods(bar: "Bar") -> None:
    till, other = await till_with_reader(bar), await till_with_reader(bar)
    booked, taken = [await captured(bar.db, till.id, ROUND_CENTS, NOW) for _ in range(2)]
    of_other = await captured(bar.db, other.id, ROUND_CENTS, NOW)
    assert (await online(bar, till, sale(till, booked))).outcome == "booked"
    async with bar.db.transaction() as conn:
        for payment, reason in ((booked, "card_payment_booked"), (of_other, "not_found")):
            refused = await acts.give_back(conn, payment.id, till.id, NOW)
            assert getattr(refused, "reason", None) == reason
        assert not isinstance(await acts.give_back(conn, taken.id, till.id, NOW), Refused)
    assert [await refunds_of(bar.db, payment) for payment in (booked, of_other, taken)] == [[], [], [ROUND_CENTS]]
    assert (await online(bar, till, sale(till, taken))).reason == "card_payment_returned"


async def test_a_shift_shows_what_its_reader_took_apart(bar: "Bar") -> None:
    till = await till_with_reader(bar)
    payment = await captured(bar.db, till.id, ROUND_CENTS, NOW)
    upload = [till.write(Kind.SHIFT_OPENED)]
    upload.append(till.keep(sale(till, payment)))
    upload.append(till.write(lines=[fries()], tenders=[Tender(TenderKind.TERMINAL, 450, "0042")]))
    upload.append(
        till.write(
            Kind.REFUND,
            lines=[beer(-1)],
            tenders=[Tender(TenderKind.TERMINAL, -700, None)],
            refund_of=refund_of(upload[1]),
        )
    )
    answers = await bar.send(till, *(sent(written, offline=True) for written in upload))
    assert {answer.outcome for answer in answers} == {"booked"}
    async with bar.db.connection() as conn:
        (shift,) = await shifts(conn, SalesFilter(NOW - MINUTE, NOW + 60 * MINUTE, None, None))
    (total,) = shift.tenders
    assert (total.kind, total.cents) == (TenderKind.TERMINAL, ROUND_CENTS + 450 - 700)
    assert shift.card_reader_cents == ROUND_CENTS - 700


async def test_a_shift_shows_top_ups_by_reader_beside_those_in_cash_and_its_terminal_adds_up(bar: "Bar") -> None:
    till = await till_with_reader(bar)
    sold, loaded = [await captured(bar.db, till.id, cents, NOW) for cents in (ROUND_CENTS, 2_000)]
    upload = [till.write(Kind.SHIFT_OPENED), till.keep(sale(till, sold))]
    await bar.send(till, *(sent(written, offline=True) for written in upload))
    for cents, tender, id_ in (
        (5_000, DeskTender.CASH, new_id()),
        (2_000, DeskTender.TERMINAL, loaded.record_id),
        (300, DeskTender.TERMINAL, new_id()),
        (-100, DeskTender.TERMINAL, new_id()),
    ):
        async with bar.db.transaction() as conn:
            wallet_id = await loaded_wallet(conn, 1_000)
            booked = DeskTransaction(id_, till.id, wallet_id, new_id(), CASHIER, cents, tender)
            assert isinstance((await ledger.post(conn, [[transfer(booked)]], NOW + MINUTE))[0], Posted)
    async with bar.db.transaction() as conn:
        await acts.lock_named(conn, [loaded.reference])
        await acts.book(conn, [loaded.id], NOW)
    async with bar.db.connection() as conn:
        (shift,) = await shifts(conn, SalesFilter(NOW - MINUTE, NOW + 60 * MINUTE, None, None))
    assert shift.terminal == TerminalTopUps(top_up_cents=2_300, payout_cents=100, card_reader_cents=2_000)
    assert (shift.drawer.top_up_cents, shift.drawer.payout_cents) == (5_000, 0)
    (by_tender,) = shift.tenders
    assert (by_tender.kind, by_tender.cents, shift.card_reader_cents) == (TenderKind.TERMINAL, ROUND_CENTS, ROUND_CENTS)
    took = by_tender.cents + shift.terminal.top_up_cents - shift.terminal.payout_cents
    assert await bar.of_kind("terminal") == -took
