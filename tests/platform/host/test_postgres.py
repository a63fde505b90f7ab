import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from virage.platform.data.connecting import close, connect
from virage.platform.host import cluster as cluster_module
from virage.platform.host import postgres as postgres_module
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.host.programs import Account, PostgresFailed, barrier


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that only this account may enter, with a name short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="virage-test-") as name:
        yield Path(name) / "pg"


def socket_folder_of(postgres: EmbeddedPostgres) -> str:
    return parse_qs(urlsplit(postgres.url).query)["host"][0]


def owner_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def mode_of(path: object) -> int:
    return Path(str(path)).stat().st_mode & 0o777


@pytest.fixture
async def postgres(folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    embedded = EmbeddedPostgres(folder)
    await embedded.start()
    yield embedded
    await embedded.stop()


async def ask(postgres: EmbeddedPostgres, query: str = "select 1") -> object:
    connection = await asyncpg.connect(postgres.url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - processes are observed from outside
            await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


async def test_a_server_of_version_18_is_durable_and_never_root(postgres: EmbeddedPostgres) -> None:
    assert str(await ask(postgres, "show server_version")).startswith("18.")
    for setting in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
        assert await ask(postgres, f"show {setting}") == "on"
    assert postgres.owned
    assert postgres.pid is not None
    assert owner_of(postgres.pid) != 0


async def test_our_database_role_cannot_read_or_write_files(postgres: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(postgres.url)
    for attack in (
        "select pg_read_file('/etc/passwd')",
        "create table t (line text); copy t from '/etc/passwd'",
        "copy (select 'x') to '/tmp/virage-attack'",
        "copy (select 'x') to program 'id'",
        "set role postgres",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(attack)
    await connection.close()


async def test_the_server_gets_no_secrets_and_logs_no_parameters(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRAGE_SECRET", "a secret of the house, long enough")
    monkeypatch.setitem(postgres_module.SETTINGS, "log_min_duration_statement", "0")
    embedded = EmbeddedPostgres(folder, durable=False)
    await embedded.start()
    try:
        environ = Path(f"/proc/{embedded.pid}/environ").read_bytes()
        connection = await asyncpg.connect(embedded.url)
        await connection.fetchval("select $1::text", "fan@example.org")
        await connection.execute("create temporary table seat (row text unique)")
        await connection.execute("insert into seat values ($1)", "fan2@example.org")
        with suppress(asyncpg.UniqueViolationError):
            await connection.execute("insert into seat values ($1)", "fan2@example.org")
        await connection.close()
    finally:
        await embedded.stop()
    assert b"VIRAGE_" not in environ
    assert (folder / "postgres.log").stat().st_mode & 0o777 == 0o600
    logged = (folder / "postgres.log").read_text()
    assert "select $1::text" in logged
    assert "example.org" not in logged


async def test_only_its_owner_reaches_the_socket_and_the_data(postgres: EmbeddedPostgres, folder: Path) -> None:
    assert mode_of(folder / "data") == 0o700
    assert mode_of(folder / "data" / "virage-password") == 0o600
    assert await ask(postgres, "show listen_addresses") == ""
    assert mode_of(socket_folder_of(postgres)) == 0o700


async def test_data_are_kept_over_a_restart(folder: Path) -> None:
    first = EmbeddedPostgres(folder)
    await first.start()
    await ask(first, "create table kept ()")
    await first.stop()
    assert first.pid is None
    second = EmbeddedPostgres(folder)
    await second.start()
    assert await ask(second, "select to_regclass('kept')") is not None
    await second.stop()


async def test_a_path_too_long_for_a_socket_puts_it_elsewhere(folder: Path) -> None:
    long = EmbeddedPostgres(folder / ("long" * 25))
    await long.start()
    assert await ask(long) == 1
    assert not socket_folder_of(long).startswith(str(folder))
    await long.stop()


async def test_without_unix_sockets_it_uses_a_password_on_loopback(folder: Path) -> None:
    server = EmbeddedPostgres(folder, tcp=True)
    await server.start()
    assert await ask(server) == 1
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(server.url, password="wrong")
    await server.stop()


async def test_a_second_process_uses_the_running_server_and_does_not_stop_it(postgres: EmbeddedPostgres) -> None:
    neighbour = EmbeddedPostgres(postgres._cluster.folder)  # noqa: SLF001 - the same folder
    await neighbour.start()
    assert neighbour.url == postgres.url
    assert not neighbour.owned
    await neighbour.stop()
    assert await ask(postgres) == 1


async def test_processes_started_at_once_share_one_server(folder: Path) -> None:
    starting = [EmbeddedPostgres(folder) for _ in range(6)]
    await asyncio.gather(*(one.start() for one in starting))
    assert {one.pid for one in starting} == {starting[0].pid}
    assert sum(one.owned for one in starting) == 1
    for one in starting:
        await one.stop()
    assert starting[0].pid is None


async def test_access_rules_are_replaced_as_a_whole_and_only_if_they_changed(postgres: EmbeddedPostgres) -> None:
    files = [postgres._cluster.data / name for name in ("pg_hba.conf", "pg_ident.conf")]  # noqa: SLF001 - its files
    before = [(file.read_text(), file.stat()) for file in files]
    for file, (text, _) in zip(files, before, strict=True):
        file.write_text(text + "# of an earlier version\n")

    neighbour = EmbeddedPostgres(postgres._cluster.folder)  # noqa: SLF001 - the same folder
    await neighbour.start()
    after = [(file.read_text(), file.stat()) for file in files]
    assert [text for text, _ in after] == [text for text, _ in before]
    for (_, old), (_, new) in zip(before, after, strict=True):
        assert new.st_ino != old.st_ino, "a server that starts meanwhile may read a file that is being written"
        assert (new.st_uid, new.st_gid, new.st_mode) == (old.st_uid, old.st_gid, old.st_mode)

    await EmbeddedPostgres(postgres._cluster.folder).start()  # noqa: SLF001 - the same folder
    assert [file.stat().st_ino for file in files] == [new.st_ino for _, new in after]


async def test_processes_that_create_the_same_role_at_once_wait_for_each_other(postgres: EmbeddedPostgres) -> None:
    async def make() -> None:
        session = await connect(postgres.url, "virage postgres", user=cluster_module.OWNER, database="postgres")
        try:
            await postgres._make(session)  # as two processes do that find a new server at once
        finally:
            await close(session)

    for _ in range(3):
        await asyncio.gather(*(make() for _ in range(6)))


async def test_a_killed_server_comes_back_with_what_was_committed(postgres: EmbeddedPostgres) -> None:
    supervision = asyncio.create_task(postgres.supervise())
    await ask(postgres, "create table kept ()")
    killed = postgres.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    await until(lambda: postgres.pid not in (None, killed) and postgres.owned)
    supervision.cancel()
    with suppress(asyncio.CancelledError):
        await supervision
    await postgres.start()
    assert await ask(postgres, "select to_regclass('kept')") is not None


async def test_another_process_restarts_the_server_when_its_owner_is_gone(folder: Path) -> None:
    owner, neighbour = EmbeddedPostgres(folder), EmbeddedPostgres(folder)
    await owner.start()
    await neighbour.start()
    supervision = asyncio.create_task(neighbour.supervise())
    await owner.stop()
    await until(lambda: neighbour.owned)
    supervision.cancel()
    with suppress(asyncio.CancelledError):
        await supervision
    await neighbour.start()
    assert await ask(neighbour) == 1
    await neighbour.stop()


OWNER = """
import asyncio, sys
from pathlib import Path
from virage.platform.host import cluster
from virage.platform.host import postgres

async def main() -> None:
    postgres.LINUX = cluster.LINUX = sys.argv[2] == "linux"
    server = postgres.EmbeddedPostgres(Path(sys.argv[1]))
    await server.start()
    print(server.pid, flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


@pytest.mark.parametrize("way", ["linux", "companion"] if sys.platform == "linux" else ["companion"])
async def test_the_server_ends_with_its_owner_even_after_a_kill(folder: Path, way: str) -> None:
    if way == "companion":
        folder.parent.chmod(0o755)  # the server's account must be able to enter the path
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, str(folder), way, stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    server = int(await asyncio.wait_for(owner.stdout.readline(), 60))
    assert is_alive(server)
    owner.kill()
    await owner.communicate()
    await until(lambda: not is_alive(server))
    successor = EmbeddedPostgres(folder)
    await successor.start()
    assert await ask(successor) == 1
    await successor.stop()


async def test_a_lock_file_with_a_reused_process_id_is_taken_over(folder: Path) -> None:
    first = EmbeddedPostgres(folder)
    await first.start()
    lock_file = folder / "data" / "postmaster.pid"
    left = lock_file.read_text()
    await first.stop()
    _, _, rest = left.partition("\n")
    stranger = await asyncio.create_subprocess_exec("sleep", "600")
    try:
        lock_file.write_text(f"{stranger.pid}\n{rest}")
        second = EmbeddedPostgres(folder)
        assert second.pid is None
        await second.start()
        assert await ask(second) == 1
        await second.stop()
        assert stranger.returncode is None
    finally:
        stranger.kill()
        await stranger.wait()


async def test_a_partial_cluster_left_by_a_kill_is_not_used(folder: Path) -> None:
    (folder / "fresh-left").mkdir(parents=True)
    server = EmbeddedPostgres(folder)
    await server.start()
    assert await ask(server) == 1
    await server.stop()


async def test_a_server_that_cannot_start_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(postgres_module.SETTINGS, "shared_buffers", "nonsense")
    monkeypatch.setattr(postgres_module, "START_ATTEMPTS", 2)
    with pytest.raises(PostgresFailed, match="nonsense"):
        await EmbeddedPostgres(folder).start()


def test_a_folder_that_the_account_may_not_enter_is_found(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert barrier(closed, Account("stranger", 4_000_000, 4_000_000)) in {closed, *closed.parents}


async def test_a_socket_folder_of_someone_else_is_not_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module.Cluster, "_give", lambda _self, _path: None)
    long = EmbeddedPostgres(folder / ("long" * 25))
    theirs = long._cluster.socket_folder  # noqa: SLF001 - the path of its socket folder
    theirs.mkdir()
    theirs.chmod(0o777)
    try:
        with pytest.raises(PostgresFailed, match="not a folder of ours alone"):
            await long.start()
    finally:
        theirs.rmdir()
