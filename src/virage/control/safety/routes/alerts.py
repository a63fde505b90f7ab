"""Routes of alerts and of their thresholds."""

from uuid import UUID

from virage.control.safety.acts import alerts as acts
from virage.control.safety.reads import alerts as reads
from virage.control.safety.reads.alerts import AlertListing, ThresholdView
from virage.control.safety.reads.pictures import VenuePictures
from virage.control.safety.routes.access import ROLE, event_of
from virage.control.safety.rules.alerts import AlertChange, ThresholdUpdate
from virage.identity.keys.types import KeyVault
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, require_fan, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import get, post


@get("/events/{event_id:uuid}/alerts", guards=[staff(ROLE)])
async def list_alerts(event_id: UUID, *, db: Database, principal: Principal) -> AlertListing:
    """Return the alerts of an event, at most 200: open ones first, escalated ones before others, then by priority."""
    await event_of(db, event_id, principal)
    async with db.connection() as conn:
        return await reads.alerts(conn, event_id)


@post("/alerts/{alert_id:uuid}/entries", status_code=200, guards=[staff(ROLE)])
async def change_alert(
    alert_id: UUID, data: AlertChange, *, db: Database, clock: Clock, vault: KeyVault, principal: Principal
) -> AlertListing:
    """Acknowledge or close an alert, and return all of the event. A repeated request is one entry.

    Refusals: `alert_acknowledged`, `alert_ended`, `alert_id_taken`.
    """
    who = require_fan(principal)
    async with db.connection() as conn:
        found = await reads.alert(conn, alert_id)
    if found is None:
        raise Problem("not_found")
    await event_of(db, found.event_id, principal)
    granted(await db.transact(acts.change, alert_id, data, vault=vault, who=who, now=clock.now()))
    async with db.connection() as conn:
        return await reads.alerts(conn, found.event_id)


@get("/events/{event_id:uuid}/thresholds", guards=[staff(ROLE)])
async def get_thresholds(event_id: UUID, *, db: Database, principal: Principal) -> ThresholdView:
    """Return the thresholds of an event."""
    await event_of(db, event_id, principal)
    async with db.connection() as conn:
        return await reads.thresholds(conn, event_id)


@post("/events/{event_id:uuid}/thresholds", status_code=200, guards=[staff(ROLE)])
async def set_thresholds(
    event_id: UUID,
    data: ThresholdUpdate,
    *,
    db: Database,
    clock: Clock,
    vault: KeyVault,
    venue_pictures: VenuePictures,
    principal: Principal,
) -> ThresholdView:
    """Replace the thresholds of an event; open alerts without their threshold are closed. Repeated, it has one effect.

    Refusals: `thresholds_changed`, `threshold_invalid` and `place_unknown` with the `threshold`, `alert_id_taken`.
    """
    who = require_fan(principal)
    event = await event_of(db, event_id, principal)
    places = await venue_pictures.places(event.venue_version)
    outcome = granted(
        await db.transact(
            acts.set_thresholds,
            event_id,
            data,
            zones=places.zones,
            lanes=places.lanes,
            vault=vault,
            who=who,
            now=clock.now(),
        )
    )
    async with db.connection() as conn:
        return await reads.threshold_view(conn, outcome)
