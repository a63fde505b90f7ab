"""Client of the sandbox provider: batched HTTP calls on kept-alive connections."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import aiohttp
import msgspec

from virage.money.payments.accounts.rules import AccountReport, NewAccount
from virage.money.payments.payouts import BalanceEntry, EntryKind, Listing, PayoutState, ProviderPayout
from virage.money.payments.provider import Unreachable
from virage.money.payments.rules import (
    Charge,
    DisputeNotice,
    DisputeState,
    DueEvidence,
    DueRefund,
    EvidenceAnswer,
    EvidenceState,
    HostedPage,
    News,
    NewSavedCard,
    Outcome,
    PaymentIntent,
    PaymentRefusal,
    PaymentState,
    Reference,
    RefundAnswer,
    RefundState,
)
from virage.money.payments.sandbox_readers import SandboxReaders
from virage.platform.values.refusals import Refused
from virage_sandbox import signatures, wire

TIMEOUT = aiohttp.ClientTimeout(total=5, connect=1)
CONNECTIONS_MAX = 8

Answer = TypeVar("Answer")

_STATES = {
    wire.Stage.OPEN: PaymentState.PENDING,
    wire.Stage.CHALLENGED: PaymentState.PENDING,
    wire.Stage.PROCESSING: PaymentState.PROCESSING,
    wire.Stage.CAPTURED: PaymentState.CAPTURED,
    wire.Stage.DECLINED: PaymentState.DECLINED,
    wire.Stage.CANCELLED: PaymentState.CANCELLED,
    wire.Stage.EXPIRED: PaymentState.EXPIRED,
}

_delivery = msgspec.json.Decoder(wire.Delivery)


class SandboxProvider:
    """`PaymentProvider` of the sandbox, which uses our payment ids."""

    name = "sandbox"
    opens_many = True

    def __init__(self, url: str, key: str, webhook_secret: str, currency: str) -> None:
        self._url = url
        self._key = key
        self._webhook_secret = webhook_secret
        self._currency = currency
        self._session: aiohttp.ClientSession | None = None
        self.readers = SandboxReaders(self._post, self.fetch, currency)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def create(self, starts: Sequence[PaymentIntent]) -> Sequence[HostedPage | Refused]:
        """Return a hosted page for each payment, in order."""
        return await self._open(
            [
                wire.NewPayment(
                    start.payment_id,
                    start.amount_cents,
                    start.return_url,
                    currency=self._currency,
                    debit=start.allows_debit and self._currency == "EUR",
                    offers=None if start.card is None else start.card.payment_id,
                    account=None if start.direct is None else start.direct.account,
                    application_fee_cents=0 if start.direct is None else start.direct.fee_cents,
                    merchant=None if start.direct is None else start.direct.merchant,
                )
                for start in starts
            ]
        )

    async def _open(self, payments: list[wire.NewPayment]) -> Sequence[HostedPage | Refused]:
        answer = await self._post("/v1/payments", wire.NewPayments(payments), wire.Pages)
        return [
            Refused(PaymentRefusal.PAYMENT_ID_TAKEN, {"provider": page.error})
            if page.url is None
            else HostedPage(page.id, page.url)
            for page in answer.payments
        ]

    async def keep(self, methods: Sequence[NewSavedCard]) -> Sequence[HostedPage | Refused]:
        """Return a hosted page for each card to save, in order."""
        return await self._open(
            [
                wire.NewPayment(card.method_id, 0, card.return_url, keeps=True, currency=self._currency)
                for card in methods
            ]
        )

    async def charge(self, charges: Sequence[Charge]) -> Sequence[Outcome]:
        """Charge saved cards."""
        asked = wire.NewCharges(
            [
                wire.NewCharge(charge.payment_id, charge.method_id, charge.amount_cents, self._currency)
                for charge in charges
            ]
        )
        answer = await self._post("/v1/charges", asked, wire.Statuses)
        return [_outcome(status) for status in answer.payments]

    async def forget(self, cards: Sequence[Reference]) -> None:
        """Remove saved cards."""
        await self._post("/v1/methods/forget", wire.Ids([card.payment_id for card in cards]), wire.Ids)

    async def fetch(self, references: Sequence[Reference]) -> Sequence[Outcome]:
        """Return the state of payments; unknown ones are left out."""
        ids = wire.Ids([reference.payment_id for reference in references])
        answer = await self._post("/v1/payments/lookup", ids, wire.Statuses)
        return [_outcome(status) for status in answer.payments]

    async def cancel(self, references: Sequence[Reference]) -> Sequence[Outcome]:
        """Cancel payments; one unknown to the sandbox has expired as well."""
        ids = [reference.payment_id for reference in references]
        answer = await self._post("/v1/payments/cancel", wire.Ids(ids), wire.Statuses)
        known = {status.id: _outcome(status) for status in answer.payments}
        return [
            known.get(one.payment_id) or Outcome(one.payment_id, PaymentState.EXPIRED, 0, account=one.account)
            for one in references
        ]

    async def refund(self, refunds: Sequence[DueRefund]) -> Sequence[RefundAnswer]:
        """Send refunds, one answer each."""
        asked = wire.NewRefunds(
            [wire.NewRefund(due.id, due.payment_id, due.amount_cents, due.returns_fee) for due in refunds]
        )
        answer = await self._post("/v1/refunds", asked, wire.RefundStatuses)
        accounts = {due.id: due.account for due in refunds}
        return [
            RefundAnswer(
                one.id, RefundState.DONE if one.done else RefundState.LATER, one.reason, account=accounts[one.id]
            )
            for one in answer.refunds
        ]

    async def send_evidence(self, due: DueEvidence) -> EvidenceAnswer:
        """Send evidence; the sandbox keeps the first one of a dispute."""
        fields = due.fields
        asked = wire.NewEvidence(
            due.id,
            due.dispute_ref,
            due.pdf,
            fields.summary,
            fields.customer_name,
            fields.customer_email,
            fields.service_on,
            fields.access_log,
        )
        status = await self._post("/v1/disputes/evidence", asked, wire.EvidenceStatus)
        return EvidenceAnswer(EvidenceState.SENT if status.taken else EvidenceState.FAILED, status.reason)

    async def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[News] | Refused:
        """Return the news of a delivery. The signature's age is checked by the system clock, not a shifted one."""
        header = headers.get(signatures.HEADER, "")
        if not signatures.verify(self._webhook_secret, body, header, time.time()):
            return Refused(PaymentRefusal.SIGNATURE_INVALID)
        try:
            delivery = _delivery.decode(body)
        except msgspec.DecodeError:
            return Refused(PaymentRefusal.DELIVERY_INVALID)
        return [_news(event) for event in delivery.events]

    async def defects(self, webhook_url: str, *, with_accounts: bool = False) -> Sequence[str]:  # noqa: ARG002 - the sandbox has accounts
        """Return whether the sandbox does not answer. It was told the address of the webhooks when it started."""
        try:
            await self.fetch([])
        except Unreachable as failure:
            return [f"The sandbox at {self._url} does not answer, so nothing comes to {webhook_url}: {failure}"]
        return []

    async def payouts(self, since: datetime, account: str | None = None) -> AsyncIterator[Sequence[ProviderPayout]]:
        """Yield the payouts created since a time, earliest first. Today's grows until the day is over."""
        answer = await self._post("/v1/payouts", wire.PayoutsSince(since, account), wire.Payouts)
        yield [
            ProviderPayout(
                payout.id,
                payout.amount_cents,
                payout.currency,
                payout.created_at,
                payout.arrives_on,
                PayoutState.PAID if payout.complete else PayoutState.PENDING,
                Listing.READY if payout.complete else Listing.LATER,
                reference=payout.id,
                descriptor="SANDBOX",
                account=account,
            )
            for payout in answer.payouts
        ]

    async def payout_entries(
        self,
        payout_id: str,
        after: str | None = None,
        account: str | None = None,  # noqa: ARG002 - the payout's id names its account
    ) -> AsyncIterator[Sequence[BalanceEntry]]:
        """Yield the entries of a payout: captures with their fees, refunds, and application fees."""
        while True:
            asked = wire.EntriesOf(payout_id, after)
            answer = await self._post("/v1/payouts/entries", asked, wire.PayoutEntries)
            if answer.entries:
                yield [_entry(entry) for entry in answer.entries]
                after = answer.entries[-1].id
            if not answer.more:
                return

    async def open_account(self, new: NewAccount) -> AccountReport | Refused:
        """Return the account of an organiser, which may charge at once."""
        (report,) = await self.accounts([f"acct_{new.organiser_id.hex}_{new.begun_at:%Y%m%d%H%M%S%f}"])
        return report

    async def onboarding_url(self, account: str, refresh_url: str, return_url: str) -> str:  # noqa: ARG002 - the protocol's form
        """Return the end of the form: the sandbox asks nothing."""
        return return_url

    async def accounts(self, refs: Sequence[str]) -> Sequence[AccountReport]:
        """Return the balances of accounts. What came in today is pending; earlier money is paid out."""
        answer = await self._post("/v1/accounts", wire.Refs(list(refs)), wire.AccountBalances)
        return [
            AccountReport(one.ref, may_charge=True, may_pay_out=True, available_cents=0, pending_cents=one.cents)
            for one in answer.accounts
        ]

    async def _post(self, path: str, body: msgspec.Struct, answer_type: type[Answer]) -> Answer:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=TIMEOUT,
                connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX),
                headers={"authorization": f"Bearer {self._key}", "content-type": "application/json"},
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        try:
            async with self._session.post(self._url + path, data=msgspec.json.encode(body)) as response:
                content = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as failure:
            raise Unreachable(f"{path}: {type(failure).__name__}") from failure
        if response.status != 200:  # noqa: PLR2004 - the provider's one status of success
            raise Unreachable(f"{path}: status {response.status}")
        try:
            return msgspec.json.decode(content, type=answer_type)
        except msgspec.DecodeError as failure:
            raise Unreachable(f"{path}: an answer that is not understood") from failure


def _news(event: wire.Event) -> News:
    told = event.dispute
    if told is None:
        return Outcome(
            event.payment_id,
            _STATES[event.state],
            event.amount_cents,
            event.reason,
            event.id,
            event.kept,
            account=event.account,
        )
    return DisputeNotice(
        payment_id=event.payment_id,
        provider_ref=told.id,
        amount_cents=told.amount_cents,
        reason=told.reason,
        state=DisputeState(told.state.value),
        is_inquiry=False,
        opened_at=told.opened_at,
        due_at=told.due_at,
        account=event.account,
    )


def _outcome(status: wire.Status) -> Outcome:
    amount = status.captured_cents if status.state is wire.Stage.CAPTURED else status.amount_cents
    return Outcome(
        status.id,
        _STATES[status.state],
        amount,
        status.reason,
        label=status.kept,
        account=status.account,
        card_ref=status.card_ref,
    )


def _entry(entry: wire.PayoutEntry) -> BalanceEntry:
    is_application_fee = entry.owner != entry.account
    if entry.refund_id is None:
        kind = EntryKind.APPLICATION_FEE if is_application_fee else EntryKind.CHARGE
    else:
        kind = EntryKind.APPLICATION_FEE_RETURNED if is_application_fee else EntryKind.REFUND
    return BalanceEntry(
        entry.id,
        kind,
        kind.value,
        entry.amount_cents,
        entry.fee_cents,
        entry.amount_cents - entry.fee_cents,
        entry.currency,
        entry.created_at,
        payment_id=entry.payment_id,
        refund_id=entry.refund_id,
        source_ref=entry.id,
        account=entry.account,
    )
