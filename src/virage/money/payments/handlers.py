"""Protocols for payment outcomes, implemented by domains above and called in the payment's transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from virage.money.payments.rules import Captured, Failed, FailedRefund
from virage.platform.data.database import Connection


class CapturedHandler(Protocol):
    """Handler of captures: delivers the goods, or refunds with `acts.request_refund`."""

    async def captured(self, conn: Connection, payments: Sequence[Captured], now: datetime) -> None:
        """Handle payments of one purpose that were captured together; each payment is passed once."""
        ...


class FailedHandler(Protocol):
    """Handler of failures: releases what was reserved."""

    async def failed(self, conn: Connection, payments: Sequence[Failed], now: datetime) -> None:
        """Handle payments of one purpose that failed together; a late capture is still possible."""
        ...


class RefundFailedHandler(Protocol):
    """Handler of failed refunds: tells the buyer."""

    async def refunds_failed(self, conn: Connection, refunds: Sequence[FailedRefund], now: datetime) -> None:
        """Handle refunds of one purpose that the bank does not take; a person then decides how they are paid."""
        ...


class Handler(CapturedHandler, FailedHandler, RefundFailedHandler, Protocol):
    """Handler of captures, failures and failed refunds."""

    async def lock(self, conn: Connection, subjects: Sequence[UUID]) -> None:
        """Lock what is paid for, in the global order, when failures and captures arrive together."""
        ...


class Handlers(Struct, frozen=True):
    """Handlers by payment purpose."""

    by_purpose: Mapping[str, Handler]

    def of(self, purpose: str) -> Handler:
        """Return the handler of a purpose; KeyError if the composition lacks one."""
        return self.by_purpose[purpose]
