"""The folder of an embedded PostgreSQL: who runs it, who may connect, and how it is made."""

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

OWNER = "postgres"  # may do anything, so it makes the role and the database, and nothing else is done in its name
ROLE = "virage"  # whom we work as: no superuser, who could read and write files as the server
SOCKET_PORT = 5432  # it only names the socket file
SOCKET_PATH_BYTES_MAX = 107
OWNER_ONLY = 0o700
FULL_HINT = "Check free disk space"
LINUX = sys.platform == "linux"
WORKING_FOLDER = "/proc/self/cwd"
"""The folder that a process works in. Linux finds it without the folders above, which may be closed to the server."""

# The child becomes the server's account, asks Linux to interrupt it when its parent dies, and turns into the program.
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
        """Return how the server names a folder of ours: on Linux its data folder is the one it works in."""
        return WORKING_FOLDER if LINUX and folder == self.data else str(folder)

    def prepare(self, *, durable: bool) -> None:
        """Make what is missing, and say who may connect."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._check_reachable()
        if self.socket_folder != self.data and self.account is not None:
            self._make_socket_folder()
        if not (self.data / "PG_VERSION").exists():
            self._initialise(durable=durable)
        rules = "host all all 127.0.0.1/32 scram-sha-256\n"
        if self.account is not None:
            rules = "local all all peer map=virage\n" + rules
        (self.data / "pg_ident.conf").write_text(
            "".join(f'virage "{caller_name()}" {role}\n' for role in (ROLE, OWNER))
        )
        (self.data / "pg_hba.conf").write_text(rules)

    def as_account(self, command: list[str]) -> list[str]:
        """The command, started by the small launcher that becomes the server's account first."""
        if self.account is None:
            return command
        numbers = (os.getpid(), self.account.uid, self.account.gid, int(LINUX))
        return [sys.executable, "-I", "-S", "-c", _LAUNCH, *map(str, numbers), *command]

    def log_tail(self) -> str:
        """The end of what the server wrote."""
        with suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-12:])
        return "(nothing)"

    def failed(self, what: str, said: str) -> PostgresFailed:
        """Return the failure of a program that said so much; a full disk needs no more words than what to do."""
        if os.strerror(errno.ENOSPC) in said or FULL_HINT in said:
            return PostgresFailed(f"The disk that holds {self.folder} is full. Free some space and try again.")
        return PostgresFailed(f"{what}:\n{said}")

    def _make_socket_folder(self) -> None:
        """Only its owner may enter, so nobody puts a socket of theirs in its place."""
        folder = self.socket_folder
        folder.mkdir(mode=OWNER_ONLY, exist_ok=True)
        self._give(folder)
        found = folder.lstat()
        is_theirs = self.account is not None and found.st_uid != self.account.uid
        if is_theirs or not S_ISDIR(found.st_mode) or S_IMODE(found.st_mode) != OWNER_ONLY:
            raise PostgresFailed(f"{folder} is not a folder of ours alone; remove it.")

    def _give(self, path: Path) -> None:
        """To the account that the server runs as."""
        if sys.platform != "win32" and self.account is not None and not self.account.is_ours:
            os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)

    def _initialise(self, *, durable: bool) -> None:
        """Make the cluster aside and move it into its place, so that a kill in the middle leaves no half of one."""
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
            with suppress(OSError):  # a neighbour may have been faster; its cluster is as good
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
            start_new_session=True,  # a Ctrl-C in the terminal is for us
        )
        if done.returncode != 0:
            raise self.failed("initdb failed", done.stderr.decode(errors="replace"))

    def _check_reachable(self) -> None:
        """Raise `PostgresFailed` with the folder that keeps the account out, where Linux does not help."""
        if LINUX or self.account is None or self.account.is_ours:
            return
        step = barrier(self.folder, self.account)
        if step is not None:
            raise PostgresFailed(
                f"PostgreSQL runs as {self.account.name}, who may not enter {step}. Allow it (chmod o+x {step}), put "
                "the data elsewhere (VIRAGE_VAR_DIR), start as an ordinary user, or set VIRAGE_DATABASE_URL."
            )
