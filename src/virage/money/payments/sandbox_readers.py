"""Simulated card readers of the sandbox provider."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec

from virage.money.payments.readers import NewReader, ReaderLocation, ReaderPayment, ReaderRefusal, ReaderStatus, ref_of
from virage.money.payments.rules import Outcome, PaymentRefusal, Reference
from virage.platform.values.refusals import Refused
from virage_sandbox import wire

LOCATION: Final = ReaderLocation("sandbox", "Sandbox")
_REFUSALS: Final = {
    "reader_offline": ReaderRefusal.OFFLINE,
    "reader_busy": ReaderRefusal.BUSY,
    "reader_unknown": ReaderRefusal.UNKNOWN,
}

Answer = TypeVar("Answer", bound=msgspec.Struct)


class SandboxReaders:
    """`CardReaders` of the sandbox. `post` asks the sandbox, `look_up` returns the states of payments."""

    def __init__(
        self,
        post: Callable[[str, msgspec.Struct, type[Any]], Awaitable[Any]],
        look_up: Callable[[Sequence[Reference]], Awaitable[Sequence[Outcome]]],
        currency: str,
    ) -> None:
        self._post = post
        self._look_up = look_up
        self._currency = currency

    async def locations(self) -> Sequence[ReaderLocation]:
        """Return the one place that there is."""
        return [LOCATION]

    async def register(self, new: NewReader) -> ReaderStatus | Refused:
        """Register a simulated reader, whose code says how it behaves."""
        if new.location_id != LOCATION.id:
            return Refused(ReaderRefusal.LOCATION_UNKNOWN, {"location": new.location_id})
        answer: wire.ReaderStates = await self._post("/v1/readers", wire.NewReader(new.id, new.code), wire.ReaderStates)
        if not answer.readers:
            return Refused(ReaderRefusal.CODE_INVALID, {"provider": "code_unknown"})
        return _status(answer.readers[0])

    async def remove(self, reader_ref: str) -> None:
        """Nothing is stored of a simulated reader."""

    async def states(self, reader_refs: Sequence[str]) -> Sequence[ReaderStatus]:
        """Return the states of readers."""
        refs = wire.ReaderRefs(list(reader_refs))
        answer: wire.ReaderStates = await self._post("/v1/readers/states", refs, wire.ReaderStates)
        return [_status(reader) for reader in answer.readers]

    async def pay(self, payment: ReaderPayment) -> Outcome | Refused:
        """Hand a payment to its reader."""
        new = wire.NewReaderPayment(payment.payment_id, payment.reader_ref, payment.amount_cents, self._currency)
        answer: wire.ReaderAnswer = await self._post("/v1/readers/pay", new, wire.ReaderAnswer)
        if answer.error is not None:
            return Refused(_REFUSALS.get(answer.error, PaymentRefusal.PAYMENT_ID_TAKEN), {"provider": answer.error})
        (outcome,) = await self._look_up([Reference(payment.payment_id)])
        return msgspec.structs.replace(outcome, provider_ref=ref_of(payment.reader_ref))


def _status(reader: wire.ReaderState) -> ReaderStatus:
    return ReaderStatus(reader.ref, reader.online, reader.busy)
