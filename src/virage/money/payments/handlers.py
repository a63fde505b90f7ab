"""Protocols for payment outcomes, implemented by domains above and called in the payment's transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from virage.money.payments.rules import Captured, DisputeChange, Failed, FailedRefund, Processing
from virage.platform.data.database import Connection


class CapturedHandler(Protocol):
    """Handler of captures: delivers the goods, or refunds with `acts.request_refund`."""

    async def captured(self, conn: Connection, payments: Sequence[Captured], now: datetime) -> None:
        """Handle payments of one purpose that were captured together; each payment is passed once."""
        ...


class ProcessingHandler(Protocol):
    """Handler of debits under way: keeps what was reserved, and delivers nothing yet."""

    async def processing(self, conn: Connection, payments: Sequence[Processing], now: datetime) -> None:
        """Handle payments of one purpose that the bank pays or refuses later; each payment is passed once."""
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


class DisputeHandler(Protocol):
    """Handler of disputes: decides on what was bought with disputed money, and tells the buyer."""

    async def disputed(self, conn: Connection, disputes: Sequence[DisputeChange], now: datetime) -> None:
        """Handle payments of one purpose whose money is disputed now."""
        ...

    async def dispute_won(self, conn: Connection, disputes: Sequence[DisputeChange], now: datetime) -> None:
        """Handle disputes of one purpose after which the operator keeps the money."""
        ...


class Handler(CapturedHandler, ProcessingHandler, FailedHandler, RefundFailedHandler, DisputeHandler, Protocol):
    """Handler of all that happens to payments of a purpose."""

    async def lock(self, conn: Connection, subjects: Sequence[UUID]) -> None:
        """Lock what is paid for, in the global order: before outcomes of several kinds that arrive together, and
        before disputes.
        """
        ...


class Handlers(Struct, frozen=True):
    """Handlers by payment purpose."""

    by_purpose: Mapping[str, Handler]

    def of(self, purpose: str) -> Handler:
        """Return the handler of a purpose; KeyError if the composition lacks one."""
        return self.by_purpose[purpose]
