"""Shared parts of the tests of people: the written emails, and a browser that signs in."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from uuid import UUID

import httpx
import pytest

from tests.identity.people.pairing import SUPERVISOR
from virage.identity.people import acts
from virage.identity.people.rules.emails import Email
from virage.identity.people.rules.emails.links import invitation_link
from virage.identity.people.rules.people_config import PeopleConfig, people_config_of
from virage.identity.people.store import emails as email_store
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Grant
from virage.platform.web.http import Application

CODE = re.compile(r"\b\d{6}\b|\b\d{4} \d{4} \d{4}\b")
OPEN_CODE = re.compile(r"\b\d{4} \d{4} \d{4}\b")


class Letters:
    """The emails that are written and not sent yet."""

    def __init__(self, db: Database, people_config: PeopleConfig, public_url: str) -> None:
        self._db = db
        self._head = people_config
        self._public_url = public_url

    async def ids(self) -> list[UUID]:
        async with self._db.connection() as conn:
            return [
                row["id"] for row in await conn.fetch("select id from people.letter where state = 'queued' order by id")
            ]

    async def all(self) -> list[Email]:
        async with self._db.connection() as conn:
            ids = await self.ids()
            found = await email_store.waiting_emails(conn, [self._head.keys], ids)
        return [found[id_] for id_ in ids if id_ in found]

    async def to(self, address: str) -> list[Email]:
        return [email for email in await self.all() if email.to == address]

    async def code(self, address: str) -> str:
        """The last code that was sent to the address."""
        return (await self.to(address))[-1].secret["code"]

    async def open_code(self, address: str) -> str:
        """The last code that was sent to the address, for any browser, as it is shown."""
        return (await self.to(address))[-1].secret["code"]

    async def link(self, address: str) -> str:
        """The last invitation that was sent to the address."""
        return invitation_link(self._public_url, (await self.to(address))[-1].secret["code"])


SignIn = Callable[[httpx.AsyncClient, str], Awaitable[httpx.Response]]
MakeStaff = Callable[[str, Sequence[Grant]], Awaitable[UUID]]


@pytest.fixture
def people_config(config: Config) -> PeopleConfig:
    return people_config_of(config)


@pytest.fixture
def emails(db: Database, people_config: PeopleConfig, config: Config) -> Letters:
    return Letters(db, people_config, config.public_url)


@pytest.fixture
def sign_in(emails: Letters) -> SignIn:
    """Sign a browser in as a person does: request the code, read the email, type it."""

    async def signed_in(browser: httpx.AsyncClient, address: str) -> httpx.Response:
        asked = await browser.post("/api/sign-in/codes", json={"email": address, "locale": "en"})
        assert asked.status_code == 202, asked.text
        code = await emails.code(address)
        answer = await browser.post("/api/sign-in", json={"email": address, "code": code})
        assert answer.status_code == 200, answer.text
        return answer

    return signed_in


@pytest.fixture
def make_staff(db: Database, clock: Clock) -> MakeStaff:
    async def made(address: str, grants: Sequence[Grant]) -> UUID:
        async with db.transaction() as conn:
            return await acts.ensure_staff(conn, address, None, grants, clock.now())

    return made


@pytest.fixture
async def other(app: Application, client: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """A second browser of the same application."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://virage.local") as browser:
        yield browser


@pytest.fixture
async def supervisor(client: httpx.AsyncClient, sign_in: SignIn, make_staff: MakeStaff) -> httpx.AsyncClient:
    """A browser in which the supervisor of gate group A has signed in."""
    await make_staff(SUPERVISOR, [Grant("supervisor", "gate", "A")])
    await sign_in(client, SUPERVISOR)
    return client
