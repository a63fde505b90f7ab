"""Clips: a stretch of time and the cameras that saw it; published at once, while its end is still to come.

Of an event with four eyes, what one person marks waits until another one releases it (decision 0031).
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from virage.media.live.types import FeedEntry
from virage.media.replay.rules.media import SEGMENT_MAX, CameraName, key_period
from virage.platform.values.ids import named_id
from virage.platform.values.refusals import Refused
from virage.site.programme.types import Event, Instant

BEFORE: Final = timedelta(seconds=12)
AFTER: Final = timedelta(seconds=8)
CLIP_MAX: Final = timedelta(minutes=5)
START_MAX: Final = timedelta(minutes=1)  # of which a phone is given all playlists before it asks for them
DESK_MARGIN: Final = timedelta(hours=24)  # before doors and after the end of an event its desk sees what cameras send
SETTLE_TIME: Final = timedelta(seconds=10)  # when nothing that is still under way from a camera can be missing any more


class Reason(StrEnum):
    """Why there is no clip."""

    NOT_FOUND = "not_found"
    NO_PICTURE = "no_picture"
    CLIP_EMPTY = "clip_empty"
    CLIP_TOO_LONG = "clip_too_long"
    CLIP_ID_TAKEN = "clip_id_taken"
    CAMERA_UNKNOWN = "camera_unknown"
    OWN_MARK = "own_mark"
    CHANGED = "changed_meanwhile"


class ClipRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What the media desk wants shown again; it makes the id. `cameras` empty: all that saw it.

    `about`: the number of the feed's entry that it shows. `suggestion`: the one that it answers.
    """

    id: UUID
    from_at: Instant
    to_at: Instant
    cameras: Annotated[list[CameraName], Meta(max_length=64)] = []
    about: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    suggestion: UUID | None = None


class ClipState(StrEnum):
    """Where a clip stands: it waits for a second pair of eyes, it is shown, it was taken down."""

    PROPOSED = "proposed"
    SHOWN = "shown"
    WITHDRAWN = "withdrawn"


class Clip(Struct, frozen=True):
    """A clip that is, was or may be published. The first of its cameras is shown first.

    `published_at`: when it was first shown; `marked_by`: who marked it, or told the goal that it shows, None: a machine
    did; `entry`: the number of the feed's entry that tells of it, None while it is not shown; `poster_id`: the object
    of its poster, None while there can be none.
    """

    id: UUID
    event_id: UUID
    from_at: datetime
    to_at: datetime
    cameras: list[str]
    published_at: datetime | None = None
    about: int | None = None
    withdrawn_at: datetime | None = None
    marked_by: UUID | None = None
    entry: int | None = None
    poster_id: UUID | None = None

    @property
    def state(self) -> ClipState:
        """Where it stands."""
        if self.withdrawn_at is not None:
            return ClipState.WITHDRAWN
        return ClipState.PROPOSED if self.published_at is None else ClipState.SHOWN

    @property
    def automatic(self) -> bool:
        """Whether a goal made it, and nobody's hand."""
        return self.about is not None and self.id == _goal_clip(self.event_id, self.about)

    def settled(self, now: datetime) -> bool:
        """Whether all that it will ever show has come in."""
        return now >= self.to_at + SETTLE_TIME

    def opens(self, period: datetime) -> bool:
        """Whether it gives the keys of this hour. Its first segment may have begun before it."""
        return key_period(self.from_at - SEGMENT_MAX) <= period <= key_period(self.to_at)


def event_covers(event: Event, at: datetime) -> bool:
    """Whether what cameras saw then is an event's to see and to show: on another day it is somebody else's."""
    return event.state == "published" and event.doors_at - DESK_MARGIN <= at <= event.ends_at + DESK_MARGIN


def goal_clip_request(event_id: UUID, entry: FeedEntry) -> ClipRequest:
    """What is shown of a goal by itself: what led to it, and what follows."""
    return ClipRequest(_goal_clip(event_id, entry.number), entry.at - BEFORE, entry.at + AFTER, about=entry.number)


def _goal_clip(event_id: UUID, number: int) -> UUID:
    return named_id(event_id, f"goal {number}")


def new_clip(request: ClipRequest, event_id: UUID, recorded: list[str], who: UUID | None) -> Clip | Refused:
    """The clip that a mark makes, of the cameras that saw something of it; nobody sees it yet."""
    if request.to_at <= request.from_at:
        return Refused(Reason.CLIP_EMPTY)
    if request.to_at - request.from_at > CLIP_MAX:
        return Refused(Reason.CLIP_TOO_LONG, {"seconds_max": CLIP_MAX.total_seconds()})
    missing = [name for name in request.cameras if name not in recorded]
    if missing:
        return Refused(Reason.CAMERA_UNKNOWN, {"camera": missing[0]})
    if not recorded:
        return Refused(Reason.NO_PICTURE)
    return Clip(
        request.id,
        event_id,
        request.from_at,
        request.to_at,
        request.cameras or recorded,
        about=request.about,
        marked_by=who,
    )


def matches(clip: Clip, request: ClipRequest, event_id: UUID) -> bool:
    """Whether the mark is the one that made the clip."""
    requested = (event_id, request.from_at, request.to_at, request.about)
    return requested == (clip.event_id, clip.from_at, clip.to_at, clip.about) and request.cameras in ([], clip.cameras)


def refuse_release(clip: Clip, who: UUID | None, *, four_eyes: bool) -> Refused | None:
    """Why somebody may not show a clip: where two pairs of eyes are asked for, nobody releases their own mark.

    What a machine told (goal-line technology, say) needs one person: nobody could have made it up.
    """
    own = clip.marked_by is not None and clip.marked_by == who
    return Refused(Reason.OWN_MARK) if own and (four_eyes or clip.published_at is None) else None
