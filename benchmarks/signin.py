"""Sign-ins over HTTP, beside a plain request of a person who is signed in.

`python -m benchmarks.signin [--quick] [--workers N]`. Each sign-in by passkey is a browser of its
own: it asks for a challenge, and answers with the signature of a person's passkey (ES256). The
signatures are made between the two requests, outside of the measured time. A sign-in by OpenID
Connect is two requests too, to the provider and back; within the second one Virage exchanges the
code at a provider on this machine (`benchmarks.openid`). The plain request is `GET /api/me`.
"""

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import msgspec
from msgspec import Struct

from benchmarks.common import machine, percentile, run, tell
from benchmarks.openid import code_of, variables
from benchmarks.system import System
from benchmarks.wire import Client
from tests.identity.people.authenticator import Authenticator
from tests.ports import free_ports
from virage.identity.people import acts as people
from virage.identity.people.rules.passkeys import RelyingParty, encoded, registered
from virage.identity.people.rules.webauthn import RegistrationJson
from virage.identity.people.store import passkeys
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id

PEOPLE, QUICK_PEOPLE = 2_000, 200
CLIENTS = 64
PLAIN = 8_000
QUICK_PLAIN = 800
OK = 200

Item = TypeVar("Item")
Result = TypeVar("Result")


class Timed(Struct):
    """What requests took: all together in seconds, each in milliseconds."""

    seconds: float
    ms: list[float]


class Opened(Struct):
    """A browser with a challenge."""

    cookie: bytes
    options: dict[str, Any]


async def at_once(items: Sequence[Item], ask: Callable[[Item], Awaitable[Result]]) -> tuple[list[Result], Timed]:
    """Ask for all items with a fixed number of clients; the results in order."""
    results: list[Any] = [None] * len(items)
    ms: list[float] = []
    queue = iter(enumerate(items))

    async def client() -> None:
        for position, item in queue:
            began = time.perf_counter()
            results[position] = await ask(item)
            ms.append((time.perf_counter() - began) * 1000)

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return results, Timed(time.perf_counter() - began, ms)


async def seed(system: System, party: RelyingParty, count: int) -> list[Authenticator]:
    """Store people with a passkey each; return their authenticators."""
    keys = []
    db = await Database.open(system.postgres.url, connections_max=1)
    try:
        async with db.transaction() as conn:
            for number in range(count):
                now = datetime.now(UTC)
                person_id = await people.ensure_fan(conn, f"fan{number}@example.org", "A Fan", now)
                key, challenge = Authenticator(origin=party.origins[0]), b"c" * 32
                user = {"id": encoded(await passkeys.handle_of(conn, person_id))}
                options = {"rp": {"id": party.id}, "user": user, "challenge": encoded(challenge)}
                made = registered(party, msgspec.convert(key.create(options), RegistrationJson), challenge)
                if made is None:
                    raise RuntimeError("A passkey of the benchmark is not valid.")
                await passkeys.add_passkey(conn, new_id(), person_id, made, name="Phone", now=now)
                keys.append(key)
    finally:
        await db.close()
    return keys


def cookie_of(header: bytes) -> bytes:
    """The header that a browser sends for a cookie that was set."""
    return b"cookie: " + header.partition(b";")[0] + b"\r\n"


async def by_passkey(client: Client, keys: Sequence[Authenticator]) -> tuple[list[bytes], Timed, int]:
    """Sign each person in; the cookies of their sessions, the time, and how many were refused."""

    async def ask(_: Authenticator) -> Opened:
        answer = await client.ask(b"POST", b"/api/sign-in/passkey/options", body=b"")
        return Opened(cookie_of(answer.headers[b"set-cookie"]), msgspec.json.decode(answer.body))

    async def enter(signed: tuple[bytes, bytes]) -> bytes:
        cookie, body = signed
        answer = await client.ask(b"POST", b"/api/sign-in/passkey", cookie, body)
        return cookie_of(answer.headers[b"set-cookie"]) if answer.status == OK else b""

    opened, asked = await at_once(keys, ask)
    signed = [
        (one.cookie, msgspec.json.encode({"credential": key.get(one.options)}))
        for key, one in zip(keys, opened, strict=True)
    ]
    cookies, entered = await at_once(signed, enter)
    each = [first + second for first, second in zip(sorted(asked.ms), sorted(entered.ms), strict=True)]
    good = [cookie for cookie in cookies if cookie]
    return good, Timed(asked.seconds + entered.seconds, each), len(cookies) - len(good)


async def by_openid(client: Client, people: range) -> tuple[Timed, int]:
    """Sign each person of the staff in through the provider; the time, and how many were refused."""

    async def begin(_: int) -> Opened:
        answer = await client.ask(b"GET", b"/api/sign-in/sso?to=/office")
        query = parse_qs(urlsplit(answer.headers[b"location"].decode()).query)
        return Opened(cookie_of(answer.headers[b"set-cookie"]), {name: found[0] for name, found in query.items()})

    async def finish(back: tuple[bytes, str]) -> bool:
        cookie, query = back
        answer = await client.ask(b"GET", f"/api/sign-in/sso/callback?{query}".encode(), cookie)
        return answer.headers.get(b"location") == b"/office#sign-in=done"

    begun, asked = await at_once(people, begin)
    backs = []
    for person, one in zip(people, begun, strict=True):
        code = code_of(one.options["nonce"], one.options["code_challenge"], person)
        backs.append((one.cookie, urlencode({"state": one.options["state"], "code": code})))
    done, finished = await at_once(backs, finish)
    each = [first + second for first, second in zip(sorted(asked.ms), sorted(finished.ms), strict=True)]
    return Timed(asked.seconds + finished.seconds, each), done.count(False)


@contextmanager
def provider() -> Iterator[str]:
    """A provider in its own process: its issuer."""
    (port,) = free_ports(1)
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.openid", str(port)])  # noqa: S603 - ours
    issuer = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                httpx.get(f"{issuer}/keys")
                break
            except httpx.TransportError:
                if process.poll() is not None:
                    raise
        yield issuer
    finally:
        process.terminate()
        process.wait()


async def measure(issuer: str, *, quick: bool, workers: int) -> dict[str, Any]:
    """The whole run: a warm-up, the sign-ins, the plain requests."""
    system = System(workers)
    url = f"http://localhost:{system.port}"  # browsers give no passkeys to an IP address
    system.env |= {"VIRAGE_PUBLIC_URL": url, **variables(issuer)}
    party = RelyingParty("localhost", "Virage", (url,))
    client = Client(system.url, keep=(b"set-cookie", b"location"))

    async def plain(cookie: bytes) -> int:
        return (await client.ask(b"GET", b"/api/me", cookie)).status

    try:
        await system.start_database()
        keys = await seed(system, party, QUICK_PEOPLE if quick else PEOPLE)
        await system.start_processes()
        await by_passkey(client, keys[:CLIENTS])
        cookies, timed, refused = await by_passkey(client, keys)
        wanted = QUICK_PLAIN if quick else PLAIN
        staff = range(len(keys))
        await by_openid(client, range(len(keys), len(keys) + CLIENTS))
        by_sso, sso_refused = await by_openid(client, staff)
        refused += sso_refused
        statuses, plains = await at_once([cookies[number % len(cookies)] for number in range(wanted)], plain)
        refused += sum(status != OK for status in statuses)
        print(system.errors() or "no complaints", file=sys.stderr)
    finally:
        client.close()
        await system.stop()
    per_s, plain_per_s = len(cookies) / timed.seconds, len(statuses) / plains.seconds
    sso_per_s = (len(staff) - sso_refused) / by_sso.seconds
    return {
        "benchmark": "signin",
        "passkey_sign_ins_per_s": round(per_s, 1),
        "plain_per_s": round(plain_per_s, 1),
        "ratio": round(per_s / plain_per_s, 3),
        "p50_ms": round(percentile(timed.ms, 0.5), 1),
        "p99_ms": round(percentile(timed.ms, 0.99), 1),
        "openid_sign_ins_per_s": round(sso_per_s, 1),
        "openid_ratio": round(sso_per_s / plain_per_s, 3),
        "openid_p50_ms": round(percentile(by_sso.ms, 0.5), 1),
        "openid_p99_ms": round(percentile(by_sso.ms, 0.99), 1),
        "refused": refused,
        "people": len(keys),
        "clients": CLIENTS,
        "workers": workers,
        "machine": machine(),
    }


def main() -> None:
    """Read the options and print the line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.signin")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    with provider() as issuer:
        line = run(measure(issuer, quick=asked.quick, workers=asked.workers))
    tell(line)
    if line["refused"]:
        sys.exit("A sign-in or a request was refused.")


if __name__ == "__main__":
    main()
