"""`virage venue`: what the commands print, write and store."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.golden.system import SETTINGS
from tests.site.venue.samples import TODAY, seating_plan, small_document
from virage.cli import app
from virage.site.venue.types import read

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path) -> None:
    """The environment of a deployment."""
    for name, value in (SETTINGS | {"VIRAGE_DATABASE_URL": database_url, "VIRAGE_VAR_DIR": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A venue file without defects."""
    return written(tmp_path / "arena.json", small_document())


def written(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


def virage(*arguments: Any) -> int:
    """Run `virage venue` in this process; return its exit code."""
    try:
        app(["venue", *map(str, arguments)], result_action="return_value")
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def double_plan(path: Path) -> Path:
    """A seating plan with 40 seats whose ids were used before."""
    plan = seating_plan()
    rows = plan["zones"][0]["rows"]
    first = rows[0]["seats"][0]
    rows += [
        {
            "row_number": str(9 + number),
            "position": {"x": 900, "y": 20 * number},
            "seats": [first | {"seat_number": str(number)}],
        }
        for number in range(40)
    ]
    return written(path, plan)


def test_a_plan_with_forty_double_ids_prints_forty_lines(tmp_path: Path, capfd: Captured) -> None:
    plan = double_plan(tmp_path / "plan.json")
    assert virage("check", plan, "--code", "hall", "--time-zone", "Europe/Paris") == 1
    lines = capfd.readouterr().out.splitlines()
    assert [line.partition(": ")[0] for line in lines] == [
        f"zones[0].rows[{3 + number}].seats[0].seat_guid" for number in range(40)
    ]
    assert {line.partition(": ")[2] for line in lines} == {"'Parterre-1-1' is used before"}


def test_the_proposed_mends_are_written_beside_the_plan_and_leave_no_defect(tmp_path: Path, capfd: Captured) -> None:
    plan = double_plan(tmp_path / "plan.json")
    before = plan.read_bytes()
    names = ("--code", "hall", "--time-zone", "Europe/Paris")
    assert virage("check", plan, *names, "--fix") == 1
    lines = capfd.readouterr().out.splitlines()
    assert sum(line.startswith("mend zones[0].rows[") for line in lines) == 40
    assert virage("check", tmp_path / "plan.fixed.json", *names) == 0
    assert capfd.readouterr().out == "Hall (hall), 76 seats, 0 standing places: no defects\n"
    assert plan.read_bytes() == before


def test_a_venue_is_imported_once_listed_and_exported_as_it_was(file: Path, tmp_path: Path, capfd: Captured) -> None:
    assert virage("import", file) == 0
    imported = capfd.readouterr().out
    assert ": imported, version " in imported
    version = imported.split()[-1]
    assert virage("import", file) == 0
    assert capfd.readouterr().out.endswith(f": unchanged, version {version}\n")
    assert virage("list") == 0
    lines = capfd.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines if line.split()[0] == "arena"] == [version]
    for arguments in (["arena"], ["arena", "--version", version]):
        assert virage("export", *arguments) == 0
        exported = tmp_path / "exported.json"
        exported.write_text(capfd.readouterr().out)
        assert read(exported.read_bytes(), TODAY).file == read(file.read_bytes(), TODAY).file
    assert virage("import", exported) == 0
    assert capfd.readouterr().out.endswith(f": unchanged, version {version}\n")


def test_a_file_with_defects_is_not_imported_and_prints_all_of_them(
    file: Path, tmp_path: Path, capfd: Captured
) -> None:
    assert virage("import", file) == 0
    damaged = msgspec.json.decode(file.read_bytes())
    damaged["time_zone"], damaged["blocks"][0]["stand"] = "Europe/Nowhere", "moon"
    capfd.readouterr()
    virage("list")
    before = capfd.readouterr().out
    assert virage("import", written(tmp_path / "damaged.json", damaged)) == 1
    said = capfd.readouterr().out
    assert "time_zone: unknown time zone 'Europe/Nowhere'" in said
    assert "blocks[0].stand: 'moon' does not exist" in said
    virage("list")
    assert capfd.readouterr().out == before


@pytest.mark.parametrize("arguments", [("nowhere",), ("arena", "--version", "0" * 12)])
def test_a_venue_or_version_that_does_not_exist_is_not_exported(
    arguments: tuple[str, ...], file: Path, capfd: Captured
) -> None:
    assert virage("import", file) == 0
    capfd.readouterr()
    assert virage("export", *arguments) == 1
    said = capfd.readouterr()
    assert (said.out, "There is no venue" in said.err) == ("", True)


def test_a_file_that_cannot_be_read_is_named_with_its_reason(tmp_path: Path, capfd: Captured) -> None:
    assert virage("check", tmp_path / "none.json") == 1
    assert "none.json: No such file or directory" in capfd.readouterr().err
