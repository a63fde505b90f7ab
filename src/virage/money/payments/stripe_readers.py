"""Stripe's card readers, driven by the server (https://docs.stripe.com/terminal/payments/collect-card-payment).

A payment is a PaymentIntent for `card_present` that a reader processes once; a second card is a new payment. The state
of the PaymentIntent decides. The reader's action says in addition why a payment ended without a card, for instance
because none was presented in time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import stripe
from stripe import StripeClient

from virage.money.payments.call_budget import Busy
from virage.money.payments.provider import Unreachable
from virage.money.payments.readers import (
    SEPARATOR,
    NewReader,
    ReaderLocation,
    ReaderPayment,
    ReaderRefusal,
    ReaderStatus,
    ref_of,
)
from virage.money.payments.rules import Outcome, PaymentRefusal, PaymentState
from virage.money.payments.stripe_calls import (
    LISTED_MAX,
    MISSING,
    PAYMENT_ID,
    id_of,
    unless_missing,
    urgent,
    uuid_of,
    why,
)
from virage.platform.values.refusals import Refused

READER_EVENTS: Final = ("terminal.reader.action_failed", "terminal.reader.action_succeeded")
"""Events that the webhook endpoint is sent too if there are readers."""
READER: Final = "tmr_"
CARD_PRESENT: Final = "card_present"
READER_ID: Final = "reader_id"
"""Metadata of a reader: our id."""
VENUE: Final = "venue"
"""Metadata of a location: the code of its venue."""
TOO_SMALL: Final = "amount_too_small"
"""Error of an amount below the minimum of a currency (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts)."""
PROCESS: Final = "process_payment_intent"
PATIENCE: Final = timedelta(seconds=2)
"""How long a call waits for its moment while a customer stands at the till."""
_TAKES_NONE: Final = {
    "terminal_reader_offline": ReaderRefusal.OFFLINE,
    "terminal_reader_hardware_fault": ReaderRefusal.OFFLINE,
    "terminal_reader_busy": ReaderRefusal.BUSY,
    MISSING: ReaderRefusal.UNKNOWN,
}
"""Errors of a reader that did not begin. After `terminal_reader_timeout` it may have begun: that one is no answer."""
_NO_ANSWER: Final = "terminal_reader_timeout"
_GAVE_UP: Final = "reader_failed"
_NOT_CREATED: Final = "processing_error"


class StripeReaders:
    """`CardReaders` of Stripe. `client` returns the client of the account; payments are in `currency`.

    `fetch` and `cancel` raise the errors of Stripe's library, which the provider translates; the other methods raise
    `Unreachable`.
    """

    def __init__(self, client: Callable[[], StripeClient], currency: str) -> None:
        self._client = client
        self._currency = currency

    async def locations(self) -> Sequence[ReaderLocation]:
        """Return the account's locations, which are created in Stripe's dashboard."""
        with _answered():
            listed = await self._client().v1.terminal.locations.list_async({"limit": LISTED_MAX})
        return [
            ReaderLocation(
                place.id, place.display_name, (place.metadata.to_dict() if place.metadata else {}).get(VENUE)
            )
            for place in listed.data
        ]

    async def register(self, new: NewReader) -> ReaderStatus | Refused:
        """Register a reader by the code that it shows."""
        params: Any = {
            "registration_code": new.code,
            "label": new.label,
            "location": new.location_id,
            "metadata": {READER_ID: str(new.id)},
        }
        options: Any = {"idempotency_key": str(new.id)}
        with _answered():
            try:
                return _status(await self._client().v1.terminal.readers.create_async(params, options))
            except stripe.InvalidRequestError as failure:
                # The code of a reader that is registered works no more, once its idempotency key is forgotten.
                for reader in await self._all():
                    if reader.metadata is not None and reader.metadata.to_dict().get(READER_ID) == str(new.id):
                        return _status(reader)
                is_place = failure.param == "location" or failure.code == MISSING
                reason = ReaderRefusal.LOCATION_UNKNOWN if is_place else ReaderRefusal.CODE_INVALID
                return Refused(reason, {"provider": failure.code or "invalid_request"})

    async def remove(self, reader_ref: str) -> None:
        """Remove a reader from the account."""
        with _answered():
            await unless_missing(self._client().v1.terminal.readers.delete_async(reader_ref))

    async def states(self, reader_refs: Sequence[str]) -> Sequence[ReaderStatus]:
        """Return the states of readers; those that the account does not have are left out."""
        if not reader_refs:
            return []
        with _answered():
            found = {reader.id: _status(reader) for reader in await self._all()}
        return [found[ref] for ref in reader_refs if ref in found]

    async def _all(self) -> list[stripe.terminal.Reader]:
        """Return all readers of the account."""
        listed = await self._client().v1.terminal.readers.list_async({"limit": LISTED_MAX})
        return [reader async for reader in listed.auto_paging_iter()]

    async def pay(self, payment: ReaderPayment) -> Outcome | Refused:
        """Create the PaymentIntent and let the reader process it; each has an idempotency key of its own."""
        client, id_ = self._client().v1, payment.payment_id
        with _answered(), urgent(PATIENCE):
            try:
                intent = await self._create(id_, payment.amount_cents)
            except stripe.IdempotencyError:
                return Refused(PaymentRefusal.PAYMENT_ID_TAKEN, {"provider": "idempotency_key"})
            except stripe.InvalidRequestError as failure:
                if failure.code != TOO_SMALL:  # a mistake of ours is no answer: the payment is looked up
                    raise
                return Outcome(id_, PaymentState.DECLINED, payment.amount_cents, TOO_SMALL)
            process: Any = {"payment_intent": intent.id}
            options: Any = {"idempotency_key": f"{id_}-process"}
            try:
                await client.terminal.readers.process_payment_intent_async(payment.reader_ref, process, options)
            except stripe.StripeError as failure:
                if failure.code == "intent_invalid_state":  # it ended already: this request repeats one
                    return self.outcome(id_, await client.payment_intents.retrieve_async(intent.id))
                if failure.code not in _TAKES_NONE:
                    raise
                reason = _TAKES_NONE[failure.code]
                ended = await self._end(id_, intent.id, reason)  # so that no card can pay it later
                return Refused(reason) if ended.state is PaymentState.DECLINED else ended
        return Outcome(id_, PaymentState.PENDING, intent.amount, provider_ref=ref_of(payment.reader_ref, intent.id))

    async def _create(self, payment_id: UUID, amount_cents: int) -> stripe.PaymentIntent:
        """Create the PaymentIntent of a payment, or return the one that was created before."""
        params: Any = {
            "amount": amount_cents,
            "currency": self._currency,
            "payment_method_types": [CARD_PRESENT],
            "capture_method": "automatic",
            "metadata": {PAYMENT_ID: str(payment_id)},
        }
        return await self._client().v1.payment_intents.create_async(params, {"idempotency_key": str(payment_id)})

    async def fetch(self, payment_id: UUID, provider_ref: str) -> Outcome | None:
        """Return the state of a payment; None if it is unknown. One that its reader has given up is cancelled."""
        reader_ref, _, known = provider_ref.partition(SEPARATOR)
        reader = await unless_missing(self._client().v1.terminal.readers.retrieve_async(reader_ref))
        intent = await self._intent(payment_id, known, reader)
        if intent is None:
            return None
        outcome = self.outcome(payment_id, intent)
        is_at_work = _processed(reader) == intent.id and _action_status(reader) == "in_progress"
        if outcome.state is PaymentState.DECLINED and is_at_work:  # it asks for the PIN, or for the card's chip
            return Outcome(payment_id, PaymentState.PENDING, intent.amount)
        if outcome.state is PaymentState.PENDING and (reason := _failure(reader, intent.id)) is not None:
            return await self._end(payment_id, intent.id, reason)
        return outcome

    async def cancel(self, payment_id: UUID, provider_ref: str, amount_cents: int) -> Outcome:
        """Stop the reader, if it is still at this payment, and cancel the PaymentIntent.

        Pending while a card is being charged: its outcome follows. A PaymentIntent that is not found may be about to be
        created by a request under way: it is created here, under the same idempotency key, so that no reader takes it.
        """
        reader_ref, _, known = provider_ref.partition(SEPARATOR)
        readers = self._client().v1.terminal.readers
        reader = await unless_missing(readers.retrieve_async(reader_ref))
        intent = await self._intent(payment_id, known, reader)
        if intent is None:
            try:
                intent = await self._create(payment_id, amount_cents)
            except stripe.InvalidRequestError as failure:
                return Outcome(payment_id, PaymentState.DECLINED, amount_cents, failure.code or _NOT_CREATED)
            except stripe.APIError:  # it is repeated for a day, and money that comes all the same is returned
                return Outcome(payment_id, PaymentState.DECLINED, amount_cents, _NOT_CREATED)
        if _processed(reader) == intent.id and _action_status(reader) == "in_progress":
            try:
                await readers.cancel_action_async(reader_ref)
            except stripe.StripeError as failure:
                if failure.code not in _TAKES_NONE and failure.code != _NO_ANSWER:
                    raise
                # it is offline, does not answer, or charges a card: the PaymentIntent decides
        return await self._end(payment_id, intent.id, None)

    async def news(self, about: Mapping[str, Any]) -> Sequence[Outcome]:
        """Return the present state of the payment that a reader's event is about, if it is ours and has ended."""
        action = about.get("action") or {}
        processed = (action.get(PROCESS) or {}).get("payment_intent")
        if processed is None:
            return []
        with _answered():
            intent = await unless_missing(self._client().v1.payment_intents.retrieve_async(id_of(processed)))
            id_ = None if intent is None else _our_id(intent)
            if intent is None or id_ is None:
                return []
            outcome = self.outcome(id_, intent)
            if outcome.state is PaymentState.PENDING and action.get("status") == "failed":
                outcome = await self._end(id_, intent.id, action.get("failure_code") or _GAVE_UP)
        return [] if outcome.state is PaymentState.PENDING else [outcome]

    def outcome(self, id_: UUID, intent: stripe.PaymentIntent) -> Outcome:
        """Return the state of a PaymentIntent of a reader. Without an error it waits for a card."""
        if intent.status == "succeeded":
            foreign = intent.currency != self._currency
            return Outcome(
                id_, PaymentState.CAPTURED, intent.amount_received, provider_ref=intent.id, is_foreign=foreign
            )
        error = intent.last_payment_error
        if error is not None and intent.status in {"requires_payment_method", "canceled"}:
            reason = getattr(error, "decline_code", None) or getattr(error, "code", None)
            return Outcome(id_, PaymentState.DECLINED, intent.amount, reason, provider_ref=intent.id)
        if intent.status == "canceled":
            return Outcome(id_, PaymentState.EXPIRED, intent.amount, provider_ref=intent.id)
        return Outcome(id_, PaymentState.PENDING, intent.amount)

    async def _end(self, id_: UUID, intent_id: str, reason: str | None) -> Outcome:
        """Cancel a PaymentIntent: declined with a reason, expired without one, or the outcome that came first."""
        intents = self._client().v1.payment_intents
        try:
            intent = await intents.cancel_async(intent_id)
        except stripe.InvalidRequestError:  # it ended before, or a card is being charged
            return self.outcome(id_, await intents.retrieve_async(intent_id))
        outcome = self.outcome(id_, intent)
        if reason is None or outcome.state is not PaymentState.EXPIRED:
            return outcome
        return Outcome(id_, PaymentState.DECLINED, intent.amount, reason, provider_ref=intent.id)

    async def _intent(self, payment_id: UUID, known: str, reader: Any) -> stripe.PaymentIntent | None:
        """Return the PaymentIntent of a payment: by its id or, after a lost answer, from the reader or by a search."""
        intents = self._client().v1.payment_intents
        processed = known or _processed(reader)
        if processed is not None:
            intent = await unless_missing(intents.retrieve_async(processed))
            if intent is not None and _our_id(intent) == payment_id:
                return intent
        params: Any = {"query": f"metadata['{PAYMENT_ID}']:'{payment_id}'", "limit": 1}
        found = await intents.search_async(params)
        return next(iter(found.data), None)

    async def not_permitted(self) -> list[str]:
        """Return what a restricted key must not do with readers, found by acts on one that does not exist."""
        try:
            await self._client().v1.terminal.readers.cancel_action_async(f"{READER}virage_none")
        except stripe.PermissionError:
            return ["VIRAGE_STRIPE_KEY: the restricted key may not write Terminal; permit it in Stripe's dashboard"]
        except stripe.InvalidRequestError:
            pass  # there is no such reader
        return []

    async def has_readers(self) -> bool:
        """Return whether the account has a reader; False if the key must not list them."""
        try:
            listed = await self._client().v1.terminal.readers.list_async({"limit": 1})
        except stripe.PermissionError:
            return False
        return bool(listed.data)


def is_at_reader(intent: stripe.PaymentIntent) -> bool:
    """Return whether a PaymentIntent is for a card at a reader."""
    return CARD_PRESENT in (getattr(intent, "payment_method_types", None) or ())


@contextmanager
def _answered() -> Iterator[None]:
    """Raise `Unreachable` for what Stripe did not answer."""
    try:
        yield
    except (stripe.StripeError, Busy) as failure:
        raise Unreachable(why(failure)) from failure


def _status(reader: stripe.terminal.Reader) -> ReaderStatus:
    seen_ms = getattr(reader, "last_seen_at", None)
    return ReaderStatus(
        reader.id,
        reader.status == "online",
        _action_status(reader) == "in_progress",
        None if seen_ms is None else datetime.fromtimestamp(seen_ms / 1000, UTC),
    )


def _action_status(reader: Any) -> str | None:
    action = getattr(reader, "action", None)
    return None if action is None else action.status


def _processed(reader: Any) -> str | None:
    """Return the id of the PaymentIntent that a reader processes, or processed last."""
    processed = getattr(getattr(reader, "action", None), PROCESS, None)
    return None if processed is None else id_of(processed.payment_intent)


def _failure(reader: Any, intent_id: str) -> str | None:
    """Return why a reader has given up a payment; None if it has not."""
    if _processed(reader) != intent_id or _action_status(reader) != "failed":
        return None
    return str(reader.action.failure_code or _GAVE_UP)


def _our_id(intent: stripe.PaymentIntent) -> UUID | None:
    return uuid_of(({} if intent.metadata is None else intent.metadata.to_dict()).get(PAYMENT_ID))
