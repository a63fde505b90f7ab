"""Transfers for the people who give and receive, and the content of their emails."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from virage.identity.people import api as people
from virage.identity.people.types import Email, EmailContent, EmailKind, mailbox
from virage.platform.data.database import Connection
from virage.platform.values.refusals import Refused
from virage.platform.values.zones import zone_note
from virage.sale.ticketing.reads.views import TicketEvent, former_labels, orders_of, ticket_event, tickets_of
from virage.sale.ticketing.rules.places import label
from virage.sale.ticketing.rules.terms import TARIFFS, Tariff
from virage.sale.ticketing.rules.transfers import Transfer, TransferRefusal, TransferState, link_key, open_at, opens
from virage.sale.ticketing.store import exchange as exchange_store
from virage.sale.ticketing.store import reminders as reminders_store
from virage.sale.ticketing.store import tickets as tickets_store
from virage.sale.ticketing.store import transfers as store
from virage.sale.ticketing.store import waiting as waiting_store
from virage.site.programme import api as programme
from virage.site.programme.types import Event
from virage.site.venue.api import venue_at, venues
from virage.site.venue.types import PlaceLabel, Venue


class TransferredTicket(Struct, frozen=True):
    """A ticket of a transfer. `returned`: the receiver gave it back. The holder's name is shown once it is accepted."""

    ticket_id: UUID
    label: PlaceLabel
    tariff: Tariff
    holder_name: str | None
    returned: bool
    refunded: bool


class TransferView(Struct, frozen=True):
    """A transfer for its giver or its receiver.

    `other` names the other person: the address while it is offered, the name on the ticket once it is accepted, and
    the short name of the giver to the receiver. `link` is the path of an open offer by link, for its giver alone.
    """

    id: UUID
    direction: Literal["given", "received"]
    event: TicketEvent
    tickets: list[TransferredTicket]
    state: TransferState
    other: str | None
    link: str | None
    offered_at: datetime
    expires_at: datetime
    ended_at: datetime | None


class TransferOffer(Struct, frozen=True):
    """An offer for who opens its link, also signed out. `to` is the address that it names, shortened.

    `may_accept` is None for a person who is signed out. Once the offer is not open, others than its giver and its
    receiver read only its state and event: no tickets, giver or address.
    """

    id: UUID
    event: TicketEvent
    tickets: list[TransferredTicket]
    state: TransferState
    giver: str | None
    to: str | None
    may_accept: bool | None
    expires_at: datetime


def link_path(secret: bytes, transfer_id: UUID) -> str:
    """Return the path of a transfer's link. The key stands in the fragment, which no server's log ever sees."""
    return f"/transfers/{transfer_id}#{link_key(secret, transfer_id)}"


async def transfers_of(conn: Connection, secret: bytes, person_id: UUID, now: datetime) -> list[TransferView]:
    """Return what a person gave, received, or is offered by address, the latest first."""
    person = await people.person(conn, person_id)
    found = [] if person is None else await store.transfers_of_person(conn, person_id, person.email)
    return await views(conn, secret, [(one, person_id) for one in found], now)


async def views(
    conn: Connection, secret: bytes, seen: Sequence[tuple[Transfer, UUID]], now: datetime
) -> list[TransferView]:
    """Return transfers, each for its giver or its receiver, in order."""
    found = [one for one, _ in seen]
    givers = await people.short_names(conn, sorted({one.from_id for one in found}))
    parts = await _parts(conn, found)
    return [_view(one, person_id, secret, givers.get(one.from_id), parts[one.id], now) for one, person_id in seen]


async def offer_by_link(
    conn: Connection, secret: bytes, transfer_id: UUID, key: str | None, *, person_id: UUID | None, now: datetime
) -> TransferOffer | Refused:
    """Return an offer for who has its link, or whose address it names.

    A link is forwarded and stays in mailboxes. Once the offer is not open, it shows no names and seats but to the
    giver and the receiver.
    """
    found = await store.transfer(conn, transfer_id)
    person = None if person_id is None else await people.person(conn, person_id)
    if found is None:
        return Refused(TransferRefusal.NOT_FOUND)
    named = person is not None and found.to_mailbox == mailbox(person.email)
    if not opens(secret, transfer_id, key) and not named and (person is None or person.id != found.to_id):
        return Refused(TransferRefusal.NOT_FOUND)
    giver = (await people.short_names(conn, [found.from_id])).get(found.from_id)
    event, tickets = (await _parts(conn, [found]))[found.id]
    may_accept = None
    if person is not None:
        may_accept = person.id != found.from_id and (found.by_link or named) and open_at(found, now) is None
    state = _state(found, now)
    shown = state == "offered" or (person is not None and person.id in {found.from_id, found.to_id})
    return TransferOffer(
        id=found.id,
        event=event,
        tickets=tickets if shown else [],
        state=state,
        giver=giver if shown else None,
        to=_shortened(found.to_email) if shown and found.to_email is not None else None,
        may_accept=may_accept,
        expires_at=found.expires_at,
    )


class ExportedChoice(Struct, frozen=True):
    """The emails that a person wants."""

    event_reminders: bool


class ExportedTransfer(Struct, frozen=True):
    """A transfer in its giver's or receiver's data; `to_email` is the address that the giver wrote, until it ends.

    `given_names` are the names that the giver's tickets had, in the order of `ticket_ids`; empty for the receiver.
    """

    id: UUID
    event_id: UUID
    direction: Literal["given", "received"]
    to_email: str | None
    state: TransferState
    offered_at: datetime
    ended_at: datetime | None
    ticket_ids: list[UUID]
    returned_ids: list[UUID]
    given_names: list[str | None]


async def export(conn: Connection, person_id: UUID) -> dict[str, Sequence[Struct]]:
    """Return all personal data that ticketing stores about a person."""
    person = await people.person(conn, person_id)
    found = [] if person is None else await store.transfers_of_person(conn, person_id, person.email)
    transfers = [
        ExportedTransfer(
            id=one.id,
            event_id=one.event_id,
            direction="given" if one.from_id == person_id else "received",
            to_email=one.to_email if one.from_id == person_id else None,
            state=one.state,
            offered_at=one.offered_at,
            ended_at=one.ended_at,
            ticket_ids=one.ticket_ids,
            returned_ids=one.returned_ids,
            given_names=[*(await store.given_names(conn, one.id)).values()] if one.from_id == person_id else [],
        )
        for one in found
    ]
    return {
        "orders": await orders_of(conn, [person_id]),
        "tickets": await tickets_of(conn, person_id),
        "transfers": transfers,
        "listings": await exchange_store.listings_of_person(conn, person_id),
        "waiting": await waiting_store.of_person(conn, person_id),
        "emails": [ExportedChoice(event_reminders=await reminders_store.wants_reminders(conn, person_id))],
    }


async def email(conn: Connection, email: Email) -> EmailContent | None:
    """Return a transfer as its emails tell it; None once an offer is not open any more."""
    found = await store.transfer(conn, email.subject_id)
    if found is None or (email.kind is EmailKind.TRANSFER_OFFERED and found.state != "offered"):
        return None
    event = await programme.event(conn, found.event_id)
    if event is None:
        return None
    tickets = await tickets_store.tickets(conn, found.ticket_ids)
    venue = await venue_at(conn, event.venue_version)
    former = await former_labels(conn, tickets.values())
    givers = await people.short_names(conn, [found.from_id])
    receiver = None if found.to_id is None else await people.person(conn, found.to_id)
    shown = sorted(tickets.values(), key=lambda ticket: ticket.place)
    if email.kind is EmailKind.TICKETS_RETURNED:
        shown = [ticket for ticket in shown if ticket.id in found.returned_ids]
    rows = [
        {"label": former.get(ticket.id) or label(venue, ticket.place), "tariff": TARIFFS[ticket.tariff].value}
        for ticket in shown
    ]
    values = await _event_values(conn, event, venue) | {
        "count": len(rows),
        "giver": givers.get(found.from_id, ""),
        "receiver": "" if receiver is None else receiver.name or "",
        "until": found.expires_at.astimezone(venue.zone),
    }
    offered = email.kind is EmailKind.TRANSFER_OFFERED
    return EmailContent(values, rows, f"/transfers/{found.id}#{email.secret['key']}" if offered else "/tickets")


async def received_refunded(conn: Connection, email: Email) -> EmailContent | None:
    """Return received tickets that were refunded to their buyer."""
    found = None if email.about_id is None else await store.transfer(conn, email.about_id)
    refund = await tickets_store.refund(conn, email.subject_id)
    event = None if found is None else await programme.event(conn, found.event_id)
    if found is None or refund is None or event is None:
        return None
    venue = await venue_at(conn, event.venue_version)
    lost = await tickets_store.tickets(conn, [id_ for id_ in found.ticket_ids if id_ in refund.ticket_ids])
    former = await former_labels(conn, lost.values())
    rows = [
        {"label": former.get(ticket.id) or label(venue, ticket.place), "tariff": TARIFFS[ticket.tariff].value}
        for ticket in sorted(lost.values(), key=lambda ticket: ticket.place)
    ]
    values = await _event_values(conn, event, venue)
    return EmailContent(values | {"cancelled": event.state == "cancelled"}, rows, "/tickets")


async def _event_values(conn: Connection, event: Event, venue: Venue) -> dict[str, Any]:
    return {
        "title": event.title,
        "starts_at": event.starts_at.astimezone(venue.zone),
        "doors_at": event.doors_at.astimezone(venue.zone),
        "zone": zone_note(venue.zone, (await venues(conn))[0].zone),
        "venue": venue.name,
    }


async def _parts(
    conn: Connection, found: Sequence[Transfer]
) -> dict[UUID, tuple[TicketEvent, list[TransferredTicket]]]:
    """Return the event and the tickets of each transfer."""
    events = await programme.events(conn, sorted({one.event_id for one in found}))
    at = {id_: await venue_at(conn, event.venue_version) for id_, event in events.items()}
    tickets = await tickets_store.tickets(conn, [id_ for one in found for id_ in one.ticket_ids])
    former = await former_labels(conn, tickets.values())
    parts = {}
    for one in found:
        venue = at[one.event_id]
        own = sorted((tickets[id_] for id_ in one.ticket_ids), key=lambda ticket: ticket.place)
        parts[one.id] = (
            ticket_event(events[one.event_id], venue),
            [
                TransferredTicket(
                    ticket_id=ticket.id,
                    label=former.get(ticket.id) or label(venue, ticket.place),
                    tariff=TARIFFS[ticket.tariff],
                    holder_name=ticket.holder_name if one.to_id is not None and ticket.holder_id == one.to_id else None,
                    returned=ticket.id in one.returned_ids,
                    refunded=ticket.refund_id is not None,
                )
                for ticket in own
            ],
        )
    return parts


def _view(  # noqa: PLR0917 - a transfer and who looks at it
    one: Transfer,
    person_id: UUID,
    secret: bytes,
    giver: str | None,
    parts: tuple[TicketEvent, list[TransferredTicket]],
    now: datetime,
) -> TransferView:
    event, tickets = parts
    state, given = _state(one, now), one.from_id == person_id
    names = [ticket.holder_name for ticket in tickets if ticket.holder_name]
    receiver = one.to_email or (names[0] if names else None)
    return TransferView(
        id=one.id,
        direction="given" if given else "received",
        event=event,
        tickets=tickets,
        state=state,
        other=receiver if given else giver,
        link=link_path(secret, one.id) if given and one.by_link and state == "offered" else None,
        offered_at=one.offered_at,
        expires_at=one.expires_at,
        ended_at=one.ended_at,
    )


def _state(one: Transfer, now: datetime) -> TransferState:
    """Return the state of a transfer; an offer is over before the job that ends it runs."""
    return "expired" if one.state == "offered" and one.expires_at <= now else one.state


def _shortened(address: str) -> str:
    """Return an address of which its owner recognises enough: `l•••@example.org`."""
    local, _, domain = address.rpartition("@")
    return f"{local[0]}•••@{domain}"
