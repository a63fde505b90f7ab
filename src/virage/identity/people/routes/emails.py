"""Emails as fans and the office see them: sent ones, sending them again, blocked addresses."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from virage.identity.people import reads
from virage.identity.people.acts import emails as acts
from virage.identity.people.rules.emails import BlockedAddress, EmailRequest, EmailView, State
from virage.identity.people.rules.people_config import PeopleConfig
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, require, require_fan, signed_in, staff
from virage.platform.web.problems import granted
from virage.platform.web.routing import delete, get, post


@get("/api/me/emails", guards=[signed_in])
async def list_my_emails(
    about: Annotated[UUID, Meta(description="The order")],
    db: Database,
    principal: Principal,
    people_config: PeopleConfig,
) -> list[EmailView]:
    """My emails about one order, the latest first."""
    async with db.connection() as conn:
        return await reads.emails_about(conn, people_config.all_keys, about, require_fan(principal))


@post("/api/me/emails/{order_id:uuid}/{email_id:uuid}/resend", status_code=202, guards=[signed_in])
async def resend_my_email(
    order_id: UUID, email_id: UUID, data: EmailRequest, *, db: Database, clock: Clock, principal: Principal
) -> None:
    """Send an email about an order again, to my address: once a minute, and five times an hour."""
    fan_id = require_fan(principal)
    granted(await db.transact(acts.resend, order_id, email_id, data.id, who=fan_id, now=clock.now(), person_id=fan_id))


@get("/api/office/emails", guards=[staff("admin")])
async def list_emails(
    db: Database,
    principal: Principal,
    people_config: PeopleConfig,
    *,
    only: Annotated[State | None, Meta(description="Of this state alone")] = None,
    before: Annotated[UUID | None, Meta(description="The id that the page before ended with")] = None,
) -> list[EmailView]:
    """The latest emails of the deployment, 100 at most."""
    require(principal, "admin")
    async with db.connection() as conn:
        return await reads.recent_emails(conn, people_config.all_keys, only, before)


@get("/api/office/blocked-addresses", guards=[staff("admin")])
async def list_blocked_addresses(
    db: Database, principal: Principal, people_config: PeopleConfig
) -> list[BlockedAddress]:
    """Addresses that a mail server refused for good; nothing is sent to them."""
    require(principal, "admin")
    async with db.connection() as conn:
        return await reads.blocked_addresses(conn, people_config.all_keys)


@delete("/api/office/blocked-addresses/{email_id:uuid}", status_code=204, guards=[staff("admin")])
async def unblock_address(email_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Let the address of an email that came back be written to again."""
    require(principal, "admin")
    granted(await db.transact(acts.unblock_address, email_id, principal.id, clock.now()))


handlers = [list_my_emails, resend_my_email, list_emails, list_blocked_addresses, unblock_address]
