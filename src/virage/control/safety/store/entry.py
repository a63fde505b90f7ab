"""The last forecast of each event's entry."""

from datetime import datetime
from uuid import UUID

import msgspec

from virage.control.safety.rules.entry import EntryForecast
from virage.control.safety.store.queries import queries
from virage.platform.data.database import Connection


async def put_entry_forecast(conn: Connection, forecast: EntryForecast) -> None:
    """Store the last forecast of an event; an older one changes nothing."""
    body = msgspec.json.encode(forecast)
    await queries.put_entry_forecast(conn, event_id=forecast.event_id, at=forecast.at, body=body)


async def entry_forecast_of(conn: Connection, event_id: UUID) -> EntryForecast | None:
    """Return the last forecast of an event; None before the first one."""
    row = await queries.entry_forecast_of(conn, event_id=event_id)
    return None if row is None else msgspec.json.decode(row["body"], type=EntryForecast)


async def delete_entry_forecasts(conn: Connection, before: datetime) -> None:
    """Delete forecasts from before a time."""
    await queries.delete_entry_forecasts(conn, before=before)
