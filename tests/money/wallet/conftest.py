"""Cards of fans: chips with real keys, their owners, and the staff who see them."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.money.wallet.cards.chip import Chip
from tests.money.wallet.funding.desks import Desk
from virage.app.application import create_app
from virage.identity.people.types import people_config_of
from virage.money.payments.provider import NoProvider
from virage.money.wallet.accounts.acts import open_wallets
from virage.money.wallet.cards import routes as card_routes
from virage.money.wallet.cards.acts import cards as acts
from virage.money.wallet.cards.acts.taps import take_taps
from virage.money.wallet.cards.routes.card_desk import CardDesk
from virage.money.wallet.cards.rules.cards import Card, NewCard, Tap, TapOutcome, TapTaken
from virage.money.wallet.cards.rules.sun import SunMessage, verify
from virage.money.wallet.funding import routes as funding_routes
from virage.money.wallet.funding.acts.top_ups import empty_closed
from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Credential, Grant, Kind, Principal

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)  # the time of the fixture `clock`
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


class Held:
    """A card: the chip, its printed code, and its row in the database."""

    def __init__(self, chip: Chip, code: str, card: Card) -> None:
        self.chip = chip
        self.code = code
        self.id = card.id
        self.wallet_id = card.wallet_id

    def tap(self) -> SunMessage:
        return self.chip.tap()


class Wallets:
    """The wallets of a venue, and the principals who use them."""

    def __init__(self, db: Database, clock: Any, config: Config) -> None:
        secrets = acts.open_card_secrets(config)
        assert secrets is not None
        self.db = db
        self.clock = clock
        self.secrets = secrets
        self.desk = CardDesk(db, clock, secrets)
        self.principals: dict[bytes, Principal] = {}
        self.browser: httpx.AsyncClient
        self._chips = itertools.count(1)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        async with self.db.transaction() as conn:
            yield conn

    def chip(self) -> Chip:
        """A chip that an encoder wrote; it is not registered yet."""
        return Chip(self.secrets.keys, bytes((4,)) + next(self._chips).to_bytes(6))

    def new_card(self, chip: Chip, **more: Any) -> NewCard:
        return NewCard(new_id(), chip.uid, self.secrets.codes.hash(self.secrets.codes.printed(chip.uid)), **more)

    async def card(self, owner_id: UUID | None = None, **more: Any) -> Held:
        """An anonymous card, or one linked to a person's wallet."""
        chip = self.chip()
        async with self.db.transaction() as conn:
            if owner_id is not None:
                wallet_id = await conn.fetchval("select id from wallet_accounts.purse where owner_id = $1", owner_id)
                if wallet_id is None:
                    wallet_id = new_id()
                    await open_wallets(conn, {wallet_id: owner_id}, NOW)
                more = {"wallet_id": wallet_id} | more
            (made,) = await acts.personalise(conn, [self.new_card(chip, **more)], who=None, now=NOW)
        assert isinstance(made, Card), made
        return Held(chip, self.secrets.codes.printed(chip.uid), made)

    def read(self, message: SunMessage, tap_id: UUID | None = None) -> Tap:
        """The tap of a verified message."""
        return Tap(tap_id or new_id(), verify(message, self.secrets.keys))

    async def take(self, *taps: Tap) -> list[TapOutcome]:
        async with self.db.transaction() as conn:
            return await take_taps(conn, taps, self.clock.now())

    async def taken(self, held: Held) -> TapTaken:
        (outcome,) = await self.take(self.read(held.tap()))
        assert isinstance(outcome, TapTaken), outcome
        return outcome

    def knows(self, name: str, kind: Kind = "fan", *grants: Grant) -> UUID:
        """A fresh sign-in under this name."""
        person_id = new_id()
        who = Principal(kind, person_id, new_id(), grants, self.clock.now())
        self.principals[sha256(name.encode()).digest()] = who
        return person_id

    async def ask(self, who: str, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {who}"} if who else {}
        return await self.browser.request(method, path, json=body, headers=headers)

    async def rows(self, query: str, *values: Any) -> list[Any]:
        async with self.db.connection() as conn:
            return await conn.fetch(query, *values)

    async def facts(self, what: str | None = None) -> list[Any]:
        """The facts in the journal."""
        return await self.rows(
            "select what, who, about, data from kernel.journal where what = coalesce($1, what) order by seq", what
        )


async def waits_for_a_lock(wallets: Wallets) -> None:
    """Wait until another transaction of this database waits for one of ours."""
    waiting = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    async with asyncio.timeout(10):
        while not await wallets.rows(waiting):  # noqa: ASYNC110 - another connection sets no event
            await asyncio.sleep(0.01)


@pytest.fixture
async def wallets(config: Config, db: Database, clock: Clock) -> AsyncIterator[Wallets]:
    """The wallet over its real routes."""
    made = Wallets(db, clock, config)

    async def authenticate(credentials: Sequence[Credential]) -> Sequence[Principal | None]:
        return [made.principals.get(credential.token_hash) for credential in credentials]

    app = create_app(
        [*card_routes.routers, *funding_routes.routers],
        config=config,
        db=db,
        clock=clock,
        authenticator=authenticate,
        dependencies={
            "card_desk": made.desk,
            "card_taps": made.desk.taps,
            "empty_closed": empty_closed,
            "people_config": people_config_of(config),
            "payment_provider": NoProvider(),
            "paid_at": (),  # the wallet alone, without sales
        },
    )
    transport = httpx.ASGITransport(app=app)
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="https://virage.local") as browser:
        made.browser = browser
        yield made


@pytest.fixture
async def desk(wallets: Wallets) -> Desk:
    """A till at outlet 01 with a member of staff."""
    made = Desk(wallets)
    await made.open()
    return made
