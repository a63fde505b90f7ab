"""What Virage asks of whoever takes card payments: hosted pages, charges, news, refunds. The sandbox answers it."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from virage.money.payments.rules import (
    Charge,
    DueRefund,
    NewMethod,
    Opened,
    Outcome,
    Reason,
    Reference,
    RefundAnswer,
    Start,
)
from virage.platform.values.refusals import Refused


class Unreachable(Exception):
    """The provider did not answer, or with a fault of its own: what was asked may or may not have happened.

    Everything that is asked carries our id, so asking again is safe.
    """


class PaymentProvider(Protocol):
    """A provider with a hosted page. Each method raises `Unreachable`; none is called inside a transaction."""

    async def create(self, starts: Sequence[Start]) -> Sequence[Opened | Refused]:
        """A hosted page for each payment, in order; the same payment id again gets the same page."""
        ...

    async def keep(self, methods: Sequence[NewMethod]) -> Sequence[Opened | Refused]:
        """A hosted page for each card that shall be kept, in order; the same id again gets the same page."""
        ...

    async def charge(self, charges: Sequence[Charge]) -> Sequence[Outcome]:
        """Charge cards that are kept, one outcome each, in order: captured, or declined with the reason why.

        `authentication_required` is the one of a bank that wants its customer there. The same payment id again charges
        nothing more.
        """
        ...

    async def forget(self, method_ids: Sequence[UUID]) -> None:
        """Keep these cards no longer; those that are gone are gone."""
        ...

    async def fetch(self, references: Sequence[Reference]) -> Sequence[Outcome]:
        """What became of payments, or of methods by their ids; those that the provider does not know are left out."""
        ...

    async def cancel(self, references: Sequence[Reference]) -> Sequence[Outcome]:
        """End payments that nobody shall make any more, one outcome each: expired, or what had happened before."""
        ...

    async def refund(self, refunds: Sequence[DueRefund]) -> Sequence[RefundAnswer]:
        """Send money back, one answer each, in order; the same refund id again sends nothing more."""
        ...

    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[Outcome] | Refused:
        """The news of one delivery, each with its event id, or why the delivery is not the provider's."""
        ...

    async def close(self) -> None:
        """Give the connections back."""
        ...


class NoProvider:
    """Stands where no provider is configured: nothing can be paid, and nobody's news is believed."""

    async def create(self, starts: Sequence[Start]) -> Sequence[Opened | Refused]:
        """Refuse."""
        raise Unreachable(f"no provider is configured for {len(starts)} payments")

    async def keep(self, methods: Sequence[NewMethod]) -> Sequence[Opened | Refused]:
        """Refuse."""
        raise Unreachable(f"no provider is configured for {len(methods)} cards")

    async def charge(self, charges: Sequence[Charge]) -> Sequence[Outcome]:
        """Refuse."""
        raise Unreachable(f"no provider is configured for {len(charges)} charges")

    async def forget(self, method_ids: Sequence[UUID]) -> None:
        """Refuse."""
        raise Unreachable(f"no provider is configured for {len(method_ids)} cards")

    async def fetch(self, references: Sequence[Reference]) -> Sequence[Outcome]:
        """Refuse."""
        raise Unreachable(f"no provider is configured for {len(references)} payments")

    async def cancel(self, references: Sequence[Reference]) -> Sequence[Outcome]:
        """Refuse."""
        raise Unreachable(f"no provider is configured for {len(references)} payments")

    async def refund(self, refunds: Sequence[DueRefund]) -> Sequence[RefundAnswer]:
        """Refuse."""
        raise Unreachable(f"no provider is configured for {len(refunds)} refunds")

    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[Outcome] | Refused:  # noqa: ARG002 - the protocol's form
        """Refuse."""
        return Refused(Reason.SIGNATURE_INVALID)

    async def close(self) -> None:
        """Nothing was opened."""
