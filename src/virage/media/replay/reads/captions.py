"""Captions of clips, from the current feed."""

from uuid import UUID

import msgspec

from virage.media.live.api import CachedFeed
from virage.media.live.types import FeedEntry, effective
from virage.media.replay.clip_media import Keys, Timelines
from virage.media.replay.rules.captions import cues_of, webvtt
from virage.media.replay.rules.clips import Clip
from virage.media.replay.rules.entry_texts import Locale, entry_text, messages_of
from virage.media.replay.rules.playlists import Angle, by_run


async def text(
    angle: Angle, segment_id: UUID, locale: Locale, feed: CachedFeed | None, *, timelines: Timelines, keys: Keys
) -> str | None:
    """Return the captions of one video segment as WebVTT; None if the clip does not contain it."""
    numbered = list(by_run(angle.video, angle.runs))
    number = next((number for number, piece in numbered if piece.segment.id == segment_id), None)
    if number is None:
        return None
    run = [piece for at, piece in numbered if at == number]
    entries = [] if feed is None else [msgspec.json.decode(entry, type=FeedEntry) for entry in feed.entries]
    teams = None if feed is None else feed.feed.teams
    cues = cues_of(entries, teams, locale, angle.clip.from_at, angle.clip.to_at)
    return webvtt(cues, run, segment_id, await timelines.began_s(keys, run[0]))


def title(clip: Clip, feed: CachedFeed | None, locale: Locale) -> str:
    """Return the title of a clip: the text of its feed entry, or "Replay"."""
    entries = [] if feed is None else [msgspec.json.decode(entry, type=FeedEntry) for entry in feed.entries]
    about = None if clip.about is None else effective(entries).get(clip.about)
    text = None if about is None or feed is None else entry_text(about, feed.feed.teams, None, locale)
    return text or messages_of(locale).replay
