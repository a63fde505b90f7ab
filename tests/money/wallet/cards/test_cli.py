"""`virage cards`: the output of the terminal, and the secrets that only the file has."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from virage.app.settings import read
from virage.cli import app
from virage.money.wallet.cards.acts.cards import open_card_secrets

UIDS = ["04DE5F1EACC040", "04958cAA5C5E80"]
MASTER = "0102030405060708090a0b0c0d0e0f10"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, database_url: str) -> dict[str, str]:
    """The environment of a deployment with cards."""
    environment = {
        "VIRAGE_SECRET": "a secret of the tests, long enough",
        "VIRAGE_DATABASE_URL": database_url,
        "VIRAGE_PUBLIC_URL": "https://virage.local",
        "VIRAGE_CARD_KEY": MASTER,
        "VIRAGE_SMTP_URL": "smtp://mail.example.org",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "400")
    return environment


def virage(*arguments: Any) -> int:
    """Run the command in this process; return its exit code."""
    try:
        app([str(one) for one in arguments], result_action="return_value")
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_the_encoding_is_printed_without_keys(
    machine: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "keys.json"
    assert virage("cards", "personalise", *UIDS, "--keys-file", file) == 0
    shown = "".join(capsys.readouterr())
    assert "https://virage.local/tap?uid=" + "0" * 14 + "&ctr=" + "0" * 6 + "&cmac=" + "0" * 16 in shown
    assert "4000E0C1FFE1" in shown
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = json.loads(file.read_bytes())
    assert [card["uid"] for card in written] == [uid.upper() for uid in UIDS]
    secrets = open_card_secrets(read(machine))
    assert secrets is not None
    for card in written:
        assert card["keys"]["1"] == secrets.keys.of(bytes.fromhex(card["uid"]), 1).hex().upper()
        assert card["card_id"] in shown
        for secret in (*card["keys"].values(), card["printed_code"], card["printed_code"].replace("-", ""), MASTER):
            assert secret.lower() not in shown.lower()


def test_a_lost_file_is_recreated_identically_and_no_file_is_overwritten(
    machine: dict[str, str], tmp_path: Path
) -> None:
    first, again = tmp_path / "first.json", tmp_path / "again.json"
    assert virage("cards", "personalise", *UIDS, "--keys-file", first) == 0
    assert virage("cards", "personalise", *UIDS, "--keys-file", again) == 0
    assert first.read_bytes() == again.read_bytes()
    assert virage("cards", "personalise", *UIDS, "--keys-file", first) == 1
    assert first.read_bytes() == again.read_bytes()


def test_a_refusal_leaves_no_file_and_no_card(machine: dict[str, str], tmp_path: Path) -> None:
    file, nowhere = tmp_path / "keys.json", "01900000-0000-7000-8000-000000000000"
    assert virage("cards", "personalise", *UIDS, "--keys-file", file, "--purse", nowhere) == 1
    assert virage("cards", "personalise", "04DE", "--keys-file", file) == 1
    assert not file.exists()
    assert virage("cards", "show", UIDS[0]) == 1


def test_a_card_is_shown_and_blocked_by_its_code_or_its_chip(
    machine: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "keys.json"
    virage("cards", "personalise", *UIDS, "--keys-file", file)
    card, _ = json.loads(file.read_bytes())
    capsys.readouterr()
    assert virage("cards", "block", card["printed_code"], "--reason", "stolen") == 0
    assert virage("cards", "show", UIDS[0]) == 0
    shown = capsys.readouterr().out
    assert card["card_id"] in shown
    assert "stolen, since" in shown
    assert card["printed_code"] not in shown
    assert all(key.lower() not in shown.lower() for key in card["keys"].values())
    assert virage("cards", "block", "22222-22222", "--reason", "lost") == 1


def test_without_a_master_key_cards_are_off_and_the_command_names_the_setting(
    machine: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("VIRAGE_CARD_KEY")
    assert virage("cards", "personalise", *UIDS, "--keys-file", tmp_path / "keys.json") == 1
    assert "VIRAGE_CARD_KEY" in capsys.readouterr().err
