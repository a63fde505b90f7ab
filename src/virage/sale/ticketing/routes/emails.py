"""Office routes for the emails of an order: list and send again, within the scope of a role."""

from uuid import UUID

from virage.identity.people import api as people
from virage.identity.people.api import resend_email
from virage.identity.people.types import EmailRequest, EmailView, PeopleConfig
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, Role, staff
from virage.platform.web.problems import granted
from virage.platform.web.routing import get, post
from virage.sale.ticketing.reads import office as reads
from virage.site.programme import api as programme
from virage.site.programme.types import Event


@get("/orders/{order_id:uuid}/emails", guards=[staff("box_office", "finance")])
async def list_order_emails(
    order_id: UUID, db: Database, principal: Principal, people_config: PeopleConfig
) -> list[EmailView]:
    """Return the emails about an order, the latest first."""
    async with db.connection() as conn:
        granted(await _within(conn, order_id, principal, "box_office", "finance"))
        return await people.emails_about(conn, people_config.all_keys, order_id)


@post("/orders/{order_id:uuid}/emails/{email_id:uuid}/resend", status_code=202, guards=[staff("box_office")])
async def resend_order_email(
    order_id: UUID, email_id: UUID, data: EmailRequest, *, db: Database, clock: Clock, principal: Principal
) -> None:
    """Send an email about an order again, to its buyer: at most once a minute and five times an hour."""

    async def resend(conn: Connection) -> Refused | None:
        event = await _within(conn, order_id, principal, "box_office")
        if isinstance(event, Refused):
            return event
        return await resend_email(conn, order_id, email_id, data.id, who=principal.id, now=clock.now())

    granted(await db.transact(resend))


async def _within(conn: Connection, order_id: UUID, principal: Principal, *roles: Role) -> Event | Refused:
    """Return the event of an order within the scope of these roles."""
    row = await reads.order(conn, order_id)
    return Refused("not_found") if row is None else await programme.event_within(conn, row.event_id, principal, *roles)
