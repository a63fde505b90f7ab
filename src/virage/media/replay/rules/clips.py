"""Clips: a time range and the cameras that recorded it, published before its end has been recorded.

With four-eyes approval, a clip that one person marks is proposed until another person approves it (decision 0031).
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
START_MAX: Final = timedelta(minutes=1)  # up to which all playlists are in the start response
DESK_MARGIN: Final = timedelta(hours=24)  # before doors and after the end, in which the desk sees the cameras
SETTLE_TIME: Final = timedelta(seconds=10)  # after which all segments have arrived


class Reason(StrEnum):
    """Refusals of clips."""

    NOT_FOUND = "not_found"
    NO_PICTURE = "no_picture"
    CLIP_EMPTY = "clip_empty"
    CLIP_TOO_LONG = "clip_too_long"
    CLIP_ID_TAKEN = "clip_id_taken"
    CAMERA_UNKNOWN = "camera_unknown"
    OWN_MARK = "own_mark"
    CHANGED = "changed_meanwhile"


class ClipRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A clip requested by the media desk, with a client-generated id. Empty `cameras`: all with video.

    `about`: number of the feed entry that it shows. `suggestion`: the suggestion that it answers.
    """

    id: UUID
    from_at: Instant
    to_at: Instant
    cameras: Annotated[list[CameraName], Meta(max_length=64)] = []
    about: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    suggestion: UUID | None = None


class ClipState(StrEnum):
    """State of a clip: proposed for approval, published, or withdrawn."""

    PROPOSED = "proposed"
    SHOWN = "shown"
    WITHDRAWN = "withdrawn"


class Clip(Struct, frozen=True):
    """A clip in any state. The first camera is shown first.

    `published_at`: first publication. `marked_by`: the person who marked it or published its goal, None for a machine.
    `entry`: number of its feed entry while published. `poster_id`: object of its poster, if it can have one.
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
        """The current state."""
        if self.withdrawn_at is not None:
            return ClipState.WITHDRAWN
        return ClipState.PROPOSED if self.published_at is None else ClipState.SHOWN

    @property
    def automatic(self) -> bool:
        """Whether a goal entry made the clip."""
        return self.about is not None and self.id == _goal_clip(self.event_id, self.about)

    def settled(self, now: datetime) -> bool:
        """Return whether all of its video has arrived."""
        return now >= self.to_at + SETTLE_TIME

    def opens(self, period: datetime) -> bool:
        """Return whether the clip needs the key of an hour. Its first segment may start before the clip."""
        return key_period(self.from_at - SEGMENT_MAX) <= period <= key_period(self.to_at)


def event_covers(event: Event, at: datetime) -> bool:
    """Return whether video of a moment belongs to an event, rather than to an event of another day."""
    return event.state == "published" and event.doors_at - DESK_MARGIN <= at <= event.ends_at + DESK_MARGIN


def goal_clip_request(event_id: UUID, entry: FeedEntry) -> ClipRequest:
    """Return the automatic clip of a goal entry: from before to after the goal."""
    return ClipRequest(_goal_clip(event_id, entry.number), entry.at - BEFORE, entry.at + AFTER, about=entry.number)


def _goal_clip(event_id: UUID, number: int) -> UUID:
    return named_id(event_id, f"goal {number}")


def new_clip(request: ClipRequest, event_id: UUID, recorded: list[str], who: UUID | None) -> Clip | Refused:
    """Return an unpublished clip of the cameras that recorded its time range, or a refusal."""
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
    """Return whether a clip was made by an identical request."""
    requested = (event_id, request.from_at, request.to_at, request.about)
    return requested == (clip.event_id, clip.from_at, clip.to_at, clip.about) and request.cameras in ([], clip.cameras)


def refuse_release(clip: Clip, who: UUID | None, *, four_eyes: bool) -> Refused | None:
    """Return a refusal of approval by the person who marked the clip, if approval is needed.

    A clip of a machine entry, such as goal-line technology, needs one person.
    """
    own = clip.marked_by is not None and clip.marked_by == who
    return Refused(Reason.OWN_MARK) if own and (four_eyes or clip.published_at is None) else None
