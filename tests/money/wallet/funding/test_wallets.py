"""Wallets: topped up within limits, credited once a payment, paid out to the cards that the money
came from.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tests.money.wallet.ledger.books import DRAWER, NOW, TILL, books, loaded_wallet, payment, posted
from tests.zones import PARIS
from virage.money.payments import acts as payments
from virage.money.payments.handlers import Handlers
from virage.money.payments.provider import NoProvider
from virage.money.payments.rules import DisputeNotice, DisputeState, Outcome, PaymentIntent, PaymentState
from virage.money.wallet.accounts.rules.wallets import Wallet
from virage.money.wallet.funding.acts import top_ups as wallets
from virage.money.wallet.funding.acts.top_up_money import TopUpMoney
from virage.money.wallet.funding.acts.top_ups import PAYS_FOR, PaidOut, TopUpRequest
from virage.money.wallet.funding.jobs import WalletJobs
from virage.money.wallet.funding.reads import wallets as reads
from virage.money.wallet.funding.reads.wallets import TopUpView, WalletView, export, top_up_view, wallet_view
from virage.money.wallet.funding.rules.top_ups import PURPOSE, Limits, Paid, Progress, Reason, Share, may_top_up, shares
from virage.money.wallet.ledger import acts as ledger
from virage.money.wallet.ledger.rules import Posted, Step, Transfer, bonus, wallet_account
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

LIMITS = Limits(500, 15_000, 25_000)
HANDLERS = Handlers({PURPOSE: TopUpMoney(LIMITS.wallet_max_cents)})
MINE = Wallet(new_id(), new_id())


@pytest.mark.parametrize(
    ("balance", "open_", "cents", "reason"),
    [
        (0, 0, 499, Reason.AMOUNT_BELOW_MIN),
        (0, 0, 500, None),
        (0, 0, 15_000, None),
        (0, 0, 15_001, Reason.AMOUNT_ABOVE_MAX),
        (10_000, 0, 15_000, None),
        (10_001, 0, 15_000, Reason.WALLET_WOULD_EXCEED),
        (4_000, 6_000, 15_000, None),
        (4_000, 6_001, 15_000, Reason.WALLET_WOULD_EXCEED),
        (40_000, 0, 500, Reason.WALLET_WOULD_EXCEED),
    ],
)
def test_a_wallet_is_topped_up_within_its_limits(balance: int, open_: int, cents: int, reason: Reason | None) -> None:
    refusal = may_top_up(MINE, balance, open_, cents, LIMITS)
    assert (refusal.reason if refusal else None) == reason


def test_a_frozen_wallet_takes_no_money() -> None:
    frozen = may_top_up(Wallet(new_id(), None, NOW), 0, 0, 500, LIMITS)
    assert frozen == Refused(Reason.WALLET_FROZEN)


def test_a_payout_goes_to_the_latest_cards_first_and_never_above_their_top_ups() -> None:
    latest, older, oldest = [new_id() for _ in range(3)]
    paid = [Paid(latest, 500), Paid(older, 0), Paid(oldest, 1000)]
    assert shares(paid, 700) == [Share(latest, 500), Share(oldest, 200)]
    assert shares(paid, 9000) == [Share(latest, 500), Share(oldest, 1000)]
    assert shares(paid, 0) == []


async def begun(db: Database, owner_id: UUID, wish: TopUpRequest, at: datetime = NOW) -> PaymentIntent | Refused | None:
    async with db.transaction() as conn:
        return await wallets.top_up(conn, owner_id, wish, limits=LIMITS, return_url="https://x", now=at)


def exceeds(left_cents: int, open_cents: int) -> Refused:
    return Refused(Reason.WALLET_WOULD_EXCEED, {"left_cents": left_cents, "open_cents": open_cents})


async def settle(db: Database, *outcomes: Outcome) -> None:
    async with db.transaction() as conn:
        await payments.settle(conn, outcomes, NOW, HANDLERS)


async def topped_up(db: Database, owner_id: UUID, cents: int) -> TopUpRequest:
    wish = TopUpRequest(new_id(), new_id(), cents)
    assert isinstance(await begun(db, owner_id, wish), PaymentIntent)
    await settle(db, Outcome(wish.payment_id, PaymentState.CAPTURED, cents))
    return wish


async def seen(db: Database, owner_id: UUID, before: datetime | None = None) -> WalletView:
    async with db.connection() as conn:
        return await wallet_view(conn, owner_id, LIMITS, before, zone=PARIS, now=NOW)


async def has(db: Database, owner_id: UUID) -> int:
    return (await seen(db, owner_id)).available_cents


async def followed(db: Database, owner_id: UUID, top_up_id: UUID) -> TopUpView | None:
    async with db.connection() as conn:
        return await top_up_view(conn, owner_id, top_up_id)


async def progress(db: Database, owner_id: UUID, top_up_id: UUID) -> Progress | None:
    view = await followed(db, owner_id, top_up_id)
    return None if view is None else view.progress


async def paid_out(db: Database, owner_id: UUID, payout_id: UUID) -> PaidOut | Refused:
    async with db.transaction() as conn:
        return await wallets.pay_out(conn, owner_id, payout_id, NOW)


async def refunds(db: Database) -> Sequence[tuple[UUID, int]]:
    async with db.connection() as conn:
        rows = await conn.fetch(
            "select payment_id, amount_cents from payments.refund order by created_at, amount_cents"
        )
    return [tuple(row) for row in rows]


async def test_money_is_credited_once_after_repeated_webhooks(db: Database) -> None:
    fan, wish = new_id(), TopUpRequest(new_id(), new_id(), 2000)
    await begun(db, fan, wish)
    came = Outcome(wish.payment_id, PaymentState.CAPTURED, 2000)
    await settle(db, came, came)
    await settle(db, came)
    assert await has(db, fan) == 2000
    assert await begun(db, fan, wish) is None
    assert (await books(db)).clean


async def test_a_top_up_that_failed_credits_nothing_and_its_late_money_does(db: Database) -> None:
    fan, wish = new_id(), TopUpRequest(new_id(), new_id(), 2000)
    await begun(db, fan, wish)
    await settle(db, Outcome(wish.payment_id, PaymentState.DECLINED, 0, "stolen"))
    assert await has(db, fan) == 0
    assert await begun(db, fan, wish) == Refused(Reason.PAYMENT_FAILED, {"reason": "stolen"})
    failed = TopUpView(wish.id, wish.payment_id, 2000, Progress.FAILED, "stolen")
    assert await followed(db, fan, wish.id) == failed
    await settle(db, Outcome(wish.payment_id, PaymentState.CAPTURED, 2000))
    assert await has(db, fan) == 2000


@pytest.mark.parametrize("wanted", [3, 6])
async def test_open_top_ups_never_bring_more_than_a_wallet_may_hold(db: Database, wanted: int) -> None:
    fan, wishes = new_id(), [TopUpRequest(new_id(), new_id(), 15_000) for _ in range(wanted)]
    answers = [await begun(db, fan, wish) for wish in wishes]
    assert isinstance(answers[0], PaymentIntent)
    assert answers[1:] == [exceeds(10_000, 15_000)] * (wanted - 1)
    await settle(db, Outcome(wishes[0].payment_id, PaymentState.CAPTURED, 15_000))
    assert await has(db, fan) == 15_000


async def test_concurrent_top_ups_never_exceed_the_maximum_of_a_wallet(db: Database) -> None:
    fan, wishes = new_id(), [TopUpRequest(new_id(), new_id(), 15_000) for _ in range(6)]
    answers = await asyncio.gather(*(begun(db, fan, wish) for wish in wishes))
    assert sum(isinstance(answer, PaymentIntent) for answer in answers) == 1
    assert answers.count(exceeds(10_000, 15_000)) == 5


async def test_failed_and_expired_top_ups_leave_room_for_the_next(db: Database) -> None:
    fan, cancelled, left, later = new_id(), *(TopUpRequest(new_id(), new_id(), 15_000) for _ in range(3))
    assert isinstance(await begun(db, fan, cancelled), PaymentIntent)
    await settle(db, Outcome(cancelled.payment_id, PaymentState.CANCELLED, 0))
    assert isinstance(await begun(db, fan, left), PaymentIntent)
    assert await begun(db, fan, later, NOW + PAYS_FOR - timedelta(seconds=1)) == exceeds(10_000, 15_000)
    assert isinstance(await begun(db, fan, later, NOW + PAYS_FOR), PaymentIntent)


async def test_late_money_above_the_maximum_of_a_wallet_is_refunded(db: Database) -> None:
    fan, wishes = new_id(), [TopUpRequest(new_id(), new_id(), 15_000) for _ in range(6)]
    for number, wish in enumerate(wishes):
        assert isinstance(await begun(db, fan, wish, NOW + number * PAYS_FOR), PaymentIntent)
    came = [Outcome(wish.payment_id, PaymentState.CAPTURED, 15_000) for wish in wishes]
    await settle(db, *came[:2])
    await asyncio.gather(*(settle(db, one) for one in came[2:]))
    assert await has(db, fan) == 15_000
    ends = [await progress(db, fan, wish.id) for wish in wishes]
    assert sorted(end for end in ends if end) == [Progress.CREDITED] + [Progress.SENT_BACK] * 5
    assert [cents for _, cents in await refunds(db)] == [15_000] * 5
    assert (await books(db)).clean


async def test_a_reused_top_up_id_is_refused_without_revealing_its_page(db: Database) -> None:
    fan, other, wish = new_id(), new_id(), TopUpRequest(new_id(), new_id(), 2000)
    await begun(db, fan, wish)
    taken = Refused(Reason.TOP_UP_ID_TAKEN)
    assert await begun(db, other, wish) == taken
    assert await begun(db, fan, TopUpRequest(wish.id, wish.payment_id, 2001)) == taken
    assert await begun(db, fan, TopUpRequest(new_id(), wish.payment_id, 2000)) == taken


async def test_no_transfer_has_an_id_that_a_browser_chose(db: Database) -> None:
    wish = await topped_up(db, new_id(), 2000)
    async with db.connection() as conn:
        ids = {row["id"] for row in await conn.fetch("select id from wallet_ledger.transfer")}
    assert ids.isdisjoint({wish.id, wish.payment_id})


async def test_spent_money_is_not_refunded_and_the_rest_is(db: Database) -> None:
    fan = new_id()
    first, second = await topped_up(db, fan, 2000), await topped_up(db, fan, 1000)
    view = await seen(db, fan)
    assert view.id is not None
    await posted(db, [payment(view.id, 1700)])
    payout_id = new_id()
    assert await paid_out(db, fan, payout_id) == PaidOut(1300, 0)
    assert await paid_out(db, fan, payout_id) == PaidOut(1300, 0)
    assert sorted(await refunds(db)) == sorted([(second.payment_id, 1000), (first.payment_id, 300)])
    assert await paid_out(db, fan, new_id()) == Refused(Reason.NOTHING_TO_PAY_OUT, {"left_cents": 0})
    assert (await books(db)).clean


async def test_cash_stays_for_the_desk_and_money_that_is_held_stays_held(db: Database) -> None:
    fan = new_id()
    async with db.transaction() as conn:
        await loaded_wallet(conn, 700, fan)
    await topped_up(db, fan, 1000)
    assert (await seen(db, fan)).refundable_cents == 1000
    assert await paid_out(db, fan, new_id()) == PaidOut(1000, 700)
    assert (await seen(db, fan)).refundable_cents == 0
    assert await paid_out(db, fan, new_id()) == Refused(Reason.NOTHING_TO_PAY_OUT, {"left_cents": 700})


async def told(db: Database, wish: TopUpRequest, state: DisputeState, *, inquiry: bool = False) -> None:
    """The bank's news of a dispute about the payment of a top-up."""
    ref = f"dp_{wish.payment_id}"
    notice = DisputeNotice(wish.payment_id, ref, wish.cents, "fraudulent", state, inquiry, NOW)
    async with db.transaction() as conn:
        await payments.record_disputes(conn, [notice], NOW, HANDLERS)


async def test_a_payout_sends_nothing_to_a_disputed_top_up_and_takes_the_next_one(db: Database) -> None:
    fan = new_id()
    first, latest = await topped_up(db, fan, 2_000), await topped_up(db, fan, 1_000)
    await told(db, latest, DisputeState.NEEDS_RESPONSE, inquiry=True)
    assert (await seen(db, fan)).refundable_cents == 3_000, "an inquiry takes no money"
    await told(db, latest, DisputeState.NEEDS_RESPONSE)
    assert (await seen(db, fan)).refundable_cents == 2_000
    assert await paid_out(db, fan, new_id()) == PaidOut(2_000, 1_000)
    assert await refunds(db) == [(first.payment_id, 2_000)]
    await told(db, latest, DisputeState.UNDER_REVIEW)
    assert await paid_out(db, fan, new_id()) == Refused(Reason.NOTHING_TO_PAY_OUT, {"left_cents": 1_000})
    await told(db, latest, DisputeState.WON)
    assert await paid_out(db, fan, new_id()) == PaidOut(1_000, 0)
    assert sorted(await refunds(db)) == sorted([(first.payment_id, 2_000), (latest.payment_id, 1_000)])
    assert (await books(db)).clean


async def test_a_payout_of_a_lost_dispute_is_refused_for_good(db: Database) -> None:
    fan = new_id()
    lost = await topped_up(db, fan, 1_000)
    await told(db, lost, DisputeState.LOST)
    assert await paid_out(db, fan, new_id()) == Refused(Reason.NOTHING_TO_PAY_OUT, {"left_cents": 1_000})
    assert await refunds(db) == []
    assert await has(db, fan) == 1_000, "finance decides about the wallet"


async def test_an_erasure_leaves_the_money_of_a_disputed_top_up_to_finance(db: Database) -> None:
    fan = new_id()
    fine, disputed = await topped_up(db, fan, 700), await topped_up(db, fan, 1_000)
    wallet_id = (await seen(db, fan)).id
    assert wallet_id is not None
    await posted(db, [payment(wallet_id, 200)])
    await told(db, disputed, DisputeState.NEEDS_RESPONSE)
    async with db.transaction() as conn:
        assert await wallets.erased(conn, fan, NOW) is None
    assert await refunds(db) == [(fine.payment_id, 700)]
    found = await books(db)
    assert (found.unclaimed_cents, found.clean) == (800, True)


async def test_an_erasure_with_a_disputed_top_up_still_requires_a_payout_of_cash_first(db: Database) -> None:
    fan = new_id()
    disputed = await topped_up(db, fan, 1_000)
    wallet_id = (await seen(db, fan)).id
    assert wallet_id is not None
    await posted(db, [Transfer(new_id(), DRAWER, wallet_account(wallet_id), 700, "cash_load", wallet_id)])
    await posted(db, [payment(wallet_id, 500)])
    await told(db, disputed, DisputeState.NEEDS_RESPONSE)
    refused = await db.transact(wallets.erased, fan, NOW)
    assert refused == Refused(Reason.WALLET_NOT_EMPTY, {"left_cents": 700})
    assert await has(db, fan) == 1_200, "a refused erasure changes nothing"
    await posted(db, [Transfer(new_id(), wallet_account(wallet_id), DRAWER, 700, "cash_payout", wallet_id)])
    assert await db.transact(wallets.erased, fan, NOW) is None
    assert (await books(db)).unclaimed_cents == 500


async def test_a_payout_id_belongs_to_one_person(db: Database) -> None:
    fan, other, payout_id = new_id(), new_id(), new_id()
    await topped_up(db, fan, 1000)
    await topped_up(db, other, 1000)
    assert await paid_out(db, fan, payout_id) == PaidOut(1000, 0)
    assert await paid_out(db, other, payout_id) == Refused(Reason.NOTHING_TO_PAY_OUT)
    assert await has(db, other) == 1000


async def test_an_erasure_refunds_the_balance_and_late_money(db: Database) -> None:
    fan = new_id()
    came = await topped_up(db, fan, 1000)
    late = TopUpRequest(new_id(), new_id(), 800)
    await begun(db, fan, late)
    async with db.transaction() as conn:
        assert await wallets.erased(conn, fan, NOW) is None
    await settle(db, Outcome(late.payment_id, PaymentState.CAPTURED, 800))
    assert sorted(await refunds(db)) == sorted([(came.payment_id, 1000), (late.payment_id, 800)])
    async with db.connection() as conn:
        assert await export(conn, fan) == {"purse": None}
    assert (await books(db)).clean


async def test_an_erasure_requires_a_payout_of_cash_first(db: Database) -> None:
    fan = new_id()
    async with db.transaction() as conn:
        await loaded_wallet(conn, 700, fan)
        assert await wallets.erased(conn, fan, NOW) == Refused(Reason.WALLET_NOT_EMPTY, {"left_cents": 700})


async def test_the_export_of_a_person_has_all_wallet_transactions(db: Database) -> None:
    fan = new_id()
    await topped_up(db, fan, 1000)
    async with db.connection() as conn:
        said = (await export(conn, fan))["purse"]
    assert [(line.cents, line.purpose, line.at) for line in said.history] == [(1000, "top_up", NOW.astimezone(UTC))]


async def test_only_the_fan_sees_the_state_of_a_top_up(db: Database) -> None:
    fan, other = new_id(), new_id()
    wish, wrong, left = (TopUpRequest(new_id(), new_id(), cents) for cents in (2000, 1000, 500))
    for one in (wish, wrong, left):
        await begun(db, fan, one)
    assert await progress(db, fan, wish.id) is Progress.OPEN
    await settle(
        db, Outcome(wish.payment_id, PaymentState.CAPTURED, 2000), Outcome(wrong.payment_id, PaymentState.CAPTURED, 999)
    )
    assert await progress(db, fan, wish.id) is Progress.CREDITED
    assert await progress(db, fan, wrong.id) is Progress.SENT_BACK
    await settle(db, Outcome(left.payment_id, PaymentState.CANCELLED, 0))
    assert await followed(db, fan, left.id) == TopUpView(left.id, left.payment_id, 500, Progress.FAILED, "cancelled")
    await topped_up(db, other, 500)
    assert await progress(db, other, wish.id) is None
    assert await progress(db, new_id(), wish.id) is None


async def test_the_history_has_open_holds_and_transactions_but_no_ended_holds(db: Database) -> None:
    fan = new_id()
    async with db.transaction() as conn:
        wallet_id = await loaded_wallet(conn, 5000, fan)
    open_, captured, voided = (
        Transfer(new_id(), wallet_account(wallet_id), TILL, cents, "order", wallet_id, Step.HOLD)
        for cents in (700, 800, 900)
    )
    await posted(db, [open_], [captured], [voided])
    capture = Transfer(new_id(), wallet_account(wallet_id), TILL, 800, "order", wallet_id, Step.CAPTURE, captured.id)
    void = Transfer(new_id(), wallet_account(wallet_id), TILL, 900, "order", wallet_id, Step.VOID, voided.id)
    await posted(db, [capture], [void])
    view = await seen(db, fan)
    assert sorted((line.cents, line.step) for line in view.history) == [
        (-800, "capture"),
        (-700, "hold"),
        (5000, "post"),
    ]
    assert (view.balance_cents, view.available_cents) == (4200, 3500)


async def test_pages_of_the_history_lose_no_line_with_an_equal_time(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "PAGE", 3)
    fan = new_id()
    async with db.transaction() as conn:
        wallet_id = await loaded_wallet(conn, 5000, fan)
    for after in range(1, 4):
        async with db.transaction() as conn:
            at = NOW + timedelta(minutes=after)
            await ledger.post(conn, [[payment(wallet_id, 100 * after)] for _ in range(2)], at)
    first = await seen(db, fan)
    second = await seen(db, fan, first.history[-1].at)
    third = await seen(db, fan, second.history[-1].at)
    assert [line.cents for line in first.history] == [-300, -300]
    assert [line.cents for line in second.history] == [-200, -200]
    assert [line.cents for line in third.history] == [-100, -100, 5000]
    assert [page.more for page in (first, second, third)] == [True, True, False]


async def given_back(db: Database, wallet_id: UUID, cents: int, *, as_bonus: bool = False) -> None:
    """An earlier sale is refunded to the wallet that paid."""
    to = bonus(wallet_id) if as_bonus else wallet_account(wallet_id)
    (outcome,) = await posted(db, [Transfer(new_id(), TILL, to, cents, "refund", wallet_id)])
    assert isinstance(outcome, Posted)


async def emptied(db: Database, config: Config, clock: Clock) -> None:
    await WalletJobs(db, config, clock, provider=NoProvider(), handlers=HANDLERS).empty_closed(db)


async def test_a_refund_that_comes_after_erasure_goes_to_the_bank_card_and_the_rest_to_finance(
    db: Database, config: Config, clock: Clock
) -> None:
    fan, stays = new_id(), new_id()
    wish = await topped_up(db, fan, 2_000)
    await topped_up(db, stays, 1_000)
    wallet_id = (await seen(db, fan)).id
    assert wallet_id is not None
    await posted(db, [Transfer(new_id(), DRAWER, wallet_account(wallet_id), 700, "cash_load", wallet_id)])
    await posted(db, [payment(wallet_id, 2_200)])
    await posted(db, [Transfer(new_id(), wallet_account(wallet_id), DRAWER, 500, "cash_payout", wallet_id)])
    async with db.transaction() as conn:
        assert await wallets.erased(conn, fan, NOW) is None
    await emptied(db, config, clock)
    assert (await refunds(db), (await books(db)).unclaimed_cents) == ([], 0)
    await given_back(db, wallet_id, 2_150)
    await given_back(db, wallet_id, 50)
    await given_back(db, wallet_id, 300, as_bonus=True)
    await given_back(db, (await seen(db, stays)).id or new_id(), 100)
    for _ in range(2):
        await emptied(db, config, clock)
    assert await refunds(db) == [(wish.payment_id, 2_000)]
    found = await books(db)
    assert (found.unclaimed_cents, found.kinds["bonus"], found.clean) == (200, 0, True)
    assert await has(db, stays) == 1_100, "no other wallet changes"
    async with db.connection() as conn:
        balances = await conn.fetch(
            "select kind, balance_cents from wallet_ledger.public_balance where kind = 'unclaimed'"
        )
        facts = await conn.fetch("select about, data from kernel.journal where what = 'closed_purse_emptied'")
    assert [tuple(row) for row in balances] == [("unclaimed", 200)], "the accountant's journal reads it by its name"
    assert [(row["about"], row["data"]) for row in facts] == [
        (wallet_id, {"sent_back_cents": 2_000, "unclaimed_cents": 200})
    ]
