"""The demo's yesterday: three tills sold, and the office has its figures, shifts and a closing."""

from datetime import timedelta
from typing import Any

import pytest

from tests.app.conftest import World
from tests.app.demonstration import load_food
from virage.control.books.reads.takings import till_mismatches
from virage.demo.tills import POSTS
from virage.demo.yesterday import DIFFERENCES, REFUNDED, SALES, evening_before
from virage.identity.keys.reads import DeviceKeyring
from virage.matchday.food.menu.reads.catalogue import Catalogues
from virage.matchday.food.till.reads.checking import DeviationChecker
from virage.money.fiscal.reads.closings import due
from virage.money.fiscal.rules.chain import Head
from virage.money.fiscal.rules.record import SignedRecord, VerifiedRecord, check, read_signed
from virage.money.wallet.funding.reads.audit import audit
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.jwk import base64url
from virage.platform.web.guard import Grant

TABLES = ("fiscal.record", "fiscal.closing", "food_menu.movement", "wallet_cards.card", "wallet_ledger.transfer")


@pytest.fixture
async def loaded(config: Config, db: Database, clock: Clock) -> None:
    await load_food(config, db, clock)


async def counts(db: Database) -> dict[str, int]:
    async with db.connection() as conn:
        return {table: await conn.fetchval(f"select count(*) from {table}") for table in TABLES}


async def seen_by_finance(world: World, path: str, **query: Any) -> Any:
    finance = await world.signed_in("finance@example.org", Grant("finance"))
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    answer = await world.ask(finance, "GET", f"/api/office/food/{path}?{asked}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def of_yesterday(clock: Clock) -> dict[str, str]:
    begun = evening_before(clock.now())
    moments = {"from": begun - timedelta(hours=1), "to": begun + timedelta(hours=6)}
    return {name: at.isoformat().replace("+", "%2B") for name, at in moments.items()}


@pytest.mark.usefixtures("loaded")
async def test_the_office_sees_yesterdays_sales_by_outlet_and_by_product(world: World, clock: Clock) -> None:
    for by, least in (("outlet", len(POSTS)), ("product", 15)):
        shown = await seen_by_finance(world, "sales", by=by, **of_yesterday(clock))
        assert len(shown["rows"]) >= least
    assert {
        row["key"] for row in (await seen_by_finance(world, "sales", by="outlet", **of_yesterday(clock)))["rows"]
    } == {post.outlet for post in POSTS}


@pytest.mark.usefixtures("loaded")
async def test_each_till_has_a_counted_and_closed_shift_with_its_difference(world: World, clock: Clock) -> None:
    shown = await seen_by_finance(world, "shifts", **of_yesterday(clock))
    shifts = {one["till_name"]: one for one in shown}
    assert [shifts[post.name]["drawer"]["difference_cents"] for post in POSTS] == list(DIFFERENCES)
    assert all(one["closed_at"] for one in shown)
    assert [shifts[post.name]["sales"] for post in POSTS] == [SALES] * len(POSTS)
    assert sum(one["refunds"] for one in shown) == len(REFUNDED)
    assert {tender["kind"] for one in shown for tender in one["tenders"]} == {"cash", "terminal", "card"}


@pytest.mark.usefixtures("loaded")
async def test_yesterday_is_closed_and_the_audit_is_clean(db: Database, clock: Clock) -> None:
    async with db.transaction() as conn:
        assert await due(conn, clock.now()) is None
        assert (await audit(conn)).clean
        assert await till_mismatches(conn) == []
        closed = {str(row["subject"]) for row in await conn.fetch("select subject from fiscal.closing")}
    assert closed == {"till", "outlet"}


@pytest.mark.usefixtures("loaded")
async def test_every_record_is_signed_and_chained_at_catalogue_prices_and_legal_vat(db: Database, clock: Clock) -> None:
    judge = DeviationChecker(db, clock, Catalogues(db))
    keyring = DeviceKeyring(db)
    async with db.connection() as conn:
        rows = await conn.fetch("select device_id, body, signature from fiscal.record order by device_id, number")
    heads: dict[Any, Head] = {}
    for row in rows:
        till = row["device_id"]
        signed = SignedRecord(base64url(row["body"]), base64url(row["signature"]))
        written = read_signed(signed, till, await keyring.key(till))
        assert isinstance(written, VerifiedRecord), written
        record, before = written.record, heads.get(till, Head())
        assert (record.number, record.previous) == (before.number + 1, before.hash)
        heads[till] = Head(record.number, written.hash)
        assert check(record) is None
        assert await judge.deviations(record, offline=True) == ()
    assert len(heads) == len(POSTS)


@pytest.mark.usefixtures("loaded")
async def test_loading_the_demo_again_or_on_another_day_sells_nothing_twice(
    config: Config, db: Database, clock: Any
) -> None:
    before = await counts(db)
    assert all(before.values()), before
    for days in (0, 1):
        clock.advance(timedelta(days=days))
        await load_food(config, db, clock)
        assert await counts(db) == before
