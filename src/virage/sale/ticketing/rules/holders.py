"""Whom a ticket is for."""

from uuid import UUID

from msgspec import Struct


class Holder(Struct, frozen=True):
    """A standing ticket of an event, with whom it is for: the name on it, and the account that bought it."""

    ticket_id: UUID
    order_code: str
    place: int
    holder_name: str | None
    buyer_name: str | None
    buyer_email: str | None
