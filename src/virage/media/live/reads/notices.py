"""What fans asked to be told."""

from uuid import UUID

from msgspec import Struct

from virage.media.live.rules.notices import NoticeChoice
from virage.media.live.store import notices as store
from virage.media.live.store.notices import Chosen, NoticeLine
from virage.platform.data.database import Connection

NOTHING = NoticeChoice([])


class Choices(Struct, frozen=True):
    """What a fan asked to be told of all of the club, and instead of single events."""

    club: NoticeChoice
    events: dict[UUID, NoticeChoice]


class NoticesExport(Struct, frozen=True):
    """What is kept of somebody: their choices, and the entries that they were told of in the last day."""

    choices: list[Chosen]
    told: list[NoticeLine]


async def choices(conn: Connection, person_id: UUID) -> Choices:
    """What a fan asked; nothing until they did."""
    found = {one.event_id: one.choice for one in await store.choices_of(conn, person_id)}
    events = {event_id: choice for event_id, choice in found.items() if event_id is not None}
    return Choices(found.get(None, NOTHING), events)


async def export(conn: Connection, person_id: UUID) -> NoticesExport:
    """What is kept about what somebody asked to be told."""
    return NoticesExport(await store.choices_of(conn, person_id), await store.told_to(conn, person_id))
