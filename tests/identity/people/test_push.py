"""Push messages: readable only by the browser that subscribed, and never sent into the internal
network.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import http_ece
import httpx
import msgspec
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins
from msgspec.structs import replace

from tests.conftest import FakeClock
from tests.ports import free_ports
from virage.app.settings import read
from virage.identity.people import acts
from virage.identity.people.acts import push
from virage.identity.people.jobs import PeopleJobs, PublicAddresses, PushDelayed, PushSender
from virage.identity.people.rules.persons import Locale
from virage.identity.people.rules.push import (
    PushJob,
    PushMessage,
    PushSubscription,
    PushText,
    Subscriber,
    may_call,
    may_connect,
    subscriber_of,
)
from virage.identity.people.rules.webpush import Vapid, encrypt, point_of
from virage.identity.people.settings import PeopleSettings
from virage.platform.data.database import Database
from virage.platform.settings.config import Config, ConfigError
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import base64url, bytes_of_base64url
from virage.platform.values.refusals import Refused

HOUR = timedelta(hours=1)
EXAMPLE = {  # RFC 8291, appendix A
    "text": "V2hlbiBJIGdyb3cgdXAsIEkgd2FudCB0byBiZSBhIHdhdGVybWVsb24",
    "own": "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    "salt": "DGv6ra1nlYgDCS1FRnbzlw",
    "message": "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEq"
    "KK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
}

SAID: dict[Any, PushText] = {"fr": PushText("Prête", "Au 07"), "en": PushText("Ready", "At 07")}
HELLO = PushMessage([], "food_ready", new_id(), SAID, {"number": 12}, datetime(2026, 1, 1, tzinfo=UTC))


def raw(text: str) -> bytes:
    found = bytes_of_base64url(text)
    assert found is not None
    return found


class Phone:
    """A browser with its private key: it decrypts with the library `http_ece`, as RFC 8291
    specifies.
    """

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.point = point_of(self.private.public_key())
        self.auth = os.urandom(16)

    def subscription(self, endpoint: str) -> PushSubscription:
        return PushSubscription(endpoint, base64url(self.point), base64url(self.auth))

    def reads(self, body: bytes) -> bytes:
        text: bytes = http_ece.decrypt(body, private_key=self.private, auth_secret=self.auth)
        return text


class Service:
    """A push service on this machine: it stores what it gets, and responds as the test sets."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://localhost:{port}"
        self.endpoint = f"{self.origin}/for/a/browser"
        self.status = 201
        self.statuses: dict[str, int] = {}
        self.slow: set[str] = set()
        self.ends = asyncio.Event()
        self.got: list[tuple[dict[str, str], bytes]] = []

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        whose = request.path.rpartition("/")[2]
        if whose in self.slow:
            await self.ends.wait()
        status = self.statuses.get(whose, self.status)
        return web.Response(status=status, headers={"location": f"{self.origin}/elsewhere"})


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    (port,) = free_ports(1)
    made = Service(port)
    app = web.Application()
    app.router.add_post("/{any:.*}", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "localhost", port).start()
    yield made
    made.ends.set()
    await runner.cleanup()


class SignedIn(NamedTuple):
    """A person signed in in a browser."""

    person_id: UUID
    session_id: UUID
    header: dict[str, str]


class System:
    """The sending side: a person is signed in on a phone, and gets a notification."""

    def __init__(self, db: Database, config: Config, clock: FakeClock) -> None:
        self.db, self.clock = db, clock
        self.config = config.having(PeopleSettings(push_to_loopback=True))
        self.vapid = Vapid(config.secret)

    async def signed_in(self, locale: Locale = "en") -> SignedIn:
        async with self.db.transaction() as conn:
            person_id = await acts.ensure_fan(conn, f"{new_id()}@example.org", None, self.clock.now(), locale)
            session = await acts.open_session(conn, person_id, self.clock.now())
        return SignedIn(person_id, session.session_id, {"cookie": f"__Host-virage={session.token}"})

    async def subscribes(self, phone: Phone, session_id: UUID, endpoint: str) -> UUID:
        subscriber = subscriber_of(phone.subscription(endpoint), self.vapid.public, loopback=True)
        assert isinstance(subscriber, Subscriber)
        subscription_id = new_id()
        async with self.db.transaction() as conn:
            assert await push.subscribe(conn, subscription_id, session_id, subscriber, self.clock.now()) is None
        return subscription_id

    async def tells(self, person_id: UUID) -> list[PushJob]:
        """The jobs that a message creates."""
        return await self.tells_all(replace(HELLO, person_ids=[person_id], expires_at=self.clock.now() + HOUR))

    async def tells_all(self, message: PushMessage) -> list[PushJob]:
        """The jobs that a message to many creates."""
        async with self.db.transaction() as conn:
            await push.notify(conn, message, self.clock.now())
        return await self.jobs()

    async def jobs(self) -> list[PushJob]:
        """Remove and return the pending jobs."""
        async with self.db.transaction() as conn:
            rows = await conn.fetch("delete from kernel.job where entrypoint = 'push' returning payload")
        return [msgspec.json.decode(row[0], type=PushJob) for row in rows]

    async def sends(self, due: PushJob, config: Config | None = None) -> None:
        await PushSender(self.db, config or self.config, self.clock)(due)

    async def left(self) -> int:
        async with self.db.connection() as conn:
            return int(await conn.fetchval("select count(*) from people.push_subscription"))


@pytest.fixture
def system(db: Database, config: Config, clock: FakeClock) -> System:
    return System(db, config, clock)


def test_a_message_is_encrypted_as_the_example_of_the_rfc() -> None:
    own = ec.derive_private_key(int.from_bytes(raw(EXAMPLE["own"])), ec.SECP256R1())
    to = Subscriber("", raw(EXAMPLE["p256dh"]), raw(EXAMPLE["auth"]), b"")
    assert base64url(encrypt(raw(EXAMPLE["text"]), to, salt=raw(EXAMPLE["salt"]), own=own)) == EXAMPLE["message"]


@given(text=st.binary(max_size=3000))
def test_the_library_http_ece_reads_each_message(text: bytes) -> None:
    phone = Phone()
    assert phone.reads(encrypt(text, Subscriber("", phone.point, phone.auth, b""))) == text


async def test_a_message_is_decrypted_by_its_browser_and_signed_by_the_deployment(
    system: System, service: Service
) -> None:
    phone, (person_id, session_id, _) = Phone(), await system.signed_in()
    await system.subscribes(phone, session_id, service.endpoint)
    (due,) = await system.tells(person_id)
    await system.sends(due)
    ((headers, body),) = service.got
    assert msgspec.json.decode(phone.reads(body)) == {
        "kind": "food_ready",
        "title": "Ready",
        "body": "At 07",
        "number": 12,
    }
    assert (headers["content-encoding"], headers["ttl"], headers["urgency"]) == ("aes128gcm", "3600", "high")
    scheme, token, key = headers["authorization"].replace(",", "").split()
    signed, _, signature = token.removeprefix("t=").rpartition(".")
    r, s = int.from_bytes(raw(signature)[:32]), int.from_bytes(raw(signature)[32:])
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw(key.removeprefix("k=")))
    point.verify(encode_dss_signature(r, s), signed.encode(), ec.ECDSA(SHA256()))
    head, claims = (msgspec.json.decode(raw(part)) for part in signed.split("."))
    assert (scheme, head) == ("vapid", {"typ": "JWT", "alg": "ES256"})
    assert point_of(point) == system.vapid.public
    assert claims["aud"] == service.origin
    assert system.clock.now().timestamp() < claims["exp"] <= system.clock.now().timestamp() + 24 * 3600
    assert claims["sub"].startswith("mailto:")


async def test_a_subscription_ends_on_404_or_410_and_is_retried_on_a_temporary_error(
    system: System, service: Service
) -> None:
    person_id, session_id, _ = await system.signed_in()
    await system.subscribes(Phone(), session_id, service.endpoint)
    (due,) = await system.tells(person_id)
    for service.status in (503, 429):
        with pytest.raises(PushDelayed):
            await system.sends(due)
    for service.status in (400, 302):  # it is not retried, nor sent elsewhere
        await system.sends(due)
    assert (len(service.got), await system.left()) == (4, 1)
    service.status = 410
    await system.sends(due)
    assert await system.left() == 0
    await system.sends(due)
    assert len(service.got) == 5, "no further message is sent"


async def test_a_corrected_message_is_not_sent(system: System, service: Service) -> None:
    person_id, session_id, _ = await system.signed_in()
    await system.subscribes(Phone(), session_id, service.endpoint)
    goal = replace(HELLO, person_ids=[person_id], expires_at=system.clock.now() + HOUR, revision=2, urgency="normal")
    (late,) = await system.tells_all(goal)
    (correction,) = await system.tells_all(replace(goal, revision=4, corrects=True))
    (replay,) = await system.tells_all(replace(goal, revision=5))
    for due in (late, correction, replay):
        await system.sends(due)
    assert [headers["urgency"] for headers, _ in service.got] == ["normal", "normal"]
    system.clock.advance(2 * HOUR)
    await PeopleJobs(system.db, system.config, system.clock, {}).tidy()
    async with system.db.connection() as conn:
        assert await conn.fetch("select 1 from people.push_topic") == []


async def test_a_subscription_ends_with_its_session_and_an_endpoint_belongs_to_its_last_subscriber(
    system: System, service: Service
) -> None:
    phone, first, second = Phone(), await system.signed_in(), await system.signed_in("fr")
    await system.subscribes(phone, first[1], service.endpoint)
    taken = await system.subscribes(phone, second[1], service.endpoint)
    assert await system.tells(first[0]) == []
    subscriber = Subscriber(service.endpoint, phone.point, phone.auth, system.vapid.public)
    async with system.db.transaction() as conn:
        refused = await push.subscribe(conn, taken, first[1], subscriber, system.clock.now())
        assert isinstance(refused, Refused)
    await system.subscribes(phone, second[1], service.endpoint)
    (due,) = await system.tells(second[0])
    assert '"title":"Prête"' in due.text
    async with system.db.transaction() as conn:
        await acts.sign_out_everywhere(conn, second[0], system.clock.now())
    assert await system.left() == 0
    await system.sends(due)
    assert service.got == []


async def test_a_message_that_comes_too_late_is_not_sent(system: System, service: Service) -> None:
    person_id, session_id, _ = await system.signed_in()
    await system.subscribes(Phone(), session_id, service.endpoint)
    (due,) = await system.tells(person_id)
    system.clock.advance(2 * HOUR)
    await system.sends(due)
    assert service.got == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.org/x",
        "https://push.example.org:8443/x",
        "https://user@push.example.org/x",
        "https://push.example.org/x#y",
        "https://localhost/x",
        "https://127.0.0.1/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://127.0.0.1.",
        "https://[::1]/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://metadata/x",
        "https://push.example.org\\@127.0.0.1/x",
        "https://push.example.org /x",
        "https://pûsh.example.org/x",
        "https://push.example.org:x/",
        "ftp://push.example.org/x",
        "https:///x",
    ],
)
def test_an_endpoint_must_be_a_public_server_name(endpoint: str) -> None:
    assert not may_call(endpoint, loopback=False)
    wish = Phone().subscription(endpoint)
    assert isinstance(subscriber_of(wish, b"", loopback=False), Refused)


def test_the_push_services_of_browsers_are_endpoints() -> None:
    for endpoint in (
        "https://fcm.googleapis.com/fcm/send/abc:def",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
        "https://web.push.apple.com/QAB",
        "https://wns2-par02p.notify.windows.com/w/?token=BQ%3d",
    ):
        assert may_call(endpoint, loopback=False)
    assert may_call("http://localhost:8123/x", loopback=True)
    assert not may_call("http://10.0.0.1/x", loopback=True)


def test_an_invalid_push_key_is_refused() -> None:
    good = Phone().subscription("https://push.example.org/x")
    off_the_curve = base64url(b"\x04" + b"\x01" * 64)
    for wrong in (replace(good, p256dh=off_the_curve), replace(good, p256dh="x"), replace(good, auth="AAAA")):
        assert isinstance(subscriber_of(wrong, b"", loopback=False), Refused)


async def test_a_name_that_resolves_to_our_network_is_not_called(system: System, service: Service) -> None:
    private = ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "100.64.0.1", "255.255.255.255", "::1"]
    private += [
        "fe80::1%eth0",
        "::ffff:127.0.0.1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
        "fc00::1",
        "224.0.0.1",
        "fec0::1",
        "::10.0.0.1",
        "64:ff9b:1::a00:1",
        "192.88.99.1",
        "192.0.0.8",
        "::ffff:192.0.0.8",
        "nonsense",
    ]
    assert [address for address in private if may_connect(address, loopback=False)] == []
    assert may_connect("9.9.9.9", loopback=False)
    assert may_connect("2620:fe::9", loopback=False)
    with pytest.raises(OSError, match="public"):
        await PublicAddresses(loopback=False).resolve("localhost", 443)
    person_id, session_id, _ = await system.signed_in()
    await system.subscribes(Phone(), session_id, service.endpoint)
    (due,) = await system.tells(person_id)
    await system.sends(due, system.config.having(PeopleSettings()))
    assert service.got == []


def test_only_a_demonstration_pushes_to_its_own_machine() -> None:
    said = {
        "VIRAGE_SECRET": "a secret of the tests, long enough",
        "VIRAGE_PUSH_TO_LOOPBACK": "1",
        "VIRAGE_PUBLIC_URL": "https://a.example",
    }
    with pytest.raises(ConfigError, match="PUSH_TO_LOOPBACK"):
        read(said)
    assert read(said | {"VIRAGE_DEMO": "1"}).of(PeopleSettings).push_to_loopback


def test_the_key_is_the_same_after_a_restart_and_another_of_another_secret() -> None:
    assert Vapid("a" * 40).public == Vapid("a" * 40).public != Vapid("b" * 40).public
    assert "a" * 40 not in repr(Vapid("a" * 40))


async def test_only_its_own_session_changes_a_subscription(system: System, client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/push/key")).json() == {"key": base64url(system.vapid.public)}
    owner, friend = await system.signed_in(), await system.signed_in()
    path, wish = (
        f"/api/me/push-subscriptions/{new_id()}",
        to_builtins(Phone().subscription("https://push.example.org/x")),
    )
    for _ in range(2):
        assert (await client.put(path, json=wish, headers=owner.header)).status_code == 204
    assert (await client.put(path, json=wish, headers=friend.header)).status_code == 404
    assert (await client.delete(path, headers=friend.header)).status_code == 204
    assert await system.left() == 1
    exported = (await client.get("/api/me/export", headers=owner.header)).json()["push_subscriptions"]
    assert [one["endpoint"] for one in exported] == ["https://push.example.org/x"]
    refused = await client.put(path, json=wish | {"endpoint": "https://10.0.0.1/"}, headers=owner.header)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_input")
    assert (await client.delete(path, headers=owner.header)).status_code == 204
    assert await system.left() == 0
