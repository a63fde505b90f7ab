"""The folder of an embedded PostgreSQL: its account, its access rules, and its creation."""

import errno
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE, S_ISDIR

from virage.platform.host.programs import PostgresFailed, barrier, caller_name, programs, server_account

OWNER = "postgres"  # the superuser, used only to create the role and the database
ROLE = "virage"  # used for everything else: a superuser could read and write the files of the server
SOCKET_PORT = 5432  # part of the name of the socket file
SOCKET_PATH_BYTES_MAX = 107
OWNER_ONLY = 0o700
FULL_HINT = "Check free disk space"
LINUX = sys.platform == "linux"
WORKING_FOLDER = "/proc/self/cwd"
"""The working folder of a process. Linux opens it even if the server's account may not enter its parents."""

# Switches to the server's account, asks Linux for SIGINT when its parent dies, and executes the program.
_LAUNCH = """
import ctypes, os, signal, sys
parent, uid, gid, linux = map(int, sys.argv[1:5])
parent_death_signal = 1
if uid != os.geteuid(): os.setgroups([]); os.setgid(gid); os.setuid(uid)
if linux:
    ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGINT)
    if os.getppid() != parent: sys.exit("the parent is gone")
os.umask(0o077)
os.execv(sys.argv[5], sys.argv[5:])
"""


class Cluster:
    """The files below `folder`: the data with the password and the socket, and the log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.data = self.folder / "data"
        self.log = self.folder / "postgres.log"
        self.password_file = self.data / "virage-password"
        self.lock_file = self.data / "postmaster.pid"
        self.account = server_account(self.data)
        self._programs: Path | None = None

    def program(self, name: str) -> str:
        """Return the path of a program of PostgreSQL that the server's account can run."""
        if self._programs is None:
            self._programs = programs(self.account)
        return str(self._programs / name)

    @property
    def about(self) -> str:
        """Return where the data and the programs are, and the account that runs them."""
        account = f" as {self.account.name}" if self.account and not self.account.is_ours else ""
        return f"data in {self.data}, run{account} by {self.program('postgres')}"

    @property
    def socket_folder(self) -> Path:
        """The data folder; one in the system's temporary folder where the path is too long, or reads as several."""
        length = len(os.fsencode(self.data)) + len(f"/.s.PGSQL.{SOCKET_PORT}.lock")
        if length <= SOCKET_PATH_BYTES_MAX and "," not in str(self.data):
            return self.data
        return Path(tempfile.gettempdir()) / f"virage-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]}"

    def seen(self, folder: Path) -> str:
        """Return the path of a folder for the server: on Linux its data folder is its working folder."""
        return WORKING_FOLDER if LINUX and folder == self.data else str(folder)

    def prepare(self, *, durable: bool) -> None:
        """Create what is missing, and write the access rules."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._check_reachable()
        if self.socket_folder != self.data and self.account is not None:
            self._make_socket_folder()
        if not (self.data / "PG_VERSION").exists():
            self._initialise(durable=durable)
        rules = "host all all 127.0.0.1/32 scram-sha-256\n"
        if self.account is not None:
            rules = "local all all peer map=virage\n" + rules
        self._replace("pg_ident.conf", "".join(f'virage "{caller_name()}" {role}\n' for role in (ROLE, OWNER)))
        self._replace("pg_hba.conf", rules)

    def as_account(self, command: list[str]) -> list[str]:
        """Return the command behind a launcher that switches to the server's account."""
        if self.account is None:
            return command
        numbers = (os.getpid(), self.account.uid, self.account.gid, int(LINUX))
        return [sys.executable, "-I", "-S", "-c", _LAUNCH, *map(str, numbers), *command]

    def log_tail(self) -> str:
        """Return the last lines of the server's log."""
        with suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-12:])
        return "(nothing)"

    def failed(self, what: str, output: str) -> PostgresFailed:
        """Return the exception for a failed program with its output; for a full disk it says only what to do."""
        if os.strerror(errno.ENOSPC) in output or FULL_HINT in output:
            return PostgresFailed(f"The disk that holds {self.folder} is full. Free some space and try again.")
        return PostgresFailed(f"{what}:\n{output}")

    def _make_socket_folder(self) -> None:
        """Create the folder for its owner only, so that another account cannot replace the socket."""
        folder = self.socket_folder
        folder.mkdir(mode=OWNER_ONLY, exist_ok=True)
        self._give(folder)
        found = folder.lstat()
        is_theirs = self.account is not None and found.st_uid != self.account.uid
        if is_theirs or not S_ISDIR(found.st_mode) or S_IMODE(found.st_mode) != OWNER_ONLY:
            raise PostgresFailed(f"{folder} is not a folder of ours alone; remove it.")

    def _replace(self, name: str, text: str) -> None:
        """Write a file of the cluster as a whole: a server that another process starts now may be reading it."""
        file = self.data / name
        if file.read_text() == text:
            return
        written, fresh = tempfile.mkstemp(prefix=name, dir=self.data)
        with os.fdopen(written, "w") as stream:
            stream.write(text)
        self._give(Path(fresh))
        Path(fresh).replace(file)

    def _give(self, path: Path) -> None:
        """Change the owner to the account of the server."""
        if sys.platform != "win32" and self.account is not None and not self.account.is_ours:
            os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)

    def _initialise(self, *, durable: bool) -> None:
        """Create the cluster in a temporary folder and rename it, so that a kill leaves no partial cluster."""
        fresh = Path(tempfile.mkdtemp(prefix="fresh-", dir=self.folder))
        data, password = fresh / "data", fresh / "password"
        try:
            data.mkdir(mode=OWNER_ONLY)
            password.write_text(secrets.token_urlsafe(24))
            password.chmod(OWNER_ONLY & ~0o100)
            for path in (fresh, data, password):
                self._give(path)
            seen = WORKING_FOLDER if LINUX else str(data)
            command = [
                self.program("initdb"), "-D", seen, "-U", OWNER, "-E", "UTF8", "--pwfile", f"{seen}/../password",
                "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
                "--auth-local=peer", "--auth-host=scram-sha-256", "--no-instructions",
            ]  # fmt: skip
            self._run(command if durable else [*command, "--no-sync"], data)
            password.rename(data / self.password_file.name)
            with suppress(OSError):  # another process may have been faster; its cluster is the same
                data.rename(self.data)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _run(self, command: list[str], folder: Path) -> None:
        """Run a program of PostgreSQL as the server's account in a folder."""
        done = subprocess.run(  # noqa: S603 - our own binary, our own arguments
            self.as_account(command),
            capture_output=True,
            check=False,
            cwd=folder,
            start_new_session=True,  # Ctrl-C is handled by this process
        )
        if done.returncode != 0:
            raise self.failed("initdb failed", done.stderr.decode(errors="replace"))

    def _check_reachable(self) -> None:
        """Raise `PostgresFailed` with the folder that the account may not enter; on Linux this is not needed."""
        if LINUX or self.account is None or self.account.is_ours:
            return
        step = barrier(self.folder, self.account)
        if step is not None:
            raise PostgresFailed(
                f"PostgreSQL runs as {self.account.name}, who may not enter {step}. Allow it (chmod o+x {step}), put "
                "the data elsewhere (VIRAGE_VAR_DIR), start as an ordinary user, or set VIRAGE_DATABASE_URL."
            )
