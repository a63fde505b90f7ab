"""Fixtures: payments on a real database, the stand-in of Stripe, and the job of settlement."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from msgspec.structs import replace

from tests.money.payments.conftest import Shop
from tests.money.payments.stripe_standin import ACCEPTED, KEY, StripeStandin
from virage.money.payments import acts
from virage.money.payments.accounts import acts as account_acts
from virage.money.payments.accounts.rules import AccountReport, FeeRule
from virage.money.payments.handlers import Handlers
from virage.money.payments.jobs import PaymentJobs
from virage.money.payments.rules import (
    HostedPage,
    Outcome,
    PaymentIntent,
    PaymentState,
    Reference,
    RefundAnswer,
    RefundRequest,
    RefundState,
)
from virage.money.payments.stripe_provider import StripeProvider
from virage.money.settlement.acts import bank as bank_acts
from virage.money.settlement.jobs import SettlementJob
from virage.money.settlement.rules.items import Item
from virage.money.settlement.rules.statements import Format, ParsedStatement, StatementLine
from virage.money.settlement.store import items as item_store
from virage.money.settlement.store import payouts as payout_store
from virage.money.settlement.store.bank import NewStatement
from virage.money.settlement.store.payouts import Payout, StoredEntry
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage.site.programme import api as programme
from virage.site.programme.types import Organiser

EVER = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


class Office:
    """Payments, the provider's balance, and the job that reconciles them."""

    def __init__(self, db: Database, clock: Any, standin: StripeStandin, provider: StripeProvider) -> None:
        self.db = db
        self.clock = clock
        self.balance = standin.balance
        self.standin = standin
        self.provider = provider
        self.job = SettlementJob(clock, provider, "EUR")

    async def capture(self, *cents: int) -> list[UUID]:
        """Captured payments of these amounts; the provider's balance does not have them."""
        starts = [
            PaymentIntent(new_id(), "order", new_id(), amount, "https://club.example", self.clock.now())
            for amount in cents
        ]
        outcomes = [Outcome(start.payment_id, PaymentState.CAPTURED, start.amount_cents) for start in starts]
        async with self.db.transaction() as conn:
            await acts.begin(conn, starts, self.clock.now())
            await acts.settle(conn, outcomes, self.clock.now(), Handlers({"order": Shop()}))
        return [start.payment_id for start in starts]

    async def seller(self, fee: FeeRule) -> tuple[UUID, str]:
        """An organiser with an account that may charge, at a fee, and the id of the account."""
        organiser, who, ref = Organiser(new_id(), f"Promoter {fee.permille}"), new_id(), self.standin.connect.connect()
        report = AccountReport(ref, may_charge=True, may_pay_out=True)
        async with self.db.transaction() as conn:
            await programme.add_organiser(conn, organiser, None, self.clock.now())
            account = await account_acts.begin_account(conn, organiser.id, who, self.clock.now())
            await account_acts.name_account(conn, account, report, self.clock.now())
            await account_acts.set_fee(conn, organiser.id, fee, who, self.clock.now())
        return organiser.id, ref

    async def sell_for(self, organiser_id: UUID, cents: int) -> UUID:
        """A payment of an organiser that was paid at the provider, with its charge and its fee."""
        start = PaymentIntent(
            new_id(), "order", new_id(), cents, "https://club.example", self.clock.now(), organiser_id=organiser_id
        )
        async with self.db.transaction() as conn:
            begun = await acts.begin(conn, [start], self.clock.now())
            direct = (await account_acts.direct_charges(conn, [start], begun))[start.payment_id]
        (page,) = await self.provider.create([replace(start, direct=direct)])
        assert isinstance(page, HostedPage)
        async with self.db.transaction() as conn:
            await acts.store_pages(conn, [page])
        async with aiohttp.ClientSession() as buyer:
            await buyer.post(page.payment_url, json={"card": ACCEPTED})
        outcomes = await self.provider.fetch([Reference(start.payment_id, page.provider_ref, direct.account)])
        async with self.db.transaction() as conn:
            await acts.settle(conn, outcomes, self.clock.now(), Handlers({"order": Shop()}))
        return start.payment_id

    async def refund_all(self) -> None:
        """Send the refunds that were requested."""
        await PaymentJobs(self.db, self.clock, self.provider, Handlers({"order": Shop()})).send_refunds(self.db)

    async def debit(self, cents: int, after: timedelta) -> UUID:
        """A debit that is captured some days after its page; the provider's balance does not have it."""
        handlers = Handlers({"order": Shop()})
        start = PaymentIntent(new_id(), "order", new_id(), cents, "https://club.example", self.clock.now())
        async with self.db.transaction() as conn:
            await acts.begin(conn, [start], self.clock.now())
        for state in (PaymentState.PROCESSING, PaymentState.CAPTURED):
            async with self.db.transaction() as conn:
                await acts.settle(conn, [Outcome(start.payment_id, state, cents)], self.clock.now(), handlers)
            self.clock.advance(after if state is PaymentState.PROCESSING else timedelta())
        return start.payment_id

    async def sell(self, *cents: int) -> list[UUID]:
        """Captured payments, each with its charge in the balance."""
        ids = await self.capture(*cents)
        for id_, amount in zip(ids, cents, strict=True):
            self.balance.charge(id_, amount)
        return ids

    async def refund(self, payment_id: UUID, cents: int) -> UUID:
        """A refund that the provider accepted; its balance does not have it."""
        refund_id = new_id()
        async with self.db.transaction() as conn:
            await acts.request_refund(conn, [RefundRequest(refund_id, payment_id, cents)], self.clock.now())
            await acts.record_refunds(
                conn, [RefundAnswer(refund_id, RefundState.DONE)], self.clock.now(), Handlers({"order": Shop()})
            )
        return refund_id

    def refund_entry(self, refund_id: UUID, cents: int, category: str = "refund") -> Any:
        """An entry of a refund, or of its failure."""
        return self.balance.add(category, cents, {"metadata": {"refund_id": str(refund_id)}})

    async def reconcile(self) -> None:
        await self.job.reconcile(self.db)

    async def payouts(self) -> list[Payout]:
        """All payouts, latest first."""
        async with self.db.connection() as conn:
            ids = await payout_store.latest_payouts(conn, self.clock.now() + timedelta(days=400), 100)
            found = await payout_store.payouts(conn, ids)
        return [found[id_] for id_ in ids]

    async def payout(self) -> Payout:
        (payout,) = await self.payouts()
        return payout

    async def entries(self, payout_id: UUID) -> list[StoredEntry]:
        async with self.db.connection() as conn:
            return await payout_store.entries(conn, payout_id, None, (EVER, ""), 100_000, unmatched=False)

    async def items(self) -> list[Item]:
        """The open items."""
        async with self.db.connection() as conn:
            return await item_store.open_items(conn, 1000)

    async def kinds(self) -> list[str]:
        return sorted(item.kind.value for item in await self.items())

    async def resolved(self) -> list[Item]:
        async with self.db.connection() as conn:
            return await item_store.resolved_items(conn, self.clock.now() + timedelta(days=1), 1000)

    async def book(self, *lines: tuple[date, int, str], account: str = "FR7612345") -> bank_acts.StatementImport:
        """Import a statement with these lines."""
        parsed = ParsedStatement(account, [StatementLine(*line) for line in lines])
        new = NewStatement(Format.CSV, "statement.csv", new_id().bytes * 2, 0, parsed)
        async with self.db.transaction() as conn:
            return await bank_acts.import_statements(
                conn, [new], None, self.clock.now(), currency="EUR", provider="STRIPE"
            )


@pytest.fixture
async def standin() -> AsyncIterator[StripeStandin]:
    made = StripeStandin()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def office(db: Database, clock: Any, standin: StripeStandin) -> AsyncIterator[Office]:
    standin.balance.now = lambda: clock.now().timestamp()
    provider = StripeProvider(KEY, [], currency="EUR", merchant="Club", methods=["card"], api_url=standin.url)
    yield Office(db, clock, standin, provider)
    await provider.close()
