"""Ticket holders."""

from uuid import UUID

from msgspec import Struct


class Holder(Struct, frozen=True):
    """A valid ticket of an event with its holder's name, and the account that it is in.

    That is the buyer's, or the receiver's after a transfer.
    """

    ticket_id: UUID
    order_code: str
    place: int
    holder_name: str | None
    account_name: str | None
    account_email: str | None
