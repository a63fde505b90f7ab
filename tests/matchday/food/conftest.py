"""The counters of a venue: the routes of food and shop, requested by people of every scope."""

from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from tests.conftest import FakeClock
from tests.matchday.food.menu.board import HERE, ITEMS, NOW, PRICES
from tests.matchday.food.orders.kitchen import Kitchen
from tests.matchday.food.till.bar import Bar
from tests.money.fiscal.till import CASHIER
from tests.money.wallet.funding.desks import employ
from tests.money.wallet.ledger.books import books
from virage.app.application import create_app
from virage.app.domains import PHONE_ORDERS
from virage.control.books import module as books_module
from virage.identity.keys.acts import open_vault
from virage.identity.keys.rules.vault import KeyVault
from virage.matchday.food.menu import module as menu
from virage.matchday.food.menu.acts import catalogue as acts
from virage.matchday.food.menu.reads import catalogue as reads
from virage.matchday.food.menu.reads.catalogue import Catalogues
from virage.matchday.food.menu.store.catalogue import Publication
from virage.matchday.food.orders import module as orders
from virage.matchday.food.till import module as till_module
from virage.money.fiscal import module as fiscal
from virage.platform.data.database import Connection, Database
from virage.platform.data.journal import Tail
from virage.platform.module import Process
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Credential, Grant, Principal
from virage.site.programme import acts as programme
from virage.site.programme.rules import Organiser


class Counters:
    """The principals of the requests, and the content of the tables."""

    def __init__(self, db: Database, club: UUID, promoter: UUID) -> None:
        self.db = db
        self.club = club
        self.promoter = promoter
        self.principals: dict[bytes, Principal] = {}
        self.browser: httpx.AsyncClient

    def knows(self, name: str, *grants: Grant, kind: Any = "staff", since: Any = NOW) -> None:
        self.principals[sha256(name.encode()).digest()] = Principal(kind, new_id(), new_id(), grants, since)

    async def ask(
        self, who: str, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send a request as a principal; bytes go unchanged, anything else as JSON."""
        sent = ({"authorization": f"Bearer {who}"} if who else {}) | (headers or {})
        if isinstance(body, bytes):
            return await self.browser.request(method, path, content=body, headers=sent)
        plain = None if body is None else msgspec.json.decode(msgspec.json.encode(body))
        return await self.browser.request(method, path, json=plain, headers=sent)

    async def rows(self, query: str, *values: Any) -> list[Any]:
        async with self.db.connection() as conn:
            return await conn.fetch(query, *values)

    async def everything(self) -> list[Any]:
        """All data that a refused request must not change."""
        tables = ("item", "price", "publication", "version", "picture", "derogation", "stock", "movement")
        rows = [await self.rows(f"select t::text from food_menu.{table} t order by 1") for table in tables]
        return [*rows, await self.rows("select count(*) from kernel.journal")]


async def publish_all(conn: Connection) -> Publication:
    """Write the small board into the draft and publish it."""
    for item in ITEMS:
        assert not isinstance(await acts.put_item(conn, item, None, NOW), Refused)
    for item_id, prices in PRICES.items():
        assert not isinstance(await acts.set_prices(conn, item_id, prices, None, NOW), Refused)
    made = await acts.publish(conn, new_id(), (await reads.draft_view(conn)).version, None, NOW)
    assert isinstance(made, Publication)
    return made


@pytest.fixture
async def board(db: Database) -> Publication:
    """The small board, published."""
    async with db.transaction() as conn:
        return await publish_all(conn)


@pytest.fixture
async def counters(config: Config, db: Database, clock: Clock) -> AsyncIterator[Counters]:
    """The endpoints of food and shop, over the test's database."""
    club, promoter = Organiser(new_id(), "The club"), Organiser(new_id(), "A promoter")
    async with db.transaction() as conn:
        for organiser in (club, promoter):
            await programme.add_organiser(conn, organiser, None, NOW)
    made = Counters(db, club.id, promoter.id)

    async def authenticate(credentials: Sequence[Credential]) -> Sequence[Principal | None]:
        return [made.principals.get(credential.token_hash) for credential in credentials]

    catalogues = Catalogues(db)
    process = Process(config, db, clock, Tail(db))
    modules = (menu.module, till_module.module, orders.module, fiscal.module, books_module.module)
    app = create_app(
        [router for module in modules for router in module.routers],
        config=config,
        db=db,
        clock=clock,
        authenticator=authenticate,
        dependencies={
            "vault": open_vault(config),
            **menu.build(process, catalogues).dependencies,
            **till_module.build(process, catalogues, PHONE_ORDERS).dependencies,
            **orders.build(process, catalogues).dependencies,
        },
    )
    transport = httpx.ASGITransport(app=app)
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="https://virage.local") as browser:
        made.browser = browser
        made.knows("house", Grant("programme"))
        made.knows("finance", Grant("finance"))
        made.knows("club", Grant("programme", "organiser", club.id))
        made.knows("promoter", Grant("programme", "organiser", promoter.id))
        made.knows("cashier", Grant("cashier", "outlet", HERE))
        made.knows("fan", kind="fan")
        yield made


@pytest.fixture
def vault(config: Config) -> KeyVault:
    return open_vault(config)


@pytest.fixture
async def bar(db: Database, clock: Clock, config: Config) -> AsyncIterator[Bar]:
    """A bar; at the end of the test its books must pass `virage wallet audit`."""
    made = Bar(db, clock, config)
    async with db.transaction() as conn:
        await employ(conn, CASHIER, Grant("cashier", "outlet", "01"))
    yield made
    found = await books(db)
    assert found.clean, found


@pytest.fixture
async def kitchen(db: Database, clock: FakeClock, config: Config) -> Kitchen:
    """Two outlets that take orders by phone on a match day."""
    made = Kitchen(db, clock, config)
    await made.open("01", "02")
    return made
