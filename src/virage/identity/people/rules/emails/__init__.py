"""Emails: emails to fans and staff. What is stored says what happened; the words are composed on sending."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Literal
from uuid import UUID

from msgspec import Struct, field

from virage.platform.values.money import Cents

State = Literal["queued", "sent", "delivered", "bounced"]

RESENDS_PER_MINUTE: Final = 1
RESENDS_PER_HOUR: Final = 5
LISTED_FOR: Final = timedelta(days=400)
UNLISTED_FOR: Final = timedelta(days=7)


class EmailKind(StrEnum):
    """What an email tells."""

    SIGN_IN_CODE = "sign_in_code"
    OPEN_SIGN_IN_CODE = "open_sign_in_code"
    PHONE_CODE = "phone_code"
    INVITATION = "invitation"
    ACCOUNT_ERASED = "account_erased"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PASSKEY_CLONED = "passkey_cloned"
    NEW_DEVICE = "new_device"
    RECOVERY_STARTED = "recovery_started"
    RECOVERY_USED = "recovery_used"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    BREAK_GLASS_USED = "break_glass_used"
    ORDER_PAID = "order_paid"
    BUNDLE_PAID = "bundle_paid"
    REFUND = "refund"
    REFUND_FAILED = "refund_failed"
    PAYOUT_FAILED = "payout_failed"
    TICKETS_SUSPENDED = "tickets_suspended"
    TICKETS_REINSTATED = "tickets_reinstated"
    DOUBLE_PAYMENT = "double_payment"
    LATE_PAYMENT = "late_payment"
    DEBIT_STARTED = "debit_started"
    DEBIT_FAILED = "debit_failed"
    DEBIT_RETURNED = "debit_returned"
    EVENT_CANCELLED = "event_cancelled"
    EVENT_MOVED = "event_moved"
    SEATS_CHANGED = "seats_changed"
    TRANSFER_OFFERED = "transfer_offered"
    TRANSFER_ACCEPTED = "transfer_accepted"
    TRANSFER_CANCELLED = "transfer_cancelled"
    TRANSFER_EXPIRED = "transfer_expired"
    TRANSFER_ENDED = "transfer_ended"
    TRANSFER_WITHDRAWN = "transfer_withdrawn"
    TICKETS_RECEIVED = "tickets_received"
    TICKETS_RETURNED = "tickets_returned"
    RECEIVED_REFUNDED = "received_refunded"
    LISTING_SOLD = "listing_sold"
    LISTING_ENDED = "listing_ended"
    LISTING_STOPPED = "listing_stopped"
    LISTING_ALLOWED = "listing_allowed"
    LISTING_REFUSED = "listing_refused"
    WAITING_LIST = "waiting_list"
    NAMES_MISSING = "names_missing"
    EVENT_REMINDER = "event_reminder"
    MEMBERSHIP_BEGUN = "membership_begun"
    MEMBERSHIP_ENDS_SOON = "membership_ends_soon"
    MEMBERSHIP_CANCELLED = "membership_cancelled"
    MEMBERSHIP_MONEY_RETURNED = "membership_money_returned"
    MEMBERSHIP_REFUND_FAILED = "membership_refund_failed"
    POINTS_LAPSE_SOON = "points_lapse_soon"
    REWARD_READY = "reward_ready"
    REWARD_CANCELLED = "reward_cancelled"
    DRAW_ENTERED = "draw_entered"
    DRAW_WON = "draw_won"
    DRAW_TO_PAY = "draw_to_pay"
    DRAW_NOT_WON = "draw_not_won"
    DRAW_CANCELLED = "draw_cancelled"
    INSTALMENT_DUE = "instalment_due"
    INSTALMENT_FAILED = "instalment_failed"
    RENEWAL_DUE = "renewal_due"
    RENEWAL_REMINDER = "renewal_reminder"
    RENEWAL_MOVED = "renewal_moved"
    ATTENDANCE_WARNED = "attendance_warned"
    ATTENDANCE_REACHED = "attendance_reached"
    FOOD_RECEIPT = "food_receipt"
    TOP_UP_OFF = "top_up_off"
    TOP_UP_CONFIRM = "top_up_confirm"


URGENT: Final = frozenset({EmailKind.SIGN_IN_CODE, EmailKind.OPEN_SIGN_IN_CODE, EmailKind.PHONE_CODE})
"""Emails for which a person waits at a screen; they have their own queue."""
FORGOTTEN: Final = frozenset({EmailKind.ACCOUNT_ERASED})
"""The recipients of these are not kept once they are sent."""


class NewEmail(Struct, frozen=True, kw_only=True):
    """An email to write, to a person or else to the address `to`.

    A second one with the same kind, subject and `about_id` is the same email, unless it is sent again on wish.
    """

    id: UUID
    kind: EmailKind
    subject_id: UUID
    about_id: UUID | None = None
    person_id: UUID | None = None
    to: str | None = None
    locale: str | None = None
    """BCP 47; None: the person's."""
    secret: Mapping[str, str] | None = None
    """Values that only the email may show; they are stored sealed."""
    was_at: datetime | None = None
    expires_at: datetime | None = None
    """After this moment it would only mislead and is not sent."""
    resend_of: UUID | None = None


class Email(Struct, frozen=True, kw_only=True):
    """An email that waits to be sent, opened."""

    id: UUID
    kind: EmailKind
    subject_id: UUID
    about_id: UUID | None
    person_id: UUID | None
    locale: str
    to: str
    secret: Mapping[str, str]
    was_at: datetime | None
    expires_at: datetime | None
    blocked: bool


class EmailJob(Struct, frozen=True):
    """Payload of the job that sends an email. It holds no text, because failed jobs are kept.

    Stored jobs name the id `letter_id`.
    """

    email_id: UUID = field(name="letter_id")


class EmailRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Send an email, or send it again. Who asks makes `id`: sent twice, it is one email."""

    id: UUID


class EmailView(Struct, frozen=True):
    """An email as the order's page and the office list it; `to` is None once its recipient is forgotten.

    `subject` is that of an email about an order or a top-up, once it was sent.
    """

    id: UUID
    kind: EmailKind
    about_id: UUID | None
    to: str | None
    state: State
    reason: str | None
    queued_at: datetime
    state_at: datetime
    resent: bool
    subject: str | None = None


class BlockedAddress(Struct, frozen=True):
    """An address that a mail server refused for good; `email_id` names the email that came back."""

    email_id: UUID
    address: str
    reason: str
    since: datetime


class MailboxFile(Struct, frozen=True):
    """A file of an email in the demonstration's mailbox."""

    position: int
    name: str


class MailboxEmail(Struct, frozen=True):
    """An email in the demonstration's mailbox; `body` is its plain text."""

    id: UUID
    recipient: str
    subject: str
    body: str
    arrived_at: datetime
    files: list[MailboxFile]


class VatAmount(Struct, frozen=True):
    """What was paid at one rate, VAT included."""

    rate_permille: int
    gross_cents: Cents
    vat_cents: Cents


class Receipt(Struct, frozen=True):
    """What a receipt shows beside the rows of its email; `at` is in the zone to print."""

    number: str
    at: datetime
    total_cents: Cents
    vat: Sequence[VatAmount]


class EmailContent(Struct, frozen=True):
    """What an email tells, without words: `values` and `rows` are what its templates read."""

    values: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]] = ()
    path: str = ""
    """Where its button leads, below the public URL."""
    receipt: Receipt | None = None
