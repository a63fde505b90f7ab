"""An Azure Blob store on this machine (Azurite), which tests can stop and start again."""

import base64
import hmac
import itertools
import os
import secrets
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from tests.ports import free_ports

PROGRAM = Path(__file__).parent / "node_modules" / ".bin" / "azurite-blob"
ACCOUNT = "virage"
VERSION = "2021-08-06"


class Azurite:
    """The store; its data outlives its process."""

    def __init__(self, folder: Path) -> None:
        (self._port,) = free_ports(1)
        self._folder = folder
        self._key = base64.b64encode(secrets.token_bytes(64)).decode()
        self._process: subprocess.Popen[bytes] | None = None
        self._endpoint = f"http://127.0.0.1:{self._port}/{ACCOUNT}"
        self._numbers = itertools.count(1)
        self.environment = {
            "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
            "AZURE_STORAGE_ACCOUNT_KEY": self._key,
            "AZURE_STORAGE_USE_EMULATOR": "true",
            "AZURITE_BLOB_STORAGE_URL": f"http://127.0.0.1:{self._port}",
        }

    def start(self) -> None:
        """Start it, and wait until it listens."""
        command = [
            *(str(PROGRAM), "--blobHost", "127.0.0.1", "--blobPort", str(self._port)),
            *("--location", str(self._folder), "--disableTelemetry", "--silent", "--skipApiVersionCheck"),
        ]
        environment = os.environ | {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{self._key}"}
        self._process = subprocess.Popen(  # noqa: S603 - ours
            command, env=environment, stdout=subprocess.PIPE, bufsize=0, start_new_session=True
        )
        assert self._process.stdout is not None
        said = b""
        while b"successfully listens" not in said:  # printed without a line end
            more = self._process.stdout.read(4096)
            assert more, f"it ended at once: {said!r}"
            said += more

    def container(self) -> str:
        """The address of a new container, in the format of VIRAGE_OBJECTS_URL."""
        name = f"objects-{next(self._numbers)}"
        answer = httpx.put(f"{self._endpoint}/{name}?restype=container", headers=self._signed(name))
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return f"az://{name}"

    def stop(self) -> None:
        """Stop it for a while, by SIGTERM: it loses confirmed writes when it is killed."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGTERM)  # the wheel's node is a program that starts node
            self._process.communicate()
            self._process = None

    def _signed(self, container: str) -> dict[str, str]:
        """The headers of the only request that no client of ours makes: a new container, by the
        account's key.
        """
        date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        headers = f"x-ms-date:{date}\nx-ms-version:{VERSION}\n"
        resource = f"/{ACCOUNT}/{ACCOUNT}/{container}\nrestype:container"
        signed = "PUT" + "\n" * 12 + headers + resource
        mark = hmac.digest(base64.b64decode(self._key), signed.encode(), sha256)
        return {
            "x-ms-date": date,
            "x-ms-version": VERSION,
            "authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(mark).decode()}",
        }


@contextmanager
def azurite(folder: Path, environment: pytest.MonkeyPatch) -> Iterator[Azurite]:
    """A running store, with its name and key in the environment."""
    server = Azurite(folder)
    for name, value in server.environment.items():
        environment.setenv(name, value)
    server.start()
    try:
        yield server
    finally:
        server.stop()
