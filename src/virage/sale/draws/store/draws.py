"""Draws, their published files and their logs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from virage.platform.data.database import Connection
from virage.sale.draws.rules.files import Quota
from virage.sale.draws.rules.terms import Draw, DrawContent, DrawState, LogEvent, QuotaRequest
from virage.sale.draws.store.queries import queries


def _draw(row: Mapping[str, Any]) -> Draw:
    fields = dict(row)
    quotas = zip(fields.pop("categories"), fields.pop("places"), fields.pop("spaces"), strict=True)
    return Draw(**fields, quotas=[QuotaRequest(*quota) for quota in quotas])


def _columns(content: DrawContent) -> dict[str, Any]:
    return {
        "categories": [quota.category_id for quota in content.quotas],
        "places": [quota.places for quota in content.quotas],
        "spaces": [quota.spaces for quota in content.quotas],
        "closes_at": content.closes_at,
        "draws_at": content.draws_at,
        "ends_at": content.ends_at,
        "pay_hours": content.pay_hours,
        "public_value_name": content.public_value_name,
    }


async def insert_draw(conn: Connection, id_: UUID, event_id: UUID, content: DrawContent, now: datetime) -> None:
    """Insert a draw, unless its id or its event has one already."""
    await queries.insert_draw(conn, id=id_, event_id=event_id, **_columns(content), now=now)


async def set_draw(conn: Connection, id_: UUID, content: DrawContent) -> None:
    """Replace what the office sets of a locked draft."""
    await queries.set_draw(conn, id=id_, **_columns(content))


async def lock_draw(conn: Connection, id_: UUID) -> Draw | None:
    """Return a draw, locked until the transaction ends."""
    row = await queries.lock_draw(conn, id=id_)
    return None if row is None else _draw(row)


async def lock_draws_of_person(conn: Connection, person_id: UUID) -> list[UUID]:
    """Lock the draws that a person has entered, and return their ids."""
    return [row["id"] async for row in queries.lock_draws_of_person(conn, person_id=person_id)]


async def draw_of_event(conn: Connection, event_id: UUID) -> Draw | None:
    """Return the draw of an event: the one that is not cancelled, else the latest."""
    row = await queries.draw_of_event(conn, event_id=event_id)
    return None if row is None else _draw(row)


async def draws(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Draw]:
    """Return draws by id."""
    return {row["id"]: _draw(row) async for row in queries.draws(conn, ids=ids)}


async def active_draws(conn: Connection) -> list[UUID]:
    """Return the draws that a job has to look at, the oldest first."""
    return [row["id"] async for row in queries.active_draws(conn)]


async def open_draw(conn: Connection, id_: UUID, sealed_seed: bytes, commitment: bytes, now: datetime) -> None:
    """Open a locked draft for entries."""
    await queries.open_draw(conn, id=id_, sealed_seed=sealed_seed, commitment=commitment, now=now)


async def close_draw(conn: Connection, id_: UUID) -> None:
    """Take no more entries."""
    await queries.close_draw(conn, id=id_)


async def freeze_draw(conn: Connection, id_: UUID, quotas: Sequence[Quota], digest: bytes, now: datetime) -> None:
    """Fix the quotas and the entries of a locked draw."""
    await queries.freeze_draw(
        conn,
        id=id_,
        places=[quota.places for quota in quotas],
        spaces=[quota.spaces for quota in quotas],
        entries_sha256=digest,
        now=now,
    )


async def set_public_value(conn: Connection, id_: UUID, value: str) -> None:
    """Store the public value of a locked draw."""
    await queries.set_public_value(conn, id=id_, public_value=value)


async def sealed_seed(conn: Connection, id_: UUID) -> bytes:
    """Return the sealed seed of a draw that has been opened."""
    sealed: bytes = await queries.sealed_seed(conn, id=id_)
    return sealed


async def reveal_draw(
    conn: Connection, id_: UUID, seed: bytes, left: tuple[Sequence[int], Sequence[int]], now: datetime
) -> None:
    """Store that a locked draw is made; `left` are the places and the spaces that are left of each quota."""
    await queries.reveal_draw(conn, id=id_, seed=seed, left_places=left[0], left_spaces=left[1], now=now)


async def set_applied(conn: Connection, id_: UUID, now: datetime) -> None:
    """Store that all entries of a locked draw have their result."""
    await queries.set_applied(conn, id=id_, now=now)


async def set_left(conn: Connection, id_: UUID, places: Sequence[int], spaces: Sequence[int]) -> None:
    """Store what is left of the quotas of a locked draw."""
    await queries.set_left(conn, id=id_, left_places=places, left_spaces=spaces)


async def set_state(conn: Connection, id_: UUID, state: DrawState) -> None:
    """Store the state of a locked draw."""
    await queries.set_state(conn, id=id_, state=state)


async def finish_draw(conn: Connection, id_: UUID, now: datetime) -> None:
    """Store that nothing is left to do for a locked draw."""
    await queries.finish_draw(conn, id=id_, now=now)


async def insert_file(conn: Connection, draw_id: UUID, name: str, content: bytes) -> None:
    """Store a published file of a locked draw."""
    await queries.insert_file(conn, draw_id=draw_id, name=name, content=content)


async def published_file(conn: Connection, draw_id: UUID, name: str) -> bytes | None:
    """Return a published file, None before it is published."""
    content: bytes | None = await queries.published_file(conn, draw_id=draw_id, name=name)
    return content


async def append_log(
    conn: Connection, draw_id: UUID, events: Sequence[tuple[LogEvent, str, int]], now: datetime
) -> None:
    """Append kind, code and category of what happened in a locked draw."""
    await queries.append_log(
        conn,
        draw_id=draw_id,
        whats=[what for what, _, _ in events],
        codes=[code for _, code, _ in events],
        categories=[category for _, _, category in events],
        now=now,
    )


async def log_events(conn: Connection, draw_id: UUID) -> list[tuple[int, str, str, int]]:
    """Return number, kind, code and category of what happened in a draw, in order."""
    rows = queries.log_events(conn, draw_id=draw_id)
    return [(row["number"], row["what"], row["code"], row["category"]) async for row in rows]
