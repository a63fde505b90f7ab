"""Import: a venue file of 60,000 seats is read, checked and stored, and its arrays are built.

`python -m benchmarks.import [--quick]`.
"""

import argparse
import asyncio
import resource
import shutil
import statistics
import time
from datetime import UTC, datetime
from typing import Any

import msgspec

from benchmarks import common
from virage.platform.data.database import Database
from virage.platform.data.migrate import migrate
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.values.refusals import Refused
from virage.site.venue.api import import_file, venue_at
from virage.site.venue.types import read

ROUNDS, QUICK_ROUNDS = 9, 3
BLOCKS, ROWS, SEATS = 60, 40, 25
NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)


def file_of(round_: int) -> bytes:
    """Return a file of 60,000 seats, each with its own position: the largest form; a new version each round."""
    blocks = [
        {
            "code": f"{block + 1}",
            "stand": "N",
            "gate_group": "A",
            "rows": [
                {
                    "name": str(row + 1),
                    "height_m": 1 + 0.4 * row,
                    "segments": [
                        {
                            "points_m": [
                                round(value, 2)
                                for seat in range(SEATS)
                                for value in (
                                    14.0 * (block % 30) - 210 + 0.5 * seat,
                                    60.0 + 90 * (block // 30) + 0.8 * row,
                                )
                            ]
                        }
                    ],
                }
                for row in range(ROWS)
            ],
        }
        for block in range(BLOCKS)
    ]
    return msgspec.json.encode(
        {
            "format": "virage-venue/1",
            "code": "large",
            "name": f"Large venue {round_}",
            "time_zone": "Europe/Paris",
            "pitch": {"length_m": 105.0, "width_m": 68.0},
            "stands": [{"code": "N", "name": "North", "colour": "#1f3f8f"}],
            "blocks": blocks,
            "gates": [{"code": "A1", "group": "A", "stand": "N", "x_m": 0.0, "y_m": -60.0}],
        }
    )


async def measure(rounds: int) -> dict[str, Any]:
    """Import one version after the other into an embedded database that is durable as in production."""
    folder = common.own_folder()
    postgres = EmbeddedPostgres(folder / "postgres")
    taken_s, raw = [], b""
    try:
        await postgres.start()
        await migrate(postgres.url)
        db = await Database.open(postgres.url)
        for number in range(rounds):
            raw = file_of(number)
            began = time.perf_counter()
            checked = read(raw, NOW.date())
            assert checked.file is not None, checked.found[:3]
            outcome = await db.transact(import_file, checked.file, None, NOW)
            assert not isinstance(outcome, Refused)
            async with db.connection() as conn:
                venue = await venue_at(conn, outcome.version)
            taken_s.append(time.perf_counter() - began)
            assert venue.seats == BLOCKS * ROWS * SEATS
        await db.close()
    finally:
        await postgres.stop()
        shutil.rmtree(folder)
    return {
        "benchmark": "import",
        "seats_per_s": round(BLOCKS * ROWS * SEATS / statistics.median(taken_s)),
        "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "file_mb": round(len(raw) / 1e6, 1),
        "rounds": rounds,
        "machine": common.machine(),
    }


def main() -> None:
    """Read the options and print the line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.import")
    parser.add_argument("--quick", action="store_true")
    common.tell(asyncio.run(measure(QUICK_ROUNDS if parser.parse_args().quick else ROUNDS)))


if __name__ == "__main__":
    main()
