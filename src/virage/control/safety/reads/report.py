"""What an after-action report is made of."""

from datetime import datetime, timedelta

from virage.control.safety.rules.report import PlacedIncident, ReportFacts
from virage.control.safety.store import alerts, broadcasts, incidents, log, pictures, procedures, teams
from virage.platform.data.database import Connection
from virage.site.programme.types import Event
from virage.site.venue import api as venues


async def report_facts(
    conn: Connection, event: Event, key: bytes, receipts_kept_for: timedelta, now: datetime
) -> ReportFacts:
    """Return what is stored of an event; `key` is the public key of its log.

    Call it in one REPEATABLE READ transaction: the figures belong to one head of the log.
    """
    listed = await procedures.procedures_of(conn, event.id, None)
    return ReportFacts(
        event=event,
        venue=await venues.venue_at(conn, event.venue_version),
        made_at=now,
        key=key,
        head=await log.log_head(conn, event.id),
        receipts_since=now - receipts_kept_for,
        records=[(one.signed, one.content) for one in await log.records(conn, event.id)],
        pictures=await pictures.pictures_of(conn, event.id),
        incidents=[
            PlacedIncident(one.incident, None if one.placed is None else one.placed.place)
            for one in await incidents.incidents_of(conn, event.id, None)
        ],
        assignments=await teams.all_assignments(conn, event.id),
        alerts=[one.alert for one in await alerts.alerts_of(conn, event.id, None)],
        procedures=[one.procedure for one in listed],
        steps=[one.step for one in await procedures.steps_of(conn, [one.procedure.id for one in listed])],
        broadcasts=[one.broadcast for one in await broadcasts.broadcasts_of(conn, event.id, None)],
        receipts=await broadcasts.receipts_of(conn, event.id),
    )
