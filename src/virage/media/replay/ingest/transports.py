"""How a camera is reached: MPEG-TS over TCP or UDP, RTMP that is waited for, SRT through `srt-live-transmit`."""

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
"""SRT takes no shorter one."""
SRT_PROGRAM: Final = "srt-live-transmit"
SCHEMES: Final = ("tcp", "udp", "rtmp", "srt", "file")
OPTIONS: Final = {
    "rtmp": {"listen": "1"},
    "udp": {"overrun_nonfatal": "1"},  # a burst costs its packets, not the take
}


class Source(Struct, frozen=True):
    """A camera and how it is reached. `delay_ms`: how late its transport brings a picture; None: as it was measured.

    `silence_s`: after sending nothing for so long it is not reached any more.
    """

    camera: str
    url: str
    programme: bool = False
    delay_ms: int | None = None
    silence_s: float = READ_TIMEOUT_S

    @property
    def scheme(self) -> str:
        """The protocol of its address; a path is a file."""
        scheme, separator, _ = self.url.partition("://")
        return scheme if separator else "file"

    @property
    def is_open(self) -> bool:
        """Whether whoever reaches its port is this camera: it listens beyond this machine, and knows no secret.

        FFmpeg's RTMP listener checks no key, and TCP and UDP have none. SRT has its passphrase. Raises ValueError for
        an address that is none.
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
    """The transport, once somebody sends; raises `TakeEnds`, or what libraries raise, where nobody does."""
    if source.scheme == "srt":
        with _srt(source, stopped) as pipe, av.open(pipe, format="mpegts") as container:
            yield cast("InputContainer", container)
        return
    packed = "mpegts" if source.scheme in ("tcp", "udp") else None
    timeouts = (OPEN_TIMEOUT_S, source.silence_s)
    with av.open(source.url, format=packed, options=OPTIONS.get(source.scheme, {}), timeout=timeouts) as container:
        yield container


class _Pipe:
    """What a program writes, read in time or not at all; the first byte may take as long as opening does."""

    def __init__(self, out: IO[bytes], stopped: threading.Event, silence_s: float) -> None:
        self._out = out
        self._stopped = stopped
        self._silence_s = silence_s
        self._patience_s = OPEN_TIMEOUT_S

    def read(self, size: int) -> bytes:
        """Some bytes, none at the end; TimeoutError where nothing comes."""
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
    with subprocess.Popen(  # noqa: S603 - the address is the operator's, and no shell reads it
        command, bufsize=0, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None  # noqa: S101 - it was started with a pipe
        try:
            yield _Pipe(running.stdout, stopped, source.silence_s)
        finally:
            running.terminate()
            try:
                running.wait(END_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                running.kill()


def _killed_with_parent() -> list[str]:
    """What a command is put behind so that it dies with us, however we do: else it would hold the port for ever."""
    setpriv = shutil.which("setpriv")  # util-linux
    return [] if setpriv is None else [setpriv, "--pdeathsig", "KILL", "--"]
