"""Routes of a fan's notification preferences."""

from uuid import UUID

from virage.media.live.acts import notifications as acts
from virage.media.live.reads import notifications as reads
from virage.media.live.reads.notifications import NotificationSettings
from virage.media.live.rules.feed import Reason
from virage.media.live.rules.notifications import NotificationPreferences
from virage.platform.data.database import Connection, Database
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, require_fan, signed_in
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import delete, get, mount, put
from virage.site.programme import api as programme


@get("/", guards=[signed_in])
async def get_notifications(db: Database, principal: Principal) -> NotificationSettings:
    """Return my notification preferences for the club and for single events."""
    async with db.connection() as conn:
        return await reads.settings_of(conn, _person(principal))


@put("/club", guards=[signed_in])
async def put_club_notifications(
    data: NotificationPreferences, db: Database, principal: Principal
) -> NotificationPreferences:
    """Set my preferences for all events. Empty `kinds`: no notifications."""
    return granted(await db.transact(acts.set_preferences, _person(principal), None, data))


@put("/events/{event_id:uuid}", guards=[signed_in])
async def put_event_notifications(
    event_id: UUID, data: NotificationPreferences, db: Database, principal: Principal
) -> NotificationPreferences:
    """Set my preferences for one event. Empty `kinds`: no notifications."""

    async def choose(conn: Connection) -> NotificationPreferences | Refused:
        if event_id not in await programme.public_events_of(conn, [event_id]):
            return Refused(Reason.NOT_FOUND)
        return await acts.set_preferences(conn, _person(principal), event_id, data)

    return granted(await db.transact(choose))


@delete("/events/{event_id:uuid}", status_code=204, guards=[signed_in])
async def delete_event_notifications(event_id: UUID, db: Database, principal: Principal) -> None:
    """Delete my preferences for an event, so that those for the club apply."""
    async with db.transaction() as conn:
        await acts.reset_preferences(conn, _person(principal), event_id)


def _person(principal: Principal) -> UUID:
    require_fan(principal)
    if principal.id is None:
        raise Problem("unauthenticated")
    return principal.id


router = mount(
    "/api/me/notifications",
    [
        get_notifications,
        put_club_notifications,
        put_event_notifications,
        delete_event_notifications,
    ],
)
