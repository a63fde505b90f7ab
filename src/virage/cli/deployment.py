"""Shared by the commands: the environment of the demo, running deployments, the database."""

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
from virage.platform.data import currency
from virage.platform.data.database import ASYNCPG_ERRORS, DIRECT_URL, URL, Unavailable, answering, ask_once
from virage.platform.data.era import FOREIGN, holds_foreign_rows
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.host.programs import PostgresFailed
from virage.platform.host.supervise import PARENT
from virage.platform.settings.config import Config, ConfigError

console = Console(highlight=False)
_GENERATED = ("VIRAGE_SECRET", "VIRAGE_SANDBOX_KEY", "VIRAGE_SANDBOX_WEBHOOK_SECRET")
_NAMES_A_DEPLOYMENT = ("VIRAGE_SECRET", "VIRAGE_DATABASE_URL")
_RUNNING_FILE = "running.json"
_OWNER_ONLY = 0o600
_FULL = (errno.ENOSPC, errno.EDQUOT)
_FREE_BYTES_MIN = 16 << 20  # one WAL file of PostgreSQL
_CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)


def fail(message: str) -> "SystemExit":
    """Print an error that says what to do, and return the SystemExit to raise."""
    Console(stderr=True, highlight=False).print(message, style="red", markup=False, soft_wrap=True)
    return SystemExit(1)


def configuration(environ: Mapping[str, str]) -> Config:
    """Return the configuration. Exits with all of its defects."""
    try:
        return read(environ)
    except ConfigError as error:
        raise fail(str(error)) from None


def demo_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a demo: with defaults for what is not set, and secrets that are generated once."""
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
    """Return the secrets of the demo from `var`, in a file for its owner only; generate missing ones."""
    var.mkdir(parents=True, exist_ok=True)
    path = var / "demo-secrets.json"
    kept: dict[str, str] = msgspec.json.decode(path.read_bytes(), type=dict[str, str]) if path.exists() else {}
    missing = {name: secrets.token_urlsafe(32) for name in _GENERATED if name not in kept}
    if missing:
        kept |= missing
        _keep(path, kept)
    return kept


def _keep(path: Path, values: Mapping[str, str]) -> None:
    """Write values atomically to a file that only its owner can read."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)  # it may be readable by others, or a link
    with open(fresh, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, _OWNER_ONLY)) as file:
        json.dump(values, file)
    fresh.replace(path)


@contextmanager
def advertised(config: Config, env: Mapping[str, str]) -> Iterator[None]:
    """Store the environment of this deployment in its folder while it runs, for other commands."""
    path = config.var_dir / _RUNNING_FILE
    values = {name: value for name, value in env.items() if name.startswith("VIRAGE_") and name != PARENT}
    _keep(path, values)
    try:
        yield
    finally:
        if _stored_in(path) == values:  # another deployment may have started in this folder
            path.unlink(missing_ok=True)


def configuration_of_running() -> Config:
    """Return the configuration of the running deployment. Exits if there is none.

    The command uses its database, without starting or stopping it.
    """
    return configuration(environment_of_running(os.environ))


def environment_of_running(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the running deployment. Exits if there is none."""
    found = running_deployment(environ)
    if found is None:
        raise fail(
            f"No deployment runs in {folder_of(environ).absolute()}. Start one (make run), wait until it is ready, and "
            "try again; or name one by VIRAGE_SECRET and VIRAGE_DATABASE_URL."
        )
    return found


def running_deployment(environ: Mapping[str, str]) -> dict[str, str] | None:
    """Return the environment of the running deployment, or None.

    A deployment is named by variables, as in production; otherwise it is the one that runs in this folder.
    """
    if any(environ.get(name) for name in _NAMES_A_DEPLOYMENT):
        return dict(environ)
    found = _stored_in(folder_of(environ) / _RUNNING_FILE)
    if found is None or not asyncio.run(_answers(found["VIRAGE_DATABASE_URL"])):
        return None
    return found | {name: value for name, value in environ.items() if value}


def folder_of(environ: Mapping[str, str]) -> Path:
    """Return the folder of all data of Virage on this machine."""
    return Path(environ.get("VIRAGE_VAR_DIR") or "var")


def _stored_in(path: Path) -> dict[str, str] | None:
    """Return the stored environment, if its file is of this account: that of another account is not trusted."""
    try:
        with path.open("rb") as file:
            is_ours = sys.platform == "win32" or os.fstat(file.fileno()).st_uid == os.geteuid()
            return msgspec.json.decode(file.read(), type=dict[str, str]) if is_ours else None
    except (OSError, msgspec.DecodeError):
        return None


async def _answers(database_url: str) -> bool:
    """Return whether the database answers: a deployment that was killed leaves its file."""
    try:
        await ask_once(database_url)
    except (*ASYNCPG_ERRORS, OSError, TimeoutError):
        return False
    return True


@contextmanager
def failing_clearly(var: Path) -> Iterator[None]:
    """Exit with what to do if the disk is full, a folder is not writable, or PostgreSQL does not start."""
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
    """Return whether the disk is full: without space for its WAL, PostgreSQL ends without saying so."""
    with suppress(OSError):
        return shutil.disk_usage(var).free < _FREE_BYTES_MIN
    return False


def _full(var: Path) -> str:
    return f"The disk that holds {var.absolute()} is full. Free some space and try again."


def warn(line: str) -> None:
    """Print a line to standard error."""
    Console(stderr=True, highlight=False).print(line, style="yellow", markup=False, soft_wrap=True)


@contextmanager
def database(config: Config, starting: Step | None = None, *, any_era: bool = False) -> Iterator[Config]:
    """Return the configuration with a database that answers: the configured one, or the embedded one, kept alive.

    `starting` shows the wait and the place of an embedded one; without it the wait is a warning. Exits if the rows were
    restored from another cluster, or if the amounts are in another currency, unless `any_era`.
    """
    with _answering_database(config, starting) as ready:
        if not any_era:
            asyncio.run(refuse_foreign(ready))
        yield ready


async def refuse_foreign(config: Config) -> None:
    """Exit if the rows are of another cluster, whose positions are wrong, or of a deployment in another currency."""
    if await holds_foreign_rows(config.direct_url):
        raise fail(FOREIGN)
    if contradiction := await currency.settle_at(config.direct_url, config.currency.code):
        raise fail(contradiction)


@contextmanager
def _answering_database(config: Config, starting: Step | None) -> Iterator[Config]:
    if config.database_url is not None:
        try:
            report = starting.note if starting else warn
            asyncio.run(answering(config.database_url, report, variable=URL))
            if config.direct_url != config.database_url:
                asyncio.run(answering(config.direct_url, report, variable=DIRECT_URL))
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
    """Cancel the tasks that start and supervise the server, then stop it."""
    keeping = asyncio.all_tasks() - {asyncio.current_task()}
    for task in keeping:
        task.cancel()
    await asyncio.gather(*keeping, return_exceptions=True)
    await postgres.stop()


@contextmanager
def _background_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Return a loop in its own thread, which keeps the database alive between the loops of the command."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="postgres keeper", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def virage_command(*arguments: str) -> tuple[str, ...]:
    """Return the command that runs `virage` with these arguments in the same Python."""
    return (sys.executable, "-m", "virage.cli", *arguments)
