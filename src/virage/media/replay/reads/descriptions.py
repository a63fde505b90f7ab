"""Clips and their audio descriptions, for describers."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.media.replay.rules.clips import ClipState
from virage.media.replay.rules.entry_texts import Locale
from virage.media.replay.store import clips
from virage.media.replay.store import descriptions as store
from virage.platform.data.database import Connection

LISTED_MAX: Final = 200


class DescribableClip(Struct, frozen=True):
    """A published clip. `about`: number of its feed entry; `described`: languages of its descriptions.

    `settled`: all of its video has arrived, so that it can be described.
    """

    id: UUID
    from_at: datetime
    to_at: datetime
    about: int | None
    described: list[Locale]
    settled: bool


class DescribableClips(Struct, frozen=True):
    """Published clips of an event, latest first."""

    clips: list[DescribableClip]


async def describable_clips(conn: Connection, event_id: UUID, now: datetime) -> DescribableClips:
    """Return the published clips of an event with their descriptions."""
    described = await store.languages_by_clip(conn, event_id)
    return DescribableClips(
        [
            DescribableClip(
                clip.id, clip.from_at, clip.to_at, clip.about, described.get(clip.id, []), clip.settled(now)
            )
            for clip in await clips.clips_of(conn, event_id, LISTED_MAX)
            if clip.state is ClipState.SHOWN
        ]
    )
