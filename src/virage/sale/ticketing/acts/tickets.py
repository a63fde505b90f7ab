"""A fan's commands on a ticket: activate it on a phone, move it to another phone, print it."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.keys.types import KeyVault
from virage.identity.passes import api as passes
from virage.identity.passes.api import BindingRequest, BoundPass
from virage.identity.people.api import queue_emails
from virage.identity.people.types import EmailKind, NewEmail, PeopleConfig, Person, new_code
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.rules.rebinding import CODE_LIVES, TRIES_MAX, code_hash, right
from virage.sale.ticketing.rules.terms import Reason, TicketRow
from virage.sale.ticketing.store import tickets as store


class RebindService(Struct, frozen=True):
    """The key that codes are hashed with, and the letterhead of their emails."""

    key: bytes
    people_config: PeopleConfig


def rebind_service(secret: str, people_config: PeopleConfig) -> RebindService:
    """Return the rebind service of a deployment."""
    return RebindService(derive(secret, "ticketing rebind code"), people_config)


async def lock_valid_ticket(conn: Connection, ticket_id: UUID, fan_id: UUID) -> TicketRow | Refused:
    """Return a fan's valid ticket, locked: neither it nor its pass changes until the transaction ends."""
    if await store.owned_ticket(conn, ticket_id, fan_id) is None:  # never lock another fan's ticket
        return Refused(Reason.NOT_FOUND)
    await store.lock_tickets(conn, [ticket_id])
    ticket = await store.owned_ticket(conn, ticket_id, fan_id)
    if ticket is None:
        return Refused(Reason.NOT_FOUND)
    return Refused(Reason.TICKET_REFUNDED) if ticket.refund_id is not None else ticket


async def bind(
    conn: Connection, vault: KeyVault, binding: BindingRequest, fan_id: UUID, now: datetime
) -> BoundPass | Refused:
    """Bind the pass of a ticket to the holder key of a phone."""
    ticket = await lock_valid_ticket(conn, binding.subject, fan_id)
    if isinstance(ticket, Refused):
        return ticket
    return (await passes.bind(conn, vault, [binding], now))[0]


async def send_rebind_code(
    conn: Connection, desk: RebindService, ticket_id: UUID, fan: Person, now: datetime
) -> datetime | Refused:
    """Email the code that moves the ticket to another phone; return its expiry. One a minute, five an hour."""
    ticket = await lock_valid_ticket(conn, ticket_id, fan.id)
    if isinstance(ticket, Refused):
        return ticket
    code, ends_at = new_code(), now + CODE_LIVES
    hashed = code_hash(desk.key, ticket_id, code)
    if not await store.put_rebind_code(conn, ticket_id, hashed, now):
        return Refused(Reason.CODE_SENT)
    email = NewEmail(
        id=new_id(),
        kind=EmailKind.PHONE_CODE,
        subject_id=ticket_id,
        person_id=fan.id,
        secret={"code": code},
        expires_at=ends_at,
    )
    await queue_emails(conn, [email], now, keys=desk.people_config.keys)
    await append(conn, [Fact("rebind_code_sent", fan.id, ticket_id)], now)
    return ends_at


async def check_rebind_code(
    conn: Connection, desk: RebindService, ticket_id: UUID, code: str, *, fan_id: UUID, now: datetime
) -> Refused | None:
    """Check a code. A wrong try counts; a right one ends the code, unless the caller's transaction rolls back."""
    ticket = await lock_valid_ticket(conn, ticket_id, fan_id)
    if isinstance(ticket, Refused):
        return ticket
    stored = await store.count_rebind_try(conn, ticket_id, now)
    if stored is None:
        return Refused(Reason.CODE_WRONG)
    hashed, tries = stored
    if tries > TRIES_MAX:
        return Refused(Reason.TOO_MANY_TRIES, commit=True)
    if not right(hashed, code_hash(desk.key, ticket_id, code)):
        return Refused(Reason.CODE_WRONG, {"tries_left": TRIES_MAX - tries}, commit=True)
    await store.end_rebind_code(conn, ticket_id, now)
    return None


async def rebind(conn: Connection, vault: KeyVault, binding: BindingRequest, now: datetime) -> BoundPass | Refused:
    """Move the pass to the phone with this holder key; call after the code check, in the same transaction."""
    return (await passes.rebind(conn, vault, [binding], now))[0]
