"""Automatic top-ups: requested once below the threshold, charged once despite lost responses, off
after declines.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import aiohttp
import msgspec
import pytest
from msgspec.structs import replace

from tests.conftest import FakeClock
from tests.money.payments import conftest as provider
from tests.money.payments.conftest import SandboxProcess
from tests.money.wallet.ledger.books import DRAWER, NOW, books, loaded_wallet, payment, posted
from tests.zones import NEW_YORK, PARIS
from virage.identity.people import acts as people
from virage.identity.people.types import Email, EmailContent, EmailKind
from virage.money.payments import methods
from virage.money.payments.acts import record_refunds
from virage.money.payments.checkout import settle_all
from virage.money.payments.handlers import Handlers
from virage.money.payments.jobs import PaymentJobs
from virage.money.payments.rules import (
    Charge,
    HostedPage,
    PaymentIntent,
    RefundAnswer,
    RefundState,
    SavedCard,
    SavedCardState,
)
from virage.money.payments.sandbox_provider import SandboxProvider
from virage.money.wallet.funding.acts import auto_top_ups as acts
from virage.money.wallet.funding.acts import top_ups
from virage.money.wallet.funding.acts.auto_top_ups import RuleIsOff
from virage.money.wallet.funding.acts.top_up_money import TopUpMoney
from virage.money.wallet.funding.api import payout_failed_email
from virage.money.wallet.funding.jobs import WalletJobs
from virage.money.wallet.funding.reads import auto_top_ups as reads
from virage.money.wallet.funding.reads.auto_top_ups import AutoTopUpView
from virage.money.wallet.funding.rules.auto_top_ups import (
    AutoTopUpRequest,
    Reason,
    Rule,
    RuleState,
    failed,
    is_due,
    refuse,
)
from virage.money.wallet.funding.rules.top_ups import PURPOSE, WALLET_PATH, Limits
from virage.money.wallet.ledger.rules import Balance, Posted, Transfer, wallet_account
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.days import local_day
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant
from virage_sandbox import signatures
from virage_sandbox.cards import Card
from virage_sandbox.wire import Delivery, Event, Stage

if TYPE_CHECKING:
    from tests.money.wallet.conftest import Wallets

buyer = provider.buyer
LIMITS = Limits(500, 15_000, 25_000)
WISH = AutoTopUpRequest(new_id(), below_cents=1_000, add_cents=2_000, day_max_cents=4_000, consent=True)
DAY = date(2026, 5, 9)
RULE = Rule(new_id(), WISH.method_id, 1_000, 2_000, 4_000, NOW, RuleState.ON)


# --- the rule --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"consent": False}, "consent_required"),
        ({"add_cents": 499}, "amount_below_min"),
        ({"add_cents": 15_001, "day_max_cents": 20_000}, "amount_above_max"),
        ({"below_cents": 23_001}, "wallet_would_exceed"),
        ({"day_max_cents": 1_999}, "day_below_amount"),
    ],
)
def test_a_rule_keeps_legal_limits_and_the_consent_of_its_owner(changes: dict[str, Any], reason: str | None) -> None:
    found = refuse(replace(WISH, **changes), LIMITS)
    assert (None if found is None else found.reason) == reason


@pytest.mark.parametrize(
    ("rule", "balance", "open_", "due"),
    [
        (RULE, Balance(999), 0, True),
        (RULE, Balance(1_000), 0, False),
        (RULE, Balance(5_000, 4_001), 0, True),
        (replace(RULE, state=RuleState.OFF), Balance(0), 0, False),
        (replace(RULE, retry_at=NOW + timedelta(seconds=1)), Balance(0), 0, False),
        (replace(RULE, retry_at=NOW), Balance(0), 0, True),
        (replace(RULE, day=DAY, day_cents=2_000), Balance(0), 0, True),
        (replace(RULE, day=DAY, day_cents=2_001), Balance(0), 0, False),
        (replace(RULE, day=DAY - timedelta(days=1), day_cents=4_000), Balance(0), 0, True),
        (RULE, Balance(24_000, 24_000), 0, False),
        (RULE, Balance(900), 22_100, True),
        (RULE, Balance(900), 22_101, False),
    ],
)
def test_a_rule_is_due_below_its_threshold_within_its_daily_and_legal_limits(
    rule: Rule, balance: Balance, open_: int, due: bool
) -> None:
    assert is_due(rule, balance, LIMITS, DAY, NOW, open_cents=open_) is due


def test_two_declines_in_a_row_end_a_rule() -> None:
    asked = replace(RULE, top_up_id=new_id(), day=DAY, day_cents=2_000)
    says_no = partial(failed, cents=asked.add_cents, now=NOW)
    once = says_no(asked, "card_declined", declined=True)
    assert (once.state, once.top_up_id, once.day_cents) == (RuleState.ON, None, 0)
    assert once.retry_at == NOW + timedelta(hours=1)
    assert says_no(once, "card_declined", declined=True).state is RuleState.OFF
    assert says_no(says_no(asked, "expired", declined=False), "expired", declined=False).declines == 0


# --- with the sandbox ------------------------------------------------------------------------------------------------


class System:
    """A fan with a wallet, the worker's jobs, and the sandbox as their provider."""

    def __init__(self, db: Database, config: Config, clock: Any, provider: SandboxProvider, buyer: Any) -> None:
        self.db = db
        self.clock = clock
        self.zone = config.time_zone
        self.provider = provider
        self.buyer = buyer
        self.handlers = Handlers({PURPOSE: TopUpMoney(LIMITS.wallet_max_cents)})
        self.payments = PaymentJobs(db, clock, provider, self.handlers)
        self.jobs = WalletJobs(db, config, clock, provider=provider, handlers=self.handlers)
        self.fan = new_id()
        self.wallet_id = new_id()

    @property
    def day(self) -> date:
        return local_day(self.clock.now(), self.zone)

    async def open(self, cents: int = 1_500) -> None:
        async with self.db.transaction() as conn:
            self.fan = await people.ensure_staff(conn, "lea@example.org", "Léa", [Grant("steward")], NOW)
            self.wallet_id = await loaded_wallet(conn, cents, self.fan)

    async def put(self, **changes: Any) -> SavedCard | Refused:
        wish = replace(WISH, **({"method_id": new_id()} | changes))
        async with self.db.transaction() as conn:
            return await acts.put_rule(
                conn, self.fan, wish, limits=LIMITS, return_url="https://virage.local/wallet", now=self.clock.now()
            )

    async def ruled(self, card: Card, code: str | None = None, **changes: Any) -> SavedCard:
        """A rule whose card was entered at the provider's page."""
        method = await self.put(**changes)
        assert isinstance(method, SavedCard)
        url = await methods.open_page(self.db, self.clock, self.provider, method)
        body = {"card": card} | ({"code": code} if code else {})
        try:
            async with self.buyer.post(url, json=body) as answer:
                assert answer.status == 200
        except aiohttp.ServerDisconnectedError:
            assert card is Card.ANSWER_LOST
        await self.later(timedelta(seconds=5))
        return method

    async def later(self, by: timedelta) -> None:
        """Run the worker's jobs after a while."""
        self.clock.advance(by)
        await self.payments.reconcile(self.db)
        await self.payments._methods.reconcile(self.db)  # noqa: SLF001 - the schedule calls it
        await self.payments.send_refunds(self.db)

    async def spend(self, cents: int) -> None:
        (outcome,) = await posted(self.db, [payment(self.wallet_id, cents)])
        assert isinstance(outcome, Posted)

    async def view(self) -> AutoTopUpView:
        async with self.db.connection() as conn:
            found = await reads.rule_view(conn, self.fan, zone=self.zone, now=self.clock.now())
        assert found is not None
        return found

    async def balance(self) -> int:
        """The balance of the wallet; the books agree with the provider's."""
        found = await books(self.db)
        assert found.clean, found
        async with self.db.connection() as conn:
            return int(
                await conn.fetchval("select balance_cents from wallet_ledger.account where id = $1", self.wallet_id)
            )

    async def receive(self, events: Sequence[Any]) -> None:
        """A webhook of the provider, as the route receives it."""
        body = msgspec.json.encode(Delivery(list(events)))
        headers = {signatures.HEADER: signatures.sign(provider.WEBHOOK_SECRET, body, int(time.time()))}
        outcomes = await self.provider.read_webhook(headers, body)
        assert isinstance(outcomes, list)
        assert await settle_all(self.db, self.clock, self.handlers, outcomes)

    async def rows(self, query: str) -> list[Any]:
        async with self.db.connection() as conn:
            return await conn.fetch(query)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One sandbox for all of these tests, without webhooks: a test delivers its events, or drops
    them.
    """
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox"), "http://127.0.0.1:9/webhooks")
    process.start()
    asyncio.run(process.ready())
    yield process
    process.stop()


@pytest.fixture
async def system(
    db: Database, config: Config, clock: Any, sandbox: SandboxProcess, buyer: aiohttp.ClientSession
) -> AsyncIterator[System]:
    made = System(db, config, clock, SandboxProvider(sandbox.url, provider.KEY, provider.WEBHOOK_SECRET, "EUR"), buyer)
    await made.open()
    yield made
    await made.provider.close()


async def test_the_owner_of_a_wallet_is_told_once_that_the_bank_returned_a_payout(system: System) -> None:
    await system.ruled(Card.ACCEPTED)
    await system.spend(600)
    await system.jobs.top_up(system.db)
    async with system.db.transaction() as conn:
        await top_ups.pay_out(conn, system.fan, new_id(), system.clock.now())
    async with system.db.connection() as conn:
        refund_id = await conn.fetchval("select id from payments.refund")
    for _ in range(2):
        async with system.db.transaction() as conn:
            said = RefundAnswer(refund_id, RefundState.FAILED, "expired_or_canceled_card")
            await record_refunds(conn, [said], system.clock.now(), system.handlers)
    async with system.db.connection() as conn:
        (letter,) = await conn.fetch("select id, kind, subject_id, person_id from people.letter")
        assert (letter["kind"], letter["subject_id"], letter["person_id"]) == ("payout_failed", refund_id, system.fan)
        email = Email(
            id=letter["id"],
            kind=EmailKind.PAYOUT_FAILED,
            subject_id=refund_id,
            about_id=None,
            person_id=system.fan,
            locale="en",
            to="lea@example.org",
            secret={},
            was_at=None,
            expires_at=None,
            blocked=False,
        )
        assert await payout_failed_email(conn, email) == EmailContent({"cents": 2_000}, path=WALLET_PATH)


async def test_a_wallet_below_its_threshold_is_topped_up_once_within_its_daily_limit(
    system: System,
) -> None:
    await system.ruled(Card.ACCEPTED)
    await system.jobs.top_up(system.db)
    assert await system.balance() == 1_500, "the balance is not below the threshold yet"
    await system.spend(600)
    await asyncio.gather(system.jobs.top_up(system.db), system.jobs.top_up(system.db))
    assert await system.balance() == 2_900
    for left in (900 + 2_000, 900):
        await system.spend(await system.balance() - 900)
        await system.jobs.top_up(system.db)
        assert await system.balance() == left
    view = await system.view()
    assert (view.state, view.today_cents, view.card) == (RuleState.ON, 4_000, "…4242")
    await system.later(timedelta(days=1))
    await system.jobs.top_up(system.db)
    assert await system.balance() == 2_900, "the daily limit starts again"


@pytest.mark.parametrize(
    ("zone", "midnight", "hours"),
    [
        (PARIS, datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
        (PARIS, datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
        (NEW_YORK, datetime(2026, 3, 8, 5, tzinfo=UTC), 23),
        (NEW_YORK, datetime(2026, 11, 1, 4, tzinfo=UTC), 25),
    ],
)
async def test_the_daily_limit_starts_again_once_at_each_midnight_around_a_clock_change(
    db: Database,
    config: Config,
    clock: FakeClock,
    *,
    sandbox: SandboxProcess,
    buyer: aiohttp.ClientSession,
    zone: ZoneInfo,
    midnight: datetime,
    hours: int,
) -> None:
    bank = SandboxProvider(sandbox.url, provider.KEY, provider.WEBHOOK_SECRET, "EUR")
    system = System(db, replace(config, time_zone=zone), clock, bank, buyer)
    clock.set(midnight - timedelta(minutes=1))
    await system.open(900)
    await system.ruled(Card.ACCEPTED)

    async def used_up() -> int:
        """Spend and top up until the rule adds nothing; return the cents of the day."""
        await system.jobs.top_up(db)
        while await system.balance() > 900:
            await system.spend(await system.balance() - 900)
            await system.jobs.top_up(db)
        return (await system.view()).today_cents

    assert await used_up() == 4_000
    next_midnight = midnight + timedelta(hours=hours)
    for moment, last in ((midnight, next_midnight), (next_midnight, next_midnight + timedelta(days=1))):
        clock.set(moment)
        assert (await system.view()).today_cents == 0
        assert await used_up() == 4_000
        clock.set(last - timedelta(seconds=1))
        await system.jobs.top_up(db)
        assert await system.balance() == 900
    await bank.close()


@pytest.mark.parametrize("card", [Card.ANSWER_LOST, Card.WEBHOOK_NEVER])
async def test_a_charge_is_credited_once_despite_lost_and_repeated_messages(system: System, card: Card) -> None:
    await system.ruled(card)
    await system.spend(600)
    await system.jobs.top_up(system.db)
    if card is Card.ANSWER_LOST:
        assert await system.balance() == 900, "the capture is not reported yet"
        await system.jobs.top_up(system.db)
    await system.later(timedelta(seconds=11))
    await system.jobs.top_up(system.db)
    assert await system.balance() == 2_900


async def test_a_repeated_webhook_before_the_answer_credits_once(system: System) -> None:
    method = await system.ruled(Card.ACCEPTED)
    await system.spend(600)
    async with system.db.transaction() as conn:
        await acts.begin_due(conn, [system.wallet_id], LIMITS, day=system.day, now=system.clock.now())
    (row,) = await system.rows("select payment_id from wallet_funding.top_up")
    events = [
        Event("evt_1", method.id, Stage.CAPTURED, 0, kept="…4242"),
        Event("evt_2", row["payment_id"], Stage.CAPTURED, 2_000),
    ]
    waiting = [Charge(row["payment_id"], method.id, 2_000)]
    for _ in range(2):
        await system.receive(events)
    answers = await methods.charge(system.db, system.provider, waiting)
    assert await settle_all(system.db, system.clock, system.handlers, answers)
    assert await system.balance() == 2_900
    assert (await system.view()).state is RuleState.ON


async def test_a_charge_interrupted_by_a_kill_is_made_later_or_given_up(
    system: System,
) -> None:
    method = await system.ruled(Card.ACCEPTED)
    await system.spend(600)
    for _ in range(2):
        async with system.db.transaction() as conn:
            await acts.begin_due(conn, [system.wallet_id], LIMITS, day=system.day, now=system.clock.now())
    assert len(await system.rows("select 1 from wallet_funding.top_up")) == 1
    await system.jobs.top_up(system.db)
    assert await system.balance() == 2_900
    await system.spend(2_000)
    async with system.db.transaction() as conn:
        await acts.begin_due(conn, [system.wallet_id], LIMITS, day=system.day, now=system.clock.now())
    assert isinstance(await system.put(method_id=method.id, add_cents=4_000), SavedCard), (
        "the rule tops up a larger amount from now on"
    )
    await system.later(timedelta(minutes=16))
    view = await system.view()
    assert (view.state, view.today_cents, view.reason) == (RuleState.ON, 2_000, "expired")
    assert await system.balance() == 900


async def test_declines_end_automatic_top_up_and_notify_its_owner_who_can_restart_it(
    system: System,
) -> None:
    method = await system.ruled(Card.CHARGE_DECLINED)
    await system.spend(600)
    await system.jobs.top_up(system.db)
    await system.jobs.top_up(system.db)
    assert ((await system.view()).state, (await system.view()).reason) == (RuleState.ON, "card_declined")
    assert len(await system.rows("select 1 from wallet_funding.top_up")) == 1, (
        "the second attempt is made an hour later"
    )
    await system.later(timedelta(hours=1))
    await system.jobs.top_up(system.db)
    view = await system.view()
    assert (view.state, view.today_cents, await system.balance()) == (RuleState.OFF, 0, 900)
    assert len(await system.rows("select 1 from kernel.job where entrypoint = 'wallet.auto_top_up_off'")) == 1
    await system.jobs.tell_off(RuleIsOff(system.wallet_id))
    assert len(await system.rows("select 1 from people.letter where kind = 'top_up_off'")) == 1
    assert await system.put(method_id=method.id) == await system.put(method_id=method.id)
    assert (await system.view()).state is RuleState.ON


async def asked(system: System) -> None:
    """A charge of 20 euros that the bank wants to be confirmed."""
    await system.ruled(Card.CHALLENGE, "1234")
    await system.spend(600)
    for _ in range(2):
        await system.jobs.top_up(system.db)


async def letters(system: System) -> list[str]:
    """The emails about automatic top-ups, once their jobs have run twice."""
    charges = await system.rows("select payload from kernel.job where entrypoint = 'wallet.auto_top_up_confirm'")
    for job in [*charges, *charges]:
        await system.jobs.ask_owner(msgspec.json.decode(job["payload"], type=acts.ChargeToConfirm))
    off = await system.rows("select payload from kernel.job where entrypoint = 'wallet.auto_top_up_off'")
    for job in off:
        await system.jobs.tell_off(msgspec.json.decode(job["payload"], type=acts.RuleIsOff))
    return [row["kind"] for row in await system.rows("select kind from people.letter order by id")]


async def confirm(system: System) -> PaymentIntent | Refused:
    url = "https://virage.local/wallet"
    async with system.db.transaction() as conn:
        return await acts.confirm(conn, system.fan, limits=LIMITS, wallet_url=url, now=system.clock.now())


async def pay(system: System, start: PaymentIntent | Refused, code: str = "1234") -> str:
    """Open the page of a confirmation, and pay with the card that it offers."""
    assert isinstance(start, PaymentIntent)
    (page,) = await system.provider.create([start])
    assert isinstance(page, HostedPage)
    async with system.buyer.get(page.payment_url) as shown:
        assert 'value="4000 0000 0000 3220"' in await shown.text()
    async with system.buyer.post(page.payment_url, json={"card": Card.CHALLENGE, "code": code}) as answer:
        state: str = (await answer.json())["state"]
    await system.later(timedelta(seconds=11))
    return state


async def test_a_charge_that_needs_authentication_waits_for_the_owner_who_is_told_once(system: System) -> None:
    await asked(system)
    view = await system.view()
    assert (view.state, view.reason, view.confirm_cents) == (RuleState.CONFIRM, "authentication_required", 2_000)
    assert view.retry_at == system.clock.now() + timedelta(days=7)
    assert (view.today_cents, await system.balance()) == (0, 900)
    assert await letters(system) == ["top_up_confirm"]
    system.clock.advance(timedelta(days=1))
    await system.jobs.top_up(system.db)
    assert [row["state"] for row in await system.rows("select state from payments.payment")] == ["declined"]
    assert await letters(system) == ["top_up_confirm"]


async def test_a_confirmed_charge_is_credited_once_and_automatic_top_up_goes_on(system: System) -> None:
    await asked(system)
    first = await confirm(system)
    assert await confirm(system) == first, "a second tap opens the same page"
    assert await pay(system, first) == "captured"
    for _ in range(2):
        await system.jobs.top_up(system.db)
        await system.later(timedelta(seconds=11))
    assert (await system.balance(), (await system.view()).state) == (2_900, RuleState.ON)
    assert await confirm(system) == Refused(Reason.NOTHING_TO_CONFIRM)
    await system.spend(2_000)
    await system.jobs.top_up(system.db)
    assert (await system.balance(), (await system.view()).state) == (2_900, RuleState.ON)
    paid = "select count(*) from payments.payment where captured_cents = 2000"
    assert [row["count"] for row in await system.rows(paid)] == [2]


async def test_while_a_charge_waits_for_its_owner_nothing_is_charged_off_session(system: System) -> None:
    await asked(system)
    start = await confirm(system)
    for _ in range(3):
        await system.jobs.top_up(system.db)
        await system.later(timedelta(seconds=11))
    assert (await system.balance(), (await system.view()).state) == (900, RuleState.CONFIRM)
    assert await pay(system, start) == "captured"
    assert await system.balance() == 2_900


async def test_a_page_that_ends_unpaid_leaves_the_charge_to_confirm_and_another_can_be_opened(system: System) -> None:
    await asked(system)
    first = await confirm(system)
    await system.later(timedelta(minutes=16))
    assert (await system.view()).state is RuleState.CONFIRM
    second = await confirm(system)
    assert isinstance(first, PaymentIntent)
    assert isinstance(second, PaymentIntent)
    assert first.payment_id != second.payment_id
    assert await pay(system, second) == "captured"
    assert (await system.balance(), (await system.view()).state) == (2_900, RuleState.ON)


async def test_a_charge_that_is_not_confirmed_in_time_ends_the_rule_and_the_owner_is_told(system: System) -> None:
    await asked(system)
    start = await confirm(system)
    system.clock.advance(timedelta(days=7))
    for _ in range(2):
        await system.jobs.top_up(system.db)
    view = await system.view()
    assert (view.state, view.confirm_cents) == (RuleState.OFF, None)
    assert await letters(system) == ["top_up_confirm", "top_up_off"]
    assert await confirm(system) == Refused(Reason.NOTHING_TO_CONFIRM)
    assert isinstance(start, PaymentIntent)
    await system.later(timedelta(seconds=11))
    assert await system.balance() == 900


async def test_a_confirmed_charge_that_does_not_fit_the_wallet_is_refunded_and_the_rule_pauses(system: System) -> None:
    await asked(system)
    start = await confirm(system)
    loaded = Transfer(new_id(), DRAWER, wallet_account(system.wallet_id), 22_101, "cash_load", system.wallet_id)
    assert await posted(system.db, [loaded]) == [Posted(23_001)]
    assert await pay(system, start) == "captured"
    view = await system.view()
    assert (await system.balance(), view.state, view.reason) == (23_001, RuleState.ON, "wallet_would_exceed")


async def test_a_rule_that_is_set_anew_charges_no_page_of_a_confirmation(system: System) -> None:
    await asked(system)
    start = await confirm(system)
    view = await system.view()
    await system.put(method_id=view.method_id, below_cents=500)
    await system.jobs.top_up(system.db)
    assert (await system.balance(), (await system.view()).state) == (900, RuleState.ON)
    assert await pay(system, start) == "captured"
    assert await system.balance() == 2_900


async def test_a_frozen_wallet_confirms_nothing(system: System) -> None:
    await asked(system)
    async with system.db.connection() as conn:
        await conn.execute("update wallet_accounts.purse set frozen_at = now()")
    assert await confirm(system) == Refused(Reason.WALLET_FROZEN)


async def test_a_wrong_amount_is_refunded_in_full(system: System) -> None:
    await system.ruled(Card.AMOUNT_WRONG)
    await system.spend(600)
    await system.jobs.top_up(system.db)
    await system.later(timedelta(seconds=11))
    assert (await system.balance(), (await system.view()).reason) == (900, "amount_mismatch")
    assert [row["state"] for row in await system.rows("select state from payments.payment")] == ["refunded"]


async def test_a_charge_above_the_maximum_of_the_wallet_is_refunded_and_the_rule_pauses(
    system: System,
) -> None:
    await system.ruled(Card.ACCEPTED)
    await system.spend(600)
    async with system.db.transaction() as conn:
        await acts.begin_due(conn, [system.wallet_id], LIMITS, day=system.day, now=system.clock.now())
    loaded = Transfer(new_id(), DRAWER, wallet_account(system.wallet_id), 22_101, "cash_load", system.wallet_id)
    assert await posted(system.db, [loaded]) == [Posted(23_001)]
    await system.jobs.top_up(system.db)
    view = await system.view()
    assert (await system.balance(), view.state, view.reason) == (23_001, RuleState.ON, "wallet_would_exceed")
    stored = await system.rows("select reason from wallet_funding.auto_top_up")
    assert [row["reason"] for row in stored] == ["purse_would_exceed"], "the stored name is that of 0.1.0"
    assert (view.retry_at, view.today_cents) == (system.clock.now() + timedelta(hours=1), 0)
    assert [row["amount_cents"] for row in await system.rows("select amount_cents from payments.refund")] == [2_000]


async def test_a_charge_uses_the_card_it_was_agreed_for(system: System) -> None:
    await system.ruled(Card.ACCEPTED)
    await system.spend(600)
    async with system.db.transaction() as conn:
        await acts.begin_due(conn, [system.wallet_id], LIMITS, day=system.day, now=system.clock.now())
    assert isinstance(await system.put(), SavedCard), "another card, whose page is open"
    await system.jobs.top_up(system.db)
    view = await system.view()
    assert (view.state, view.reason, view.today_cents) == (RuleState.WAITING, None, 2_000)
    await system.later(timedelta(minutes=16))
    assert await system.balance() == 900


async def test_a_new_card_replaces_the_first_and_erasure_deletes_both(
    system: System,
) -> None:
    first = await system.ruled(Card.ACCEPTED)
    second = await system.ruled(Card.WEBHOOK_LATE)
    await system.spend(await system.balance())  # cash in it would prevent the erasure
    async with system.db.transaction() as conn:
        exported = await reads.export(conn, system.fan)
        assert [(card["label"], card["state"]) for card in exported["cards"]] == [("…0309", "saved")]
        assert await acts.erased(conn, system.fan, system.clock.now()) is None
        assert await top_ups.erased(conn, system.fan, system.clock.now()) is None
    await system.later(timedelta(seconds=5))
    async with system.db.connection() as conn:
        kept = await methods.methods(conn, [first.id, second.id])
        assert {(one.state, one.label) for one in kept.values()} == {(SavedCardState.FORGOTTEN, None)}
        assert await reads.rule_view(conn, system.fan, zone=PARIS, now=NOW) is None


# --- the endpoints ---------------------------------------------------------------------------------------------------


async def test_automatic_top_up_needs_consent_a_recent_sign_in_and_the_provider(wallets: "Wallets") -> None:
    wallets.knows("fan")
    path, wish = "/api/wallet/auto-top-up", msgspec.to_builtins(WISH)
    assert (await wallets.ask("fan", "GET", path)).json() == {"rule": None, "page_url": None}
    refused = await wallets.ask("fan", "PUT", path, wish | {"consent": False})
    assert (refused.status_code, refused.json()["code"]) == (409, "consent_required")
    assert (await wallets.ask("fan", "PUT", path, wish)).json()["code"] == "provider_unavailable"
    assert (await wallets.ask("fan", "GET", path)).json()["rule"]["state"] == "waiting"
    wallets.knows("friend")
    assert (await wallets.ask("friend", "PUT", path, wish)).json()["code"] == "method_id_taken"
    assert (await wallets.ask("fan", "DELETE", path)).status_code == 204
    assert (await wallets.ask("fan", "GET", path)).json()["rule"] is None
    wallets.clock.advance(timedelta(minutes=16))
    assert (await wallets.ask("fan", "PUT", path, wish)).json()["code"] == "step_up_required"
