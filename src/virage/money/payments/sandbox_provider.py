"""The sandbox as a payment provider: one HTTP call for many payments, on a connection that is kept."""

import time
from collections.abc import Mapping, Sequence
from typing import TypeVar
from uuid import UUID

import aiohttp
import msgspec

from virage.money.payments.provider import Unreachable
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
    State,
)
from virage.platform.values.refusals import Refused
from virage_sandbox import signatures, wire

TIMEOUT = aiohttp.ClientTimeout(total=5, connect=1)
CONNECTIONS_MAX = 8

Answer = TypeVar("Answer")

_STATES = {
    wire.Stage.OPEN: State.PENDING,
    wire.Stage.CHALLENGED: State.PENDING,
    wire.Stage.CAPTURED: State.CAPTURED,
    wire.Stage.DECLINED: State.DECLINED,
    wire.Stage.CANCELLED: State.CANCELLED,
    wire.Stage.EXPIRED: State.EXPIRED,
}

_delivery = msgspec.json.Decoder(wire.Delivery)


class SandboxProvider:
    """Implements `PaymentProvider`. Our payment id is the sandbox's own, so it needs no reference besides."""

    def __init__(self, url: str, key: str, webhook_secret: str) -> None:
        self._url = url
        self._key = key
        self._webhook_secret = webhook_secret
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def create(self, starts: Sequence[Start]) -> Sequence[Opened | Refused]:
        """A hosted page for each payment, in order."""
        return await self._open(
            [wire.NewPayment(start.payment_id, start.amount_cents, start.return_url) for start in starts]
        )

    async def _open(self, payments: list[wire.NewPayment]) -> Sequence[Opened | Refused]:
        answer = await self._post("/v1/payments", wire.NewPayments(payments), wire.Pages)
        return [
            Refused(Reason.PAYMENT_ID_TAKEN, {"provider": page.error})
            if page.url is None
            else Opened(page.id, page.url)
            for page in answer.payments
        ]

    async def keep(self, methods: Sequence[NewMethod]) -> Sequence[Opened | Refused]:
        """A hosted page for each card that shall be kept, in order."""
        return await self._open([wire.NewPayment(one.method_id, 0, one.return_url, keeps=True) for one in methods])

    async def charge(self, charges: Sequence[Charge]) -> Sequence[Outcome]:
        """Charge cards that are kept."""
        asked = wire.NewCharges([wire.NewCharge(one.payment_id, one.method_id, one.amount_cents) for one in charges])
        answer = await self._post("/v1/charges", asked, wire.Statuses)
        return [_outcome(status) for status in answer.payments]

    async def forget(self, method_ids: Sequence[UUID]) -> None:
        """Keep these cards no longer."""
        await self._post("/v1/methods/forget", wire.Ids(list(method_ids)), wire.Ids)

    async def fetch(self, references: Sequence[Reference]) -> Sequence[Outcome]:
        """What became of payments; unknown ones are left out."""
        ids = wire.Ids([reference.payment_id for reference in references])
        answer = await self._post("/v1/payments/lookup", ids, wire.Statuses)
        return [_outcome(status) for status in answer.payments]

    async def cancel(self, references: Sequence[Reference]) -> Sequence[Outcome]:
        """End payments; one that the sandbox never heard of has expired too."""
        ids = [reference.payment_id for reference in references]
        answer = await self._post("/v1/payments/cancel", wire.Ids(ids), wire.Statuses)
        known = {status.id: _outcome(status) for status in answer.payments}
        return [known.get(one) or Outcome(one, State.EXPIRED, 0) for one in ids]

    async def refund(self, refunds: Sequence[DueRefund]) -> Sequence[RefundAnswer]:
        """Send money back, one answer each."""
        asked = wire.NewRefunds([wire.NewRefund(due.id, due.payment_id, due.amount_cents) for due in refunds])
        answer = await self._post("/v1/refunds", asked, wire.RefundStatuses)
        return [RefundAnswer(status.id, status.done, status.reason) for status in answer.refunds]

    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[Outcome] | Refused:
        """The news of one delivery. The signature's age goes by the system's clock, whatever ours is told."""
        header = headers.get(signatures.HEADER, "")
        if not signatures.verify(self._webhook_secret, body, header, time.time()):
            return Refused(Reason.SIGNATURE_INVALID)
        try:
            delivery = _delivery.decode(body)
        except msgspec.DecodeError:
            return Refused(Reason.DELIVERY_INVALID)
        return [
            Outcome(event.payment_id, _STATES[event.state], event.amount_cents, event.reason, event.id, event.kept)
            for event in delivery.events
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


def _outcome(status: wire.Status) -> Outcome:
    amount = status.captured_cents if status.state is wire.Stage.CAPTURED else status.amount_cents
    return Outcome(status.id, _STATES[status.state], amount, status.reason, label=status.kept)
