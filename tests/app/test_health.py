import asyncpg
import httpx
import pytest
from msgspec.structs import replace

from virage.app.building import build
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.http import Application


@pytest.fixture
def config(config: Config) -> Config:
    """A demo whose address is its own machine's."""
    return replace(config, public_url="http://localhost:8000")


def local(app: Application, peer: str = "127.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=(peer, 40_000))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


async def test_healthz_and_readyz_answer_200(app: Application) -> None:
    async with local(app) as operator:
        assert (await operator.get("/healthz")).text == "alive\n"
        assert (await operator.get("/readyz")).text == "ready\n"


async def test_it_is_not_ready_when_a_migration_is_missing(app: Application, database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    name = await connection.fetchval("delete from kernel.migration where name like '0102%' returning name")
    await connection.close()
    async with local(app) as operator:
        answer = await operator.get("/readyz")
    assert answer.status_code == 503
    assert name in answer.text


async def test_it_is_not_ready_without_a_database_and_still_alive(app: Application, db: Database) -> None:
    await db.close()
    async with local(app) as operator:
        assert (await operator.get("/readyz")).status_code == 503
        assert (await operator.get("/healthz")).status_code == 200


async def test_metrics_are_labelled_by_route_and_not_by_address(app: Application) -> None:
    async with local(app) as operator:
        await operator.get("/api/events/0190d1b8-0000-7000-8000-000000000000")
        await operator.request("INVENTED", "/")
        text = (await operator.get("/metrics")).text
    assert "INVENTED" not in text
    assert 'virage_requests_total{method="GET",route="/api/events/{event_id}",status="404"} 1.0' in text
    assert "0190d1b8" not in text
    assert 'virage_batches_total{batcher="sessions"}' in text
    assert 'virage_jobs{status="failed"} 0.0' in text


@pytest.mark.parametrize(("peer", "host"), [("192.0.2.7", "localhost"), ("127.0.0.1", "tickets.example.org")])
async def test_without_a_token_metrics_are_served_to_this_machine_only(app: Application, peer: str, host: str) -> None:
    async with local(app, peer) as stranger:
        assert (await stranger.get("/metrics", headers={"host": host})).status_code == 404


async def test_production_refuses_metrics_without_a_token(config: Config, db: Database) -> None:
    async with local(build(replace(config, demo=False), db, Clock())) as operator:
        assert (await operator.get("/metrics")).status_code == 404


async def test_metrics_are_served_with_their_token(config: Config, db: Database) -> None:
    app = build(replace(config, metrics_token="the token of the counters"), db, Clock())
    async with local(app, "192.0.2.7") as scraper:
        shown = {"authorization": "Bearer the token of the counters"}
        assert (await scraper.get("/metrics", headers=shown)).status_code == 200
        assert (await scraper.get("/metrics", headers={"authorization": "Bearer another"})).status_code == 404
    async with local(app) as operator:
        assert (await operator.get("/metrics")).status_code == 404
