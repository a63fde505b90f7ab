"""Playlists parsed by an independent library."""

from datetime import datetime
from typing import Any

import m3u8
import pytest

from tests.media.replay import make_vectors

VECTORS = make_vectors.vectors()


def test_the_vectors_match_the_rules() -> None:
    assert make_vectors.FILE.read_text(encoding="utf-8") == make_vectors.file_text()


@pytest.mark.parametrize("vector", VECTORS["media"], ids=lambda vector: vector["name"])
def test_the_m3u8_library_parses_a_media_playlist(vector: Any) -> None:
    playlist = m3u8.loads(vector["text"])

    assert (playlist.is_endlist, playlist.target_duration, playlist.version) == (
        vector["closed"],
        vector["target_s"],
        7,
    )
    assert playlist.playlist_type == ("vod" if vector["closed"] else "event")
    assert [segment_of(segment) for segment in playlist.segments] == [
        {**expected, "begins_at": expected["begins_at"] and datetime.fromisoformat(expected["begins_at"])}
        for expected in vector["segments"]
    ]


def segment_of(segment: Any) -> dict[str, Any]:
    """Return a parsed segment in the format of the vectors."""
    key = segment.key if segment.key is not None and segment.key.method == "AES-128" else None
    return {
        "uri": segment.uri,
        "duration_ms": round(segment.duration * 1000),
        "begins_at": segment.program_date_time,
        "key": key and key.uri,
        "iv": key and key.iv.removeprefix("0x"),
        "init": segment.init_section and segment.init_section.uri,
        "discontinuity": segment.discontinuity,
    }


def test_the_m3u8_library_parses_the_multivariant_playlist() -> None:
    vector, playlist = VECTORS["main"], m3u8.loads(VECTORS["main"]["text"])

    assert playlist.is_variant
    assert playlist.is_independent_segments
    assert [
        {
            "uri": variant.uri,
            "codecs": variant.stream_info.codecs,
            "bandwidth": variant.stream_info.bandwidth,
            "width": variant.stream_info.resolution[0],
            "height": variant.stream_info.resolution[1],
        }
        for variant in playlist.playlists
    ] == vector["variants"]
    for kind in ("audio", "subtitles"):
        assert [
            {"uri": medium.uri, "language": medium.language, "default": medium.default == "YES"}
            for medium in playlist.media
            if medium.type == kind.upper()
        ] == vector[kind]
