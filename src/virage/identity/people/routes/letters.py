"""Letters as fans and the office see them: sent ones, sending them again, blocked addresses."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from virage.identity.people import reads
from virage.identity.people.acts import letters as acts
from virage.identity.people.rules.house import Letterhead
from virage.identity.people.rules.letters import BlockedAddress, LetterView, LetterWish, State
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, require, require_fan, signed_in, staff
from virage.platform.web.problems import granted
from virage.platform.web.routing import delete, get, post


@get("/api/me/letters", guards=[signed_in])
async def list_my_letters(
    about: Annotated[UUID, Meta(description="The order")],
    db: Database,
    principal: Principal,
    letterhead: Letterhead,
) -> list[LetterView]:
    """My letters about one order, the latest first."""
    async with db.connection() as conn:
        return await reads.letters_about(conn, letterhead.all_keys, about, require_fan(principal))


@post("/api/me/letters/{order_id:uuid}/{letter_id:uuid}/resend", status_code=202, guards=[signed_in])
async def resend_my_letter(
    order_id: UUID, letter_id: UUID, data: LetterWish, *, db: Database, clock: Clock, principal: Principal
) -> None:
    """Send a letter about an order again, to my address: once a minute, and five times an hour."""
    fan_id = require_fan(principal)
    granted(await db.transact(acts.resend, order_id, letter_id, data.id, who=fan_id, now=clock.now(), person_id=fan_id))


@get("/api/office/letters", guards=[staff("admin")])
async def list_letters(
    db: Database,
    principal: Principal,
    letterhead: Letterhead,
    *,
    only: Annotated[State | None, Meta(description="Of this state alone")] = None,
    before: Annotated[UUID | None, Meta(description="The id that the page before ended with")] = None,
) -> list[LetterView]:
    """The latest letters of the deployment, 100 at most."""
    require(principal, "admin")
    async with db.connection() as conn:
        return await reads.letters_sent(conn, letterhead.all_keys, only, before)


@get("/api/office/blocked-addresses", guards=[staff("admin")])
async def list_blocked_addresses(db: Database, principal: Principal, letterhead: Letterhead) -> list[BlockedAddress]:
    """Addresses that a mail server refused for good; nothing is sent to them."""
    require(principal, "admin")
    async with db.connection() as conn:
        return await reads.blocked_addresses(conn, letterhead.all_keys)


@delete("/api/office/blocked-addresses/{letter_id:uuid}", status_code=204, guards=[staff("admin")])
async def free_address(letter_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Let the address of a letter that came back be written to again."""
    require(principal, "admin")
    granted(await db.transact(acts.free_address, letter_id, principal.id, clock.now()))


handlers = [list_my_letters, resend_my_letter, list_letters, list_blocked_addresses, free_address]
