"""The settings of ticketing."""

from typing import Annotated

from msgspec import Struct

from virage.platform.settings import parsing as parse


class ReminderSettings(Struct, frozen=True, kw_only=True):
    """When holders of tickets are reminded by email."""

    names_reminder_hours: Annotated[int, parse.positive] = 72
    """Hours before names are due at which holders of tickets without a name are reminded."""
    event_reminder_hours: Annotated[int, parse.positive] = 24
    """Hours before the doors open at which holders of tickets are reminded of the event."""


class ExchangeSettings(Struct, frozen=True, kw_only=True):
    """Thresholds of the exchange. A person reviews the listing that passes one."""

    exchange_event_tickets_max: Annotated[int, parse.tickets] = 4
    """Tickets of one event that a person lists without a review."""
    exchange_year_tickets_max: Annotated[int, parse.tickets] = 20
    """Tickets that a person sells in 365 days without a review."""
    exchange_browser_tickets_max: Annotated[int, parse.tickets] = 8
    """Tickets of one event that all accounts of a browser list without a review."""
    exchange_card_tickets_max: Annotated[int, parse.tickets] = 8
    """Tickets of one event, bought with one payment card, that all accounts list without a review."""
    waiting_invitation_minutes: Annotated[int, parse.positive] = 120
    """Minutes after which the next person of a waiting list is told of seats that the one before has not bought."""
