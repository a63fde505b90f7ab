"""A database that pg_dump and pg_restore moved to another cluster, whose transaction count starts
again.

After `virage restored` a subscriber that was ahead receives each new fact once; without it nothing
is served.
"""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest
from msgspec.structs import replace

from tests.conftest import FakeClock
from tests.golden.system import SPEND_TRANSACTION_IDS, environment, execute, virage
from tests.listening import subscribe
from tests.platform.realtime.test_hub import ids
from virage.app.building import build
from virage.demo.venues.drawing import stadium
from virage.matchday.access.reads.changes import GateChanges, PackChanges
from virage.media.live.acts import publishing
from virage.media.live.reads import Feeds, LiveTopic
from virage.media.live.rules.entries import Announcement, EntryRequest
from virage.money.wallet.cards.reads.card_news import CardNews, TillCards
from virage.platform.data import era
from virage.platform.data.database import Connection, Database
from virage.platform.data.journal import Entry, Fact, Tail, append, head, position_key
from virage.platform.data.migrate import migrate
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.host.programs import programs
from virage.platform.realtime.hub import Hub
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.web.guard import ANONYMOUS

NOW = datetime(2026, 5, 9, 19, tzinfo=UTC)
OLD_FACTS, AHEAD = 20, 4_000
UID = bytes.fromhex("04A1B2C3D4E5F6")
EVENT = UUID("0197a000-0000-7000-8000-000000000001")


class Before(NamedTuple):
    """The data of the old cluster: its dump, and the position up to which every device had read."""

    dump: Path
    heard: str


@pytest.fixture(scope="module")
def before() -> Iterator[Before]:
    """A system whose facts, entries and cards were written around transaction 5,000, and its dump."""
    folder = Path(tempfile.mkdtemp(prefix="virage-restored-"))
    postgres = EmbeddedPostgres(folder / "pg", durable=False)
    asyncio.run(postgres.start())
    try:
        heard = asyncio.run(written(postgres.url))
        dump = folder / "house.dump"
        command = [str(programs(None) / "pg_dump"), "--format=custom", "--no-owner", f"--file={dump}", postgres.url]
        subprocess.run(command, check=True)  # noqa: S603 - a program of the wheel
        yield Before(dump, heard)
    finally:
        asyncio.run(postgres.stop())
        shutil.rmtree(folder)


async def written(url: str) -> str:
    """Write the system; return the last position that devices had read."""
    await migrate(url)
    db = await Database.open(url)
    try:
        async with db.connection() as conn:
            reached = await conn.fetchval("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        await execute(url, SPEND_TRANSACTION_IDS.format(reached + AHEAD))
        async with db.transaction() as conn:
            await add_card(conn)
        for _ in range(OLD_FACTS):
            async with db.transaction() as conn:
                await append(conn, [revoked(1)], NOW)
        await tell(db)
        async with db.connection() as conn:
            return await head(conn)
    finally:
        await db.close()


@pytest.fixture
async def restored_url(before: Before) -> AsyncIterator[str]:
    """The dump in a new cluster, which has counted few transactions."""
    folder = Path(tempfile.mkdtemp(prefix="virage-restored-"))
    postgres = EmbeddedPostgres(folder / "pg", durable=False)
    await postgres.start()
    url = postgres.url
    command = [str(programs(None) / "pg_restore"), "--no-owner", "--exit-on-error", "--single-transaction"]
    await asyncio.to_thread(subprocess.run, [*command, f"--dbname={url}", str(before.dump)], check=True)
    connection = await asyncpg.connect(url)
    reached = await connection.fetchval("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    await connection.close()
    assert reached < position_key(before.heard).xid - AHEAD // 2, "the cluster is far behind the stored positions"
    yield url
    await postgres.stop()
    shutil.rmtree(folder)


@pytest.fixture
async def db(restored_url: str) -> AsyncIterator[Database]:
    """The restored database after `virage restored`."""
    assert await era.begin(restored_url) is not None
    database = await Database.open(restored_url)
    yield database
    await database.close()


async def add_card(conn: Connection) -> None:
    await conn.execute("insert into wallet_accounts.purse (id, opened_at) values ($1, $2)", EVENT, NOW)
    await conn.execute(
        "insert into wallet_cards.card (id, uid, purse_id, code_hash, key_version, personalised_at) "
        "values ($1, $2, $1, sha256('a code'), 1, $3)",
        EVENT,
        UID,
        NOW,
    )


def revoked(number: int) -> Fact:
    return Fact("pass_revoked", None, new_id(), {"event_id": str(EVENT), "number": number})


async def tell(db: Database) -> None:
    async with db.transaction() as conn:
        announcement = EntryRequest(new_id(), NOW, Announcement({"fr": "Merci", "en": "Thanks"}))
        await publishing.publish(conn, EVENT, [announcement], None, NOW)


async def write(db: Database, *facts: Fact) -> None:
    async with db.transaction() as conn:
        await append(conn, facts, NOW)


async def pass_the_old_ids(url: str, heard: str) -> None:
    """Spend transactions until this cluster's count is above all positions that were stored and
    read before.
    """
    await execute(url, SPEND_TRANSACTION_IDS.format(position_key(heard).xid + AHEAD))


async def until_received(heard: list[Entry], count: int) -> None:
    async with asyncio.timeout(10):
        while len(heard) < count:  # noqa: ASYNC110 - the tail is observed from outside
            await asyncio.sleep(0.01)


async def test_after_a_restore_a_tail_sends_no_old_fact_again_and_each_new_one_once(
    db: Database, restored_url: str, before: Before
) -> None:
    tail, from_now, from_before = Tail(db), list[Entry](), list[Entry]()
    tail.listen(from_now.extend)
    tail.listen(from_before.extend, before.heard)
    await write(db, revoked(2))
    await until_received(from_before, 1)
    await pass_the_old_ids(restored_url, before.heard)
    await write(db, revoked(3), revoked(4))
    await until_received(from_before, 3)
    await write(db, revoked(5))  # no other row is between the two
    await until_received(from_before, 4)
    await tail.close()
    assert [entry.data["number"] for entry in from_before] == [2, 3, 4, 5]
    assert [entry.data["number"] for entry in from_now][-3:] == [3, 4, 5]
    keys = [position_key(entry.position) for entry in from_before]
    assert keys == sorted(keys)
    assert keys[0] > position_key(before.heard)


async def test_a_gate_that_was_ahead_receives_a_revocation_once(
    db: Database, restored_url: str, before: Before
) -> None:
    news = GateChanges(db)

    async def beat(version: str) -> PackChanges:
        return await news.since(EVENT, version, stadium(), ())

    first = await beat(before.heard)
    assert (first.reload, first.revoked) == (False, [])
    await write(db, revoked(7))
    second = await beat(first.version)
    assert (second.reload, second.revoked) == (False, [7])
    await pass_the_old_ids(restored_url, before.heard)
    await write(db, revoked(8))
    assert (await GateChanges(db).since(EVENT, before.heard, stadium(), ())).revoked == [7, 8], (
        "a phone that was offline throughout"
    )
    third = await beat(second.version)
    assert (third.reload, third.revoked) == (False, [8])
    fourth = await beat(third.version)
    assert (fourth.reload, fourth.revoked) == (False, [])


async def test_a_till_that_was_ahead_receives_all_cards_and_then_each_change(
    db: Database, restored_url: str, before: Before
) -> None:
    news, card = CardNews(db, kept_s=0), UID.hex().upper()

    async def ask(position: str) -> TillCards:
        return msgspec.json.decode(await news.since(position), type=TillCards)

    first = await ask(str(position_key(before.heard).xid))
    assert (first.all, first.cards) == (True, [(card, 0, False)])
    assert int(first.position) > position_key(before.heard).xid
    assert (await ask(first.position)).cards == []
    for counter in (8, 9):
        async with db.transaction() as conn:
            await conn.execute("update wallet_cards.card set counter = $1", counter)
        changed = await ask(first.position)
        assert (changed.all, changed.cards) == (False, [(card, counter, False)])
        assert (await ask(changed.position)).cards == []
        first = changed
        await pass_the_old_ids(restored_url, before.heard)


async def test_a_phone_that_was_ahead_receives_each_new_entry_once(
    db: Database, restored_url: str, before: Before
) -> None:
    numbers: list[int] = []
    since = before.heard
    tail = Tail(db)
    hub = Hub(db, tail, [LiveTopic(Feeds(db))])
    for entries in (2, 3, 4):
        stream = await subscribe(hub, ANONYMOUS, [f"live:{EVENT}"], since)
        await tell(db)
        async with asyncio.timeout(10):
            while numbers[-1:] != [entries]:
                text = (await anext(stream)).decode()
                numbers += [int(part.split(",")[0]) for part in text.split('"number":')[1:]]
                since = (ids(text) or [since])[-1]
        await stream.aclose()
        await pass_the_old_ids(restored_url, before.heard)
    hub.close()
    await tail.close()
    assert numbers == [2, 3, 4]


async def ready(url: str, config: Config, clock: FakeClock) -> httpx.Response:
    """The readiness of a process over this database."""
    db = await Database.open(url)
    try:
        app = build(replace(config, database_url=url, public_url="http://localhost"), db, clock)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as operator:
            return await operator.get("/readyz")
    finally:
        await db.close()


async def test_nothing_is_served_before_virage_restored_was_run(
    restored_url: str, tmp_path: Path, config: Config, clock: FakeClock
) -> None:
    env = environment(restored_url, tmp_path)
    answer = await ready(restored_url, config, clock)
    assert (answer.status_code, "`virage restored`" in answer.text) == (503, True)
    for command in ("serve", "work", "run"):
        ended = await asyncio.to_thread(virage, env, command)
        assert (ended.returncode, "`virage restored`" in ended.stderr) == (1, True), (command, ended)

    using = await asyncpg.connect(restored_url, server_settings={"application_name": "virage work"})
    refused = await asyncio.to_thread(virage, env, "restored")
    await using.close()
    assert (refused.returncode, "in use by virage work" in refused.stderr) == (1, True)

    done = await asyncio.to_thread(virage, env, "restored")
    assert (done.returncode, "Stored positions reach" in done.stdout) == (0, True), done
    again = await asyncio.to_thread(virage, env, "restored")
    assert (again.returncode, again.stdout) == (0, "Nothing to do: the rows were written by this cluster.\n")
    assert (await ready(restored_url, config, clock)).status_code == 200


async def test_rows_without_their_era_are_found_by_their_ids(restored_url: str, before: Before) -> None:
    """Rows alone were loaded into a schema of this cluster: the era does not cover them."""
    await execute(
        restored_url,
        "update kernel.era set system_identifier = here.system_identifier from pg_control_system() as here",
    )
    assert await era.holds_foreign_rows(restored_url)
    await pass_the_old_ids(restored_url, before.heard)
    assert not await era.holds_foreign_rows(restored_url)
