"""A lane reader for the gates of Virage: one file that a maker of turnstiles may start from.

It speaks what docs/gate.md says, over HTTP, and takes nothing from Virage itself. Codes come on standard input, one
line a scan, as a reader that types like a keyboard sends them. The server decides; without it the reader decides
nothing and keeps to the rule of its gate. It needs Python 3.11 on Linux, `cryptography` and `httpx`.

    lane_reader.py --folder lane1 pair --server https://club.example K7Q2-483917
    lane_reader.py --folder lane1 read --event EVENT --gate A1 --when-offline shut
    lane_reader.py --folder lane1 signal --event EVENT --gate A1 --passed 1234
    lane_reader.py --folder lane1 signal --event EVENT --gate A1 --pulse arrived:N1=4
"""

import argparse
import asyncio
import contextlib
import fcntl
import json
import os
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ANSWER_WITHIN_S = 0.4
"""How long somebody waits for the server at the gate; then the gate's rule counts."""
UPLOAD_WITHIN_S = 10.0
UPLOAD_EVERY_S = 2.0
BEAT_EVERY = 5
"""Every so many uploads the reader tells how it is."""
UPLOAD_MAX = 100
OK, SERVER_ERROR = 200, 500
PURPOSE = b"virage:scan:v1\0"
COLOURS = {"GREEN": "\033[1;97;42m", "AMBER": "\033[1;30;43m", "RED": "\033[1;97;41m"}
LIGHTS = {"admitted": "GREEN", "again": "AMBER", "refused": "RED"}

Json = dict[str, Any]


def base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def write_safely(path: Path, data: bytes) -> None:
    """Write a file as a whole, on the disk before this returns, for its owner alone."""
    new = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class Memory:
    """What the reader keeps in its folder: key, token, counter, and the scans that nobody has answered yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.unsent = folder / "unsent"
        self.unsent.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder: a turnstile may signal while the reader reads."""
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def key(self) -> Ed25519PrivateKey:
        """The reader's own key, made the first time; only its public half ever leaves the folder."""
        path = self.folder / "key"
        with self.alone():
            if not path.exists():
                write_safely(path, Ed25519PrivateKey.generate().private_bytes_raw())
        return Ed25519PrivateKey.from_private_bytes(path.read_bytes())

    def keep_pairing(self, pairing: Json) -> None:
        """Keep the token. The counter starts with the first pairing, and goes on with each later one."""
        with self.alone():
            if not (self.folder / "number").exists():
                write_safely(self.folder / "number", b"0")
            write_safely(self.folder / "pairing.json", json.dumps(pairing).encode())

    def pairing(self) -> Json:
        """Server and token."""
        path = self.folder / "pairing.json"
        if not path.exists():
            raise SystemExit("This reader is not paired yet.")
        found: Json = json.loads(path.read_bytes())
        return found

    def next_number(self) -> int:
        """The next number: on the disk before anybody uses it. One that is lost to a kill means nothing."""
        with self.alone():
            number = int((self.folder / "number").read_bytes()) + 1
            write_safely(self.folder / "number", str(number).encode())
        return number

    def keep(self, number: int, scan: Json) -> None:
        """Keep a signed scan until it is answered: a file of its own, so that a kill tears none."""
        write_safely(self.unsent / f"{number:012}.json", json.dumps(scan).encode())

    def kept(self) -> dict[int, Json]:
        """The scans that nobody has answered, in order."""
        found: dict[int, Json] = {}
        for path in sorted(self.unsent.glob("[0-9]*.json")):
            with contextlib.suppress(FileNotFoundError):  # another process heard its answer meanwhile
                found[int(path.stem)] = json.loads(path.read_bytes())
        return found

    def forget(self, number: int) -> None:
        """An answer has come."""
        (self.unsent / f"{number:012}.json").unlink(missing_ok=True)


class Reader:
    """One reader at one gate of one event."""

    def __init__(self, memory: Memory, http: httpx.AsyncClient, event: str, gate: str) -> None:
        self.memory = memory
        self.http = http
        self.event = event
        self.gate = gate
        self.key = memory.key()
        self.server_time: tuple[datetime, float] | None = None
        self.offline_since: datetime | None = None

    def now(self) -> datetime:
        """The time of the server's last answer, carried on by a clock that nobody sets; before it, the reader's own."""
        if self.server_time is None:
            return datetime.now(UTC)
        said, at = self.server_time
        return said + timedelta(seconds=time.monotonic() - at)

    def signed(self, kind: str, **more: Any) -> tuple[int, Json]:
        """A scan with its number, signed. Where its time is not the server's, it says so, and is put right later."""
        number = self.memory.next_number()
        said = {"number": number, "event_id": self.event, "gate": self.gate, "at": self.now().isoformat(), "kind": kind}
        said = {"offline": False, "training": False} | said | more
        if self.server_time is not None:
            return number, self.sign(said)
        said["time_trusted"] = False
        return number, self.sign(said) | {"said": said, "seen": [boot_id(), time.monotonic()]}

    def sign(self, said: Json) -> Json:
        """What is sent of a scan."""
        body = json.dumps(said).encode()
        return {"body": base64url(body), "signature": base64url(self.key.sign(PURPOSE + body))}

    def put_right(self, scan: Json) -> Json:
        """A scan as it is sent: with the time that it was made at, where that is known only now."""
        boot, seen = scan.get("seen", ["", 0.0])
        if self.server_time is None or boot != boot_id():
            return {"body": scan["body"], "signature": scan["signature"]}
        at = self.now() - timedelta(seconds=time.monotonic() - seen)
        return self.sign(scan["said"] | {"at": at.isoformat()})

    async def post(self, path: str, body: Json, within_s: float) -> Json | None:
        """Ask the server; None where it did not answer in time, or could not."""
        try:
            async with asyncio.timeout(within_s):
                answer = await self.http.post(path, json=body)
        except (TimeoutError, httpx.HTTPError):
            self.offline_since = self.offline_since or datetime.now(UTC)
            return None
        if answer.status_code >= SERVER_ERROR:
            return None
        if answer.status_code != OK:
            complain(f"The server says {answer.status_code}: {answer.text[:200]}")
            return None
        self.offline_since = None
        found: Json = answer.json()
        self.server_time = datetime.fromisoformat(found["now"]), time.monotonic()
        return found

    async def ask(self, code: str) -> Json | None:
        """What the server says of a code; None after 400 ms."""
        _, scan = self.signed("ask", code=code)
        found = await self.post("/api/access/scans", {"scans": [self.put_right(scan)]}, ANSWER_WITHIN_S)
        return None if found is None else found["answers"][0]

    def let_in_unasked(self, code: str) -> None:
        """The gate stands open: whoever came is inside, and the server hears of it later."""
        self.memory.keep(*self.signed("passed", code=code, offline=True))

    def turn_away_unasked(self, code: str) -> None:
        """The gate stays shut. Had the server admitted them while its answer was lost, that ends with it."""
        self.memory.keep(*self.signed("withdrawn", code=code, offline=True))

    async def upload(self) -> bool:
        """Send what is kept, the oldest first; whether all of it is answered."""
        if self.server_time is None and self.memory.kept():
            await self.beat()
        while kept := dict(list(self.memory.kept().items())[:UPLOAD_MAX]):
            scans = [self.put_right(scan) for scan in kept.values()]
            found = await self.post("/api/access/scans", {"scans": scans}, UPLOAD_WITHIN_S)
            if found is None:
                return False
            for number, answer in zip(kept, found["answers"], strict=True):
                if answer["outcome"] == "refused":
                    complain(f"Scan {number} was not taken: {answer.get('reason')}")
                self.memory.forget(number)
        return True

    async def beat(self) -> None:
        """Tell how the reader is. `at` is its clock as it is, so that somebody sees a wrong one."""
        said = {"event_id": self.event, "gate": self.gate, "at": datetime.now(UTC).isoformat()}
        since = {} if self.offline_since is None else {"offline_since": self.offline_since.isoformat()}
        backlog = {"backlog": len(self.memory.kept())}
        await self.post("/api/access/heartbeat", said | since | backlog, UPLOAD_WITHIN_S)

    async def stay_in_touch(self) -> None:
        """Send what is kept again and again, and tell how the reader is now and then."""
        turn = 0
        while True:
            if turn % BEAT_EVERY == 0:
                await self.beat()
            await self.upload()
            turn += 1
            await asyncio.sleep(UPLOAD_EVERY_S)


def boot_id() -> str:
    """Which start of the machine this is: its monotonic clock begins with it."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def complain(words: str) -> None:
    """Say something to whoever looks after the lane, not to whoever stands in it."""
    print(words, file=sys.stderr, flush=True)


def show(colour: str, words: str) -> None:
    """Switch the light on: here it is a line, in colour on a terminal."""
    light = f"{COLOURS[colour]} {colour} \033[0m" if sys.stdout.isatty() else colour
    print(light, words, flush=True)


def show_answer(answer: Json) -> None:
    """The light of an answer, with its reason and what helps the one who stands there."""
    words: list[str] = [answer.get("reason") or answer["outcome"]]
    if "pass_number" in answer:
        words.append(f"pass={answer['pass_number']}")
    if answer.get("identity_check"):
        words.append("look at a proof of identity")
    if "pending_until" in answer:
        words.append("waits for the passage")
    if answer.get("data"):
        words.append(json.dumps(answer["data"], ensure_ascii=False))
    show(LIGHTS.get(answer["outcome"], "RED"), " ".join(words))


async def read(reader: Reader, when_offline: str) -> None:
    """Show a light for each line, until there are no more."""
    touch = asyncio.create_task(reader.stay_in_touch())
    complain(f"Reading at {reader.gate}. Without the server this gate is {when_offline}.")
    while line := await asyncio.to_thread(sys.stdin.readline):
        code = line.strip()
        if not code:
            continue
        answer = await reader.ask(code)
        if answer is not None:
            show_answer(answer)
        elif when_offline == "open":
            reader.let_in_unasked(code)
            show("GREEN", "offline nobody was asked, the gate stands open")
        else:
            reader.turn_away_unasked(code)
            show("RED", "offline nobody was asked, the gate stays shut")
    touch.cancel()
    await reader.upload()


async def pair(memory: Memory, server: str, code: str) -> None:
    """Become a device of the house. The same code again, after a lost answer, is the same device."""
    key = {"kty": "OKP", "crv": "Ed25519", "x": base64url(memory.key().public_key().public_bytes_raw())}
    async with httpx.AsyncClient(base_url=server, timeout=UPLOAD_WITHIN_S) as http:
        answer = await http.post("/api/devices/pair", json={"code": code, "key": key})
    if answer.status_code != OK:
        raise SystemExit(f"The server says {answer.status_code}: {answer.text[:200]}")
    paired = answer.json()
    memory.keep_pairing({"server": server, "token": paired["token"], "device_id": paired["device_id"]})
    print(f"Paired as {paired['name']} at {', '.join(paired['posts'])}.", flush=True)


async def work(memory: Memory, wish: argparse.Namespace) -> None:
    """Read, or signal once."""
    pairing = memory.pairing()
    headers = {"authorization": f"Bearer {pairing['token']}"}
    async with httpx.AsyncClient(base_url=pairing["server"], headers=headers, timeout=UPLOAD_WITHIN_S) as http:
        reader = Reader(memory, http, wish.event, wish.gate)
        if wish.verb == "read":
            await read(reader, wish.when_offline)
            return
        if wish.pulse is not None:
            lane, _, count = wish.pulse.partition("=")
            memory.keep(*reader.signed("pulse", lane=lane, count=int(count or 1)))
        else:
            kind = "withdrawn" if wish.passed is None else "passed"
            number = wish.withdrawn if wish.passed is None else wish.passed
            memory.keep(*reader.signed(kind, pass_number=number))
        print("told" if await reader.upload() else "kept, to be sent again", flush=True)


def wishes() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description="A lane reader for the gates of Virage.")
    parser.add_argument("--folder", type=Path, required=True, help="where the reader keeps its key and its scans")
    verbs = parser.add_subparsers(dest="verb", required=True)
    pairing = verbs.add_parser("pair", help="become a device, with a code of the office")
    pairing.add_argument("--server", required=True, help="the address of the house")
    pairing.add_argument("code")
    reading = verbs.add_parser("read", help="read codes from standard input")
    reading.add_argument("--when-offline", choices=("open", "shut"), required=True, help="the rule of this gate")
    signal = verbs.add_parser("signal", help="tell what the turnstile or a counter saw")
    seen = signal.add_mutually_exclusive_group(required=True)
    seen.add_argument("--passed", type=int, metavar="PASS", help="the bearer of this pass went through")
    seen.add_argument("--withdrawn", type=int, metavar="PASS", help="the bearer of this pass turned back")
    seen.add_argument("--pulse", metavar="LANE=COUNT", help="so many people: arrived:N1=4, searched:N1=4, out=1")
    for verb in (reading, signal):
        verb.add_argument("--event", required=True, help="the id of the event")
        verb.add_argument("--gate", required=True, help="the code of the gate")
    return parser.parse_args()


def main() -> None:
    """Do what the command line asks for."""
    wish = wishes()
    memory = Memory(wish.folder)
    if wish.verb == "pair":
        asyncio.run(pair(memory, wish.server, wish.code))
    else:
        asyncio.run(work(memory, wish))


if __name__ == "__main__":
    main()
