"""Store the last forecast of an event's entry, and delete old ones, in the caller's transaction."""

from datetime import datetime

from virage.control.safety.rules.entry import EntryForecast
from virage.control.safety.store import entry as store
from virage.platform.data.database import Connection


async def keep_forecast(conn: Connection, forecast: EntryForecast) -> None:
    """Store a forecast in the place of the one before."""
    await store.put_entry_forecast(conn, forecast)


async def delete_forecasts(conn: Connection, before: datetime) -> None:
    """Delete forecasts from before a time."""
    await store.delete_entry_forecasts(conn, before)
