"""Transfer tickets: offer, accept, cancel and return them, each in one transaction with the passes."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.identity.passes import api as passes
from virage.identity.passes.api import Handover, PassState
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
from virage.sale.ticketing.store.transfers import Given
from virage.site.programme import api as programme
from virage.site.programme.types import Event

EXPIRED_AT_ONCE = 200


class IsBanned(Protocol):
    """The comparison of a new holder with the bans, provided by the access domain."""

    async def __call__(
        self,
        conn: Connection,
        event_id: UUID,
        subject: UUID,
        person: Person,
        *,
        name: str,
        now: datetime,
        ticket_ids: Sequence[UUID] = (),
        guest: bool = False,
    ) -> bool:
        """Return whether a ban stops this person, who gave `name`. A hit is stored for review, under `subject`.

        A review holds for the person and the `ticket_ids`, also under another subject.
        Until it is allowed it stops the person under every name; a `guest` of theirs only under that name.
        """
        ...


class TransferService(Struct, frozen=True):
    """The secret of links, the letterhead of emails, and the bans."""

    secret: bytes
    people_config: PeopleConfig
    is_banned: IsBanned


def transfer_service(secret: str, people_config: PeopleConfig, is_banned: IsBanned) -> TransferService:
    """Return the transfer service of a deployment."""
    return TransferService(derive(secret, "ticketing transfer link"), people_config, is_banned)


class Offer(Struct, frozen=True):
    """A request to offer tickets, and the person who gives them."""

    request: TransferRequest
    giver_id: UUID


class Acceptance(Struct, frozen=True):
    """A request to accept an offer, and the person who gets the tickets."""

    transfer_id: UUID
    request: AcceptanceRequest
    receiver_id: UUID


class NotTogether(Exception):
    """A pass is refused after others of the batch have changed: roll back and run the items one by one."""


async def offer(
    conn: Connection, service: TransferService, offers: Sequence[Offer], now: datetime
) -> list[Transfer | Refused]:
    """Offer tickets of one event to an address, or by a link. They stay the giver's until they are accepted.

    Refusals: `not_found`, `ticket_refunded`, `ticket_offered`, `ticket_listed`, `event_over`, `pass_already_entered`,
    `pass_revoked`, `transfer_to_yourself`, `rate_limited` above 30 offers a day, `id_reused`. A refused item writes
    nothing.
    """
    # One offer of a person at a time, so that the limit holds.
    givers = await people.lock_persons(conn, {offer.giver_id for offer in offers})
    known = await store.transfers(conn, {offer.request.id for offer in offers})
    made_today = await store.offers_since(conn, givers, now - OFFERS_WINDOW)
    wanted = {id_ for offer in offers for id_ in offer.request.ticket_ids}
    keepers = await tickets_store.holders_of(conn, sorted(wanted))
    # Never lock another fan's ticket.
    mine = [offer for offer in offers if {keepers.get(id_) for id_ in offer.request.ticket_ids} == {offer.giver_id}]
    ticket_ids = sorted({id_ for offer in mine for id_ in offer.request.ticket_ids})
    await tickets_store.lock_tickets(conn, ticket_ids)
    current = await _current(conn, ticket_ids)
    listed = await exchange_store.listed_tickets(conn, ticket_ids)
    open_now = await store.lock_open_of_tickets(conn, ticket_ids)
    open_offers = {id_: transfer for transfer in open_now for id_ in transfer.ticket_ids}
    made: dict[UUID, Transfer] = {}
    lapsed: dict[UUID, Transfer] = {}
    answers: list[Transfer | Refused] = []
    for offer in offers:
        transfer = _decided(offer, givers, known | made, made_today, current, listed, open_offers, now)
        answers.append(transfer)
        if isinstance(transfer, Transfer) and transfer.id not in known and transfer.id not in made:
            made[transfer.id] = transfer
            made_today[offer.giver_id] = made_today.get(offer.giver_id, 0) + 1
            earlier = [open_offers[id_] for id_ in transfer.ticket_ids if id_ in open_offers]
            lapsed |= {one.id: one for one in earlier}
            open_offers |= dict.fromkeys(transfer.ticket_ids, transfer)
    if lapsed:
        await _expire(conn, list(lapsed.values()), now)
    if made:
        await store.insert_transfers(conn, list(made.values()), now)
        facts = [fact for one in made.values() for fact in _facts("ticket_offered", one, one.from_id, one.ticket_ids)]
        await append(conn, facts, now)
        emails = [
            NewEmail(
                id=new_id(),
                kind=EmailKind.TRANSFER_OFFERED,
                subject_id=one.id,
                to=one.to_email,
                locale=givers[one.from_id].locale,
                secret={"key": link_key(service.secret, one.id)},
                expires_at=one.expires_at,
            )
            for one in made.values()
            if one.to_email is not None
        ]
        await queue_emails(conn, emails, now, keys=service.people_config.keys)
    return answers


def _decided(  # noqa: PLR0911, PLR0917 - each reason by its name, from what the batch has read
    offer: Offer,
    givers: Mapping[UUID, Person],
    known: Mapping[UUID, Transfer],
    made_today: Mapping[UUID, int],
    current: "_Current",
    listed: Collection[UUID],
    open_offers: Mapping[UUID, Transfer],
    now: datetime,
) -> Transfer | Refused:
    """Return a new offer, or the known one of a repeated request."""
    giver = givers.get(offer.giver_id)
    if giver is None:
        return Refused("unauthenticated")
    ticket_ids = sorted(set(offer.request.ticket_ids))
    written = offer.request.to_email
    to_email = None if written is None else normalise_address(written)
    if written is not None and to_email is None:
        return invalid_input("to_email", "This is no email address.")
    earlier = known.get(offer.request.id)
    if earlier is not None:
        same = earlier.from_id == giver.id and earlier.ticket_ids == ticket_ids
        return earlier if same and earlier.by_link == (to_email is None) else Refused(Reason.ID_REUSED)
    if to_email is not None and mailbox(to_email) == mailbox(giver.email):
        return Refused(TransferRefusal.TO_YOURSELF)
    if made_today.get(giver.id, 0) >= OFFERS_MAX:
        return Refused(TransferRefusal.TOO_MANY)
    offered = current.transferable(ticket_ids, giver.id, now)
    if isinstance(offered, Refused):
        return offered
    if any(id_ in listed for id_ in ticket_ids):
        return Refused(ExchangeRefusal.TICKET_LISTED)
    for id_ in ticket_ids:
        if id_ in open_offers and open_at(open_offers[id_], now) is None:
            return Refused(TransferRefusal.TICKET_OFFERED, {"transfer_id": open_offers[id_].id})
    return Transfer(
        id=offer.request.id,
        event_id=offered.event.id,
        from_id=giver.id,
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


async def accept(  # noqa: C901 - one transaction, in the order of locks
    conn: Connection, service: TransferService, acceptances: Sequence[Acceptance], now: datetime
) -> list[Transfer | Refused]:
    """Give the tickets of offers to the people who accept them; the givers' passes become invalid at once.

    An accepted offer gives the same answer to the same person. Of several acceptances of one offer, the first gets the
    tickets. An offer that is refused for another reason is not compared with the bans: the answer would tell of them.

    Refusals: `not_found` also without the key of a link, `transfer_to_another_address`, `transfer_to_yourself`,
    `transfer_ended`, `transfer_not_possible` for a ban, which a person reviews and which is committed,
    `ticket_refunded`, `event_over`, `pass_already_entered`, `pass_revoked`, `pass_rebinds_used_up`. A refused item
    writes nothing.

    Raises:
        NotTogether: a pass of one item is refused; only for several items.
    """
    # An erased person receives nothing.
    receivers = await people.lock_persons(conn, {one.receiver_id for one in acceptances})
    found = await store.transfers(conn, {one.transfer_id for one in acceptances})
    before = await _current(conn, sorted({id_ for one in found.values() for id_ in one.ticket_ids}))
    refused_passes = await passes.handover_refusals(conn, list(before.passes), now)
    answers: list[Transfer | Refused | None] = [None] * len(acceptances)
    first: dict[UUID, tuple[Acceptance, str]] = {}
    # In the order of the transfers, in which reviews of bans are stored.
    for index, one in sorted(enumerate(acceptances), key=lambda pair: pair[1].transfer_id):
        transfer, receiver = found.get(one.transfer_id), receivers.get(one.receiver_id)
        name = _may_accept(service, one, transfer, receiver)
        if transfer is None or receiver is None:
            answers[index] = Refused(TransferRefusal.NOT_FOUND)
        elif not isinstance(name, str):
            answers[index] = name
        elif one.transfer_id in first:
            continue
        elif (refusal := _not_possible(transfer, before, refused_passes, now)) is not None:
            answers[index] = refusal
        elif await service.is_banned(
            conn, transfer.event_id, transfer.id, receiver, name=name, now=now, ticket_ids=transfer.ticket_ids
        ):
            answers[index] = Refused(TransferRefusal.NOT_POSSIBLE, commit=True)
        else:
            first[one.transfer_id] = (one, name)
    decided: dict[UUID, Transfer | Refused] = {}
    if first:
        ticket_ids = sorted({id_ for transfer_id in first for id_ in found[transfer_id].ticket_ids})
        await tickets_store.lock_tickets(conn, ticket_ids)
        locked = await store.lock_transfers(conn, first)
        current = await _current(conn, ticket_ids)
        given: list[Given] = []
        handovers: list[Handover] = []
        for transfer_id, (one, name) in first.items():
            transfer = locked[transfer_id]
            offered = _open_tickets(transfer, current, now)
            if isinstance(offered, Refused):
                decided[transfer_id] = offered
                continue
            given += [Given(id_, new, one.receiver_id) for id_, new in holder_names(offered.tickets, name).items()]
            handovers += [Handover(id_, one.receiver_id) for id_ in transfer.ticket_ids]
            decided[transfer_id] = replace(
                transfer, state="accepted", to_id=one.receiver_id, to_email=None, to_mailbox=None, ended_at=now
            )
        accepted = [transfer for transfer in decided.values() if isinstance(transfer, Transfer)]
        refusal = await _write_accepted(conn, accepted, given, handovers, now)
        if refusal is not None and len(acceptances) > 1:
            raise NotTogether
        if refusal is not None:
            return [refusal]
    return [
        answer if answer is not None else _answer(one, first[one.transfer_id][0], decided[one.transfer_id])
        for one, answer in zip(acceptances, answers, strict=True)
    ]


def _may_accept(
    service: TransferService, acceptance: Acceptance, found: Transfer | None, receiver: Person | None
) -> str | Transfer | Refused:
    """Return the receiver's whole name if they may accept; the transfer itself if they have already."""
    if receiver is None or found is None:
        return Refused(TransferRefusal.NOT_FOUND)
    if found.to_id == receiver.id:
        return found
    if found.from_id == receiver.id:
        return Refused(TransferRefusal.TO_YOURSELF)
    has_key = opens(service.secret, found.id, acceptance.request.key)
    if found.state != "offered":
        return Refused(TransferRefusal.ENDED, {"state": found.state}) if has_key else Refused(TransferRefusal.NOT_FOUND)
    return receives(found, receiver.email, has_key=has_key) or full_name(acceptance.request)


def _open_tickets(transfer: Transfer, current: "_Current", now: datetime) -> "_Transferable | Refused":
    """Return the tickets of an offer that is open, if its giver may still give them."""
    return open_at(transfer, now) or current.transferable(transfer.ticket_ids, transfer.from_id, now)


def _not_possible(
    transfer: Transfer, current: "_Current", refused_passes: Mapping[UUID, Refused], now: datetime
) -> Refused | None:
    """Return why the tickets of an offer cannot change hands, to any receiver."""
    offered = _open_tickets(transfer, current, now)
    if isinstance(offered, Refused):
        return offered
    return next((refused_passes[id_] for id_ in transfer.ticket_ids if id_ in refused_passes), None)


async def _write_accepted(
    conn: Connection,
    accepted: Sequence[Transfer],
    given: Sequence[Given],
    handovers: Sequence[Handover],
    now: datetime,
) -> Refused | None:
    """Write acceptances with their facts and emails; roll back a refusal."""
    if not accepted:
        return None
    receivers = {one.id: one.to_id for one in accepted if one.to_id is not None}
    await store.accept_transfers(conn, receivers, now)
    await store.hand_over(conn, given)
    refusal = await passes.hand_over(conn, handovers, now)
    if refusal is not None:
        return refusal
    facts = [fact for one in accepted for fact in _facts("ticket_transferred", one, one.to_id, one.ticket_ids)]
    await append(conn, facts, now)
    emails = []
    for one in accepted:
        emails += [
            NewEmail(id=new_id(), kind=EmailKind.TRANSFER_ACCEPTED, subject_id=one.id, person_id=one.from_id),
            NewEmail(
                id=new_id(),
                kind=EmailKind.TICKETS_RECEIVED,
                subject_id=one.id,
                about_id=one.id,
                person_id=one.to_id,
            ),
        ]
    await queue_emails(conn, emails, now)
    return None


def _answer(one: Acceptance, first: Acceptance, decided: Transfer | Refused) -> Transfer | Refused:
    """Return the answer to an acceptance of which the first of its batch was decided."""
    if isinstance(decided, Transfer) and one.receiver_id != first.receiver_id:
        return Refused(TransferRefusal.ENDED, {"state": decided.state})
    return decided


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

    A ticket has the name again that it had with the giver, so that a return is no way to change it.

    Refusals: `not_found` for tickets that are not the caller's any more, `transfer_ended` once the giver's account is
    deleted, `ticket_offered`, `ticket_listed`, `ticket_refunded`, `event_over`, `pass_already_entered`, `pass_revoked`.
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
    held = (await _current(conn, wanted)).transferable(wanted, receiver_id, now)
    if isinstance(held, Refused):
        return held
    if await store.lock_open_of_tickets(conn, wanted):
        return Refused(TransferRefusal.TICKET_OFFERED)
    if await exchange_store.listed_tickets(conn, wanted):
        return Refused(ExchangeRefusal.TICKET_LISTED)
    names = await store.given_names(conn, transfer_id)
    await store.hand_over(conn, [Given(id_, names[id_], found.from_id) for id_ in wanted])
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
    """Cancel the open offers by a person who is erased, and those to their address, and tell the other side.

    The names that tickets had before this person gave or received them are erased.
    """
    person = await people.person(conn, person_id)
    mine = await store.lock_open_of_person(conn, person_id, None if person is None else person.email)
    if mine:
        await _withdraw(conn, mine, person_id, now)
    await store.forget_given_names(conn, person_id)


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


class _Current(Struct, frozen=True):
    """Locked tickets with their holders, events and passes."""

    tickets: Mapping[UUID, TicketRow]
    holders: Mapping[UUID, UUID]
    events: Mapping[UUID, Event]
    passes: Mapping[UUID, PassState]

    def transferable(self, ticket_ids: Sequence[UUID], person_id: UUID, now: datetime) -> _Transferable | Refused:
        """Return tickets if this person holds all, they are of one event that is not over, and none is used."""
        if any(self.holders.get(id_) != person_id for id_ in ticket_ids):
            return Refused(TransferRefusal.NOT_FOUND)
        tickets = [self.tickets[id_] for id_ in ticket_ids]
        event = self.events.get(tickets[0].event_id)
        if event is None or event.state == "cancelled":
            return Refused(Reason.EVENT_CANCELLED)
        states = [self.passes[id_] for id_ in ticket_ids if id_ in self.passes]
        several = invalid_input("ticket_ids", "These are of several events.")
        refusals = (
            (len({ticket.event_id for ticket in tickets}) > 1, several),
            (any(ticket.refund_id is not None for ticket in tickets), Refused(Reason.TICKET_REFUNDED)),
            (event.ends_at <= now, Refused(TransferRefusal.EVENT_OVER)),
            (any(state.revoked for state in states), Refused("pass_revoked")),
            (any(state.entered_at is not None for state in states), Refused("pass_already_entered")),
        )
        return next((refusal for applies, refusal in refusals if applies), _Transferable(tickets, event))


async def _current(conn: Connection, ticket_ids: Sequence[UUID]) -> _Current:
    """Return what decides whether locked tickets may change hands."""
    tickets = await tickets_store.tickets(conn, ticket_ids)
    holders = await tickets_store.holders_of(conn, ticket_ids)
    events = await programme.events(conn, sorted({ticket.event_id for ticket in tickets.values()}))
    return _Current(tickets, holders, events, await passes.states(conn, ticket_ids))


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
