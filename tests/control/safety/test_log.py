"""The log of an event: exported, verified, and each change found and placed."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.control.safety.conftest import ControlRoom
from virage.cli.safety import verify_logs
from virage.cli.verification import CLEAN, DAMAGED, UNREADABLE
from virage.control.safety.jobs import RetentionJob
from virage.control.safety.rules.log import (
    GENESIS,
    HEADER_PURPOSE,
    RECORD_PURPOSE,
    LogHeader,
    LogRecord,
    SignedRecord,
    hash_of,
)
from virage.control.safety.rules.verifying import LogDamage, LogFinding, header_line, record_line, verify
from virage.control.safety.settings import SafetySettings
from virage.identity.keys.api import open_vault
from virage.money.fiscal.types import canonical
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id

Lines = list[bytes]


async def exported(room: ControlRoom, file: Path) -> Lines:
    """Four records: a report, two notes with text, and a resolution."""
    incident = await room.reported()
    await room.change(incident, "noted", text="Team 4 is on the way")
    await room.change(incident, "noted", text="The doctor is there")
    await room.change(incident, "resolved")
    return (await room.log(file)).read_bytes().splitlines()


def found(lines: Lines) -> list[tuple[int, LogDamage]]:
    return [(one.number, one.damage) for one in verify(lines).findings]


def changed(line: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """Change the parsed record within a line, in its canonical form."""
    outer = json.loads(line)
    body = json.loads(base64.urlsafe_b64decode(outer["body"] + "=="))
    change(body)
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    outer["body"] = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    return json.dumps(outer, sort_keys=True, separators=(",", ":")).encode()


async def test_the_exported_log_is_intact_and_names_no_text_in_what_is_signed(
    room: ControlRoom, tmp_path: Path
) -> None:
    file = tmp_path / "log.jsonl"
    lines = await exported(room, file)
    report = verify(lines)
    assert (report.records, report.findings, report.deleted) == (4, (), 0)
    assert verify_logs([file]) == CLEAN
    for line in lines[1:]:
        body = base64.urlsafe_b64decode(json.loads(line)["body"] + "==")
        assert b"collapsed" not in body
        assert b"example.org" not in body


async def test_each_change_of_a_copy_is_found_and_placed(room: ControlRoom, tmp_path: Path) -> None:
    lines = await exported(room, tmp_path / "log.jsonl")
    header, *records = lines

    def other_author(body: dict[str, Any]) -> None:
        body["who"] = None

    def fewer(body: dict[str, Any]) -> None:
        body["number"] = 3

    cases: dict[LogDamage, tuple[Lines, list[tuple[int, LogDamage]]]] = {
        LogDamage.RECORD_CHANGED: (
            [header, records[0], changed(records[1], other_author), *records[2:]],
            [(2, LogDamage.RECORD_CHANGED)],
        ),
        LogDamage.RECORD_MISSING: (
            [header, records[0], *records[3:]],
            [(2, LogDamage.RECORD_MISSING)],
        ),
        LogDamage.RECORD_REPEATED: (
            [header, *records, records[2]],
            [(3, LogDamage.RECORD_REPEATED)],
        ),
        LogDamage.RECORD_MISPLACED: (
            [header, records[1], records[0], *records[2:]],
            [(1, LogDamage.RECORD_MISPLACED)],
        ),
        LogDamage.LINE_UNREADABLE: (
            [header, *records, b"{}"],
            [(5, LogDamage.LINE_UNREADABLE)],
        ),
        LogDamage.HEADER_CHANGED: (
            [changed(header, fewer), *records],
            [(0, LogDamage.HEADER_CHANGED), (3, LogDamage.HEAD_WRONG)],
        ),
    }
    for damage, (damaged, expected) in cases.items():
        assert found(damaged) == expected, damage
    assert verify([header, records[0], *records[3:]]).findings == (LogFinding(2, LogDamage.RECORD_MISSING, None, 3),)


async def test_a_truncated_log_is_missing_its_last_records(room: ControlRoom, tmp_path: Path) -> None:
    lines = await exported(room, tmp_path / "log.jsonl")
    assert verify(lines[:3]).findings == (LogFinding(3, LogDamage.RECORD_MISSING, None, 4),)


async def test_a_changed_text_is_found_and_so_is_one_that_was_removed(room: ControlRoom, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    lines = await exported(room, file)
    line = json.loads(lines[2])
    rewritten = base64.urlsafe_b64encode(b'{"place":null,"text":"Nothing"}').decode().rstrip("=")
    forged = json.dumps({**line, "content": rewritten}, sort_keys=True, separators=(",", ":")).encode()
    removed = json.dumps({**line, "content": None, "salt": None}, sort_keys=True, separators=(",", ":")).encode()
    assert found([*lines[:2], forged, *lines[3:]]) == [(2, LogDamage.CONTENT_CHANGED)]
    assert found([*lines[:2], removed, *lines[3:]]) == [(2, LogDamage.CONTENT_MISSING)]
    file.write_bytes(b"\n".join([*lines[:2], forged, *lines[3:]]) + b"\n")
    assert verify_logs([file]) == DAMAGED


async def test_a_record_of_another_event_does_not_fit(room: ControlRoom, tmp_path: Path) -> None:
    lines = await exported(room, tmp_path / "log.jsonl")
    assert found([lines[0], lines[1], lines[3], lines[4]]) == [(2, LogDamage.RECORD_MISSING)]


async def test_texts_are_deleted_after_the_retention_period_and_the_log_stays_intact(
    room: ControlRoom, config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await exported(room, tmp_path / "log.jsonl")
    job = RetentionJob(room.world.db, room.clock, open_vault(config), SafetySettings(safety_text_days=30))
    await room.wait(timedelta(days=20))
    recent = await room.reported(text="Written later", place={"by": "map", "x_cm": 1, "y_cm": 2})
    await room.wait(timedelta(days=11))
    await job.delete_old()
    await job.delete_old()
    file = await room.log(tmp_path / "later.jsonl")
    report = verify(file.read_bytes().splitlines())
    assert (report.records, report.deleted, report.findings) == (6, 3, ())
    contents = [json.loads(line).get("content") for line in file.read_bytes().splitlines()[1:]]
    assert [one is not None for one in contents] == [False, False, False, False, True, False]
    assert verify_logs([file]) == CLEAN
    assert "erased by rule: 3" in " ".join(capsys.readouterr().out.split())
    listed = {one["id"]: one for one in await room.incidents()}
    assert listed[recent]["text"] == "Written later"
    assert listed[recent]["place"] == {"by": "map", "x_cm": 1, "y_cm": 2}
    assert [one["text"] for one in listed.values() if one["id"] != recent] == [None]


async def test_a_file_that_is_no_log_is_unreadable(tmp_path: Path) -> None:
    file = tmp_path / "other.txt"
    file.write_bytes(b"a text\n")
    assert verify_logs([file]) == UNREADABLE
    assert verify_logs([tmp_path / "missing.jsonl"]) == UNREADABLE


def signed_log(previous_of_second: str | None = None, head: str | None = None) -> Lines:
    """Two records and a header, all with valid signatures, as a holder of the key could write them."""
    private, event = Ed25519PrivateKey.generate(), new_id()

    def sealed(number: int, previous: str) -> SignedRecord:
        record = LogRecord(
            event=event,
            number=number,
            id=new_id(),
            kind="incident_noted",
            about=event,
            who=None,
            at="2026-05-09T18:00:00.000Z",
            data={},
            content=None,
            previous=previous,
        )
        body = canonical(record)
        return SignedRecord(number, body, private.sign(RECORD_PURPOSE + body))

    first = sealed(1, GENESIS)
    second = sealed(2, previous_of_second or hash_of(first.body))
    key = private.public_key().public_bytes_raw().hex()
    header = LogHeader(
        event=event, made_at="2026-05-09T18:00:00.000Z", key=key, number=2, hash=head or hash_of(second.body)
    )
    body = canonical(header)
    lines = [header_line(body, private.sign(HEADER_PURPOSE + body))]
    return [*lines, record_line(first, None), record_line(second, None)]


def test_a_signed_record_that_does_not_continue_the_one_before_is_found() -> None:
    assert found(signed_log()) == []
    assert found(signed_log(previous_of_second="1" * 64)) == [(2, LogDamage.CHAIN_BROKEN)]


def test_a_signed_header_of_another_head_is_found() -> None:
    assert found(signed_log(head="1" * 64)) == [(2, LogDamage.HEAD_WRONG)]
