"""One process that takes in cameras at ports of this machine, as `virage ingest` does.

    python -m benchmarks.intake [--film] PORT...

The first is that of the programme. `--film`: synthetic cameras with the present time in the picture send to them.
"""

import sys

from virage.cli.ingesting import ingest
from virage.media.replay.ingest.transports import Source

FILM = "--film"


def name_of(place: int) -> str:
    """The name of the camera at a position."""
    return f"camera-{place}"


if __name__ == "__main__":
    given = [word for word in sys.argv[1:] if word != FILM]
    cameras = [
        Source(name_of(place), f"tcp://127.0.0.1:{port}?listen=1", programme=place == 0)
        for place, port in enumerate(given)
    ]
    ingest(cameras, with_cameras=FILM in sys.argv)
