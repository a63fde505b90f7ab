"""Transports of cameras: MPEG-TS over TCP or UDP, RTMP as a listener, SRT through `srt-live-transmit`."""

import select
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final, cast
from urllib.parse import parse_qsl, urlsplit

import av
from av.container import InputContainer
from msgspec import Struct

from virage.media.replay.ingest.segmenter import TakeEnds
from virage.media.replay.rules.cameras import Fault
from virage.platform.settings.origin import names_this_machine

OPEN_TIMEOUT_S: Final = 10.0
READ_TIMEOUT_S: Final = 5.0
END_TIMEOUT_S: Final = 2.0
POLL_S: Final = 0.2
PASSPHRASE_LENGTH_MIN: Final = 10
"""Minimum of SRT."""
SRT_PROGRAM: Final = "srt-live-transmit"
SCHEMES: Final = ("tcp", "udp", "rtmp", "srt", "file")
OPTIONS: Final = {
    "rtmp": {"listen": "1"},
    "udp": {"overrun_nonfatal": "1"},  # a burst loses packets instead of ending the take
}


class Source(Struct, frozen=True):
    """A camera and its address. `delay_ms`: delay of its transport, None for the measured one.

    `silence_s`: time without data after which it counts as unreachable.
    """

    camera: str
    url: str
    programme: bool = False
    delay_ms: int | None = None
    silence_s: float = READ_TIMEOUT_S

    @property
    def scheme(self) -> str:
        """The protocol of the address; a path is a file."""
        scheme, separator, _ = self.url.partition("://")
        return scheme if separator else "file"

    @property
    def is_open(self) -> bool:
        """Whether the address accepts unauthenticated senders from other machines.

        TCP, UDP and the RTMP listener of FFmpeg check no key; SRT has a passphrase. Raises ValueError for an invalid
        address.
        """
        parts = urlsplit(self.url)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        query = dict(pairs)
        host = query.get("localaddr") or query.get("adapter") or parts.hostname or ""
        listens = {
            "rtmp": True,
            "udp": True,
            "tcp": any(value != "0" for name, value in pairs if name == "listen"),
            "srt": not parts.hostname or query.get("mode", "caller") != "caller",
        }
        has_secret = self.scheme == "srt" and len(query.get("passphrase", "")) >= PASSPHRASE_LENGTH_MIN
        return listens.get(self.scheme, False) and not names_this_machine(host) and not has_secret


@contextmanager
def opened(source: Source, stopped: threading.Event) -> Iterator[InputContainer]:
    """Return the transport once data arrives; raises `TakeEnds` or an error of the library if none does."""
    if source.scheme == "srt":
        with _srt(source, stopped) as pipe, av.open(pipe, format="mpegts") as container:
            yield cast("InputContainer", container)
        return
    packed = "mpegts" if source.scheme in ("tcp", "udp") else None
    timeouts = (OPEN_TIMEOUT_S, source.silence_s)
    with av.open(source.url, format=packed, options=OPTIONS.get(source.scheme, {}), timeout=timeouts) as container:
        yield container


class _Pipe:
    """The output of a process, read with a timeout that is longer for the first byte."""

    def __init__(self, out: IO[bytes], stopped: threading.Event, silence_s: float) -> None:
        self._out = out
        self._stopped = stopped
        self._silence_s = silence_s
        self._patience_s = OPEN_TIMEOUT_S

    def read(self, size: int) -> bytes:
        """Return some bytes, none at the end; raises TimeoutError without data."""
        waited_s = 0.0
        while not select.select([self._out], [], [], POLL_S)[0]:
            waited_s += POLL_S
            if waited_s > self._patience_s or self._stopped.is_set():
                raise TimeoutError
        self._patience_s = self._silence_s
        return self._out.read(size)


@contextmanager
def _srt(source: Source, stopped: threading.Event) -> Iterator[_Pipe]:
    program = shutil.which(SRT_PROGRAM)
    if program is None:
        raise TakeEnds(Fault.NO_SRT)
    command = [*_killed_with_parent(), program, "-q", "-loglevel:fatal", "-autoreconnect:no", source.url, "file://con"]
    with subprocess.Popen(  # noqa: S603 - the operator's address, without a shell
        command, bufsize=0, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None  # noqa: S101 - started with a pipe
        try:
            yield _Pipe(running.stdout, stopped, source.silence_s)
        finally:
            running.terminate()
            try:
                running.wait(END_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                running.kill()


def _killed_with_parent() -> list[str]:
    """Return the command prefix that kills a child with its parent, which would keep the port otherwise."""
    setpriv = shutil.which("setpriv")  # util-linux
    return [] if setpriv is None else [setpriv, "--pdeathsig", "KILL", "--"]
