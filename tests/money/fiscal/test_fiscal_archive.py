"""Archives and the verifying command."""

import gzip
import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.identity.passes.make_vectors import P256
from tests.money.fiscal.archives import FIRST, RECORDS, Lines, at, body_changed, file_of, lines_of, three_days, without
from tests.money.fiscal.till import Till
from virage.cli import fiscal as command
from virage.identity.keys.rules.vault import KeyVault
from virage.money.fiscal.rules.archive import Signed, record_line
from virage.money.fiscal.rules.verifying import Damage, Finding, verify
from virage.platform.data.database import Database


def kinds(lines: Lines) -> list[str]:
    return [json.loads(line)["type"] for line in lines]


# --- complete archives --------------------------------------------------------------------------------------------


async def test_an_archive_holds_all_proofs_of_a_till(till: Till, lines: Lines) -> None:
    assert kinds(lines) == ["header", *["record"] * RECORDS, *["anchor"] * 8, *["closing"] * 6, "seal"]
    report = verify(lines)
    assert report.findings == ()
    assert report.header is not None
    assert (report.header.till, report.header.first, report.header.last) == (till.id, 1, RECORDS)
    assert report.header.head == till.heads[False].hash
    assert report.header.closings == (("day", 1, 3), ("month", 1, 2), ("year", 1, 1))
    real = [one for one in till.written if not one.record.training]
    assert lines[1 : RECORDS + 1] == [record_line(one.record.number, Signed(one.body, one.signature)) for one in real]


@pytest.mark.parametrize(
    ("since", "until", "first", "last", "closings"),
    [
        (None, FIRST, None, None, ()),
        (None, FIRST + timedelta(days=1), 1, 3, ("day", "month", "year")),
        (FIRST + timedelta(days=1), FIRST + timedelta(days=2), 4, 6, ("day",)),
        (date(2026, 6, 1), None, 7, 12, ("day", "month")),
        (date(2026, 6, 1), date(2026, 7, 1), 7, 9, ("day", "month")),
        (date(2027, 1, 1), None, None, None, ()),
    ],
)
async def test_the_archive_of_some_days_verifies_by_itself(  # noqa: PLR0917 - one argument a column of the cases
    db: Database,
    vault: KeyVault,
    since: date | None,
    until: date | None,
    first: int | None,
    last: int | None,
    closings: Sequence[str],
) -> None:
    till = Till()
    await three_days(db, vault, till)
    file = await file_of(db, vault, till, since, until)
    if file is None:
        assert first is None
        return
    report = verify(lines_of(file))
    assert report.header is not None
    assert (report.findings, report.header.first, report.header.last) == ((), first, last)
    assert tuple(name for name, _, _ in report.header.closings) == closings


async def test_a_till_without_records_or_never_paired_has_no_archive(db: Database, vault: KeyVault) -> None:
    till = Till()
    assert await file_of(db, vault, till) is None
    async with db.transaction() as conn:
        await till.pair(conn)
    assert await file_of(db, vault, till) is None


async def test_a_till_without_ed25519_signs_with_p_256(db: Database, vault: KeyVault) -> None:
    till = Till(signer=P256)
    await three_days(db, vault, till)
    lines = lines_of(await file_of(db, vault, till) or b"")
    assert verify(lines).findings == ()
    damaged = at(lines, 5, body_changed(lines[5], '"unit_cents":700', '"unit_cents":100'))
    assert verify(damaged).findings == (Finding(6, Damage.RECORD_CHANGED, 5),)


async def test_an_archive_of_several_pages_is_complete(db: Database, vault: KeyVault, monkeypatch: Any) -> None:
    monkeypatch.setattr("virage.money.fiscal.reads.archive.PAGE", 2)
    till = Till()
    await three_days(db, vault, till)
    file = await file_of(db, vault, till)
    assert file is not None
    assert verify(lines_of(file)).findings == ()
    assert len(lines_of(file)) == RECORDS + 16


# --- the command --------------------------------------------------------------------------------------------------


async def test_the_command_distinguishes_intact_damaged_and_unreadable_files(
    lines: Lines, till: Till, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def file(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    packed = gzip.compress(b"".join(line + b"\n" for line in lines), mtime=0)
    whole = file("whole", packed)
    damaged = file("damaged", gzip.compress(b"".join(line + b"\n" for line in without(lines, 5))))
    cut = file("cut", packed[: len(packed) // 2])
    rotten = file("rotten", packed[:-8] + bytes(8))
    other = [file("recipe", b"a cake recipe"), file("empty", b""), file("list", gzip.compress(b"a\nb\n"))]
    assert command.verify_archives([whole]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"till {till.id}, records 1 to 12" in said
    assert command.verify_archives([whole, damaged]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "record missing" in said
    for broken in (cut, rotten):
        assert command.verify_archives([broken]) == 1
    for unreadable in (*other, tmp_path / "nowhere", tmp_path):
        assert command.verify_archives([whole, unreadable, damaged]) == 2
