"""Audio descriptions of clips: audio in the timeline of each camera's video."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.media.replay.rules.media import key_period
from virage.media.replay.rules.playlists import Urls, head, text_of

DESCRIBED_FACT: Final = "clip_described"
BYTES_MAX: Final = 20_000_000
LONGER_MAX_S: Final = 5.0


class Part(Struct, frozen=True):
    """About a second of an audio description; ids are those of its objects. `period`: the hour of its key."""

    run: int
    init_id: UUID
    id: UUID
    period: datetime
    duration_ms: int


def described_playlist(parts: Sequence[Part], urls: Urls, camera: str) -> str:
    """Return the playlist of an audio description (RFC 8216), with the discontinuities of the video."""
    lines = head([part.duration_ms for part in parts], closed=True)
    run, init_id = 0, None
    for part in parts:
        lines += ["#EXT-X-DISCONTINUITY"] * (part.run - run)
        if part.init_id != init_id:
            lines += ["#EXT-X-KEY:METHOD=NONE"] if init_id is not None else []
            lines += [f'#EXT-X-MAP:URI="{urls.objects}/{part.init_id}"']
        key = f"{urls.keys}/{camera}/{int(key_period(part.period).timestamp())}"
        lines += [
            f'#EXT-X-KEY:METHOD=AES-128,URI="{key}",IV=0x{part.id.hex}',
            f"#EXTINF:{part.duration_ms / 1000:.3f},",
            f"{urls.objects}/{part.id}",
        ]
        run, init_id = part.run, part.init_id
    return text_of(lines, closed=True)
