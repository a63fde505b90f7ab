"""Two organisers, their events, fans and staff of every role, over the whole application."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
import psutil
import pytest

from tests.ports import free_ports
from tests.web.forker import forker
from tests.web.system import Process
from virage.identity.people import acts as people
from virage.identity.people.acts import TokenRequest
from virage.identity.people.rules.devices import DeviceKind, DevicePairing, PairingRequest
from virage.identity.people.rules.grants import GrantRequest, RoleName, ScopeName
from virage.identity.people.rules.secrets import people_keys
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import Jwk
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant, Principal
from virage.platform.web.http import Application
from virage.sale.ticketing.acts.pricing import set_pricing
from virage.sale.ticketing.rules.pricing import PriceCategory, Pricing
from virage.sale.ticketing.rules.terms import PRICED_TARIFFS
from virage.site.programme import acts as programme
from virage.site.programme.rules import EventRules, NewEvent, Organiser

HOUR = timedelta(hours=1)
BLOCK = "103"
SITE = "https://virage.local"
SECRET = "a secret of the tests, long enough"
DEVICE_KEY = Jwk("OKP", "Ed25519", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")


class World:
    """Everything with restricted access, and the principals who try."""

    def __init__(self, app: Application, db: Database, clock: Clock) -> None:
        self.app = app
        self.db = db
        self.clock = clock
        self.ours, self.theirs = new_id(), new_id()
        self.event, self.their_event, self.draft = new_id(), new_id(), new_id()
        self.ids: dict[str, str] = {}

    async def open(self) -> None:
        """Two organisers with an event on sale each, and a draft of ours."""
        now = self.clock.now()
        async with self.db.transaction() as conn:
            for organiser, name in ((self.ours, "Ours"), (self.theirs, "Theirs")):
                await programme.add_organiser(conn, Organiser(organiser, name), None, now)
            for event_id, organiser in ((self.event, self.ours), (self.their_event, self.theirs)):
                await programme.create(conn, self.new_event(event_id, organiser), None, now)
                await set_pricing(conn, event_id, free_of_charge(), None, now)
                await programme.publish(conn, event_id, None, now)
            await programme.create(conn, self.new_event(self.draft, self.ours), None, now)

    def new_event(self, event_id: UUID, organiser_id: UUID) -> NewEvent:
        starts_at = self.clock.now() + timedelta(days=1)
        return NewEvent(
            id=event_id,
            organiser_id=organiser_id,
            kind="match",
            title={"fr": "Un match", "en": "A match"},
            doors_at=starts_at - 2 * HOUR,
            starts_at=starts_at,
            ends_at=starts_at + 2 * HOUR,
            sale_opens_at=self.clock.now() - HOUR,
            sale_closes_at=starts_at,
            rules=EventRules(named_tickets=True),
        )

    async def person(self, email: str, *grants: Grant) -> UUID:
        async with self.db.transaction() as conn:
            return await people.ensure_staff(conn, email, None, grants, self.clock.now())

    async def signed_in(self, email: str, *grants: Grant) -> dict[str, str]:
        """The header of a browser with a fresh sign-in of this person."""
        person_id = await self.person(email, *grants)
        async with self.db.transaction() as conn:
            session = await people.open_session(conn, person_id, self.clock.now())
        return {"cookie": f"__Host-virage={session.token}"}

    async def guest(self) -> dict[str, str]:
        async with self.db.transaction() as conn:
            token, _ = await people.guest(conn, self.clock.now())
        return {"cookie": f"__Host-virage={token}"}

    async def api_client(self, *roles: str) -> dict[str, str]:
        """The header of an API client with these roles everywhere."""
        admin_id = await self.person("admin@example.org", Grant("admin"))
        admin = Principal("staff", admin_id, new_id(), (Grant("admin"),), self.clock.now())
        wishes = [GrantRequest(RoleName(role), ScopeName.ALL) for role in roles]
        wish = TokenRequest("an API client", wishes, self.clock.now() + HOUR)
        async with self.db.transaction() as conn:
            made = await people.create_token(conn, admin, wish, self.clock.now())
        assert not isinstance(made, Refused)
        self.ids["token_id"] = str(made.id)
        return {"authorization": f"Bearer {made.token}"}

    async def device(self, *gates: str) -> dict[str, str]:
        """The header of a lane reader paired at these gates."""
        return await self._paired("a lane", DeviceKind.LANE, gates)

    async def till(self, *outlets: str) -> dict[str, str]:
        """The header of a till paired at these outlets."""
        return await self._paired("a till", DeviceKind.TILL, outlets)

    async def _paired(self, name: str, kind: DeviceKind, posts: Sequence[str]) -> dict[str, str]:
        admin_id = await self.person("admin@example.org", Grant("admin"))
        admin = Principal("staff", admin_id, new_id(), (Grant("admin"),), self.clock.now())
        keys = people_keys(SECRET)
        wish = PairingRequest(new_id(), name, kind, posts=list(posts))
        async with self.db.transaction() as conn:
            opened = await people.open_pairing(conn, keys, admin, wish, self.clock.now())
        assert not isinstance(opened, Refused)
        async with self.db.transaction() as conn:
            arrival = DevicePairing(opened.code, DEVICE_KEY)
            paired = await people.pair(conn, keys, arrival, self.clock.now())
        assert not isinstance(paired, Refused)
        self.ids["device_id"] = str(paired.device_id)
        return {"authorization": f"Bearer {paired.token}"}

    async def ask(self, who: dict[str, str], method: str, path: str, body: Any = None) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url=SITE) as browser:
            sent: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
            return await browser.request(method, path, headers=who, **sent)

    async def buy(self, who: dict[str, str], *, paid: bool = True, event: UUID | None = None) -> dict[str, Any]:
        """Hold two seats, and pay them (they cost nothing)."""
        wish = {
            "id": str(new_id()),
            "event_id": str(event or self.event),
            "seats": {"kind": "best", "party": {"full": 2}},
        }
        held = await self.ask(who, "POST", "/api/orders", wish)
        assert held.status_code == 201, held.text
        if paid:
            answer = await self.ask(who, "POST", f"/api/orders/{wish['id']}/payment", {"payment_id": str(new_id())})
            assert answer.json()["state"] == "paid", answer.text
        order: dict[str, Any] = (await self.ask(who, "GET", f"/api/orders/{wish['id']}")).json()
        return order

    async def rows(self, query: str, *values: Any) -> Sequence[Any]:
        async with self.db.connection() as conn:
            return await conn.fetch(query, *values)


def free_of_charge() -> Pricing:
    """One block with free tickets, so that an order is paid without a provider."""
    category = PriceCategory(new_id(), {"fr": "Libre", "en": "Free"}, "#14387f", dict.fromkeys(PRICED_TARIFFS, 0))
    return Pricing(categories=[category], blocks={BLOCK: category.id}, fee_cents=0)


@pytest.fixture
async def world(client: httpx.AsyncClient, app: Application, db: Database, clock: Clock) -> World:
    """The application with two organisers in it; `client` keeps it alive."""
    made = World(app, db, clock)
    await made.open()
    return made


class Served:
    """A whole Virage in processes of its own, as in production except for its demo's mailbox."""

    def __init__(self, folder: Path, database_url: str, **variables: str) -> None:
        self.port, self.sandbox_port = free_ports(2)
        self.url = f"http://localhost:{self.port}"
        self.sandbox_url = f"http://localhost:{self.sandbox_port}"
        self._folder = folder
        self._processes: dict[str, Process] = {}
        self.env = os.environ | {
            **variables,
            "VIRAGE_SECRET": SECRET,
            "VIRAGE_DEMO": "1",
            "VIRAGE_PORT": str(self.port),
            "VIRAGE_DATABASE_URL": database_url,
            "VIRAGE_VAR_DIR": str(folder),
            "VIRAGE_SANDBOX_URL": self.sandbox_url,
            "VIRAGE_SANDBOX_KEY": "the key of the tests",
            "VIRAGE_SANDBOX_WEBHOOK_SECRET": "the secret of the tests' webhooks",
            "VIRAGE_LOG_LEVEL": "warning",
        }

    async def start(self) -> None:
        for name in ("sandbox", "work", "serve"):
            self._processes[name] = self._spawn(name)
        await self._all_ready()

    async def crash(self) -> None:
        """Kill the web processes, wait until they have ended, and start them again."""
        workers = psutil.Process(self._processes["serve"].pid).children(recursive=True)
        self._processes["serve"].kill()
        self._processes["serve"].wait(30)
        _, left = await asyncio.to_thread(psutil.wait_procs, workers, 30)
        assert left == [], "workers end with their server"
        self._processes["serve"] = self._spawn("serve")
        await self._all_ready()

    async def _all_ready(self) -> None:
        async with httpx.AsyncClient() as browser, asyncio.timeout(60):
            while not await self._ready(browser):  # noqa: ASYNC110 - another process sets no event
                await asyncio.sleep(0.05)

    def _spawn(self, name: str) -> Process:
        with (self._folder / f"{name}.log").open("ab") as log:
            return forker().start([name], self.env, self._folder, log)

    async def _ready(self, browser: httpx.AsyncClient) -> bool:
        try:
            sandbox = await browser.get(self.sandbox_url)
            web = await browser.get(f"{self.url}/readyz")
        except httpx.TransportError:
            return False
        return sandbox.status_code < 500 and web.status_code == 200

    def logs(self) -> str:
        """The logs of the processes."""
        return "\n".join((self._folder / f"{name}.log").read_text() for name in self._processes)

    def stop(self) -> None:
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            process.wait(30)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shared_database_url: str) -> Iterator[Served]:
    """A running Virage over a database of the module; its logs are shown when the last test fails."""
    made = Served(tmp_path_factory.mktemp("served"), shared_database_url)
    try:
        asyncio.run(made.start())
        yield made
    finally:
        made.stop()
        sys.stdout.write(made.logs())


@pytest.fixture
async def live_world(served: Served, shared_database_url: str) -> AsyncIterator[World]:
    """Two organisers of the test in a running Virage; its clock is the real one."""
    db = await Database.open(shared_database_url)
    made = World(cast("Any", None), db, Clock())
    await made.open()
    yield made
    await db.close()
