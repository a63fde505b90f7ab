"""The first start of an embedded server: in any folder, for any account, again after a kill, and on
a full disk.
"""

import os
import pwd
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

import virage
from virage.platform.host import programs
from virage.platform.host.cluster import Cluster
from virage.platform.host.programs import Account, PostgresFailed, barrier

AWKWARD = "Stade d'été, côté nord"
SOURCES = Path(virage.__file__).parents[1]
PACKAGES = Path(sysconfig.get_path("purelib"))
PREFIX = Path(sys.base_prefix)
NOTHING: Mapping[str, str] = {}
VARIABLES = {"VIRAGE_DEMO": "1", "VIRAGE_SECRET": "a secret of the tests, long enough"}
OWNER = """
import asyncio, sys
from pathlib import Path
from virage.platform.host.postgres import EmbeddedPostgres

async def main() -> None:
    server = EmbeddedPostgres(Path("var/postgres"))
    await server.start()
    print(server.pid, flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


@pytest.fixture
def entered_by_all() -> Iterator[Path]:
    """A folder that every account may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="virage-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def mounted(*arguments: str | Path) -> Iterator[Path]:
    """A mounted file system; the last argument names its folder, which is created. Only root may
    mount one.
    """
    *_, folder = arguments
    Path(folder).mkdir()
    subprocess.run(["/usr/bin/mount", *arguments], check=True)  # noqa: S603 - ours
    try:
        yield Path(folder)
    finally:
        subprocess.run(["/usr/bin/umount", "--lazy", folder], check=True)  # noqa: S603 - ours


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with mounted("-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path / "disk") as folder:
        yield folder


def sized(disk: Path, size: str) -> None:
    subprocess.run(["/usr/bin/mount", "-o", f"remount,size={size}", str(disk)], check=True)  # noqa: S603 - ours


@pytest.fixture
def everywhere(entered_by_all: Path) -> Iterator[dict[str, str]]:
    """The environment of a Python that an ordinary account can run, wherever the tests' own Python
    is.
    """
    with ExitStack() as stack:
        python, packages, sources = (
            stack.enter_context(mounted("--bind", folder, entered_by_all / folder.name))
            for folder in (PREFIX, PACKAGES, SOURCES)
        )
        yield {
            "PYTHON": str(python / "bin" / Path(sys.executable).resolve().name),
            "PYTHONPATH": os.pathsep.join([str(sources), str(packages)]),
            "LD_LIBRARY_PATH": str(python / "lib"),
        }


def migrated(
    folder: Path, variables: Mapping[str, str] = NOTHING, user: int | None = None
) -> "subprocess.CompletedProcess[str]":
    """`virage migrate` with a server of its own, in a folder."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("VIRAGE_", "PYTHON"))}
    return subprocess.run(  # noqa: S603 - our own command
        [variables.get("PYTHON", sys.executable), "-m", "virage.cli", "migrate"],
        env=environ | VARIABLES | {"HOME": str(folder)} | dict(variables),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )


def test_it_starts_in_a_folder_that_only_root_may_enter_and_again_after_a_kill(tmp_path: Path) -> None:
    folder = tmp_path / AWKWARD
    folder.mkdir(mode=0o700)
    with mounted("--bind", PACKAGES, folder / "packages"):  # PostgreSQL's programs are behind that folder too
        closed = {"PYTHONPATH": str(folder / "packages")}
        first = migrated(folder, closed)
        assert first.stdout.splitlines()[:1] == ["0101_kernel"], first.stderr
        owner = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", OWNER], env=os.environ | closed, cwd=folder, stdout=subprocess.PIPE
        )
        assert owner.stdout is not None
        server = int(owner.stdout.readline())
        with owner:
            os.kill(server, signal.SIGKILL)
            owner.kill()
        assert migrated(folder, closed).stdout == "Nothing to do.\n"
    data = folder / "var" / "postgres" / "data"
    assert data.stat().st_uid != 0
    assert barrier(folder, Account("postgres", data.stat().st_uid, data.stat().st_gid)) is not None


def test_ctrl_c_in_the_middle_of_a_first_start_leaves_nothing_and_the_next_one_works(tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("VIRAGE_")}
    with subprocess.Popen(
        [sys.executable, "-m", "virage.cli", "migrate"],
        env=environ | VARIABLES,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as first:
        while not list(tmp_path.glob("var/postgres/fresh-*/data/base")):  # initdb is at work
            assert first.poll() is None
            time.sleep(0.01)
        os.killpg(first.pid, signal.SIGINT)  # as a terminal does, to all its processes
        said, _ = first.communicate(timeout=60)
    assert (first.returncode, said.strip()) == (130, b"")
    assert not list(tmp_path.glob("var/postgres/fresh-*"))
    assert "0122_books" in migrated(tmp_path).stdout


def test_it_starts_for_an_ordinary_user(entered_by_all: Path, everywhere: dict[str, str]) -> None:
    user = pwd.getpwnam("daemon").pw_uid
    folder = entered_by_all / AWKWARD
    folder.mkdir(mode=0o700)
    os.chown(folder, user, user)
    first = migrated(folder, everywhere, user)
    assert first.stdout.splitlines()[:1] == ["0101_kernel"], first.stderr
    assert migrated(folder, everywhere, user).stdout == "Nothing to do.\n"
    assert (folder / "var" / "postgres" / "data").stat().st_uid == user


def test_a_folder_that_is_not_writable_is_named(entered_by_all: Path, everywhere: dict[str, str]) -> None:
    refused = migrated(entered_by_all, everywhere, pwd.getpwnam("daemon").pw_uid)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"{entered_by_all}/var may not be written to by this account (Permission denied): give it the folder, or name "
        "another by VIRAGE_VAR_DIR.\n"
    )


@pytest.mark.parametrize("size", ["1m", "20m", "40m"])  # at the first file, within initdb, while it migrates
def test_a_full_disk_is_reported_in_one_line_and_freeing_space_is_enough(disk: Path, size: str) -> None:
    sized(disk, size)
    refused = migrated(disk)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"The disk that holds {disk}/var")
    assert refused.stderr.endswith(" is full. Free some space and try again.\n")
    assert refused.stderr.count("\n") == 1
    sized(disk, "300m")
    assert "0122_books" in migrated(disk).stdout


def test_data_belong_to_the_account_that_created_them(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    daemon = pwd.getpwnam("daemon")
    os.chown(data, daemon.pw_uid, daemon.pw_gid)
    assert Cluster(tmp_path).account == Account("daemon", daemon.pw_uid, daemon.pw_gid)


@pytest.fixture
def place(entered_by_all: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that programs are copied to, in place of the system's folder."""
    monkeypatch.setattr(programs, "PLACE", entered_by_all / "place")
    return entered_by_all / "place"


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """PostgreSQL's programs in a folder that only root may enter, installed with a strict umask."""
    installed = tmp_path / "packages" / programs.PACKAGE / "pginstall18" / "bin"
    libraries = tmp_path / "packages" / f"{programs.PACKAGE}.libs"
    for folder in (installed, libraries):
        folder.mkdir(parents=True, mode=0o700)
    (installed / "postgres").touch(0o700)
    (libraries / "libpq.so").touch(0o600)
    monkeypatch.setattr(programs, "_installed", lambda: installed)
    return installed


@pytest.fixture
def account() -> Account:
    daemon = pwd.getpwnam("daemon")
    return Account("daemon", daemon.pw_uid, daemon.pw_gid)


@pytest.mark.usefixtures("closed")
def test_inaccessible_programs_are_copied_once_for_all_accounts(place: Path, account: Account) -> None:
    found = programs.programs(account)
    assert barrier(found / "postgres", account) is None
    assert not (found / "postgres").stat().st_mode & 0o022
    assert (place / "0.6.0" / f"{programs.PACKAGE}.libs" / "libpq.so").exists()
    (found / "postgres").write_text("it is not copied again")
    assert (programs.programs(account) / "postgres").read_text() == "it is not copied again"
    assert [path.name for path in place.iterdir()] == ["0.6.0"]


def test_processes_that_copy_the_programs_at_once_share_one_copy(place: Path, closed: Path, account: Account) -> None:
    with ThreadPoolExecutor() as processes:
        found = set(processes.map(lambda _: programs.programs(account), range(8)))
    assert len(found) == 1
    programs._copy(closed.parent, place / "0.6.0")  # noqa: SLF001 - as a process that looked before it existed
    assert [path.name for path in place.iterdir()] == ["0.6.0"]


@pytest.mark.usefixtures("closed")
def test_programs_are_not_run_from_a_folder_that_others_can_change(place: Path, account: Account) -> None:
    place.mkdir()
    place.chmod(0o777)
    with pytest.raises(PostgresFailed, match="another account can change it"):
        programs.programs(account)


def test_a_copy_without_space_is_removed_and_reported(
    disk: Path, closed: Path, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "PLACE", disk)
    (closed / "postgres").write_bytes(bytes(2_000_000))
    disk.chmod(0o755)
    with pytest.raises(PostgresFailed, match="No space left on device"):
        programs.programs(account)
    assert not list(disk.iterdir())
