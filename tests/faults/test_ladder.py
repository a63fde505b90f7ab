"""The ladder under `kill -9`: after restarts, each second is encoded once."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.camera_output import encoded, pictures
from tests.media.replay.archive import Archive, cut, shown
from virage.media.replay.footage import Footage
from virage.media.replay.rules.clips import Clip
from virage.media.replay.rules.media import Kind, MediaVault, Rung
from virage.media.replay.rules.playlists import Piece
from virage.media.replay.store import cameras as store
from virage.media.replay.store import clips as clip_store
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id

SECONDS = 12
KILLED_AT = (3, 7)
SECRET = "of a house whose ladder falls again and again"


class Falling:
    """The process of the ladder."""

    def __init__(self, db: Database, folder: Path) -> None:
        self._env = os.environ | {
            "VIRAGE_DATABASE_URL": db.url,
            "VIRAGE_SECRET": SECRET,
            "VIRAGE_VAR_DIR": str(folder),
            "VIRAGE_DEMO": "1",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", "virage.cli", "ladder"], env=self._env)

    def kill(self) -> None:
        assert self._process is not None
        assert self._process.poll() is None, "the ladder ended by itself"
        self._process.kill()
        self._process.wait()


async def made(db: Database) -> list[Piece]:
    async with db.connection() as conn:
        since = datetime(2020, 1, 1, tzinfo=UTC)
        found = await store.pieces_by_kind(
            conn, "main", since, since + timedelta(days=9999), kinds={Kind.VIDEO}, rungs={Rung.P240}
        )
    return found[Kind.VIDEO, Rung.P240]


async def test_a_repeatedly_killed_ladder_encodes_each_second_of_a_clip_once(db: Database, tmp_path: Path) -> None:
    config = Config(secret=SECRET, var_dir=tmp_path, demo=True)
    archive = Archive(db, Footage(config.objects_at), MediaVault([SECRET]))
    began = datetime.now(UTC) - timedelta(minutes=5)
    source = await archive.keep("main", cut(encoded(pictures(SECONDS, grain=6), kbits=3000)), began)
    clip = Clip(new_id(), new_id(), began, began + timedelta(seconds=SECONDS), ["main"], began)
    async with db.transaction() as conn:
        await clip_store.add_clip(conn, clip)
    ladder = Falling(db, tmp_path)
    async with asyncio.timeout(60):
        for seconds in KILLED_AT:
            ladder.start()
            while len(await made(db)) < seconds:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.002)
            ladder.kill()
        ladder.start()
        async with db.connection() as conn:
            while await conn.fetchval("select laddered_at from replay.clip") is None:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.02)
    ladder.kill()
    rungs = await made(db)
    assert [piece.segment.at for piece in rungs] == [piece.segment.at for piece in source]
    frames = [shown(*await archive.open(piece)) for piece in rungs]
    assert [len(second) for second in frames] == [25] * SECONDS
    assert len({piece.track.id for piece in rungs}) == 1, "a restarted ladder continues the same track"
    kept = [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]
    assert len(kept) == 2 + 2 * SECONDS, "a killed ladder leaves no incomplete files"
