"""Protocol of a payment provider: hosted pages, charges, lookups, refunds, webhooks."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from virage.money.payments.accounts.rules import AccountReport, NewAccount
from virage.money.payments.payouts import BalanceEntry, ProviderPayout
from virage.money.payments.readers import CardReaders, NoReaders
from virage.money.payments.rules import (
    Charge,
    DueEvidence,
    DueRefund,
    EvidenceAnswer,
    HostedPage,
    News,
    NewSavedCard,
    Outcome,
    PaymentIntent,
    PaymentRefusal,
    Reference,
    RefundAnswer,
)
from virage.platform.values.refusals import Refused


class Unreachable(Exception):
    """The provider did not answer or failed; the request may or may not have been executed.

    Every request carries our id, so a retry is safe.
    """


class PaymentProvider(Protocol):
    """Provider with hosted pages. Methods raise `Unreachable` and are never called inside a transaction.

    `name` is the last part of the address of its webhooks.
    """

    @property
    def opens_many(self) -> bool:
        """Whether `create` makes one call for many pages."""
        ...

    @property
    def name(self) -> str:
        """Name of the provider."""
        ...

    @property
    def readers(self) -> CardReaders:
        """Card readers at tills."""
        ...

    async def create(self, starts: Sequence[PaymentIntent]) -> Sequence[HostedPage | Refused]:
        """Return a hosted page for each payment, in order. Idempotent by payment id.

        Refused with `provider_busy` (data.retry_after_s) while the account's rate of calls is used up.
        A page offers the saved card of its payment, if it names one, and debits only to a payment that allows them. One
        that was authorised is `processing` until the bank pays or refuses it, which a webhook and `fetch` report.
        """
        ...

    async def keep(self, methods: Sequence[NewSavedCard]) -> Sequence[HostedPage | Refused]:
        """Return a hosted page for each card to save, in order. Idempotent by method id."""
        ...

    async def charge(self, charges: Sequence[Charge]) -> Sequence[Outcome]:
        """Charge saved cards off-session, one outcome each, in order: captured, or declined with a reason.

        `authentication_required` means that the bank requires the customer. Idempotent by payment id.
        """
        ...

    async def forget(self, cards: Sequence[Reference]) -> None:
        """Remove saved cards. Idempotent."""
        ...

    async def fetch(self, references: Sequence[Reference]) -> Sequence[Outcome]:
        """Return the state of payments or saved cards; unknown and unanswered ones are left out."""
        ...

    async def cancel(self, references: Sequence[Reference]) -> Sequence[Outcome]:
        """Cancel open payments, one outcome each: expired, or the earlier outcome; unanswered ones are left out."""
        ...

    async def refund(self, refunds: Sequence[DueRefund]) -> Sequence[RefundAnswer]:
        """Send refunds, one answer each; unanswered ones are left out. Idempotent by refund id."""
        ...

    async def send_evidence(self, due: DueEvidence) -> EvidenceAnswer:
        """Send evidence to the bank of a dispute, once: it is final. Idempotent by the id of the evidence."""
        ...

    async def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[News] | Refused:
        """Return what a webhook delivery says about payments, cards, refunds and disputes, or why it is refused."""
        ...

    async def defects(self, webhook_url: str, *, with_accounts: bool = False) -> Sequence[str]:
        """Return what keeps the account from taking payments, a line each. Nothing is created at the provider.

        `with_accounts`: also what keeps organisers from having accounts; that of existing ones is always checked.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...

    def payouts(self, since: datetime, account: str | None = None) -> AsyncIterator[Sequence[ProviderPayout]]:
        """Yield the payouts of an account created since a time, in pages. `account` None: the operator's own."""
        ...

    def payout_entries(
        self, payout_id: str, after: str | None = None, account: str | None = None
    ) -> AsyncIterator[Sequence[BalanceEntry]]:
        """Yield the balance entries of a payout, in pages and a fixed order, from the one after the entry `after`."""
        ...

    async def open_account(self, new: NewAccount) -> AccountReport | Refused:
        """Create the account of an organiser. Idempotent by organiser and `begun_at`. Refusal: account_not_opened."""
        ...

    async def onboarding_url(self, account: str, refresh_url: str, return_url: str) -> str:
        """Return the address of the provider's form for an account, which works once.

        The form ends at `return_url`; an address that does not work any more leads to `refresh_url`.
        """
        ...

    async def accounts(self, refs: Sequence[str]) -> Sequence[AccountReport]:
        """Return the state and balance of accounts; unanswered ones are left out."""
        ...


class NoProvider:
    """Placeholder if no provider is configured: nothing can be paid, and every webhook is refused."""

    name = "none"
    opens_many = True
    readers = NoReaders()

    async def create(self, starts: Sequence[PaymentIntent]) -> Sequence[HostedPage | Refused]:
        """Refuse."""
        raise Unreachable(f"no provider is configured for {len(starts)} payments")

    async def keep(self, methods: Sequence[NewSavedCard]) -> Sequence[HostedPage | Refused]:
        """Refuse."""
        raise Unreachable(f"no provider is configured for {len(methods)} cards")

    async def charge(self, charges: Sequence[Charge]) -> Sequence[Outcome]:
        """Refuse."""
        raise Unreachable(f"no provider is configured for {len(charges)} charges")

    async def forget(self, cards: Sequence[Reference]) -> None:
        """Refuse."""
        raise Unreachable(f"no provider is configured for {len(cards)} cards")

    async def fetch(self, references: Sequence[Reference]) -> Sequence[Outcome]:
        """Refuse."""
        raise Unreachable(f"no provider is configured for {len(references)} payments")

    async def cancel(self, references: Sequence[Reference]) -> Sequence[Outcome]:
        """Refuse."""
        raise Unreachable(f"no provider is configured for {len(references)} payments")

    async def refund(self, refunds: Sequence[DueRefund]) -> Sequence[RefundAnswer]:
        """Refuse."""
        raise Unreachable(f"no provider is configured for {len(refunds)} refunds")

    async def send_evidence(self, due: DueEvidence) -> EvidenceAnswer:
        """Refuse."""
        raise Unreachable(f"no provider is configured for the evidence of {due.dispute_ref}")

    async def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[News] | Refused:  # noqa: ARG002 - the protocol's form
        """Refuse."""
        return Refused(PaymentRefusal.SIGNATURE_INVALID)

    async def defects(self, webhook_url: str, *, with_accounts: bool = False) -> Sequence[str]:  # noqa: ARG002 - the protocol's form
        """Return that there is no provider."""
        return [f"No payment provider is configured: set VIRAGE_STRIPE_KEY, with its webhooks at {webhook_url}"]

    async def close(self) -> None:
        """Nothing was opened."""

    async def payouts(self, since: datetime, account: str | None = None) -> AsyncIterator[Sequence[ProviderPayout]]:  # noqa: ARG002 - the protocol's form
        """Yield an empty page."""
        yield ()

    async def payout_entries(
        self,
        payout_id: str,  # noqa: ARG002 - the protocol's form
        after: str | None = None,  # noqa: ARG002 - the protocol's form
        account: str | None = None,  # noqa: ARG002 - the protocol's form
    ) -> AsyncIterator[Sequence[BalanceEntry]]:
        """Yield an empty page."""
        yield ()

    async def open_account(self, new: NewAccount) -> AccountReport | Refused:
        """Refuse."""
        raise Unreachable(f"no provider is configured for the account of {new.organiser_id}")

    async def onboarding_url(self, account: str, refresh_url: str, return_url: str) -> str:  # noqa: ARG002 - the protocol's form
        """Refuse."""
        raise Unreachable(f"no provider is configured for {account}")

    async def accounts(self, refs: Sequence[str]) -> Sequence[AccountReport]:
        """Refuse."""
        raise Unreachable(f"no provider is configured for {len(refs)} accounts")
