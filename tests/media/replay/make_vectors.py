"""Write docs/vectors/playlists.json: playlists of clips, and the result of parsing them.

`python -m tests.media.replay.make_vectors`
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from virage.media.replay.rules.captions import captions_playlist
from virage.media.replay.rules.descriptions import Part, described_playlist
from virage.media.replay.rules.media import Kind, Rung, Segment, Track, key_period
from virage.media.replay.rules.playlists import Piece, Urls, main_playlist, media_playlist, runs_of

FILE = Path("docs/vectors/playlists.json")
PLACES = Urls("/keys/1", "/objects")
AT = datetime(2026, 5, 9, 19, 59, 57, tzinfo=UTC)  # three seconds before the next hour, which has another key


def track(number: int, kind: Kind = Kind.VIDEO, rung: Rung = Rung.SOURCE) -> Track:
    """Return a track of a new take."""
    codecs = "avc1.64001f" if kind is Kind.VIDEO else "mp4a.40.2"
    width, height = (640, 360) if kind is Kind.VIDEO else (None, None)
    return Track(UUID(int=number), UUID(int=number + 1000), "main", kind, codecs, width, height, AT, rung)


def pieces(of: Track, *seconds: float, duration_ms: int = 1000) -> list[Piece]:
    """Return segments of a track that begin so many seconds after AT."""
    return [
        Piece(
            Segment(
                UUID(int=of.id.int * 100 + number), of.id, AT + timedelta(seconds=second), duration_ms, 50_000 + number
            ),
            of,
        )
        for number, second in enumerate(seconds)
    ]


SOURCE, BACK, SOUND = track(1), track(2), track(3, Kind.AUDIO)
UNBROKEN = pieces(SOURCE, 0, 1, 2, 3, 4)
BROKEN = [*pieces(SOURCE, 0, 1, 5), *pieces(BACK, 8, 9)]
SMALL = pieces(track(4, rung=Rung.P240), 0, 1, 2)
DESCRIPTION = [
    Part(run, UUID(int=70 + run), UUID(int=700 + number), key_period(AT + timedelta(seconds=2 * number)), 1000)
    for number, run in enumerate((0, 0, 2))
]


def segments(shown: Sequence[Piece], runs: Sequence[int]) -> list[dict[str, Any]]:
    """Return the expected content of each segment; `runs`: the number of the run that each belongs
    to.
    """
    return [
        {
            "uri": f"/objects/{piece.segment.id}",
            "duration_ms": piece.segment.duration_ms,
            "begins_at": piece.segment.at.isoformat(),
            "key": f"/keys/1/main/{int(key_period(piece.segment.at).timestamp())}",
            "iv": piece.segment.id.hex,
            "init": f"/objects/{piece.track.id}",
            "discontinuity": run != previous,
        }
        for piece, run, previous in zip(shown, runs, [0, *runs], strict=False)
    ]


def media(name: str, text: str, closed: bool, expected: list[dict[str, Any]], target_s: int = 2) -> dict[str, Any]:
    """Return a vector of a media playlist."""
    return {"name": name, "text": text, "closed": closed, "target_s": target_s, "segments": expected}


def vectors() -> dict[str, Any]:
    """Return the content of the file."""
    long = pieces(SOURCE, 0, 3.6, duration_ms=3600)
    described = [
        {
            "uri": f"/objects/{part.id}",
            "duration_ms": 1000,
            "begins_at": None,
            "key": f"/keys/1/main/{int(part.period.timestamp())}",
            "iv": part.id.hex,
            "init": f"/objects/{part.init_id}",
            "discontinuity": number == 2,
        }
        for number, part in enumerate(DESCRIPTION)
    ]
    captions = [
        {
            **expected,
            "uri": f"captions/en/{expected['uri'].rpartition('/')[2]}",
            "begins_at": None,
            "key": None,
            "iv": None,
            "init": None,
        }
        for expected in segments(BROKEN, [0, 0, 1, 2, 2])
    ]
    return {
        "about": "Written by python -m tests.media.replay.make_vectors. Playlists as RFC 8216 has them.",
        "media": [
            media(
                "a settled clip across the hour at which the key changes",
                media_playlist(UNBROKEN, runs_of(UNBROKEN), PLACES, closed=True),
                True,
                segments(UNBROKEN, [0] * 5),
            ),
            media(
                "a clip that grows",
                media_playlist(UNBROKEN[:2], runs_of(UNBROKEN), PLACES, closed=False),
                False,
                segments(UNBROKEN[:2], [0] * 2),
            ),
            media(
                "a camera that lost some of its picture and came back",
                media_playlist(BROKEN, runs_of(BROKEN), PLACES, closed=True),
                True,
                segments(BROKEN, [0, 0, 1, 2, 2]),
            ),
            media(
                "longer segments",
                media_playlist(long, runs_of(long), PLACES, closed=True),
                True,
                segments(long, [0, 0]),
                4,
            ),
            media("captions", captions_playlist(BROKEN, runs_of(BROKEN), "en", closed=True), True, captions),
            media("a description", described_playlist(DESCRIPTION, PLACES, "main"), True, described),
        ],
        "main": {
            "text": main_playlist(
                UNBROKEN, pieces(SOUND, 0, 1), captions=["fr", "en"], described=["fr"], rungs=[SMALL]
            ),
            "variants": [
                {
                    "uri": "video.m3u8",
                    "codecs": "avc1.64001f,mp4a.40.2",
                    "bandwidth": 800_040,
                    "width": 640,
                    "height": 360,
                },
                {
                    "uri": f"video-{Rung.P240}.m3u8",
                    "codecs": "avc1.64001f,mp4a.40.2",
                    "bandwidth": 800_024,
                    "width": 640,
                    "height": 360,
                },
            ],
            "audio": [
                {"uri": "audio.m3u8", "language": None, "default": True},
                {"uri": "described-fr.m3u8", "language": "fr", "default": False},
            ],
            "subtitles": [
                {"uri": "captions-fr.m3u8", "language": "fr", "default": False},
                {"uri": "captions-en.m3u8", "language": "en", "default": False},
            ],
        },
    }


def file_text() -> str:
    """Return the content of the file as text."""
    return json.dumps(vectors(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(file_text(), encoding="utf-8")
