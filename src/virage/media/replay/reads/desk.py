"""The media desk: live and recorded video, clips, and suggestions."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.media.replay.rules.addresses import OBJECTS, footage_keys_of
from virage.media.replay.rules.clips import Clip, ClipState, Reason, event_covers
from virage.media.replay.rules.media import SEGMENT_MAX, Kind, Rung, key_period
from virage.media.replay.rules.moments import MomentSource, Suggestion
from virage.media.replay.rules.playlists import Urls, in_order, main_playlist, media_playlist, runs_of
from virage.media.replay.store import cameras, clips
from virage.media.replay.store import desk as store
from virage.platform.data.database import Connection
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, Role
from virage.site.programme import api as programme
from virage.site.programme.types import Event

LISTED_MAX: Final = 200
SUGGESTED_MAX: Final = 50
SCRUB_MAX: Final = timedelta(hours=3)  # range of scrubbing
PLAYLIST_MAX: Final = timedelta(minutes=20)  # of one playlist


class DeskClip(Struct, frozen=True):
    """A clip. `own`: marked by the requester, or of their goal entry; `automatic`: made by a goal entry."""

    id: UUID
    from_at: datetime
    to_at: datetime
    cameras: list[str]
    about: int | None
    state: ClipState
    own: bool
    automatic: bool


class DeskSuggestion(Struct, frozen=True):
    """A suggested moment and its time range. `strength`: of a roar in tenths of a decibel, or the number of taps."""

    id: UUID
    source: MomentSource
    at: datetime
    strength: int
    camera: str | None
    from_at: datetime
    to_at: datetime


class MediaDesk(Struct, frozen=True):
    """The desk of an event. `near`: the event is current, so that video is visible and goals make clips.

    `four_eyes`: clips need approval by a second person.
    """

    now: datetime
    near: bool
    four_eyes: bool
    clips: list[DeskClip]
    suggestions: list[DeskSuggestion]


async def media_desk(conn: Connection, event: Event, who: UUID | None, now: datetime) -> MediaDesk:
    """Return the desk of an event, latest moments first."""
    return MediaDesk(
        now,
        event_covers(event, now),
        await store.four_eyes(conn, event.id),
        [_desk_clip(clip, who) for clip in await clips.clips_of(conn, event.id, LISTED_MAX)],
        [_desk_suggestion(suggestion) for suggestion in await store.open_suggestions(conn, event.id, SUGGESTED_MAX)],
    )


async def clip_within(conn: Connection, clip_id: UUID, principal: Principal, *roles: Role) -> Clip | Refused:
    """Return a clip in any state, if one of the roles covers its event."""
    clip = await clips.clip(conn, clip_id)
    if clip is None or isinstance(await programme.event_within(conn, clip.event_id, principal, *roles), Refused):
        return Refused(Reason.NOT_FOUND)
    return clip


async def suggestion_within(
    conn: Connection, suggestion_id: UUID, principal: Principal, *roles: Role
) -> Suggestion | Refused:
    """Return a suggestion, if one of the roles covers its event."""
    found = await store.suggestion(conn, suggestion_id)
    if found is None or isinstance(await programme.event_within(conn, found.event_id, principal, *roles), Refused):
        return Refused(Reason.NOT_FOUND)
    return found


async def refuse_footage(
    conn: Connection, event_id: UUID, principal: Principal, now: datetime, *roles: Role
) -> Refused | None:
    """Return a refusal of camera video: missing role for the event, or an event on another day."""
    event = await programme.event_within(conn, event_id, principal, *roles)
    if isinstance(event, Refused):
        return event
    return None if event_covers(event, now) else Refused(Reason.NOT_FOUND)


async def main_playlist_of(conn: Connection, camera: str, since: datetime, now: datetime) -> str:
    """Return the multivariant playlist of one camera."""
    since, until, _ = _time_range(since, now)
    video = await cameras.pieces(conn, camera, Kind.VIDEO, since, until)
    return main_playlist(video, await cameras.pieces(conn, camera, Kind.AUDIO, since, until), live=True)


async def track_playlist(
    conn: Connection, event_id: UUID, camera: str, kind: Kind, since: datetime, *, now: datetime
) -> str:
    """Return the playlist of one track since a moment, live up to a duration of `PLAYLIST_MAX`."""
    since, until, closed = _time_range(since, now)
    found = await cameras.pieces_by_kind(conn, camera, since, until, rungs={Rung.SOURCE})
    video = in_order(found[Kind.VIDEO, Rung.SOURCE])
    pieces = video if kind is Kind.VIDEO else in_order(found[kind, Rung.SOURCE])
    return media_playlist(pieces, runs_of(video), Urls(footage_keys_of(event_id), OBJECTS), closed=closed)


def key_visible(period: datetime, now: datetime) -> bool:
    """Return whether the key of an hour belongs to the range that a desk may scrub."""
    return key_period(now - SCRUB_MAX - SEGMENT_MAX) <= period <= now


def _time_range(since: datetime, now: datetime) -> tuple[datetime, datetime, bool]:
    since = max(since, now - SCRUB_MAX)
    until = since + PLAYLIST_MAX
    return since, min(until, now), until <= now


def _desk_clip(clip: Clip, who: UUID | None) -> DeskClip:
    own = clip.marked_by is not None and clip.marked_by == who
    times = (clip.from_at, clip.to_at)
    return DeskClip(clip.id, *times, clip.cameras, clip.about, clip.state, own, clip.automatic)


def _desk_suggestion(suggestion: Suggestion) -> DeskSuggestion:
    moment = suggestion.moment
    return DeskSuggestion(suggestion.id, moment.source, moment.at, moment.strength, moment.camera, *moment.time_range)
