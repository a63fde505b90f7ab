"""What goes over the wire between Virage and the sandbox. Amounts are cents, ids are those that Virage made."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

Cents = Annotated[int, Meta(ge=0, le=2**53)]


class Stage(StrEnum):
    """Where the sandbox stands with a payment. A refund does not change it; `refunded_cents` tells."""

    OPEN = "open"
    CHALLENGED = "challenged"
    CAPTURED = "captured"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class NewPayment(Struct, frozen=True):
    """A payment to open a page for. `keeps`: nothing is paid, the card is kept for charges without the buyer."""

    id: UUID
    amount_cents: int
    return_url: str
    keeps: bool = False


class NewPayments(Struct, frozen=True):
    """POST /v1/payments."""

    payments: list[NewPayment]


class Page(Struct, frozen=True, omit_defaults=True):
    """The hosted page of a payment, or why there is none."""

    id: UUID
    url: str | None = None
    error: str | None = None


class Pages(Struct, frozen=True):
    """The answer to POST /v1/payments, one page each, in order."""

    payments: list[Page]


class Ids(Struct, frozen=True):
    """POST /v1/payments/lookup and /v1/payments/cancel."""

    ids: list[UUID]


class Status(Struct, frozen=True):
    """What became of a payment. `captured_cents` differs from `amount_cents` only for the card that does so.

    `kept`: what may be shown of a card that is kept.
    """

    id: UUID
    state: Stage
    amount_cents: int
    captured_cents: int
    refunded_cents: int
    reason: str | None
    kept: str | None = None


class Statuses(Struct, frozen=True):
    """The answer to a look-up, a cancellation or a listing; `next` is the `after` of the next page of a listing."""

    payments: list[Status]
    next: UUID | None = None


class NewCharge(Struct, frozen=True):
    """A payment out of a card that is kept; `method_id` is the payment that kept it."""

    id: UUID
    method_id: UUID
    amount_cents: int


class NewCharges(Struct, frozen=True):
    """POST /v1/charges."""

    charges: list[NewCharge]


class NewRefund(Struct, frozen=True):
    """Money to send back."""

    id: UUID
    payment_id: UUID
    amount_cents: int


class NewRefunds(Struct, frozen=True):
    """POST /v1/refunds."""

    refunds: list[NewRefund]


class RefundStatus(Struct, frozen=True):
    """Whether a refund is done, or why not."""

    id: UUID
    done: bool
    reason: str | None = None


class RefundStatuses(Struct, frozen=True):
    """The answer to POST /v1/refunds, one each, in order."""

    refunds: list[RefundStatus]


class Event(Struct, frozen=True):
    """One piece of news in a webhook."""

    id: str
    payment_id: UUID
    state: Stage
    amount_cents: Cents
    reason: str | None = None
    kept: str | None = None


class Delivery(Struct, frozen=True):
    """The body of a webhook: all that happened since the last one."""

    events: list[Event]


class CardPayment(Struct, frozen=True):
    """POST /pay/{id} from a program: the card's number, and the code where the bank asks for one."""

    card: str
    code: str | None = None


class CardAnswer(Struct, frozen=True, omit_defaults=True):
    """What the bank said, and where the buyer goes on."""

    state: Stage
    return_url: str
    reason: str | None = None


class Fault(Struct, frozen=True):
    """Why a request was not understood."""

    error: str
