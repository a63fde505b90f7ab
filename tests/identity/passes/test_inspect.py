"""`virage pass inspect`, which explains a code."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from virage.identity.keys.reads import PassKeys, issuer_key
from virage.identity.passes.inspect import inspect, keys_of
from virage.identity.passes.rules.code import text_of

HOUR = timedelta(hours=1)


def published(made: ModuleType) -> list[PassKeys]:
    return msgspec.convert(made.vectors()["issuers"], list[PassKeys])


def command(*arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "virage.cli", "pass", "inspect", *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"COLUMNS": "200", "PATH": ""},
    )


def test_published_keys_are_the_keys_that_verify(made: ModuleType) -> None:
    assert keys_of(published(made)) == made.KEYS


def test_a_key_with_the_id_of_another_key_is_refused(made: ModuleType) -> None:
    one, other = (answer.keys[0] for answer in published(made))
    with pytest.raises(ValueError, match="no key of a pass"):
        issuer_key(made.EVENT, msgspec.structs.replace(one, kid=other.kid))


def test_a_valid_code_is_verified_and_printed(made: ModuleType) -> None:
    found = inspect(text_of(made.code_of(made.P256)), made.KEYS, made.NOW)
    rows = dict(found.rows)
    assert found.verdict == "verified"
    assert (rows["event"], rows["number"], rows["gate group"]) == (str(made.EVENT), "12345", "N2")
    assert rows["holder"] == f"P-256 {made.P256.key.x.hex()}"
    assert rows["time step"].endswith("(+0 s behind now)")


def test_a_pass_of_another_event_is_verified_with_its_own_event(made: ModuleType) -> None:
    text = text_of(made.doubted()["a pass of another event"])
    found = inspect(text, made.KEYS, made.NOW)
    assert (found.verdict, dict(found.rows)["event"]) == ("verified", str(made.OTHER_EVENT))


def test_a_pass_without_its_key_is_printed_as_unverified(made: ModuleType) -> None:
    found = inspect(text_of(made.code_of(made.ED25519)), {}, made.NOW)
    assert found.verdict == "unknown_key"
    assert dict(found.rows)["place"] == "41207"


def test_an_expired_code_reports_its_age(made: ModuleType) -> None:
    found = inspect(text_of(made.code_of(made.ED25519)), made.KEYS, made.NOW + timedelta(minutes=10))
    assert found.verdict == "stale_step"
    assert dict(found.rows)["time step"].endswith("(+600 s behind now)")


def test_paper_passes_and_malformed_codes_are_named(made: ModuleType) -> None:
    paper = text_of(made.ISSUER.sign_pass(made.claims_of(None)))
    assert inspect(paper, made.KEYS, made.NOW).verdict == "verified (paper)"
    assert inspect("https://example.org", made.KEYS, made.NOW).verdict == "malformed"


def paper_valid(made: ModuleType, since: datetime) -> str:
    """A paper that is valid for two hours."""
    return text_of(made.ISSUER.sign_pass(made.claims_of(None, not_before=since, expires_at=since + 2 * HOUR)))


def test_the_command_prints_a_table_and_exits_with_1_for_an_invalid_pass(made: ModuleType, tmp_path: Path) -> None:
    one, several = tmp_path / "one.json", tmp_path / "several.json"
    one.write_text(json.dumps(made.vectors()["issuers"][0]), encoding="utf-8")
    several.write_text(json.dumps(made.vectors()["issuers"]), encoding="utf-8")
    now = datetime.now(UTC)
    for since, said, code in [(now - HOUR, "verified", 0), (now - 9 * HOUR, "expired", 1), (now + HOUR, "not_yet", 1)]:
        text = paper_valid(made, since)
        for outcome in (command(text, "--keys", str(one)), command("-", "--keys", str(several), given=text + "\n")):
            assert (outcome.returncode, outcome.stderr) == (code, "")
            assert said in outcome.stdout
            assert "12345" in outcome.stdout


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://127.0.0.1:9/keys"])
def test_unavailable_keys_end_the_command_with_a_message(url: str) -> None:
    outcome = command("V1:", "--url", url)
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("The keys cannot be read")
