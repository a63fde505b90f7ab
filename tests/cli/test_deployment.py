"""How a command finds the system beside it, and its message where there is none."""

import os
import stat
from pathlib import Path

import pytest

from tests.conftest import with_database
from virage.app.settings import read
from virage.cli.deployment import advertised, database, demo_environment, environment_of_running, running_deployment
from virage.platform.data import database as databases
from virage.platform.host.supervise import PARENT
from virage.platform.settings.config import Config

AWAY = "postgresql://virage@127.0.0.1:1/virage"


def system(var: Path, **variables: str) -> dict[str, str]:
    """The environment of a demo stored there."""
    return demo_environment({"VIRAGE_VAR_DIR": str(var), "VIRAGE_PORT": "8765"} | variables)


def test_a_command_without_a_running_deployment_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asking = {"VIRAGE_VAR_DIR": str(tmp_path)}
    with pytest.raises(SystemExit):
        environment_of_running(asking)
    env = system(tmp_path, VIRAGE_DATABASE_URL=AWAY)
    with advertised(read(env), env), pytest.raises(SystemExit):
        environment_of_running(asking)  # it was killed, with its database
    said = capsys.readouterr().err
    assert said.count(f"No deployment runs in {tmp_path}. Start one (make run)") == 2


def test_a_command_uses_the_variables_of_the_running_deployment_and_its_own_override_them(
    tmp_path: Path, database_url: str
) -> None:
    env = system(tmp_path, VIRAGE_DATABASE_URL=database_url, VIRAGE_CLOCK_SPEED="2", PATH="/bin", **{PARENT: "1"})
    with advertised(read(env), env):
        assert stat.S_IMODE((tmp_path / "running.json").stat().st_mode) == 0o600
        found = environment_of_running(
            {"VIRAGE_VAR_DIR": str(tmp_path), "VIRAGE_LOG_LEVEL": "debug", "VIRAGE_CLOCK_SPEED": ""}
        )
    assert found == {name: value for name, value in env.items() if name not in ("PATH", PARENT)} | {
        "VIRAGE_LOG_LEVEL": "debug"
    }
    assert not (tmp_path / "running.json").exists()


def test_a_second_deployment_in_a_folder_is_still_found_when_the_first_ends(tmp_path: Path, database_url: str) -> None:
    first = system(tmp_path, VIRAGE_DATABASE_URL=database_url)
    second = first | {"VIRAGE_PORT": "8443"}
    outer, inner = advertised(read(first), first), advertised(read(second), second)
    with outer:
        inner.__enter__()
    assert environment_of_running({"VIRAGE_VAR_DIR": str(tmp_path)})["VIRAGE_PORT"] == "8443"
    inner.__exit__(None, None, None)


def test_the_file_of_a_running_deployment_is_readable_by_its_owner_only(tmp_path: Path, database_url: str) -> None:
    env = system(tmp_path, VIRAGE_DATABASE_URL=database_url)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("what is there stays")
    elsewhere.chmod(0o644)
    (tmp_path / "house.new").symlink_to(elsewhere)
    with advertised(read(env), env):
        left = tmp_path / "running.json"
        assert (stat.S_IMODE(left.lstat().st_mode), left.is_symlink()) == (0o600, False)
    assert elsewhere.read_text() == "what is there stays"


def test_a_command_ignores_files_of_other_accounts_and_invalid_files(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = system(tmp_path, VIRAGE_DATABASE_URL=database_url)
    asking = {"VIRAGE_VAR_DIR": str(tmp_path)}
    with advertised(read(env), env):
        with monkeypatch.context() as other:
            mine = os.geteuid()
            other.setattr(os, "geteuid", lambda: mine + 1)
            assert running_deployment(asking) is None
        assert running_deployment(asking) is not None
        (tmp_path / "running.json").write_text("{")
        assert running_deployment(asking) is None


@pytest.mark.parametrize("named", ["VIRAGE_SECRET", "VIRAGE_DATABASE_URL"])
def test_variables_name_the_deployment_before_the_one_in_the_folder(
    tmp_path: Path, database_url: str, named: str
) -> None:
    env = system(tmp_path, VIRAGE_DATABASE_URL=database_url)
    with advertised(read(env), env):
        asking = {"VIRAGE_VAR_DIR": str(tmp_path), named: "another"}
        assert environment_of_running(asking) == asking


def refused(url: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The message of a command that cannot have its database."""
    with pytest.raises(SystemExit), database(Config(secret="x" * 32, database_url=url)):
        pytest.fail("there is no such database")
    return capsys.readouterr().err


def test_a_database_that_does_not_exist_is_refused_at_once(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(with_database(database_url, "elsewhere"), capsys)
    assert said == (
        'The database /elsewhere refuses us: database "elsewhere" does not exist. Correct VIRAGE_DATABASE_URL.\n'
    )


def test_a_database_that_does_not_answer_is_reported_at_once_and_given_up_in_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(databases, "ANSWER_WAIT_S", 0.3)
    said = refused("postgresql://virage:hunter2@127.0.0.1:1/virage", capsys)
    waiting, given_up = said.splitlines()
    assert waiting.startswith("Waiting for the database 127.0.0.1:1/virage (")
    assert given_up.startswith("The database 127.0.0.1:1/virage does not answer (")
    assert given_up.endswith("). Start it, or correct VIRAGE_DATABASE_URL.")
    assert "hunter2" not in said
