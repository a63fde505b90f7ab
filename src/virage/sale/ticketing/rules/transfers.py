"""Transfers: offers of tickets to other people, by address or by a link, and the key of the link."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from virage.identity.people.types import mailbox, normalise_name
from virage.platform.values.refusals import Refused, invalid_input
from virage.sale.ticketing.rules.terms import TicketRow

OFFER_LIVES = timedelta(hours=72)
OFFERS_MAX = 30
OFFERS_WINDOW = timedelta(days=1)
TICKETS_MAX = 9
_LINK_BYTES = 16

TransferState = Literal["offered", "accepted", "cancelled", "expired"]
PartOfName = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")]


class TransferRefusal(StrEnum):
    """Refusal codes of transfers, part of the API."""

    NOT_FOUND = "not_found"
    ENDED = "transfer_ended"
    OF_ANOTHER = "transfer_to_another_address"
    TO_YOURSELF = "transfer_to_yourself"
    TICKET_OFFERED = "ticket_offered"
    NOT_POSSIBLE = "transfer_not_possible"
    EVENT_OVER = "event_over"
    TOO_MANY = "rate_limited"


class TransferRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Tickets of one event to offer to a person. The client makes `id`: a repeated request is one offer.

    `to_email` is the address of the receiver; without it, the first person who accepts by the link gets the tickets.
    """

    id: UUID
    ticket_ids: Annotated[list[UUID], Meta(min_length=1, max_length=TICKETS_MAX)]
    to_email: Annotated[str, Meta(max_length=320)] | None = None


class AcceptanceRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The receiver's name, for the first of the tickets. `key` is that of the link; an address needs none."""

    given_name: PartOfName
    family_name: PartOfName
    key: Annotated[str, Meta(max_length=64)] | None = None


class ReturnRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The received tickets to return to the person who gave them."""

    ticket_ids: Annotated[list[UUID], Meta(min_length=1, max_length=TICKETS_MAX)]


class Transfer(Struct, frozen=True):
    """A transfer as stored.

    `to_email` is in its stored spelling and `to_mailbox` in the form in which addresses are compared; None for an offer
    by link and once the offer has ended. `returned_ids`
    are the tickets that the receiver has given back.
    """

    id: UUID
    event_id: UUID
    from_id: UUID
    to_id: UUID | None
    to_email: str | None
    to_mailbox: str | None
    by_link: bool
    state: TransferState
    offered_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    ticket_ids: list[UUID]
    returned_ids: list[UUID]


def link_key(secret: bytes, transfer_id: UUID) -> str:
    """Return the key in the link of a transfer: 128 bits that cannot be computed without the secret."""
    digest = hmac.digest(secret, transfer_id.bytes, "sha256")[:_LINK_BYTES]
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def opens(secret: bytes, transfer_id: UUID, given: str | None) -> bool:
    """Return whether this is the key of the transfer's link, in constant time."""
    return given is not None and hmac.compare_digest(link_key(secret, transfer_id).encode(), given.encode())


def receives(transfer: Transfer, email: str, *, has_key: bool) -> Refused | None:
    """Refuse a person who may not accept an open offer: not the address that it names, or without the link."""
    if transfer.to_mailbox is not None:
        if transfer.to_mailbox == mailbox(email):
            return None
        return Refused(TransferRefusal.OF_ANOTHER if has_key else TransferRefusal.NOT_FOUND)
    return None if has_key else Refused(TransferRefusal.NOT_FOUND)


def open_at(transfer: Transfer, now: datetime) -> Refused | None:
    """Refuse an offer that has ended."""
    if transfer.state != "offered":
        return Refused(TransferRefusal.ENDED, {"state": transfer.state})
    if transfer.expires_at <= now:
        return Refused(TransferRefusal.ENDED, {"state": "expired"})
    return None


def full_name(request: AcceptanceRequest) -> str | Refused:
    """Return the receiver's whole name."""
    try:
        given, family = normalise_name(request.given_name), normalise_name(request.family_name)
    except ValueError as error:
        return invalid_input("given_name", str(error))
    if given is None or family is None:
        return invalid_input("given_name" if given is None else "family_name", "A name has letters.")
    return f"{given} {family}"


def holder_names(tickets: Sequence[TicketRow], name: str) -> dict[UUID, str | None]:
    """Return the holder's name of each ticket once a person of this name has them.

    One of them is theirs: one that has their name, else the first that has none. The others keep theirs.
    """
    by_place = sorted(tickets, key=lambda ticket: ticket.place)
    names = {ticket.id: ticket.holder_name for ticket in by_place}
    if name not in names.values():
        own = next((ticket for ticket in by_place if ticket.holder_name is None), by_place[0])
        names[own.id] = name
    return names
