"""Captions of clips from the feed: WebVTT in HLS (RFC 8216, 3.5)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.media.live.types import FeedEntry, KickOff, Period, Teams, effective
from virage.media.replay.rules.entry_texts import Locale, entry_text
from virage.media.replay.rules.playlists import Piece, Run, by_run, head, text_of

SHOWN_FOR: Final = timedelta(seconds=6)
MPEGTS_HZ: Final = 90_000


class Cue(Struct, frozen=True):
    """A caption text and its time."""

    at: datetime
    text: str


def cues_of(
    entries: Iterable[FeedEntry], teams: Teams | None, locale: Locale, from_at: datetime, to_at: datetime
) -> list[Cue]:
    """Return the captions of a time range, from the entries that are currently in effect."""
    cues: list[Cue] = []
    period: Period | None = None
    for entry in effective(entries).values():
        if isinstance(entry.content, KickOff):
            period = entry.content.period
        text = entry_text(entry, teams, period, locale)
        if text is not None and from_at <= entry.at <= to_at:
            cues.append(Cue(entry.at, text))
    return cues


def captions_playlist(video: Sequence[Piece], runs: Sequence[Run], locale: Locale, *, closed: bool) -> str:
    """Return the playlist of captions: one WebVTT file per video segment, with the same discontinuities."""
    lines = head([piece.segment.duration_ms for piece in video], closed=closed)
    run = 0
    for number, piece in by_run(video, runs):
        lines += ["#EXT-X-DISCONTINUITY"] * (number - run)
        lines += [f"#EXTINF:{piece.segment.duration_ms / 1000:.3f},", f"captions/{locale}/{piece.segment.id}"]
        run = number
    return text_of(lines, closed=closed)


def webvtt(cues: Sequence[Cue], run: Sequence[Piece], segment_id: UUID, began_s: float) -> str:
    """Return the WebVTT file of one segment of a run of a run.

    `run`: all segments of the run. `began_s`: presentation time of its first frame.

    Times are relative to the start of the run, so that a cue in two segments is identical in both.
    """
    began = run[0].segment.at
    passed = timedelta()
    for piece in run:
        length = timedelta(milliseconds=piece.segment.duration_ms)
        if piece.segment.id == segment_id:
            break
        passed += length
    visible = [cue for cue in cues if cue.at - began < passed + length and cue.at - began + SHOWN_FOR > passed]
    head_ = f"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:{round(began_s * MPEGTS_HZ)},LOCAL:00:00:00.000\n"
    return "\n".join([head_, *(_cue(cue, began) for cue in visible)])


def _cue(cue: Cue, began: datetime) -> str:
    from_ = max(timedelta(), cue.at - began)
    text = cue.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"{_time(from_)} --> {_time(cue.at - began + SHOWN_FOR)}\n{text}\n"


def _time(since: timedelta) -> str:
    ms = round(since.total_seconds() * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
