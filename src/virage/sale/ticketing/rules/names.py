"""Names on tickets: until when they are given, and how often they change."""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from virage.platform.values.refusals import Refused
from virage.sale.ticketing.rules.terms import Reason, TicketRow
from virage.site.programme.types import Event


class NameRefusal(StrEnum):
    """Refusal codes of names, part of the API."""

    CLOSED = "names_closed"
    USED_UP = "name_changes_used_up"


class Named(Struct, frozen=True):
    """How many valid tickets of an event carry a name. `due_at` is None where names are optional."""

    tickets: int
    named: int
    due_at: datetime | None


def renamed(ticket: TicketRow, name: str | None, event: Event, now: datetime) -> TicketRow | Refused:
    """Return a ticket of an event of named tickets with this name; the same ticket if it has it.

    A ticket without a name can get one also when names are due: a steward then has a name to compare. A name that is
    replaced or removed counts as a change.
    """
    if ticket.refund_id is not None:
        return Refused(Reason.TICKET_REFUNDED)
    if name == ticket.holder_name:
        return ticket
    if ticket.holder_name is None:
        return replace(ticket, holder_name=name)
    if event.names_due_at is not None and event.names_due_at <= now:
        return Refused(NameRefusal.CLOSED, {"ticket_id": ticket.id, "since": event.names_due_at})
    changes_max = event.rules.name_changes_max
    if changes_max is not None and ticket.name_changes >= changes_max:
        return Refused(NameRefusal.USED_UP, {"ticket_id": ticket.id, "most": changes_max})
    return replace(ticket, holder_name=name, name_changes=ticket.name_changes + 1)


def names_reminder_due(event: Event, before: timedelta, now: datetime) -> bool:
    """Return whether the holders of tickets without a name are reminded now."""
    due_at = event.names_due_at
    return due_at is not None and due_at - before <= now < due_at


def event_reminder_due(event: Event, before: timedelta, now: datetime) -> bool:
    """Return whether the holders of tickets are reminded of the event now."""
    return event.doors_at - before <= now < event.starts_at
