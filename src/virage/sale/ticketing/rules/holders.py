"""Ticket holders."""

from uuid import UUID

from msgspec import Struct


class Holder(Struct, frozen=True):
    """A valid ticket of an event with its holder's name and its buyer."""

    ticket_id: UUID
    order_code: str
    place: int
    holder_name: str | None
    buyer_name: str | None
    buyer_email: str | None
