"""Stored deviations."""

from collections.abc import Sequence
from datetime import datetime

from virage.matchday.food.till.rules.deviations import Deviation, DeviationReason, StoredDeviation
from virage.matchday.food.till.store.queries import queries
from virage.money.fiscal.types import Record
from virage.platform.data.database import Connection


async def insert_deviations(
    conn: Connection, noted: Sequence[tuple[Record, Sequence[Deviation]]], now: datetime
) -> None:
    """Store the deviations of records."""
    rows = [(record, position, deviation) for record, found in noted for position, deviation in enumerate(found)]
    await queries.insert_deviations(
        conn,
        device_ids=[record.till for record, _, _ in rows],
        numbers=[record.number for record, _, _ in rows],
        positions=[position for _, position, _ in rows],
        record_ids=[record.id for record, _, _ in rows],
        outlets=[record.outlet for record, _, _ in rows],
        times=[record.moment for record, _, _ in rows],
        now=now,
        reasons=[deviation.reason.value for _, _, deviation in rows],
        lines=[deviation.line for _, _, deviation in rows],
        datas=[deviation.data for _, _, deviation in rows],
    )


async def deviations(
    conn: Connection, outlets: Sequence[str] | None, before: datetime | None, most: int
) -> list[StoredDeviation]:
    """Return the deviations of some outlets (None: all) found before a time, latest first."""
    rows = queries.deviations(conn, all_of_them=outlets is None, outlets=list(outlets or ()), before=before, most=most)
    found = [
        StoredDeviation(
            row["device_id"],
            row["number"],
            row["record_id"],
            row["outlet"],
            row["at"],
            row["noted_at"],
            DeviationReason(row["reason"]),
            row["line"],
            row["data"],
        )
        async for row in rows
    ]
    return sorted(found, key=lambda deviation: (-deviation.noted_at.timestamp(), deviation.till, deviation.number))
