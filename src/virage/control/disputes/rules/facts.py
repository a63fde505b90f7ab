"""What is recorded of a disputed payment. None means that a fact is not recorded."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from virage.identity.people.types import EmailKind
from virage.money.payments.types import Dispute, Payment, Refund
from virage.platform.values.localised import LocalisedText
from virage.platform.values.money import Cents
from virage.site.venue.types import PlaceLabel


class BuyerFacts(Struct, frozen=True):
    """The buyer, as far as they are known."""

    name: str | None = None
    email: str | None = None


class TicketFacts(Struct, frozen=True):
    """A ticket. `form` is that of its pass (`unbound`, `phone` or `paper`); None if it has no pass."""

    label: PlaceLabel
    tariff: str
    price_cents: Cents
    holder_name: str | None
    form: str | None
    refunded: bool
    suspended: bool


class ScanFacts(Struct, frozen=True):
    """A scan at a gate of the ticket at this index. `result` is its kind, or `refused`, with a `reason`."""

    at: datetime
    ticket: int
    gate: str
    result: str
    reason: str | None
    withdrawn: bool


class TermsFacts(Struct, frozen=True):
    """The version of the terms that was accepted, with its text."""

    accepted_at: datetime
    title: str
    language: str
    revision: int
    published_at: datetime
    body: str


class OrderFacts(Struct, frozen=True):
    """An order of tickets. `zone` is the time zone of its venue."""

    code: str
    ordered_at: datetime
    paid_at: datetime | None
    event: LocalisedText
    starts_at: datetime
    venue: str
    zone: ZoneInfo
    tickets: Sequence[TicketFacts]
    fee_cents: Cents
    total_cents: Cents
    scans: Sequence[ScanFacts]
    terms: TermsFacts | None


class MoveFacts(Struct, frozen=True):
    """What moved in a wallet: `cents` are negative for what was spent. `place` is the point of sale, if it is known."""

    at: datetime
    purpose: str
    cents: Cents
    place: LocalisedText | None


class TopUpFacts(Struct, frozen=True):
    """A top-up of a wallet, and what moved in it since, the latest first."""

    moves: Sequence[MoveFacts]


class EmailFacts(Struct, frozen=True):
    """An email to the buyer about the purchase."""

    sent_at: datetime
    kind: EmailKind
    subject: str | None
    to: str | None
    state: str


class SignInFacts(Struct, frozen=True):
    """A session of the buyer that has not ended."""

    opened_at: datetime
    last_seen_at: datetime
    device: str


class DisputeFacts(Struct, frozen=True):
    """All facts of a dispute, read at one moment: about an order, or about a top-up."""

    dispute: Dispute
    payment: Payment
    refunds: Sequence[Refund]
    buyer: BuyerFacts
    purchase: OrderFacts | TopUpFacts
    emails: Sequence[EmailFacts]
    sign_ins: Sequence[SignInFacts]
