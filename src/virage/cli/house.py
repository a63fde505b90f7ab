"""What most commands need first: the demo's environment, the database, one loop."""

import asyncio
import errno
import json
import os
import secrets
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import msgspec
from rich.console import Console

from virage.app.settings import read
from virage.cli.steps import Step
from virage.platform.data.database import ASYNCPG_ERRORS, DIRECT_URL, URL, Unavailable, answering, ask_once
from virage.platform.data.era import FOREIGN, holds_foreign_rows
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.host.programs import PostgresFailed
from virage.platform.host.supervise import PARENT
from virage.platform.settings.config import Config, ConfigError

console = Console(highlight=False)
_GENERATED = ("VIRAGE_SECRET", "VIRAGE_SANDBOX_KEY", "VIRAGE_SANDBOX_WEBHOOK_SECRET")
_NAMES_A_HOUSE = ("VIRAGE_SECRET", "VIRAGE_DATABASE_URL")
_HOUSE_FILE = "house.json"
_OWNER_ONLY = 0o600
_FULL = (errno.ENOSPC, errno.EDQUOT)
_ROOM_BYTES_MIN = 16 << 20  # one file of PostgreSQL's log
_CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)


def fail(message: str) -> "SystemExit":
    """Return the end of a command that cannot go on; `message` says what to do."""
    Console(stderr=True, highlight=False).print(message, style="red", markup=False, soft_wrap=True)
    return SystemExit(1)


def configuration(environ: Mapping[str, str]) -> Config:
    """Return the configuration, or end the command with all its defects."""
    try:
        return read(environ)
    except ConfigError as error:
        raise fail(str(error)) from None


def demo_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a demonstration: what is not set gets a default, secrets are made once and kept."""
    port = int(environ.get("VIRAGE_PORT") or 8000)
    defaults = {
        "VIRAGE_DEMO": "1",
        "VIRAGE_PORT": str(port),
        "VIRAGE_VAR_DIR": "var",
        "VIRAGE_SANDBOX_URL": f"http://localhost:{port + 1}",
        "VIRAGE_CLOCK_ORIGIN": datetime.now(UTC).isoformat(),
    }
    merged = defaults | {name: value for name, value in environ.items() if value}
    return _kept_secrets(Path(merged["VIRAGE_VAR_DIR"])) | merged


def _kept_secrets(var: Path) -> dict[str, str]:
    """Return the demo's secrets from `var`, where nobody but the owner reads them; make those that are missing."""
    var.mkdir(parents=True, exist_ok=True)
    path = var / "demo-secrets.json"
    kept: dict[str, str] = msgspec.json.decode(path.read_bytes(), type=dict[str, str]) if path.exists() else {}
    missing = {name: secrets.token_urlsafe(32) for name in _GENERATED if name not in kept}
    if missing:
        kept |= missing
        _keep(path, kept)
    return kept


def _keep(path: Path, values: Mapping[str, str]) -> None:
    """Write values where nobody but the owner reads them, whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)  # others may read what stands there, or it leads elsewhere
    with open(fresh, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, _OWNER_ONLY)) as file:
        json.dump(values, file)
    fresh.replace(path)


@contextmanager
def findable(config: Config, env: Mapping[str, str]) -> Iterator[None]:
    """Leave word in the house's folder, as long as it runs, of what a command beside it needs."""
    path = config.var_dir / _HOUSE_FILE
    values = {name: value for name, value in env.items() if name.startswith("VIRAGE_") and name != PARENT}
    _keep(path, values)
    try:
        yield
    finally:
        if _left_in(path) == values:  # another house may have come into this folder
            path.unlink(missing_ok=True)


def beside() -> Config:
    """Return the configuration of a command that finds a house, or end the command where there is none.

    The command uses that house's database and leaves its start and its end to it.
    """
    return configuration(environment_beside(os.environ))


def environment_beside(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of such a command, for what it starts itself, or end it."""
    found = house_found(environ)
    if found is None:
        raise fail(
            f"No house runs in {folder_of(environ).absolute()}. Start one (make run) and try again once it has said "
            "that it is open; or name one by VIRAGE_SECRET and VIRAGE_DATABASE_URL."
        )
    return found


def house_found(environ: Mapping[str, str]) -> dict[str, str] | None:
    """Return the environment of a command that finds a house.

    A house is named by its own variables, as in production; else it is the one that runs in this folder.
    """
    if any(environ.get(name) for name in _NAMES_A_HOUSE):
        return dict(environ)
    found = _left_in(folder_of(environ) / _HOUSE_FILE)
    if found is None or not asyncio.run(_answers(found["VIRAGE_DATABASE_URL"])):
        return None
    return found | {name: value for name, value in environ.items() if value}


def folder_of(environ: Mapping[str, str]) -> Path:
    """Return the folder of everything that Virage keeps on this machine."""
    return Path(environ.get("VIRAGE_VAR_DIR") or "var")


def _left_in(path: Path) -> dict[str, str] | None:
    """What a house of this account left there. Another account's would have a command obey whoever runs it."""
    try:
        with path.open("rb") as file:
            is_ours = sys.platform == "win32" or os.fstat(file.fileno()).st_uid == os.geteuid()
            return msgspec.json.decode(file.read(), type=dict[str, str]) if is_ours else None
    except (OSError, msgspec.DecodeError):
        return None


async def _answers(database_url: str) -> bool:
    """Whether a database is there: a house that was killed leaves word of itself."""
    try:
        await ask_once(database_url)
    except (*ASYNCPG_ERRORS, OSError, TimeoutError):
        return False
    return True


@contextmanager
def failing_clearly(var: Path) -> Iterator[None]:
    """End the command with what to do where this machine is at fault: its disk, its rights, its PostgreSQL."""
    try:
        yield
    except PostgresFailed as failure:
        raise fail(str(failure)) from None
    except (Unavailable, *ASYNCPG_ERRORS) as failure:
        if not (_has_no_room(var) or isinstance(failure.__cause__ or failure, asyncpg.DiskFullError)):
            raise
        raise fail(_full(var)) from None
    except OSError as error:
        if error.errno in _FULL or _has_no_room(var):
            raise fail(_full(var)) from None
        if error.errno not in _CLOSED:
            raise
        raise fail(
            f"{error.filename or var.absolute()} may not be written to by this account ({error.strerror}): give it the "
            "folder, or name another by VIRAGE_VAR_DIR."
        ) from None


def _has_no_room(var: Path) -> bool:
    """Whether the database cannot write on: it ends without a word of a full disk where its log has no room."""
    with suppress(OSError):
        return shutil.disk_usage(var).free < _ROOM_BYTES_MIN
    return False


def _full(var: Path) -> str:
    return f"The disk that holds {var.absolute()} is full. Free some space and try again."


def warn(line: str) -> None:
    """Tell whoever runs the command something, where it is not in the way of what the command prints."""
    Console(stderr=True, highlight=False).print(line, style="yellow", markup=False, soft_wrap=True)


@contextmanager
def database(config: Config, starting: Step | None = None, *, any_era: bool = False) -> Iterator[Config]:
    """The configuration with a database that answers: the one that is named, or the embedded one, kept alive.

    `starting` shows what is waited for, and where an embedded one lies; without it a warning says what is waited for.
    Unless `any_era`, the command ends here where the rows were restored from another cluster.
    """
    with _answering_database(config, starting) as ready:
        if not any_era:
            refuse_foreign(ready)
        yield ready


def refuse_foreign(config: Config) -> None:
    """End the command where the database holds rows of another cluster: what it writes would have a wrong place."""
    if asyncio.run(holds_foreign_rows(config.direct_url)):
        raise fail(FOREIGN)


@contextmanager
def _answering_database(config: Config, starting: Step | None) -> Iterator[Config]:
    if config.database_url is not None:
        try:
            tell = starting.note if starting else warn
            asyncio.run(answering(config.database_url, tell, variable=URL))
            if config.direct_url != config.database_url:
                asyncio.run(answering(config.direct_url, tell, variable=DIRECT_URL))
        except Unavailable as failure:
            raise fail(str(failure)) from None
        yield config
        return
    with failing_clearly(config.var_dir):
        postgres = EmbeddedPostgres(config.var_dir / "postgres")
    with _background_loop() as loop:
        try:
            with failing_clearly(config.var_dir):
                asyncio.run_coroutine_threadsafe(postgres.start(), loop).result()
            if starting is not None:
                starting.result = postgres.about
            asyncio.run_coroutine_threadsafe(postgres.supervise(), loop)
            yield msgspec.structs.replace(config, database_url=postgres.url)
        finally:
            asyncio.run_coroutine_threadsafe(_end(postgres), loop).result()


async def _end(postgres: EmbeddedPostgres) -> None:
    """Stop the server once nothing starts it or keeps it any more, wherever the command was interrupted."""
    keeping = asyncio.all_tasks() - {asyncio.current_task()}
    for task in keeping:
        task.cancel()
    await asyncio.gather(*keeping, return_exceptions=True)
    await postgres.stop()


@contextmanager
def _background_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop in a thread of its own, that lives longer than any loop of the command: it keeps the database alive."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="postgres keeper", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def this(*arguments: str) -> tuple[str, ...]:
    """Return the command that runs `virage` with these arguments in the same Python."""
    return (sys.executable, "-m", "virage.cli", *arguments)
