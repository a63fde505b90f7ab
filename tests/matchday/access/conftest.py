"""An evening at the gates: an event with real passes, phones that hold them, devices that sign
their scans.
"""

import itertools
from collections.abc import AsyncIterator, Sequence
from copy import copy
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from virage.app.application import create_app
from virage.demo.venues.drawing import stadium
from virage.identity.keys.acts import open_vault
from virage.identity.keys.rules.keys import HolderKey
from virage.identity.passes import acts as passes
from virage.identity.passes.acts import BindingRequest, BoundPass, Issue, PaperPass, PrintRequest
from virage.identity.passes.rules.code import bytes_of, rotating_code, step_at, text_of
from virage.identity.people import acts as people
from virage.matchday.access import routes
from virage.matchday.access.reads.board import Boards
from virage.matchday.access.reads.changes import GateChanges
from virage.matchday.access.reads.closed_gates import closed_gates
from virage.matchday.access.reads.delays import Delays
from virage.matchday.access.reads.keyring import Keyring
from virage.matchday.access.reads.packs import Packs
from virage.matchday.access.routes.scan_service import ScanService
from virage.matchday.access.rules.scans import SCAN_PURPOSE
from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import Jwk, base64url
from virage.platform.web.guard import Credential, Grant, Principal
from virage.site.programme import acts as programme
from virage.site.programme.reads import venue_version
from virage.site.programme.rules import EventRules, NewEvent, Organiser
from virage.site.venue.routes import public as venue

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)  # the time of the fixture `clock`
PAIRED = NOW - timedelta(days=30)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


class Key:
    """An Ed25519 key pair, of a phone or of a device."""

    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.x = self.private.public_key().public_bytes_raw()
        self.public = HolderKey(self.x)
        self.jwk = Jwk("OKP", "Ed25519", base64url(self.x))

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)


class Ticket:
    """A pass on a phone, or on paper."""

    def __init__(self, number: int, subject: UUID, key: Key) -> None:
        self.number = number
        self.subject = subject
        self.key = key
        self.text = ""

    def code(self, at: datetime = NOW) -> str:
        """The code that the phone shows at a time."""
        cwt = bytes_of(self.text)
        assert cwt is not None
        return text_of(rotating_code(cwt, step_at(at), self.key.public, self.key.sign))


class Device:
    """A device at a gate: numbers its scans and signs them."""

    def __init__(self, gate: str) -> None:
        self.id = new_id()
        self.key = Key()
        self.gate = gate
        self.numbers = itertools.count(1)


class Evening:
    """The gates of one event, and its visitors."""

    def __init__(self, db: Database, clock: Any, config: Config) -> None:
        self.db = db
        self.clock = clock
        self.vault = open_vault(config)
        self.event_id = new_id()
        self.organiser_id = new_id()
        self.principals: dict[bytes, Principal] = {}
        self.keys: dict[UUID, HolderKey] = {}
        self.unpaired: list[Device] = []
        self.browser: httpx.AsyncClient
        self.desk: ScanService

    def beside(self) -> "Evening":
        """Another event on the same evening, behind the same routes."""
        other = copy(self)
        other.event_id, other.organiser_id = new_id(), new_id()
        return other

    async def open(self, **rules: Any) -> None:
        """Publish the event that begins in an hour."""
        starts = NOW + HOUR
        new = NewEvent(
            id=self.event_id,
            organiser_id=self.organiser_id,
            venue_code="stadium",
            kind="match",
            title={"fr": "Virage contre Visiteurs", "en": "Virage against Visitors"},
            doors_at=starts - 2 * HOUR,
            starts_at=starts,
            ends_at=starts + 2 * HOUR,
            sale_opens_at=NOW - 30 * HOUR,
            sale_closes_at=starts,
            rules=EventRules(**rules),
        )
        async with self.db.transaction() as conn:
            await programme.add_organiser(conn, Organiser(self.organiser_id, "The club"), None, NOW)
            await programme.create(conn, new, None, NOW)
            await programme.publish(conn, new.id, None, NOW)

    async def tickets(self, count: int = 1, gate: str = "A1", **changes: Any) -> list[Ticket]:
        """Passes of seats behind a gate, each bound to a phone of its own."""
        ground = stadium()
        group = next(one.group for one in ground.gates if one.code == gate)
        block = next(block for block in ground.blocks if block.gate_group == group)
        subjects, keys = [new_id() for _ in range(count)], [Key() for _ in range(count)]
        issues = [
            msgspec.structs.replace(
                Issue(subject, self.event_id, block.first_seat + at, group, NOW - 2 * HOUR, NOW + 5 * HOUR), **changes
            )
            for at, subject in enumerate(subjects)
        ]
        async with self.db.transaction() as conn:
            numbers = await passes.issue(conn, issues, NOW)
            bindings = [BindingRequest(subject, key.jwk) for subject, key in zip(subjects, keys, strict=True)]
            bound = await passes.bind(conn, self.vault, bindings, NOW)
        made = []
        for number, subject, key, one in zip(numbers, subjects, keys, bound, strict=True):
            assert isinstance(one, BoundPass)
            made.append(Ticket(number, subject, key))
            made[-1].text = one.text
        return made

    async def ticket(self, gate: str = "A1", **changes: Any) -> Ticket:
        return (await self.tickets(1, gate, **changes))[0]

    async def printed(self, ticket: Ticket) -> str:
        """Print a pass; return the text of the paper's code."""
        async with self.db.transaction() as conn:
            (paper,) = await passes.print_paper(conn, self.vault, [PrintRequest(ticket.subject, allowed=True)], NOW)
        assert isinstance(paper, PaperPass)
        return paper.text

    async def revoke(self, ticket: Ticket) -> None:
        async with self.db.transaction() as conn:
            await passes.revoke(conn, [ticket.subject], NOW)

    def device(self, gate: str = "A1", *grants: Grant) -> Device:
        made = Device(gate)
        self.keys[made.id] = made.key.public
        given = grants or (Grant("gate", "gate", gate),)
        self.principals[sha256(str(made.id).encode()).digest()] = Principal("device", made.id, None, given)
        self.unpaired.append(made)
        return made

    async def paired(self) -> None:
        """Store the devices that were created since; `ask` does it before each request."""
        unpaired = self.unpaired.copy()
        self.unpaired.clear()  # the list of all events of the evening
        if unpaired:
            async with self.db.connection() as conn:
                await conn.executemany(
                    """
                    insert into people.device
                        (id, pairing_id, name, kind, posts, public_key, token_hash, paired_at, last_seen_at, paired_by)
                    values ($1, $1, $2, 'phone', array[$3], $4, $5, $6, $6, $1)
                    """,
                    [
                        (one.id, f"Device {one.gate}", one.gate, msgspec.to_builtins(one.key.jwk), one.id.bytes, PAIRED)
                        for one in unpaired
                    ],
                )

    async def steward(self, *grants: Grant, email: str = "steward@example.org", name: str = "Some Steward") -> UUID:
        """A steward, of all gates by default."""
        async with self.db.transaction() as conn:
            return await people.ensure_staff(conn, email, name, grants or (Grant("steward"),), NOW)

    def end(self, device: Device) -> None:
        """Revoke a device: its token stops working, its key stays known for its records."""
        del self.principals[sha256(str(device.id).encode()).digest()]

    def knows(self, name: str, *grants: Grant, person_id: UUID | None = None) -> UUID:
        who = Principal("staff", person_id or new_id(), new_id(), grants, self.clock.now())
        self.principals[sha256(name.encode()).digest()] = who
        assert who.id is not None
        return who.id

    def scan(self, device: Device, kind: str, ticket: Ticket | None = None, **more: Any) -> dict[str, Any]:
        """The unsigned content of a scan."""
        body: dict[str, Any] = {
            "number": next(device.numbers),
            "event_id": self.event_id,
            "gate": device.gate,
            "at": self.clock.now(),
            "kind": kind,
            "offline": False,
            "training": False,
        } | more
        if ticket is not None:
            body = {"code": ticket.code(body["at"]), "pass_number": ticket.number} | body
        return body

    def signed(self, device: Device, body: dict[str, Any]) -> dict[str, str]:
        data = msgspec.json.encode(body)
        return {"body": base64url(data), "signature": base64url(device.key.sign(SCAN_PURPOSE + data))}

    async def send(self, device: Device, *bodies: dict[str, Any]) -> list[dict[str, Any]]:
        """Upload scans; return the responses."""
        scans = {"scans": [self.signed(device, body) for body in bodies]}
        answer = await self.ask(str(device.id), "POST", "/api/access/scans", scans)
        assert answer.status_code == 200, answer.text
        answers: list[dict[str, Any]] = answer.json()["answers"]
        return answers

    async def ask(self, who: str, method: str, path: str, body: Any = None) -> httpx.Response:
        await self.paired()
        headers = {"authorization": f"Bearer {who}"} if who else {}
        return await self.browser.request(method, path, json=body, headers=headers)

    async def rows(self, query: str, *values: Any) -> list[Any]:
        async with self.db.connection() as conn:
            return await conn.fetch(query, *values)


@pytest.fixture
async def evening(config: Config, db: Database, clock: Clock) -> AsyncIterator[Evening]:
    """The gates of an event that is published, over the real routes."""
    made = Evening(db, clock, config)

    async def authenticate(credentials: Sequence[Credential]) -> Sequence[Principal | None]:
        return [made.principals.get(credential.token_hash) for credential in credentials]

    async def device_keys(_conn: Connection, ids: Sequence[UUID]) -> dict[UUID, HolderKey]:
        return {device_id: made.keys[device_id] for device_id in ids if device_id in made.keys}

    made.desk = ScanService(db, clock, Keyring(db, clock, device_keys))
    app = create_app(
        [*routes.routers, venue.router],
        config=config,
        db=db,
        clock=clock,
        authenticator=authenticate,
        dependencies={
            "gate_desk": made.desk,
            "scans": made.desk.scans,
            "backlogs": made.desk.backlogs,
            "gate_news": GateChanges(db),
            "gate_packs": Packs(db, clock, kept_s=0.0),
            "gate_boards": Boards(db, clock, kept_s=0.0),
            "queue_delays": Delays(clock, kept_s=0.0),
            "event_version": venue_version,
            "closed_gates": closed_gates,
            "vault": made.vault,
        },
    )
    transport = httpx.ASGITransport(app=app)
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="https://virage.local") as browser:
        made.browser = browser
        yield made


@pytest.fixture
async def night(evening: Evening) -> Evening:
    """The same, published with the usual event rules."""
    await evening.open()
    return evening
