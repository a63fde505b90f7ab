"""Embedded PostgreSQL: a cluster under `var/`, run from the binaries of a wheel as a supervised child.

The server listens on a Unix socket in its own folder (peer authentication), or on loopback with a generated password
where there are none. It stops with the process that started it, even if that one is killed. Other processes use the
running server of the same folder, and start it again if its owner ends.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import asyncpg

from virage.platform.data.connecting import Session, close, connect
from virage.platform.data.database import ASYNCPG_ERRORS
from virage.platform.data.defaults import role_statements
from virage.platform.host.cluster import LINUX, OWNER, ROLE, SOCKET_PORT, Cluster
from virage.platform.host.logfile import open_log
from virage.platform.host.programs import PostgresFailed

DATABASE = "virage"
START_TIMEOUT_S = 120.0  # a recovery after a crash replays at most 2 GB of its log
START_ATTEMPTS = 20
RETRY_S = 0.25
STOP_TIMEOUT_S = 10.0
POLL_S = 0.01
FOLDER_SETTING = "virage.data"  # only marks the command line of the process with its folder
SUPERVISE_POLL_S = 0.1
BACKOFF_MAX_S = 5.0
LOCK_FILE_LINES = 8

# A machine of 2 cores and 24 GB that serves everything else, too.
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
    "log_parameter_max_length": "0",  # parameters and rows are people's names and addresses
    "log_error_verbosity": "terse",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "autovacuum": "off",  # its workers are the superuser's, and a test's database could not be dropped under them
}

# On other systems than Linux a companion process waits for the end of its parent and stops the server.
_WATCH = """
import os, subprocess, sys
sys.stdin.buffer.read()
become = {} if os.name == "nt" or os.geteuid() else {"user": int(sys.argv[3])}
subprocess.run([sys.argv[1], "stop", "-m", "fast", "-D", sys.argv[2]], capture_output=True, **become)
"""


class _Running(NamedTuple):
    """The contents of a server's lock file."""

    pid: int
    port: int
    socket_folder: str
    status: str


class EmbeddedPostgres:
    """A cluster in `folder`. `durable=False` trades durability for speed, for tests; `tcp` forces loopback TCP."""

    def __init__(self, folder: Path, *, durable: bool = True, tcp: bool = sys.platform == "win32") -> None:
        self._cluster = Cluster(folder)
        self._durable = durable
        self._tcp = tcp
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: subprocess.Popen[bytes] | None = None
        self._port = SOCKET_PORT

    @property
    def url(self) -> str:
        """The address of the database; valid after `start`."""
        if self._tcp:
            password = self._cluster.password_file.read_text()
            return f"postgresql://{ROLE}:{password}@127.0.0.1:{self._port}/{DATABASE}"
        host = quote(str(self._cluster.socket_folder), safe="/")
        return f"postgresql://{ROLE}@/{DATABASE}?host={host}&port={self._port}"

    @property
    def about(self) -> str:
        """The folders of its data and programs, and its account."""
        return self._cluster.about

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
        """Create the cluster if it is missing, start the server or find the running one, and wait until it answers."""
        await asyncio.to_thread(self._cluster.prepare, durable=self._durable)
        if not self.owned:
            self._process = None
        failures = 0
        async with asyncio.timeout(START_TIMEOUT_S):
            while not self._found():
                if self._process is None and self._running() is None:
                    self._disown_lock_file()
                    self._process = self._launch()
                elif self._process is not None and not self.owned:  # ended: another process was faster, or a failure
                    self._process = None
                    failures += 1
                    if failures == START_ATTEMPTS:
                        tail = self._cluster.log_tail()
                        raise self._cluster.failed("PostgreSQL does not start. Its log ends with", tail)
                    await asyncio.sleep(RETRY_S)
                await asyncio.sleep(POLL_S)
        self._watch_over()
        await self._answer()

    async def stop(self) -> None:
        """Stop the server if this process started it: clients are disconnected, files are closed cleanly."""
        process, self._process = self._process, None
        if process is None:
            return
        await self._end(process)
        if self._watch is not None:
            await asyncio.to_thread(self._watch.communicate)
            self._watch = None
        with suppress(OSError):  # it is the data folder, or another process uses it
            self._cluster.socket_folder.rmdir()

    async def supervise(self) -> None:
        """Restart the server whenever it has ended, with growing pauses after failures, until cancelled."""
        pause = SUPERVISE_POLL_S
        while True:
            await asyncio.sleep(pause)
            if self.owned or self._running() is not None:
                pause = SUPERVISE_POLL_S
                continue
            try:
                await self.start()
            except (PostgresFailed, OSError, TimeoutError, *ASYNCPG_ERRORS):
                pause = min(pause * 2, BACKOFF_MAX_S)

    def _found(self) -> bool:
        """Return whether a server on our folder is ready, and adopt its port."""
        running = self._running()
        if running is None or running.status != "ready":
            return False
        if not self._tcp and running.socket_folder != self._cluster.seen(self._cluster.socket_folder):
            raise PostgresFailed(
                f"Process {running.pid} serves {self._cluster.data} for another version of Virage: end that one first."
            )
        self._port = running.port
        return True

    def _launch(self) -> "subprocess.Popen[bytes]":
        """Start the server in a new session, so that Ctrl-C reaches only this process, which stops it in order."""
        cluster = self._cluster
        if self._tcp:
            self._port = _free_port()
            address = {"listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        else:
            address = {"listen_addresses": "", "unix_socket_directories": cluster.seen(cluster.socket_folder)}
        command = [cluster.program("postgres"), "-D", cluster.seen(cluster.data), "-p", str(self._port)]
        mark = {FOLDER_SETTING: str(cluster.data)}
        for name, value in (SETTINGS | (DURABLE if self._durable else NOT_DURABLE) | address | mark).items():
            command += ["-c", f"{name}={value}"]
        with open_log(cluster.log) as log:
            return subprocess.Popen(  # noqa: S603 - our own binary, our own arguments
                cluster.as_account(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=cluster.data,
                env={name: value for name, value in os.environ.items() if not name.startswith("VIRAGE_")},
            )

    def _watch_over(self) -> None:
        """Start a companion that stops the server when our end of its pipe is closed."""
        if LINUX or self._watch is not None or not self.owned:
            return
        account = self._cluster.account
        arguments = (self._cluster.program("pg_ctl"), str(self._cluster.data), str(account.uid if account else 0))
        self._watch = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-I", "-S", "-c", _WATCH, *arguments], stdin=subprocess.PIPE, start_new_session=True
        )

    async def _answer(self) -> None:
        """Connect once, to prove that the server answers; create our role and database if they are missing."""
        try:
            await close(await connect(self.url, "virage postgres"))
        except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError):
            session = await connect(
                self.url, "virage postgres", silence_s=START_TIMEOUT_S, user=OWNER, database="postgres"
            )
            try:
                await self._make(session)
            finally:
                await close(session)

    async def _make(self, session: Session) -> None:
        """Create our role and database under a lock, because concurrent changes of a role fail."""
        await session.execute("select pg_advisory_lock(hashtextextended('virage postgres', 0))")
        password = self._cluster.password_file.read_text()
        for statement in (
            f"create role {ROLE} login createdb password '{password}'",
            *role_statements(ROLE, session.get_server_version().major),
            f"create database {DATABASE} owner {ROLE}",
        ):
            with suppress(asyncpg.DuplicateObjectError, asyncpg.DuplicateDatabaseError):
                await session.execute(statement)

    async def _end(self, process: "subprocess.Popen[bytes]") -> None:
        """Stop the server: fast, then immediate, then SIGKILL."""
        if sys.platform == "win32":
            command = [self._cluster.program("pg_ctl"), "stop", "-m", "fast", "-D", str(self._cluster.data)]
            await asyncio.to_thread(subprocess.run, command, capture_output=True, check=False)
            wishes = [signal.SIGTERM]
        else:
            wishes = [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL]
        for wish in wishes:
            if process.poll() is None:
                process.send_signal(wish)
                await _ended(process)

    def _running(self) -> _Running | None:
        """The live server of this folder, read from its lock file, or None."""
        try:
            lines = self._cluster.lock_file.read_text().splitlines()
            pid = int(lines[0])
        except (OSError, ValueError, IndexError):
            return None
        if not self._serves_us(pid):
            return None
        lines += [""] * (LOCK_FILE_LINES - len(lines))
        return _Running(pid, int(lines[3] or 0), lines[4], lines[7].strip())

    def _serves_us(self, pid: int) -> bool:
        """Return whether that process is a server on our folder, and not another one with a reused id."""
        mark = b"postgres" if sys.platform == "win32" else os.fsencode(self._cluster.data)
        return mark in _command_line(pid)

    def _disown_lock_file(self) -> None:
        """Write our process id into the lock file of a dead server.

        postgres takes over a lock file of its parent, and still checks that no child of the dead server uses the shared
        memory that the file names. Removing the file would skip this check.
        """
        with suppress(OSError):
            _, _, rest = self._cluster.lock_file.read_text().partition("\n")
            self._cluster.lock_file.write_text(f"{os.getpid()}\n{rest}")


async def _ended(process: "subprocess.Popen[bytes]") -> None:
    """Wait for the end of a process, up to a limit."""
    deadline = asyncio.get_running_loop().time() + STOP_TIMEOUT_S
    while process.poll() is None and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - Popen has no event
        await asyncio.sleep(POLL_S)


def _command_line(pid: int) -> bytes:
    """Return the command line of a process; empty if it does not exist."""
    if sys.platform == "linux":
        with suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes()
        return b""
    else:  # noqa: RET505 - mypy follows the platform by branches
        tasklist = ["tasklist", "/FI", f"PID eq {pid}", "/NH"]
        command = tasklist if sys.platform == "win32" else ["ps", "-o", "command=", "-p", str(pid)]
        return subprocess.run(command, capture_output=True, check=False).stdout  # noqa: S603 - our own arguments


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
