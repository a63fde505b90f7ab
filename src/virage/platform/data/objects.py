"""The object store: a local folder, an Azure container or an S3 bucket behind one API."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import AzureStore, LocalStore, S3Store

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig  # types only

NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
NAME_LENGTH_MAX = 500
CLIENT: Final["ClientConfig"] = {"connect_timeout": timedelta(seconds=3), "timeout": timedelta(seconds=30)}
RETRY: Final["RetryConfig"] = {"max_retries": 3, "retry_timeout": timedelta(seconds=10)}
FULL: Final = f"(os error {errno.ENOSPC})"  # the library reports it in the message only


class StoreAway(Exception):
    """The store cannot answer now; the caller may retry."""


class Full(StoreAway):
    """The store is full."""


class Objects:
    """An object store. Names are relative paths of plain segments (`replay/cam-1/0001.mp4`)."""

    def __init__(self, store: LocalStore | AzureStore | S3Store) -> None:
        self._store = store

    async def put(self, name: str, data: bytes) -> None:
        """Store the bytes atomically, replacing an existing object."""
        with _answering():
            await obstore.put_async(self._store, _checked(name), data)

    async def put_new(self, name: str, data: bytes) -> bool:
        """Store the bytes unless the object exists. Return whether they were stored."""
        try:
            with _answering():
                await obstore.put_async(self._store, _checked(name), data, mode="create")
        except AlreadyExistsError:
            return False
        return True

    async def get(self, name: str) -> bytes | None:
        """Return the bytes, or None if the object does not exist."""
        try:
            with _answering():
                found = await obstore.get_async(self._store, _checked(name))
                return bytes(await found.bytes_async())
        except (NotFoundError, FileNotFoundError):
            return None

    async def delete(self, name: str) -> None:
        """Remove the object if it exists."""
        try:
            with _answering():
                await obstore.delete_async(self._store, _checked(name))
        except (NotFoundError, FileNotFoundError):
            return

    async def names(self, folder: str = "") -> list[str]:
        """Return the names of all objects below a folder, sorted."""
        prefix = _checked(folder) if folder else None
        with _answering():
            found = await obstore.list(self._store, prefix=prefix).collect_async()
        return sorted(item["path"] for item in found)


def open_store(url: str) -> Objects:
    """Return the store of a URL: `file:///folder` or a plain path (created if missing), `az://container/…`, `s3://bucket/…`.

    Credentials and regions of Azure and S3 come from their own environment variables.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or scheme == "file":
        return Objects(LocalStore(prefix=Path(rest if separator else url).absolute(), mkdir=True))
    if scheme == "az":
        return Objects(AzureStore.from_url(url, client_options=CLIENT, retry_config=RETRY))
    if scheme == "s3":
        return Objects(S3Store.from_url(url, client_options=CLIENT, retry_config=RETRY))
    raise ValueError(f"Objects are stored at file://, az:// or s3://, not at {scheme}://.")


@contextmanager
def _answering() -> Iterator[None]:
    """Translate exceptions of the library."""
    try:
        yield
    except (AlreadyExistsError, NotFoundError):
        raise
    except BaseError as failure:
        raise (Full if FULL in str(failure) else StoreAway)(str(failure).partition("\n")[0]) from failure


def _checked(name: str) -> str:
    if len(name) > NAME_LENGTH_MAX or not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a valid object name.")
    return name
