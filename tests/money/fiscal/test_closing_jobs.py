"""Automatic closings, and the office's closings and archives."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FakeClock
from tests.matchday.food.conftest import Counters
from tests.money.fiscal.till import Till, append, beer, fries
from tests.venues import arena, install
from virage.cli import closing as commands
from virage.cli.fiscal import verify_archives
from virage.identity.keys.rules.vault import KeyVault
from virage.money.fiscal.acts.archives import ArchiveMonth, Archives
from virage.money.fiscal.acts.records import close
from virage.money.fiscal.jobs import ClosingJobs
from virage.money.fiscal.reads.archive import archive
from virage.money.fiscal.reads.closings import closed_through
from virage.money.fiscal.rules.closing import Closing, Period, PeriodKind, read_closing
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant

DAY, MONTH, YEAR = PeriodKind
EVENING = datetime(2026, 12, 30, 19, tzinfo=UTC)
MORNING = timedelta(hours=9)  # 4:00 in UTC, 5:00 at the venue
PERIOD = "from=2026-12-01&to=2026-12-31"


@pytest.fixture
def archives(config: Config) -> Archives:
    return Archives(config.objects_at)


@pytest.fixture
def jobs(db: Database, clock: FakeClock, vault: KeyVault, archives: Archives) -> ClosingJobs:
    return ClosingJobs(db, clock, vault, archives)


@pytest.fixture
async def two_zones(monkeypatch: pytest.MonkeyPatch, db: Database) -> None:
    """A second venue in New York."""
    await install(db, monkeypatch, arena())


async def append_records(db: Database, till: Till, now: datetime) -> None:
    async with db.transaction() as conn:
        outcomes = await append(conn, till.written, now)
    assert not any(isinstance(one, Refused) for one in outcomes)


async def two_evenings(db: Database) -> Till:
    """A till at work on the last two evenings of the year, the second at another outlet, and after midnight."""
    till = Till()
    async with db.transaction() as conn:
        await till.pair(conn)
    for day in range(2):
        till.outlet = ("01", "02")[day]
        till.write(lines=[beer(1 + day)])
        await append_records(db, till, EVENING + timedelta(days=day))
    till.write(lines=[fries()])
    await append_records(db, till, EVENING + timedelta(days=1, hours=8, minutes=59))
    till.write(lines=[beer(9)])
    await append_records(db, till, EVENING + timedelta(days=1, hours=9))
    return till


async def test_each_period_is_closed_once_with_many_and_late_workers(
    db: Database, clock: FakeClock, jobs: ClosingJobs
) -> None:
    await two_evenings(db)
    clock.set(EVENING + MORNING - timedelta(seconds=1))
    assert await jobs.close_due(db) == []
    clock.set(EVENING + timedelta(days=1) + MORNING)  # the system was down in between
    found = [one for all_of_one in await asyncio.gather(*(jobs.close_due(db) for _ in range(4))) for one in all_of_one]
    closed = {period: {(one.subject, one.subject_id): one.tally for one in closings} for period, closings in found}
    assert len(found) == len(closed) == 4
    totals = {
        period: {who[1]: tally.total_cents for who, tally in tallies.items() if who[0] == "outlet"}
        for period, tallies in closed.items()
    }
    assert totals == {
        Period(DAY, date(2026, 12, 30)): {"01": 700},
        Period(DAY, date(2026, 12, 31)): {"02": 1_850},
        Period(MONTH, date(2026, 12, 1)): {"01": 700, "02": 1_850},
        Period(YEAR, date(2026, 1, 1)): {"01": 700, "02": 1_850},
    }
    assert await jobs.close_due(db) == []
    clock.advance(timedelta(days=1))
    ((period, closings),) = await jobs.close_due(db)
    assert (period.starts_on, closings[0].tally.total_cents) == (date(2027, 1, 1), 6_300)


async def sell(db: Database, till: Till, outlet: str, cents: int, now: datetime) -> None:
    """Append a sale of a till at an outlet."""
    till.outlet = outlet
    till.write(lines=[beer(1, cents)])
    await append_records(db, till, now)


def listing(found: list[tuple[Period, list[Closing]]]) -> list[tuple[Period, dict[str, int]]]:
    """The periods in order, each with the totals of its outlets."""
    return [
        (period, {one.subject_id: one.tally.total_cents for one in closings if one.subject == "outlet"})
        for period, closings in found
    ]


@pytest.mark.usefixtures("two_zones")
async def test_each_venue_closes_its_days_in_its_own_time_zone_in_the_night_of_a_clock_change(
    db: Database, clock: FakeClock, jobs: ClosingJobs, tmp_path: Path, vault: KeyVault
) -> None:
    """Both venues sell at their outlet 01 on 31 October; New York changes to winter time that night, Paris did before.

    The day ends at 04:00 UTC in Paris and at 10:00 UTC in New York, an hour later than the night before.
    """
    home, away = Till(), Till()
    async with db.transaction() as conn:
        for till in (home, away):
            await till.pair(conn)
    utc, halloween = datetime(2026, 10, 31, tzinfo=UTC), Period(DAY, date(2026, 10, 31))
    for hours, home_cents, away_cents in ((20, 100, 1_000), (27, 200, 2_000)):  # 03:00 UTC is still that day in both
        await sell(db, home, "01", home_cents, utc + timedelta(hours=hours))
        await sell(db, away, "arena.01", away_cents, utc + timedelta(hours=hours))
    clock.set(utc + timedelta(hours=28) - timedelta(seconds=1))
    assert await jobs.close_due(db) == []
    clock.set(utc + timedelta(hours=28))
    assert listing(await jobs.close_due(db)) == [(halloween, {"01": 300})]
    # It is 05:00 of the next day in Paris, and 00:59 in New York: sales there still belong to 31 October.
    await sell(db, home, "01", 400, utc + timedelta(hours=29))
    await sell(db, away, "arena.01", 4_000, utc + timedelta(hours=33, minutes=59))
    clock.set(utc + timedelta(hours=34) - timedelta(seconds=1))
    assert await jobs.close_due(db) == []
    clock.set(utc + timedelta(hours=34))
    found = await jobs.close_due(db)
    month = Period(MONTH, date(2026, 10, 1))
    assert listing(found) == [(halloween, {"arena.01": 7_000}), (month, {"01": 300, "arena.01": 7_000})]
    assert await jobs.close_due(db) == []
    clock.set(utc + timedelta(hours=52))
    assert listing(await jobs.close_due(db)) == [(Period(DAY, date(2026, 11, 1)), {"01": 400})]
    for number, till in enumerate((home, away)):
        async with db.transaction() as conn:
            made = await archive(conn, vault, till.id, since=None, until=None, now=clock.now())
        assert made is not None
        (tmp_path / f"{number}.jsonl.gz").write_bytes(b"".join([piece async for piece in made.gzip(db)]))
        assert verify_archives([tmp_path / f"{number}.jsonl.gz"]) == 0


@pytest.mark.usefixtures("two_zones")
async def test_the_records_of_a_till_that_moved_to_another_time_zone_are_closed_once(
    db: Database, clock: FakeClock, jobs: ClosingJobs
) -> None:
    till, other = Till(), Till()
    async with db.transaction() as conn:
        await till.pair(conn)
        await other.pair(conn)
    noon = datetime(2026, 5, 9, 12, tzinfo=UTC)
    await sell(db, till, "01", 100, noon)
    await sell(db, till, "arena.01", 1_000, noon + timedelta(hours=1))
    await sell(db, till, "01", 10, noon + timedelta(hours=2))
    await sell(db, other, "arena.01", 5_000, noon)  # closes 9 May in New York, which the moved till closed in Paris
    found: list[list[tuple[Period, dict[str, int]]]] = []
    for _ in range(16):
        clock.set(noon + timedelta(hours=6 * (len(found) + 1)))
        found.append(listing(await jobs.close_due(db)))
    closed = [closing for step in found for closing in step]
    assert closed == [
        (Period(DAY, date(2026, 5, 9)), {"01": 100}),
        (Period(DAY, date(2026, 5, 9)), {"arena.01": 5_000}),
        (Period(DAY, date(2026, 5, 10)), {"arena.01": 1_000}),
        (Period(DAY, date(2026, 5, 11)), {"01": 10}),
    ]
    async with db.connection() as conn:
        bodies = [row["body"] for row in await conn.fetch("select body from fiscal.closing where subject = 'till'")]
    ranges = [one.ranges[0] for body in bodies if (one := read_closing(body)) is not None]
    assert sorted((one.first, one.last) for one in ranges if one.till == till.id) == [(1, 1), (2, 2), (3, 3)]


async def test_two_venues_in_one_time_zone_close_their_days_together(
    db: Database, clock: FakeClock, jobs: ClosingJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    await install(db, monkeypatch, arena("Europe/Paris"))
    till = Till()
    async with db.transaction() as conn:
        await till.pair(conn)
    for number, outlet in enumerate(("01", "arena.01", "01")):
        await sell(db, till, outlet, 10**number, EVENING)
    clock.set(EVENING + MORNING)
    ((period, closings),) = await jobs.close_due(db)
    assert listing([(period, closings)]) == [(Period(DAY, date(2026, 12, 30)), {"01": 101, "arena.01": 10})]
    assert [one.tally.total_cents for one in closings if one.subject == "till"] == [111]


@pytest.mark.usefixtures("two_zones")
async def test_a_day_closed_by_hand_is_closed_where_it_is_open(
    db: Database, clock: FakeClock, jobs: ClosingJobs, vault: KeyVault
) -> None:
    home, away = Till(), Till()
    async with db.transaction() as conn:
        for till in (home, away):
            await till.pair(conn)
    await sell(db, home, "01", 100, EVENING)
    await sell(db, away, "arena.01", 1_000, EVENING)
    clock.set(EVENING + MORNING)
    assert listing(await jobs.close_due(db)) == [(Period(DAY, date(2026, 12, 30)), {"01": 100})]
    day = Period(DAY, date(2026, 12, 30))
    async with db.connection() as conn:
        assert await closed_through(conn, ["01", "02"]) == date(2026, 12, 30)
        assert await closed_through(conn, ["01", "arena.01"]) is None
    by_hand = await db.transact(close, vault, day, clock.now())
    assert not isinstance(by_hand, Refused)
    assert listing([(day, by_hand)]) == [(day, {"arena.01": 1_000})]
    async with db.connection() as conn:
        assert await closed_through(conn, ["01", "arena.01"]) == date(2026, 12, 30)
    again = await db.transact(close, vault, day, clock.now())
    assert isinstance(again, Refused)
    assert again.data == {"open_since": "2026-12-31"}


async def test_a_closed_month_is_archived_and_verifies(
    db: Database, clock: FakeClock, jobs: ClosingJobs, archives: Archives, tmp_path: Path
) -> None:
    till = await two_evenings(db)
    clock.set(EVENING + timedelta(days=1) + MORNING)
    await jobs.close_due(db)
    async with db.connection() as conn:
        wished = await conn.fetch("select payload from kernel.job where entrypoint = 'concessions.archive'")
    assert [bytes(row["payload"]).decode() for row in wished] == [f'{{"till":"{till.id}","month":"2026-12-01"}}']
    await jobs.keep_month(ArchiveMonth(till.id, "2026-12-01"))
    kept = await archives.get(till.id, "2026-12")
    assert kept is not None
    (tmp_path / "month.jsonl.gz").write_bytes(kept)
    assert verify_archives([tmp_path / "month.jsonl.gz"]) == 0


async def test_the_office_reads_closings_and_downloads_an_archive(
    db: Database, clock: FakeClock, jobs: ClosingJobs, counters: Counters, tmp_path: Path
) -> None:
    till = await two_evenings(db)
    clock.set(EVENING + timedelta(days=1) + MORNING)
    await jobs.close_due(db)
    for name, outlet in (("manager", "02"), ("neighbour", "03")):
        counters.knows(name, Grant("finance", "outlet", outlet))
    counters.knows("both", Grant("finance", "outlet", "01"), Grant("finance", "outlet", "02"))
    days = await listed(counters, "finance", f"subject=outlet&period=day&{PERIOD}")
    assert [(one["closing"]["subject_id"], one["closing"]["tally"]["total_cents"]) for one in days] == [
        ("02", 1_850),
        ("01", 700),
    ]
    (year,) = await listed(counters, "finance", "subject=till&period=year&from=2020-01-01&to=2030-01-01")
    assert (year["closing"]["perpetual_cents"], len(year["hash"])) == (2_550, 64)
    mine = await listed(counters, "manager", f"subject=outlet&period=month&{PERIOD}")
    assert [one["closing"]["subject_id"] for one in mine] == ["02"]
    door = "/api/office/food/closings"
    assert (await counters.ask("manager", "GET", f"{door}?subject=till&period=day&{PERIOD}")).status_code == 403
    for bad in ("from=2026-12-31&to=2026-12-01", "from=1026-12-31&to=2026-12-01", "from=2026-12-01", "from=x&to=y"):
        assert (await counters.ask("finance", "GET", f"{door}?subject=till&period=day&{bad}")).status_code == 400
    for who, query in (("finance", ""), ("both", "?from=2026-12-30&to=2026-12-30")):
        answer = await counters.ask(who, "GET", f"/api/office/food/tills/{till.id}/archive{query}")
        assert answer.status_code == 200, answer.text
        (tmp_path / f"{who}.jsonl.gz").write_bytes(answer.content)
        assert verify_archives([tmp_path / f"{who}.jsonl.gz"]) == 0
    for who, status in (("manager", 403), ("neighbour", 403), ("house", 403)):
        answer = await counters.ask(who, "GET", f"/api/office/food/tills/{till.id}/archive")
        assert answer.status_code == status
    for asked in (f"{new_id()}/archive", f"{till.id}/archive?to=2025-01-01"):
        assert (await counters.ask("finance", "GET", f"/api/office/food/tills/{asked}")).status_code == 404


async def listed(counters: Counters, who: str, query: str) -> Any:
    answer = await counters.ask(who, "GET", f"/api/office/food/closings?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_command_line_closes_and_archives(
    db: Database, config: Config, archives: Archives, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = await two_evenings(db)
    monkeypatch.setenv("VIRAGE_SECRET", config.secret)
    monkeypatch.setenv("VIRAGE_DATABASE_URL", config.database_url or "")
    monkeypatch.setenv("VIRAGE_VAR_DIR", str(config.var_dir))
    monkeypatch.setenv("VIRAGE_DEMO", "1")
    await asyncio.to_thread(commands.close, date(2026, 12, 31))
    with pytest.raises(SystemExit):
        await asyncio.to_thread(commands.close, date(2026, 12, 31))
    assert await asyncio.to_thread(commands.archive_tills, tmp_path / "out", [], None, None)
    (file,) = (tmp_path / "out").iterdir()
    assert verify_archives([file]) == 0
    assert await archives.get(till.id, "1-4") == file.read_bytes()
    assert not await asyncio.to_thread(commands.archive_tills, tmp_path / "out", [new_id()], None, None)
    await asyncio.to_thread(commands.rebuild_figures)
    async with db.connection() as conn:
        assert await conn.fetchval("select sum(gross_cents) from books.figure") == 8_850
