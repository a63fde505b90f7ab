"""What phones and neighbours may ask of a feed."""

from virage.media.live.reads.feed import Feeds, LiveTopic

__all__ = ["Feeds", "LiveTopic"]
