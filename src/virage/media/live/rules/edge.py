"""What an edge that tells phones in our place is owed. Beside its newest message it keeps how far it was told."""

import re

from msgspec import Struct

_CONTENT_TYPE = re.compile(r"application/json; head=(\d{1,9}); revision=(\d{1,9})")


class ChannelState(Struct, frozen=True):
    """How far a feed was told: the number of the last entry, and which word on who plays."""

    head: int
    revision: int


class ChannelUpdate(Struct, frozen=True):
    """What is to be told now: the entries after a number, and whether who plays was set anew."""

    after: int
    teams: bool


def pending_update(told: ChannelState | None, stands: ChannelState) -> ChannelUpdate | None:
    """Return what a channel lacks, None for nothing. `told` is None for a channel that has forgotten all.

    Such a channel gets the last entry alone: its number shows each phone what it has missed, and pages have the rest.
    A channel that is ahead was told by a database that is gone; it is treated alike.
    """
    if told is None or told.head > stands.head or told.revision > stands.revision:
        return None if stands == ChannelState(0, 0) else ChannelUpdate(max(0, stands.head - 1), teams=True)
    if told == stands:
        return None
    return ChannelUpdate(told.head, teams=told.revision != stands.revision)


def content_type(mark: ChannelState) -> str:
    """Return the media type of a message after which a channel stands at `mark`; nchan keeps it, no phone sees it."""
    return f"application/json; head={mark.head}; revision={mark.revision}"


def channel_state_of(media_type: str) -> ChannelState | None:
    """Return the mark in a media type, None for one that we did not write."""
    found = _CONTENT_TYPE.fullmatch(media_type)
    return None if found is None else ChannelState(int(found[1]), int(found[2]))
