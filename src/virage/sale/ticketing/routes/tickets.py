"""Routes for a fan's tickets."""

import asyncio
from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.identity.keys.types import KeyVault
from virage.identity.passes import api as passes
from virage.identity.passes.api import BindingRequest, BoundPass, PaperTicket, PrintRequest, paper_pdf
from virage.identity.people import api as people
from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.jwk import Jwk
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, fresh, require_fan, signed_in
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Response, get, patch, post, put
from virage.sale.ticketing.acts import names, reminders
from virage.sale.ticketing.acts import tickets as acts
from virage.sale.ticketing.acts.tickets import RebindService
from virage.sale.ticketing.acts.transfers import TransferService
from virage.sale.ticketing.reads import reminders as reminder_reads
from virage.sale.ticketing.reads import views
from virage.sale.ticketing.reads.paper import paper_of
from virage.sale.ticketing.reads.views import Ticket
from virage.sale.ticketing.rules.terms import Tariff
from virage.site.venue import api as venues
from virage.site.venue.types import RouteOptions

Name = Annotated[str, Meta(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]
Code = Annotated[str, Meta(pattern=r"^[0-9]{6}$")]


class HolderUpdate(Struct, frozen=True, forbid_unknown_fields=True):
    """The holder's name; None removes it."""

    holder_name: Name | None


class TicketName(Struct, frozen=True, forbid_unknown_fields=True):
    """A ticket and the name of its holder; None removes the name."""

    ticket_id: UUID
    holder_name: Name | None


class PartyNames(Struct, frozen=True, forbid_unknown_fields=True):
    """The names of a party."""

    names: Annotated[list[TicketName], Meta(min_length=1, max_length=50)]


class ReminderChoice(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a person wants reminders of events by email."""

    wanted: bool


class BindRequest(Struct, frozen=True):
    """The holder key of the phone."""

    key: Jwk


class RebindRequest(Struct, frozen=True):
    """The code from the email, and the holder key of the new phone."""

    code: Code
    key: Jwk


class CodeSent(Struct, frozen=True):
    """When the code expires."""

    expires_at: datetime


@get("/tickets", guards=[signed_in])
async def list_my_tickets(db: Database, principal: Principal) -> list[Ticket]:
    """Return the caller's tickets, the latest order first."""
    async with db.connection() as conn:
        return await views.tickets_of(conn, require_fan(principal))


@patch("/{ticket_id:uuid}", guards=[signed_in], rate="sensitive")
async def name_holder(
    ticket_id: UUID,
    data: HolderUpdate,
    *,
    db: Database,
    clock: Clock,
    transfer_service: TransferService,
    principal: Principal,
) -> Ticket:
    """Set the holder's name of a ticket."""
    fan_id = require_fan(principal)

    async def name(conn: Connection) -> Ticket | Refused | None:
        named = {ticket_id: data.holder_name}
        refusal = await names.name_holders(conn, transfer_service.is_banned, named, fan_id, clock.now())
        return refusal or await views.ticket_of(conn, fan_id, ticket_id)

    ticket = granted(await db.transact(name))
    if ticket is None:
        raise Problem("not_found")
    return ticket


@put("/names", guards=[signed_in], rate="sensitive")
async def name_holders(
    data: PartyNames, db: Database, clock: Clock, transfer_service: TransferService, principal: Principal
) -> list[Ticket]:
    """Set the holders' names of a party at once: all of them change, or none. Return the tickets in this order."""
    fan_id = require_fan(principal)

    async def name(conn: Connection) -> list[Ticket] | Refused:
        named = {one.ticket_id: one.holder_name for one in data.names}
        refusal = await names.name_holders(conn, transfer_service.is_banned, named, fan_id, clock.now())
        if refusal is not None:
            return refusal
        return [ticket for id_ in named if (ticket := await views.ticket_of(conn, fan_id, id_)) is not None]

    return granted(await db.transact(name))


@get("/reminders", guards=[signed_in])
async def get_reminder_choice(db: Database, principal: Principal) -> ReminderChoice:
    """Return whether the caller wants reminders of events by email."""
    async with db.connection() as conn:
        return ReminderChoice(await reminder_reads.wants_reminders(conn, require_fan(principal)))


@put("/reminders", guards=[signed_in])
async def put_reminder_choice(data: ReminderChoice, db: Database, principal: Principal) -> ReminderChoice:
    """Choose whether the caller wants reminders of events by email."""
    async with db.transaction() as conn:
        await reminders.choose(conn, require_fan(principal), wanted=data.wanted)
    return data


@post("/{ticket_id:uuid}/pass", status_code=200, guards=[signed_in])
async def bind_pass(
    ticket_id: UUID, data: BindRequest, *, db: Database, clock: Clock, vault: KeyVault, principal: Principal
) -> BoundPass:
    """Bind the ticket's pass to this phone. A repeated key gets the same pass."""
    fan_id = require_fan(principal)
    return granted(
        await db.transact(acts.bind, vault, BindingRequest(ticket_id, data.key, fan_id), fan_id, clock.now())
    )


@post("/{ticket_id:uuid}/rebind-code", status_code=202, guards=[signed_in], rate="sensitive")
async def send_rebind_code(
    ticket_id: UUID, db: Database, clock: Clock, rebind_service: RebindService, principal: Principal
) -> CodeSent:
    """Email the code that moves the ticket to another phone."""
    fan_id = require_fan(principal)

    async def send(conn: Connection) -> datetime | Refused:
        fan = await people.person(conn, fan_id)
        if fan is None:
            return Refused("unauthenticated")
        return await acts.send_rebind_code(conn, rebind_service, ticket_id, fan, clock.now())

    return CodeSent(granted(await db.transact(send)))


@post("/{ticket_id:uuid}/rebind", status_code=200, guards=[signed_in], rate="sensitive")
async def rebind_pass(
    ticket_id: UUID,
    data: RebindRequest,
    *,
    db: Database,
    clock: Clock,
    vault: KeyVault,
    rebind_service: RebindService,
    principal: Principal,
) -> BoundPass:
    """Move the ticket to this phone with the code from the email."""
    fan_id, now = require_fan(principal), clock.now()

    async def rebind(conn: Connection) -> BoundPass | Refused:
        refusal = await acts.check_rebind_code(conn, rebind_service, ticket_id, data.code, fan_id=fan_id, now=now)
        return refusal or await acts.rebind(conn, vault, BindingRequest(ticket_id, data.key, fan_id), now)

    return granted(await db.transact(rebind))


@post(
    "/{ticket_id:uuid}/paper",
    status_code=200,
    guards=[signed_in],
    rate="costly",
    answer=Described(bytes, description="The ticket on paper", media_type="application/pdf"),
)
async def print_paper(
    ticket_id: UUID, *, config: Config, db: Database, clock: Clock, vault: KeyVault, principal: Principal
) -> Response[bytes]:
    """Print the ticket. This revokes a pass on a phone, which needs a sign-in of the last 15 minutes."""
    fan_id, now = require_fan(principal), clock.now()

    async def print_(conn: Connection) -> tuple[Ticket, PaperTicket] | Refused:
        # Without the lock, a phone that binds concurrently would lose its pass below.
        locked = await acts.lock_valid_ticket(conn, ticket_id, fan_id)
        if isinstance(locked, Refused):
            return locked
        ticket = await views.ticket_of(conn, fan_id, ticket_id)
        fan = await people.person(conn, fan_id)
        if ticket is None or fan is None:
            return Refused("not_found")
        if ticket.pass_ is not None and ticket.pass_.form == "phone":
            fresh(principal, now)
        printing = PrintRequest(ticket_id, allowed=ticket.event.paper_accepted, who=fan_id)
        (printed,) = await passes.print_paper(conn, vault, [printing], now)
        if isinstance(printed, Refused):
            return printed
        return ticket, await paper_of(conn, ticket, printed.text, config, fan.locale)

    ticket, paper = granted(await db.transact(print_))
    step_free = ticket.tariff in (Tariff.ACCESS, Tariff.COMPANION)
    paper = replace(paper, entrance=await venues.route_to_place(paper.venue, ticket.place, RouteOptions(step_free), {}))
    pdf = await asyncio.to_thread(paper_pdf, paper)  # takes about 0.1 s, so it runs after the commit
    headers = {"content-disposition": f'attachment; filename="{ticket_id}.pdf"', "cache-control": "no-store"}
    return Response(pdf, media_type="application/pdf", headers=headers)
