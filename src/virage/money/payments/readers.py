"""Protocol of card readers: a provider's terminals at tills, driven by the server.

A till shows an amount, the server hands the payment to the reader, and the reader asks for the card. Readers need the
network: nothing is taken while the provider or the reader is offline.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

from virage.money.payments.rules import Outcome
from virage.platform.values.refusals import Refused


class ReaderRefusal(StrEnum):
    """Why a reader is not registered or takes no payment."""

    CODE_INVALID = "card_reader_code_invalid"
    LOCATION_UNKNOWN = "card_reader_location_unknown"
    OFFLINE = "card_reader_offline"
    BUSY = "card_reader_busy"
    UNKNOWN = "card_reader_unknown"


class ReaderLocation(Struct, frozen=True):
    """Place at the provider where readers stand, with its address there. `venue` is the code of the venue, if named."""

    id: str
    name: str
    venue: str | None = None


class NewReader(Struct, frozen=True):
    """Reader to register. `code` is what the reader shows for a few minutes; `id` makes the request idempotent."""

    id: UUID
    code: str
    label: str
    location_id: str


class ReaderStatus(Struct, frozen=True):
    """State of a reader at the provider. `last_seen_at` is None if the provider does not say it."""

    ref: str
    is_online: bool
    is_busy: bool
    last_seen_at: datetime | None = None


class ReaderPayment(Struct, frozen=True):
    """Payment to hand to a reader."""

    payment_id: UUID
    reader_ref: str
    amount_cents: int


class CardReaders(Protocol):
    """Card readers of a provider. Methods raise `Unreachable` and are never called inside a transaction."""

    async def locations(self) -> Sequence[ReaderLocation]:
        """Return the places at which readers can be registered."""
        ...

    async def register(self, new: NewReader) -> ReaderStatus | Refused:
        """Register a reader. Idempotent by its id."""
        ...

    async def remove(self, reader_ref: str) -> None:
        """Remove a reader from the account. Idempotent."""
        ...

    async def states(self, reader_refs: Sequence[str]) -> Sequence[ReaderStatus]:
        """Return the states of readers; unknown ones are left out."""
        ...

    async def pay(self, payment: ReaderPayment) -> Outcome | Refused:
        """Hand a payment to its reader. Idempotent by payment id.

        Pending while the reader waits for the card; refused if the reader is offline, busy or unknown, and then no
        card can pay it. A pending outcome has the `provider_ref` by which the provider's `fetch` and `cancel` know it.
        """
        ...


SEPARATOR: Final = " "
"""Between the provider's ids of reader and payment; neither contains it."""


def ref_of(reader_ref: str, provider_ref: str | None = None) -> str:
    """Return the reference of a payment at a reader, with the provider's id of the payment if it is known."""
    return reader_ref if provider_ref is None else f"{reader_ref}{SEPARATOR}{provider_ref}"


class NoReaders:
    """Placeholder of a provider without readers."""

    async def locations(self) -> Sequence[ReaderLocation]:
        """Return that there is no place."""
        return []

    async def register(self, new: NewReader) -> ReaderStatus | Refused:
        """Refuse."""
        return Refused(ReaderRefusal.LOCATION_UNKNOWN, {"location": new.location_id})

    async def remove(self, reader_ref: str) -> None:
        """There is nothing to remove."""

    async def states(self, reader_refs: Sequence[str]) -> Sequence[ReaderStatus]:  # noqa: ARG002 - the protocol's form
        """Return that none is known."""
        return []

    async def pay(self, payment: ReaderPayment) -> Outcome | Refused:  # noqa: ARG002 - the protocol's form
        """Refuse."""
        return Refused(ReaderRefusal.UNKNOWN)
