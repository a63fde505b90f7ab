"""Transfer tickets: offer, accept, cancel and return them, each in one transaction with the passes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from virage.identity.passes import api as passes
from virage.identity.passes.api import Handover
from virage.identity.people import api as people
from virage.identity.people.api import queue_emails
from virage.identity.people.types import EmailKind, NewEmail, PeopleConfig, Person, mailbox, normalise_address
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused, invalid_input
from virage.sale.ticketing.rules.exchange import ExchangeRefusal
from virage.sale.ticketing.rules.terms import Reason, TicketRow
from virage.sale.ticketing.rules.transfers import (
    OFFER_LIVES,
    OFFERS_MAX,
    OFFERS_WINDOW,
    AcceptanceRequest,
    Transfer,
    TransferRefusal,
    TransferRequest,
    TransferState,
    full_name,
    holder_names,
    link_key,
    open_at,
    opens,
    receives,
)
from virage.sale.ticketing.store import exchange as exchange_store
from virage.sale.ticketing.store import tickets as tickets_store
from virage.sale.ticketing.store import transfers as store
from virage.site.programme import api as programme
from virage.site.programme.types import Event

EXPIRED_AT_ONCE = 200


class IsBanned(Protocol):
    """The comparison of a new holder with the bans, provided by the access domain."""

    async def __call__(
        self, conn: Connection, event_id: UUID, subject: UUID, person: Person, *, name: str, now: datetime
    ) -> bool:
        """Return whether a ban stops this person, who gave `name`. A hit is stored for review, under `subject`."""
        ...


class TransferService(Struct, frozen=True):
    """The secret of links, the letterhead of emails, and the bans."""

    secret: bytes
    people_config: PeopleConfig
    is_banned: IsBanned


def transfer_service(secret: str, people_config: PeopleConfig, is_banned: IsBanned) -> TransferService:
    """Return the transfer service of a deployment."""
    return TransferService(derive(secret, "ticketing transfer link"), people_config, is_banned)


async def offer(  # noqa: C901, PLR0911 - each reason by its name
    conn: Connection, service: TransferService, request: TransferRequest, giver_id: UUID, now: datetime
) -> Transfer | Refused:
    """Offer tickets of one event to an address, or by a link. They stay the giver's until they are accepted.

    Refusals: `not_found`, `ticket_refunded`, `ticket_offered`, `ticket_listed`, `event_over`, `pass_already_entered`,
    `pass_revoked`, `transfer_to_yourself`, `rate_limited` above 30 offers a day, `id_reused`.
    """
    giver = await people.lock_person(conn, giver_id)  # one offer of a person at a time, so that the limit holds
    if giver is None:
        return Refused("unauthenticated")
    ticket_ids = sorted(set(request.ticket_ids))
    to_email = None if request.to_email is None else normalise_address(request.to_email)
    if request.to_email is not None and to_email is None:
        return invalid_input("to_email", "This is no email address.")
    known = await store.transfer(conn, request.id)
    if known is not None:
        same = known.from_id == giver_id and known.ticket_ids == ticket_ids and known.by_link == (to_email is None)
        return known if same else Refused(Reason.ID_REUSED)
    if to_email is not None and mailbox(to_email) == mailbox(giver.email):
        return Refused(TransferRefusal.TO_YOURSELF)
    if await store.offers_since(conn, giver_id, now - OFFERS_WINDOW) >= OFFERS_MAX:
        return Refused(TransferRefusal.TOO_MANY)
    offered = await _lock_transferable(conn, ticket_ids, giver_id, now)
    if isinstance(offered, Refused):
        return offered
    if await exchange_store.listed_tickets(conn, ticket_ids):
        return Refused(ExchangeRefusal.TICKET_LISTED)
    for earlier in await store.lock_open_of_tickets(conn, ticket_ids):
        if open_at(earlier, now) is None:
            return Refused(TransferRefusal.TICKET_OFFERED, {"transfer_id": earlier.id})
        await _expire(conn, [earlier], now)
    made = Transfer(
        id=request.id,
        event_id=offered.event.id,
        from_id=giver_id,
        to_id=None,
        to_email=to_email,
        to_mailbox=None if to_email is None else mailbox(to_email),
        by_link=to_email is None,
        state="offered",
        offered_at=now,
        expires_at=min(now + OFFER_LIVES, offered.event.ends_at),
        ended_at=None,
        ticket_ids=ticket_ids,
        returned_ids=[],
    )
    await store.insert_transfer(conn, made)
    await append(conn, _facts("ticket_offered", made, giver_id, ticket_ids), now)
    if to_email is not None:
        email = NewEmail(
            id=new_id(),
            kind=EmailKind.TRANSFER_OFFERED,
            subject_id=made.id,
            to=to_email,
            locale=giver.locale,
            secret={"key": link_key(service.secret, made.id)},
            expires_at=made.expires_at,
        )
        await queue_emails(conn, [email], now, keys=service.people_config.keys)
    return made


async def accept(  # noqa: C901, PLR0911 - each reason by its name
    conn: Connection,
    service: TransferService,
    transfer_id: UUID,
    request: AcceptanceRequest,
    *,
    receiver_id: UUID,
    now: datetime,
) -> Transfer | Refused:
    """Give the tickets of an offer to the person who accepts it; the giver's passes become invalid at once.

    An accepted offer gives the same answer to the same person. Refusals: `not_found` also without the key of a link,
    `transfer_to_another_address`, `transfer_to_yourself`, `transfer_ended`, `transfer_not_possible` for a ban, which
    a person reviews, `ticket_refunded`, `event_over`, `pass_already_entered`, `pass_revoked`.
    """
    receiver = await people.lock_person(conn, receiver_id)  # who is erased meanwhile receives nothing
    found = await store.transfer(conn, transfer_id)
    if receiver is None or found is None:
        return Refused(TransferRefusal.NOT_FOUND)
    if found.to_id == receiver_id:
        return found
    if found.from_id == receiver_id:
        return Refused(TransferRefusal.TO_YOURSELF)
    has_key = opens(service.secret, transfer_id, request.key)
    if found.state != "offered":
        return Refused(TransferRefusal.ENDED, {"state": found.state}) if has_key else Refused(TransferRefusal.NOT_FOUND)
    refusal = receives(found, receiver.email, has_key=has_key)
    if refusal is not None:
        return refusal
    name = full_name(request)
    if isinstance(name, Refused):
        return name
    if await service.is_banned(conn, found.event_id, transfer_id, receiver, name=name, now=now):
        return Refused(TransferRefusal.NOT_POSSIBLE, commit=True)
    await tickets_store.lock_tickets(conn, found.ticket_ids)
    refusal = open_at(await store.lock_transfer(conn, transfer_id), now)
    if refusal is not None:
        return refusal
    offered = await _transferable(conn, found.ticket_ids, found.from_id, now)
    if isinstance(offered, Refused):
        return offered
    await store.hand_over(conn, holder_names(offered.tickets, name), receiver_id)
    await store.end_transfers(conn, [transfer_id], "accepted", now, receiver_id)
    refusal = await passes.hand_over(conn, [Handover(id_, receiver_id) for id_ in found.ticket_ids], now)
    if refusal is not None:
        return refusal
    await append(conn, _facts("ticket_transferred", found, receiver_id, found.ticket_ids), now)
    emails = [
        NewEmail(id=new_id(), kind=EmailKind.TRANSFER_ACCEPTED, subject_id=transfer_id, person_id=found.from_id),
        NewEmail(
            id=new_id(),
            kind=EmailKind.TICKETS_RECEIVED,
            subject_id=transfer_id,
            about_id=transfer_id,
            person_id=receiver_id,
        ),
    ]
    await queue_emails(conn, emails, now)
    return await store.lock_transfer(conn, transfer_id)


async def cancel(
    conn: Connection, service: TransferService, transfer_id: UUID, giver_id: UUID, now: datetime
) -> Transfer | Refused:
    """Withdraw an offer until it is accepted. Refusals: `not_found`, `transfer_ended`."""
    found = await store.transfer(conn, transfer_id)
    if found is None or found.from_id != giver_id:
        return Refused(TransferRefusal.NOT_FOUND)
    offered = await store.lock_transfer(conn, transfer_id)
    if offered.state == "cancelled":
        return offered
    if offered.state != "offered":
        return Refused(TransferRefusal.ENDED, {"state": offered.state})
    await _end(conn, [offered], "cancelled", giver_id, now)
    giver = await people.person(conn, giver_id)
    if offered.to_email is not None and giver is not None:
        email = NewEmail(
            id=new_id(),
            kind=EmailKind.TRANSFER_CANCELLED,
            subject_id=transfer_id,
            to=offered.to_email,
            locale=giver.locale,
        )
        await queue_emails(conn, [email], now, keys=service.people_config.keys)
    return await store.lock_transfer(conn, transfer_id)


async def give_back(  # noqa: PLR0911 - each reason by its name
    conn: Connection, transfer_id: UUID, ticket_ids: Sequence[UUID], *, receiver_id: UUID, now: datetime
) -> Transfer | Refused:
    """Return received tickets to the person who gave them, until they were scanned; a repeated return is one.

    Refusals: `not_found` for tickets that are not the caller's any more, `transfer_ended` once the giver's account is
    deleted, `ticket_offered`, `ticket_refunded`, `event_over`, `pass_already_entered`, `pass_revoked`.
    """
    found = await store.transfer(conn, transfer_id)
    if found is None or found.to_id != receiver_id or not set(ticket_ids) <= set(found.ticket_ids):
        return Refused(TransferRefusal.NOT_FOUND)
    if await people.lock_person(conn, found.from_id) is None:  # who is erased meanwhile receives nothing
        return Refused(TransferRefusal.ENDED, {"state": found.state})
    wanted = sorted(set(ticket_ids))
    await tickets_store.lock_tickets(conn, wanted)
    returned = set((await store.lock_transfer(conn, transfer_id)).returned_ids)
    wanted = [id_ for id_ in wanted if id_ not in returned]
    if not wanted:
        return await store.lock_transfer(conn, transfer_id)
    held = await _transferable(conn, wanted, receiver_id, now)
    if isinstance(held, Refused):
        return held
    if await store.lock_open_of_tickets(conn, wanted):
        return Refused(TransferRefusal.TICKET_OFFERED)
    await store.hand_over(conn, dict.fromkeys(wanted), found.from_id)
    await store.mark_returned(conn, transfer_id, wanted)
    refusal = await passes.hand_over(conn, [Handover(id_, receiver_id) for id_ in wanted], now)
    if refusal is not None:
        return refusal
    await append(conn, _facts("ticket_returned", found, receiver_id, wanted), now)
    email = NewEmail(
        id=new_id(),
        kind=EmailKind.TICKETS_RETURNED,
        subject_id=transfer_id,
        about_id=wanted[0],
        person_id=found.from_id,
    )
    await queue_emails(conn, [email], now)
    return await store.lock_transfer(conn, transfer_id)


async def expire(conn: Connection, now: datetime) -> int:
    """End a batch of offers that are over; return how many. Call again until there are none."""
    ended = await store.lock_expired(conn, now, EXPIRED_AT_ONCE)
    await _expire(conn, ended, now)
    return len(ended)


async def withdraw_of_tickets(conn: Connection, ticket_ids: Sequence[UUID], now: datetime) -> None:
    """Cancel the open offers of tickets that were refunded, and tell both sides; the tickets are locked."""
    offers = await store.lock_open_of_tickets(conn, ticket_ids)
    if offers:
        await _withdraw(conn, offers, None, now)


async def withdraw_of_person(conn: Connection, person_id: UUID, now: datetime) -> None:
    """Cancel the open offers by a person who is erased, and those to their address, and tell the other side."""
    person = await people.person(conn, person_id)
    mine = await store.lock_open_of_person(conn, person_id, None if person is None else person.email)
    if mine:
        await _withdraw(conn, mine, person_id, now)


async def tell_withdrawn(conn: Connection, people_config: PeopleConfig, now: datetime) -> None:
    """Queue the emails to the addresses of offers that a refund or an erasure ended, and forget the addresses."""
    emails = [
        NewEmail(id=new_id(), kind=EmailKind.TRANSFER_WITHDRAWN, subject_id=transfer_id, to=to_email, locale=locale)
        for transfer_id, to_email, locale in await store.take_withdrawn(conn)
    ]
    if emails:
        await queue_emails(conn, emails, now, keys=people_config.keys)


class _Transferable(Struct, frozen=True):
    """Tickets that may change hands, and their event."""

    tickets: Sequence[TicketRow]
    event: Event


async def _lock_transferable(
    conn: Connection, ticket_ids: Sequence[UUID], person_id: UUID, now: datetime
) -> _Transferable | Refused:
    """Lock the tickets of a person that may change hands, and return them."""
    if len(await store.held_tickets(conn, ticket_ids, person_id)) < len(ticket_ids):
        return Refused(TransferRefusal.NOT_FOUND)  # never lock another fan's ticket
    await tickets_store.lock_tickets(conn, ticket_ids)
    return await _transferable(conn, ticket_ids, person_id, now)


async def _transferable(
    conn: Connection, ticket_ids: Sequence[UUID], person_id: UUID, now: datetime
) -> _Transferable | Refused:
    """Return tickets if this person holds all of them, they are of one event that is not over, and none is used."""
    tickets = await store.held_tickets(conn, ticket_ids, person_id)
    if len(tickets) < len(ticket_ids):
        return Refused(TransferRefusal.NOT_FOUND)
    event = await programme.event(conn, tickets[0].event_id)
    if event is None or event.state == "cancelled":
        return Refused(Reason.EVENT_CANCELLED)
    states = (await passes.states(conn, ticket_ids)).values()
    refusals = (
        (len({ticket.event_id for ticket in tickets}) > 1, invalid_input("ticket_ids", "These are of several events.")),
        (any(ticket.refund_id is not None for ticket in tickets), Refused(Reason.TICKET_REFUNDED)),
        (event.ends_at <= now, Refused(TransferRefusal.EVENT_OVER)),
        (any(state.revoked for state in states), Refused("pass_revoked")),
        (any(state.entered_at is not None for state in states), Refused("pass_already_entered")),
    )
    return next((refusal for applies, refusal in refusals if applies), _Transferable(tickets, event))


async def _expire(conn: Connection, offers: Sequence[Transfer], now: datetime) -> None:
    """End locked offers that are over, and tell their givers."""
    await _end(conn, offers, "expired", None, now)
    emails = [
        NewEmail(id=new_id(), kind=EmailKind.TRANSFER_EXPIRED, subject_id=ended.id, person_id=ended.from_id)
        for ended in offers
    ]
    await queue_emails(conn, emails, now)


async def _withdraw(conn: Connection, offers: Sequence[Transfer], erased_id: UUID | None, now: datetime) -> None:
    """End locked offers and tell both sides but for the erased person. A job tells the addresses: it has their key."""
    givers = await people.persons_by_id(conn, sorted({offer.from_id for offer in offers}))
    addresses = [
        (offer.id, offer.to_email, givers[offer.from_id].locale)
        for offer in offers
        if offer.to_email is not None and (erased_id is None or offer.from_id == erased_id)
    ]
    await _end(conn, offers, "cancelled", erased_id, now)
    await store.insert_withdrawn(conn, addresses)
    emails = [
        NewEmail(id=new_id(), kind=EmailKind.TRANSFER_ENDED, subject_id=offer.id, person_id=offer.from_id)
        for offer in offers
        if offer.from_id != erased_id
    ]
    await queue_emails(conn, emails, now)


async def _end(
    conn: Connection, offers: Sequence[Transfer], state: TransferState, who: UUID | None, now: datetime
) -> None:
    await store.end_transfers(conn, [offer.id for offer in offers], state, now)
    facts = [fact for ended in offers for fact in _facts("ticket_offer_ended", ended, who, ended.ticket_ids)]
    await append(conn, facts, now)


def _facts(kind: str, transfer: Transfer, who: UUID | None, ticket_ids: Sequence[UUID]) -> list[Fact]:
    return [Fact(kind, who, id_, {"transfer": transfer.id, "event": transfer.event_id}) for id_ in ticket_ids]
