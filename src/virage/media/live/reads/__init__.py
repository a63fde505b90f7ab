"""Queries of live."""

from virage.media.live.reads.feed import Feeds, LiveTopic

__all__ = ["Feeds", "LiveTopic"]
