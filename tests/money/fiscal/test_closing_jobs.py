"""Automatic closings, and the office's closings and archives."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FakeClock
from tests.matchday.food.conftest import Counters
from tests.money.fiscal.till import Till, append, beer, fries
from virage.cli import closing as commands
from virage.cli.fiscal import verify_archives
from virage.identity.keys.rules.vault import KeyVault
from virage.money.fiscal.acts.archives import ArchiveMonth, Archives
from virage.money.fiscal.jobs import ClosingJobs
from virage.money.fiscal.rules.closing import Period, PeriodKind
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
