"""Stored audio descriptions of clips."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from virage.media.replay.rules.descriptions import Part
from virage.media.replay.rules.entry_texts import Locale
from virage.media.replay.store.queries import queries
from virage.platform.data.database import Connection


async def languages(conn: Connection, clip_id: UUID) -> list[Locale]:
    """Return the languages of the descriptions of a clip."""
    return [row["locale"] async for row in queries.languages(conn, clip_id=clip_id)]


async def languages_by_clip(conn: Connection, event_id: UUID) -> dict[UUID, list[Locale]]:
    """Return the languages of descriptions by clip of an event; clips without one are left out."""
    return {row["clip_id"]: row["locales"] async for row in queries.languages_by_clip(conn, event_id=event_id)}


async def parts(conn: Connection, clip_id: UUID, locale: Locale, camera: str) -> list[Part]:
    """Return the parts of a description for one camera, in order."""
    rows = queries.parts(conn, clip_id=clip_id, locale=locale, camera=camera)
    return [msgspec.convert(dict(row), Part) async for row in rows]


async def put(
    conn: Connection,
    clip_id: UUID,
    locale: Locale,
    id_: UUID,
    parts_by_camera: Mapping[str, Sequence[Part]],
    *,
    now: datetime,
) -> None:
    """Store a description by camera, replacing the previous one in the same language."""
    await queries.drop_description(conn, clip_id=clip_id, locale=locale)
    await queries.add_description(conn, clip_id=clip_id, locale=locale, id=id_, now=now)
    for camera, parts in parts_by_camera.items():
        await queries.add_parts(
            conn,
            description_id=id_,
            camera=camera,
            runs=[part.run for part in parts],
            init_ids=[part.init_id for part in parts],
            ids=[part.id for part in parts],
            periods=[part.period for part in parts],
            durations_ms=[part.duration_ms for part in parts],
        )
