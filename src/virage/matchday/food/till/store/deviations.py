"""What tills told that is otherwise than it should be."""

from collections.abc import Sequence
from datetime import datetime

from virage.matchday.food.till.rules.deviations import Deviation, NotedDeviation, Reason
from virage.matchday.food.till.store.queries import queries
from virage.money.fiscal.types import Record
from virage.platform.data.database import Connection


async def insert_deviations(
    conn: Connection, noted: Sequence[tuple[Record, Sequence[Deviation]]], now: datetime
) -> None:
    """Write what records say that is otherwise."""
    rows = [(record, position, one) for record, found in noted for position, one in enumerate(found)]
    await queries.insert_deviations(
        conn,
        device_ids=[record.till for record, _, _ in rows],
        numbers=[record.number for record, _, _ in rows],
        positions=[position for _, position, _ in rows],
        record_ids=[record.id for record, _, _ in rows],
        outlets=[record.outlet for record, _, _ in rows],
        times=[record.moment for record, _, _ in rows],
        now=now,
        reasons=[one.reason.value for _, _, one in rows],
        lines=[one.line for _, _, one in rows],
        datas=[one.data for _, _, one in rows],
    )


async def deviations(
    conn: Connection, outlets: Sequence[str] | None, before: datetime | None, most: int
) -> list[NotedDeviation]:
    """What was noted at some outlets (None: all) before a time, the latest first."""
    rows = queries.deviations(conn, all_of_them=outlets is None, outlets=list(outlets or ()), before=before, most=most)
    found = [
        NotedDeviation(
            row["device_id"],
            row["number"],
            row["record_id"],
            row["outlet"],
            row["at"],
            row["noted_at"],
            Reason(row["reason"]),
            row["line"],
            row["data"],
        )
        async for row in rows
    ]
    return sorted(found, key=lambda one: (-one.noted_at.timestamp(), one.till, one.number))
