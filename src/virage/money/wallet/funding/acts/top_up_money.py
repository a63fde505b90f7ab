"""Handlers of captured and failed payments of top-ups."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.people.api import queue_emails
from virage.identity.people.types import EmailKind, NewEmail
from virage.money.payments import api as payments
from virage.money.payments.types import Captured, DisputeChange, Failed, FailedRefund, Processing, RefundRequest
from virage.money.wallet.accounts import api as accounts
from virage.money.wallet.funding.acts import auto_top_ups
from virage.money.wallet.funding.rules import top_ups as rules
from virage.money.wallet.funding.store import top_ups as store
from virage.money.wallet.ledger import api as ledger
from virage.money.wallet.ledger.types import Balance
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import new_id
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused


class TopUpMoney:
    """Handler of top-up payments, in the transaction that settles them."""

    def __init__(self, wallet_max_cents: Cents) -> None:
        self._wallet_max_cents = wallet_max_cents

    async def lock(self, conn: Connection, subjects: Sequence[UUID]) -> None:
        """Lock the wallets, then the waiting rules."""
        top_ups = await store.top_ups(conn, subjects)
        await accounts.lock_wallets(conn, sorted({top_up.wallet_id for top_up in top_ups.values()}))
        await auto_top_ups.waiting_for(conn, subjects)

    async def captured(self, conn: Connection, payments_: Sequence[Captured], now: datetime) -> None:
        """Credit each payment once; refund it in full if the wallet is closed or its limit is exceeded."""
        top_ups = await store.top_ups(conn, [payment.subject for payment in payments_])
        wallets = await accounts.lock_wallets(conn, sorted({top_up.wallet_id for top_up in top_ups.values()}))
        rules_waiting = await auto_top_ups.waiting_for(conn, list(top_ups))  # after the wallets, before the accounts
        balances = await ledger.lock_accounts(conn, wallets)
        holds = {wallet_id: balances.get(wallet_id, Balance()).balance_cents for wallet_id in wallets}
        kept: list[Captured] = []
        back: list[Captured] = []
        for payment in payments_:
            top_up = top_ups[payment.subject]
            if rules.fits(top_up, wallets[top_up.wallet_id], holds[top_up.wallet_id], self._wallet_max_cents):
                holds[top_up.wallet_id] += top_up.cents
                kept.append(payment)
            else:
                back.append(payment)
        entries = [
            [rules.credit(top_ups[one.subject].wallet_id, one.subject, one.payment_id, one.amount_cents)]
            for one in kept
        ]
        for posted in await ledger.post(conn, entries, now):
            if isinstance(posted, Refused):
                raise RuntimeError(f"Money that came is not credited: {posted.reason}")  # noqa: TRY004 - it is no type that is wrong
        requests = [RefundRequest(new_id(), one.payment_id, one.amount_cents) for one in back]
        await payments.request_refund(conn, requests, now)
        kept_ids, back_ids = {one.subject for one in kept}, {one.subject for one in back}
        await auto_top_ups.credited(conn, [rule for rule in rules_waiting if rule.top_up_id in kept_ids])
        await auto_top_ups.sent_back(conn, [rule for rule in rules_waiting if rule.top_up_id in back_ids], now)
        facts = [Fact("top_up_credited", None, one.subject, {"payment": one.payment_id}) for one in kept]
        facts += [Fact("top_up_returned", None, one.subject, {"payment": one.payment_id}) for one in back]
        await append(conn, facts, now)

    async def processing(self, conn: Connection, payments_: Sequence[Processing], now: datetime) -> None:
        """Nothing is credited before the money is there; no page of a top-up offers a debit."""

    async def failed(self, conn: Connection, payments_: Sequence[Failed], now: datetime) -> None:
        """Update the rules that asked for these top-ups; nothing was credited."""
        await auto_top_ups.failed(conn, payments_, now)

    async def disputed(self, conn: Connection, disputes: Sequence[DisputeChange], now: datetime) -> None:
        """Nothing is blocked by itself: the payments of a wallet are many, and finance decides."""

    async def dispute_won(self, conn: Connection, disputes: Sequence[DisputeChange], now: datetime) -> None:
        """Nothing was blocked."""

    async def refunds_failed(self, conn: Connection, refunds: Sequence[FailedRefund], now: datetime) -> None:
        """Tell the owners of the wallets whose money does not arrive."""
        top_ups = await store.top_ups(conn, [refund.subject for refund in refunds])
        wallets = await accounts.wallets_by_id(conn, sorted({top_up.wallet_id for top_up in top_ups.values()}))
        emails = [
            NewEmail(
                id=new_id(),
                kind=EmailKind.PAYOUT_FAILED,
                subject_id=refund.id,
                about_id=refund.subject,
                person_id=owner_id,
            )
            for refund in refunds
            if (owner_id := wallets[top_ups[refund.subject].wallet_id].owner_id) is not None
        ]
        await queue_emails(conn, emails, now)
