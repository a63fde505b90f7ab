"""The state of an edge channel, stored in the media type of its newest message, and the next update."""

import re

from msgspec import Struct

_CONTENT_TYPE = re.compile(r"application/json; head=(\d{1,9}); revision=(\d{1,9})")


class ChannelState(Struct, frozen=True):
    """Published state of a channel: the number of the last entry, and the revision of the line-ups."""

    head: int
    revision: int


class ChannelUpdate(Struct, frozen=True):
    """Content of the next message: the entries after a number, and whether the line-ups have changed."""

    after: int
    teams: bool


def pending_update(published: ChannelState | None, current: ChannelState) -> ChannelUpdate | None:
    """Return the next update of a channel, None if it is current. `published` is None for an empty channel.

    An empty channel gets the last entry only: its number shows each phone what it lacks, and pages have the rest. A
    channel that is ahead of the feed, because the database was restored, is treated as empty.
    """
    if published is None or published.head > current.head or published.revision > current.revision:
        return None if current == ChannelState(0, 0) else ChannelUpdate(max(0, current.head - 1), teams=True)
    if published == current:
        return None
    return ChannelUpdate(published.head, teams=published.revision != current.revision)


def content_type(state: ChannelState) -> str:
    """Return the media type that stores a channel's state; nchan keeps it, phones do not see it."""
    return f"application/json; head={state.head}; revision={state.revision}"


def channel_state_of(media_type: str) -> ChannelState | None:
    """Return the channel's state from a media type, None for a foreign one."""
    found = _CONTENT_TYPE.fullmatch(media_type)
    return None if found is None else ChannelState(int(found[1]), int(found[2]))
