"""What a payment causes in the domains above: they declare it here, and it runs in the payment's own transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from virage.money.payments.rules import Captured, Failed
from virage.platform.data.database import Connection


class CapturedHandler(Protocol):
    """Turn money into goods. What it cannot use any more it sends back with `acts.request_refund`."""

    async def captured(self, conn: Connection, payments: Sequence[Captured], now: datetime) -> None:
        """Handle all payments of one purpose that were captured together, each of them for the first and only time."""
        ...


class FailedHandler(Protocol):
    """Let go of what waited for money that does not come."""

    async def failed(self, conn: Connection, payments: Sequence[Failed], now: datetime) -> None:
        """Handle all payments of one purpose that failed together; money may still come late for one of them."""
        ...


class Handler(CapturedHandler, FailedHandler, Protocol):
    """Both ends of a payment."""

    async def lock(self, conn: Connection, subjects: Sequence[UUID]) -> None:
        """Lock what is paid for, in the one order of locks: some of it failed and some was captured at once."""
        ...


class Handlers(Struct, frozen=True):
    """Who gets the news, by the payment's purpose."""

    by_purpose: Mapping[str, Handler]

    def of(self, purpose: str) -> Handler:
        """The handler of a purpose; a purpose without one is a fault in the composition, found at its first payment."""
        return self.by_purpose[purpose]
