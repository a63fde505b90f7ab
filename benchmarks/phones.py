"""One process of phones that follow a match: each keeps a stream open and notes when each entry
came, and when a message of the control room came.

    python -m benchmarks.phones PLAN REPORT

A phone speaks HTTP/1.1 over its own connection from one of many loopback addresses, because one
address has too few ports for a whole venue. It reads only the status and the numbers of entries, in
one loop over epoll, because it shares the machine with the server. A phone that is cut off, or
whose stream ends, reconnects with its last event id.
"""

import select
import socket
import sys
import time
from collections import deque
from enum import Enum
from pathlib import Path

import msgspec
from msgspec import Struct

OPENING_MAX = 200
ADDRESSES = 4
BACK_S = 1.5
"""How long a phone stays away that was cut off, or was not let in."""
REST_S = 0.01
"""How long the process rests between two looks at the list: what it says is late by that at most, and it takes less
of the processors from the server that it measures."""
ENTRY = b'"number":'
ALERT = b'"severity":'
ID = b"\nid: "


class Plan(Struct):
    """The server, the phones (a header line each), and the paths of their streams, in turn.

    They listen after the entry `begins` until the entry `until`, or until nothing has happened for
    `patience_s`. `signal`: a file created once all listen. The part `cut` of them is cut off once,
    after the entry `cut_after`.
    """

    host: str
    port: int
    paths: list[str]
    headers: list[str]
    begins: int
    until: int
    signal: str
    first_address: int
    cut_after: int
    cut: float
    patience_s: float


class Report(Struct):
    """When each phone got each entry, in Unix seconds by the number of the entry; and the faults.

    `doubled` entries came to a phone again, on the same stream or after a reconnect; `disordered`
    ones came before their predecessor; `returned` counts the reconnects. `alerts`: when each phone
    got its first message of the control room, and the number of the last entry that it had before.
    """

    times: dict[int, list[float]] = {}
    doubled: int = 0
    disordered: int = 0
    returned: int = 0
    alerts: list[tuple[float, int]] = []


class State(Enum):
    """The progress of a phone."""

    CONNECTING = 1
    ASKING = 2
    LISTENING = 3


class Phone:
    """One phone: the last entry, the last event id, and the incomplete part of a message."""

    __slots__ = ("came_back", "is_alerted", "is_cut", "last", "number", "rest", "sock", "state", "words")

    def __init__(self, number: int, last: int) -> None:
        self.number = number
        self.last = last
        self.words = b""
        self.is_alerted = False
        self.is_cut = False
        self.came_back = False

    def connect(self, sock: socket.socket) -> None:
        """Connect again."""
        self.sock = sock
        self.rest = b""
        self.state = State.CONNECTING

    @property
    def position(self) -> bytes:
        """The last event id."""
        begins = self.words.rfind(ID)
        return self.words[begins + len(ID) : self.words.index(b"\n", begins + 1)] if begins >= 0 else b""


class Crowd:
    """All phones of one process."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._report = Report()
        self._poll = select.epoll()
        self._of_file: dict[int, Phone] = {}
        self._waiting = deque(Phone(number, plan.begins) for number in range(len(plan.headers)))
        self._later: deque[tuple[float, Phone]] = deque()
        self._opening = 0
        self._never_listened = len(plan.headers)
        self._done = 0
        self._happened_at = time.time()

    def follow(self) -> Report:
        """Open all phones, create the signal, and listen until the last entry has come to each or
        the stream is idle.
        """
        buffer = memoryview(bytearray(1 << 18))
        signal = Path(self._plan.signal)
        while self._done < len(self._plan.headers) and time.time() < self._happened_at + self._plan.patience_s:
            self._open_some()
            for file, _ in self._poll.poll(0.1):
                self._attend(self._of_file[file], buffer)
            time.sleep(REST_S)
            if not self._never_listened and not signal.exists():
                signal.touch()
        return self._report

    def _open_some(self) -> None:
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            self._waiting.append(self._later.popleft()[1])
        while self._waiting and self._opening < OPENING_MAX:
            phone = self._waiting.popleft()
            sock = socket.socket()
            sock.settimeout(0)
            sock.bind((f"127.0.0.{self._plan.first_address + phone.number % ADDRESSES}", 0))
            sock.connect_ex((self._plan.host, self._plan.port))
            phone.connect(sock)
            self._opening += 1
            self._of_file[sock.fileno()] = phone
            self._poll.register(sock.fileno(), select.EPOLLOUT)

    def _attend(self, phone: Phone, buffer: memoryview) -> None:
        try:
            if phone.state is State.CONNECTING:
                self._ask(phone)
                return
            size = phone.sock.recv_into(buffer)
        except BlockingIOError:
            return
        except OSError:
            size = 0
        now = time.time()
        if size == 0 or (phone.state is State.ASKING and not self._begin(phone, buffer)):
            self._end(phone)
            return
        data = phone.rest + buffer[:size]
        if not data.endswith(b"\n"):
            phone.rest = data
            return
        phone.rest = b""
        if ID in data:
            phone.words = data
        self._note(phone, data, now)
        if phone.last >= self._plan.cut_after and not phone.is_cut:
            phone.is_cut = True
            if phone.number < self._plan.cut * len(self._plan.headers):
                self._end(phone)

    def _ask(self, phone: Phone) -> None:
        paths = self._plan.paths
        head = (
            f"GET {paths[phone.number % len(paths)]} HTTP/1.1\r\nhost: {self._plan.host}:{self._plan.port}\r\n"
            f"{self._plan.headers[phone.number]}accept: text/event-stream\r\n"
        ).encode()
        resuming = b"last-event-id: %b\r\n" % phone.position if phone.position else b""
        phone.sock.sendall(head + resuming + b"\r\n")
        phone.state = State.ASKING
        self._poll.modify(phone.sock.fileno(), select.EPOLLIN)

    def _begin(self, phone: Phone, buffer: memoryview) -> bool:
        """Whether the connection was accepted."""
        if bytes(buffer[9:12]) != b"200":
            return False
        self._opening -= 1
        phone.state = State.LISTENING
        if phone.came_back:
            self._report.returned += 1
        else:
            self._never_listened -= 1
            self._happened_at = time.time()
        return True

    def _note(self, phone: Phone, data: bytes, now: float) -> None:
        found = data.find(ENTRY)
        alert = data.find(ALERT)
        if alert >= 0 and not phone.is_alerted:
            phone.is_alerted = True
            self._report.alerts.append((now, phone.last + data.count(ENTRY, 0, alert)))
        while found >= 0:
            found += len(ENTRY)
            number = int(data[found : data.index(b",", found)])
            if number > phone.last:
                self._report.disordered += number != phone.last + 1
                self._report.times.setdefault(number, []).append(now)
                self._done += number == self._plan.until
                phone.last, self._happened_at = number, now
            elif number > self._plan.begins:
                self._report.doubled += 1
            found = data.find(ENTRY, found)

    def _end(self, phone: Phone) -> None:
        """Disconnected; it reconnects after a while."""
        if phone.state is State.LISTENING:
            phone.came_back = True
        else:
            self._opening -= 1
        self._poll.unregister(phone.sock.fileno())
        del self._of_file[phone.sock.fileno()]
        phone.sock.close()
        if phone.last < self._plan.until:
            self._later.append((time.monotonic() + BACK_S, phone))


if __name__ == "__main__":
    source, target = (Path(name) for name in sys.argv[1:])
    plan = msgspec.json.decode(source.read_bytes(), type=Plan)
    target.write_bytes(msgspec.json.encode(Crowd(plan).follow()))
