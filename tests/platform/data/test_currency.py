"""A database keeps the currency of its amounts."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from msgspec.structs import replace

from tests.app.test_health import local
from virage.app.building import build
from virage.cli.deployment import database
from virage.platform.data import currency, migrate
from virage.platform.data.connecting import close, connect
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.money import Currency

FILE = "0141_currency.sql"
PAYMENT = """
insert into payments.payment (id, purpose, subject, amount_cents, state, created_at, expires_at)
values (gen_random_uuid(), 'order', gen_random_uuid(), 5000, 'created', now(), now())
"""


async def test_the_first_start_stores_the_currency_and_no_other_one_may_follow(database_url: str) -> None:
    assert await currency.settle_at(database_url, "JPY") is None
    assert await currency.settle_at(database_url, "JPY") is None
    refused = await currency.settle_at(database_url, "EUR")
    assert refused is not None
    assert refused.startswith("VIRAGE_CURRENCY: the amounts in this database are in JPY")


async def test_two_first_starts_at_once_agree_on_one_currency(database_url: str) -> None:
    answers = await asyncio.gather(*(currency.settle_at(database_url, code) for code in ("EUR", "JPY") * 4))
    assert sum(answer is None for answer in answers) == 4


async def test_a_database_without_a_schema_has_no_currency_yet(database_url: str) -> None:
    session = await connect(database_url, "virage test")
    await session.execute("drop table kernel.currency")
    await close(session)
    assert await currency.settle_at(database_url, "JPY") is None


async def test_a_command_in_another_currency_ends_with_what_to_do(
    config: Config, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def open_in(money: Currency) -> None:
        with database(replace(config, currency=money)):
            pass

    await asyncio.to_thread(open_in, Currency("JPY", 0))
    with pytest.raises(SystemExit):
        await asyncio.to_thread(open_in, config.currency)
    assert "Set VIRAGE_CURRENCY=JPY, or use a new database for EUR." in capsys.readouterr().err


async def test_a_process_that_started_before_the_schema_is_not_ready_in_another_currency(
    config: Config, db: Database, database_url: str
) -> None:
    await currency.settle_at(database_url, "JPY")
    async with local(build(replace(config, public_url="http://localhost:8000"), db, Clock())) as operator:
        answer = await operator.get("/readyz")
    assert answer.status_code == 503
    assert "are in JPY" in answer.text


async def test_the_first_ready_process_stores_the_currency(config: Config, db: Database, database_url: str) -> None:
    async with local(build(replace(config, public_url="http://localhost:8000"), db, Clock())) as operator:
        assert (await operator.get("/readyz")).status_code == 200
    refused = await currency.settle_at(database_url, "JPY")
    assert refused is not None
    assert "are in EUR" in refused


@pytest.mark.parametrize(("before", "stored"), [(PAYMENT, "EUR"), ("select 1", None)])
async def test_amounts_from_before_the_setting_are_in_euros(database_url: str, before: str, stored: str | None) -> None:
    """The migration over a database of 0.2.0, with a payment and without any amount."""
    text = (Path(migrate.__file__).parents[2] / "migrations" / FILE).read_text("utf-8")
    session: asyncpg.Connection = await connect(database_url, "virage test")
    try:
        await session.execute("drop table kernel.currency")
        await session.execute(before)
        await session.execute(text)
        assert await session.fetchval("select code from kernel.currency") == stored
    finally:
        await close(session)
