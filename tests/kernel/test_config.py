from datetime import UTC, datetime, timedelta

import pytest

from virage.cli.variables import variables
from virage.kernel.config import Config, ConfigError, read

SECRET = "x" * 32


def defects(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as error:
        read(environ)
    return [defect.partition(":")[0] for defect in error.value.defects]


def test_a_secret_is_all_that_must_be_set() -> None:
    config = read({"VIRAGE_SECRET": SECRET})
    assert config.public_url == "http://localhost:8000"
    assert not config.demo


def test_the_public_address_follows_the_port() -> None:
    assert read({"VIRAGE_SECRET": SECRET, "VIRAGE_PORT": "8123"}).public_url == "http://localhost:8123"


def test_every_defect_is_told_at_once() -> None:
    environ = {
        "VIRAGE_PORT": "eighty",
        "VIRAGE_PUBLIC_URL": "localhost:8000/",
        "VIRAGE_CLUB_PRIMARY": "blue",
        "VIRAGE_LOG_LEVEL": "loud",
        "VIRAGE_DEMO": "perhaps",
        "VIRAGE_CLOCK_SPEED": "fast",
        "VIRAGE_SECRETS_PREVIOUS": "short",
        "VIRAGE_CARD_KEY": "00" * 15,
        "VIRAGE_TAP_CAP_CENTS": "-1",
    }
    assert sorted(defects(environ)) == sorted([*environ, "VIRAGE_SECRET"])


@pytest.mark.parametrize("bent", [{"VIRAGE_CLOCK_SHIFT": "60"}, {"VIRAGE_CLOCK_SPEED": "10"}])
def test_production_refuses_a_bent_clock_and_a_demo_takes_it(bent: dict[str, str]) -> None:
    assert defects({"VIRAGE_SECRET": SECRET} | bent) == ["VIRAGE_CLOCK_SHIFT, VIRAGE_CLOCK_SPEED"]
    config = read({"VIRAGE_SECRET": SECRET, "VIRAGE_DEMO": "1"} | bent)
    assert (config.clock_shift, config.clock_speed) != (timedelta(0), 1.0)


def test_a_short_secret_is_refused_in_production_and_in_a_demo() -> None:
    assert defects({"VIRAGE_SECRET": "short"}) == ["VIRAGE_SECRET"]
    assert defects({"VIRAGE_SECRET": "short", "VIRAGE_DEMO": "1"}) == ["VIRAGE_SECRET"]


def test_production_wants_https_but_on_localhost() -> None:
    assert defects({"VIRAGE_SECRET": SECRET, "VIRAGE_PUBLIC_URL": "http://tickets.example.org"}) == [
        "VIRAGE_PUBLIC_URL"
    ]
    assert read({"VIRAGE_SECRET": SECRET, "VIRAGE_PUBLIC_URL": "https://tickets.example.org"}).secure


def test_a_sandbox_needs_its_secrets() -> None:
    assert defects({"VIRAGE_SECRET": SECRET, "VIRAGE_SANDBOX_URL": "http://localhost:8001"}) == ["VIRAGE_SANDBOX_URL"]


def test_the_speed_of_a_rehearsal_counts_from_a_moment_that_all_processes_share() -> None:
    environ = {"VIRAGE_SECRET": SECRET, "VIRAGE_DEMO": "1"}
    config = read(environ | {"VIRAGE_CLOCK_ORIGIN": "2026-05-09T18:00:00Z"})
    assert config.clock_origin == datetime(2026, 5, 9, 18, tzinfo=UTC)
    assert defects(environ | {"VIRAGE_CLOCK_ORIGIN": "2026-05-09T18:00:00"}) == ["VIRAGE_CLOCK_ORIGIN"]


def test_every_variable_that_is_read_is_explained_and_every_explained_one_is_read() -> None:
    explained = {name for name, _, about in variables() if about}
    assert explained == {f"VIRAGE_{name}" for name in names_read()}


def names_read() -> set[str]:
    class Names(dict[str, str]):
        def __init__(self) -> None:
            super().__init__()
            self.asked: set[str] = set()

        def get(self, name: str, default: str = "") -> str:  # type: ignore[override]  # only what `read` asks
            self.asked.add(name.removeprefix("VIRAGE_"))
            return SECRET if name == "VIRAGE_SECRET" else default

    names = Names()
    read(names)
    return names.asked


def test_a_printed_configuration_holds_no_secret() -> None:
    config = Config(secret=SECRET, sandbox_key="k" * 20, metrics_token="m" * 20)
    assert not any(secret in repr(config) for secret in (SECRET, "k" * 20, "m" * 20))
