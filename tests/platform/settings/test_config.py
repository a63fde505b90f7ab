import re
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, get_origin

import msgspec
import pytest

from tests.zones import NEW_YORK, PARIS
from virage.app.settings import SETTINGS, read
from virage.cli.variables import variables
from virage.control.books.settings import ACCOUNTS
from virage.identity.people.settings import PeopleSettings
from virage.money.payments.settings import PaymentSettings
from virage.platform.settings.config import Club, Config, ConfigError
from virage.platform.values.money import EURO, Currency
from virage.sale.ticketing.settings import ExchangeSettings

SECRET = "a secret of the tests, long enough"
PRODUCTION = {"VIRAGE_SECRET": SECRET, "VIRAGE_SMTP_URL": "smtp://mail.example.org"}


def defects(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as error:
        read(environ)
    return [defect.partition(":")[0] for defect in error.value.defects]


def test_a_secret_and_a_mail_server_are_all_that_production_must_set() -> None:
    config = read(PRODUCTION)
    assert config.public_url == "http://localhost:8000"
    assert not config.demo


def test_the_public_address_follows_the_port() -> None:
    assert read(PRODUCTION | {"VIRAGE_PORT": "8123"}).public_url == "http://localhost:8123"


def test_all_defects_are_reported_at_once() -> None:
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
        "VIRAGE_SMTP_URL": "imap://mail.example.org",
        "VIRAGE_DATABASE_URL": "mysql://localhost/virage",
        "VIRAGE_OBJECTS_URL": "ftp://files.example.org",
    }
    assert sorted(defects(environ)) == sorted([*environ, "VIRAGE_SECRET"])


@pytest.mark.parametrize("bent", [{"VIRAGE_CLOCK_SHIFT": "60"}, {"VIRAGE_CLOCK_SPEED": "10"}])
def test_production_refuses_a_shifted_clock_and_a_demo_accepts_it(bent: dict[str, str]) -> None:
    assert defects(PRODUCTION | bent) == ["VIRAGE_CLOCK_SHIFT, VIRAGE_CLOCK_SPEED"]
    config = read({"VIRAGE_SECRET": SECRET, "VIRAGE_DEMO": "1"} | bent)
    assert (config.clock_shift, config.clock_speed) != (timedelta(0), 1.0)


@pytest.mark.parametrize("secret", ["", "short", "a" * 32, "ab" * 32])
def test_a_short_or_not_random_secret_is_refused_in_production_and_in_a_demo(secret: str) -> None:
    assert defects(PRODUCTION | {"VIRAGE_SECRET": secret}) == ["VIRAGE_SECRET"]
    assert defects({"VIRAGE_SECRET": secret, "VIRAGE_DEMO": "1"}) == ["VIRAGE_SECRET"]


def test_random_hexadecimal_digits_are_a_secret() -> None:
    assert all(read(PRODUCTION | {"VIRAGE_SECRET": secrets.token_hex(32)}) for _ in range(1_000))


@pytest.mark.parametrize(
    "url", ["http://tickets.example.org", "http://localhost.evil.example", "http://127.0.0.1:8000"]
)
def test_production_requires_https_except_on_localhost(url: str) -> None:
    assert defects(PRODUCTION | {"VIRAGE_PUBLIC_URL": url}) == ["VIRAGE_PUBLIC_URL"]
    assert read(PRODUCTION | {"VIRAGE_PUBLIC_URL": "https://tickets.example.org"}).secure
    assert not read(PRODUCTION | {"VIRAGE_PUBLIC_URL": "http://localhost:8123"}).secure


@pytest.mark.parametrize(
    "url", ["http://localhost@evil.example", "http://localhost:8000/", "http://a?b", "http://[::1", "http://"]
)
def test_an_address_is_a_scheme_and_a_host_and_nothing_more(url: str) -> None:
    assert defects(PRODUCTION | {"VIRAGE_PUBLIC_URL": url}) == ["VIRAGE_PUBLIC_URL"]


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://localhost:8000", True),
        ("https://127.0.0.1:8443", True),
        ("http://[::1]:8000", True),
        ("https://tickets.example.org", False),
        ("http://localhost.evil.example", False),
        ("https://192.168.1.2:8443", False),
    ],
)
def test_only_the_names_of_the_machine_itself_are_private(url: str, private: bool) -> None:
    assert Config(secret=SECRET, public_url=url).is_private is private


@pytest.mark.parametrize(
    ("variable", "values"),
    [
        ("VIRAGE_DATABASE_URL", ["postgresql://virage@db:5432/virage", "postgres:///virage?host=%2Frun%2Fpostgresql"]),
        (
            "VIRAGE_OBJECTS_URL",
            ["file:///srv/objects", "az://container", "s3://bucket/folder", "/srv/objects", "objects"],
        ),
        (
            "VIRAGE_SMTP_URL",
            ["smtp://mail", "smtps://user:pass%40word@mail.example.org:465", "smtp://m:25/?starttls=1"],
        ),
    ],
)
def test_addresses_of_servers_are_not_changed(variable: str, values: list[str]) -> None:
    for value in values:
        config = read(PRODUCTION | {variable: value})
        kinds = [config, *config.domains.values()]
        [read_as] = [
            getattr(one, name) for one in kinds if hasattr(one, name := variable.removeprefix("VIRAGE_").lower())
        ]
        assert read_as == value


def test_production_refuses_to_start_without_a_mail_server() -> None:
    assert defects({"VIRAGE_SECRET": SECRET}) == ["VIRAGE_SMTP_URL"]
    assert read({"VIRAGE_SECRET": SECRET, "VIRAGE_DEMO": "1"}).of(PeopleSettings).smtp_url is None


SANDBOX = {
    "VIRAGE_SANDBOX_URL": "http://localhost:8001",
    "VIRAGE_SANDBOX_KEY": "the sandbox's key",
    "VIRAGE_SANDBOX_WEBHOOK_SECRET": "the secret of the tests' webhooks",
}


def test_production_refuses_the_sandbox_unless_it_is_allowed() -> None:
    assert defects(PRODUCTION | SANDBOX) == ["VIRAGE_SANDBOX_URL"]
    for allowed in (PRODUCTION | {"VIRAGE_SANDBOX_OUTSIDE_DEMO": "1"}, {"VIRAGE_SECRET": SECRET, "VIRAGE_DEMO": "1"}):
        assert read(allowed | SANDBOX).of(PaymentSettings).sandbox_url == "http://localhost:8001"


@pytest.mark.parametrize("secret", ["", "w", "the secret of its webhooks", "w" * 40])
def test_a_sandbox_needs_its_key_and_a_strong_secret_of_its_webhooks(secret: str) -> None:
    demo = {"VIRAGE_SECRET": SECRET, "VIRAGE_DEMO": "1"} | SANDBOX
    assert defects(demo | {"VIRAGE_SANDBOX_WEBHOOK_SECRET": secret}) == ["VIRAGE_SANDBOX_WEBHOOK_SECRET"]
    assert defects(demo | {"VIRAGE_SANDBOX_KEY": ""}) == ["VIRAGE_SANDBOX_KEY"]


STRIPE = {"VIRAGE_STRIPE_KEY": "sk_live_51", "VIRAGE_STRIPE_WEBHOOK_SECRETS": f"whsec_{'ab' * 16},whsec_{'cd' * 16}"}


def test_stripe_needs_a_live_key_its_webhook_secret_and_no_other_provider() -> None:
    stripe = read(PRODUCTION | STRIPE).of(PaymentSettings)
    assert (len(stripe.stripe_webhook_secrets), stripe.stripe_methods) == (2, ("card",))
    assert defects(PRODUCTION | STRIPE | {"VIRAGE_STRIPE_WEBHOOK_SECRETS": ""}) == ["VIRAGE_STRIPE_WEBHOOK_SECRETS"]
    assert defects(PRODUCTION | STRIPE | {"VIRAGE_STRIPE_METHODS": "card,sepa_debit"}) == ["VIRAGE_STRIPE_METHODS"]
    assert defects(PRODUCTION | STRIPE | {"VIRAGE_STRIPE_API_URL": "https://example.org"}) == ["VIRAGE_STRIPE_API_URL"]
    for wrong in ("pk_live_51", "sk_live_", "sk_other_51"):
        assert defects(PRODUCTION | STRIPE | {"VIRAGE_STRIPE_KEY": wrong}) == ["VIRAGE_STRIPE_KEY"]
    both = {"VIRAGE_SECRET": SECRET, "VIRAGE_DEMO": "1"} | SANDBOX | STRIPE
    assert defects(both) == ["VIRAGE_STRIPE_KEY"]


def test_production_refuses_a_test_key_unless_it_is_allowed() -> None:
    test_key = STRIPE | {"VIRAGE_STRIPE_KEY": "rk_test_51"}
    assert defects(PRODUCTION | test_key) == ["VIRAGE_STRIPE_KEY"]
    for allowed in (PRODUCTION | {"VIRAGE_SANDBOX_OUTSIDE_DEMO": "1"}, {"VIRAGE_SECRET": SECRET, "VIRAGE_DEMO": "1"}):
        assert read(allowed | test_key).of(PaymentSettings).stripe_key == "rk_test_51"


def test_values_other_than_text_are_parsed() -> None:
    kinds: list[type[msgspec.Struct]] = [Config, Club, *SETTINGS]
    fields = {field.name: field for kind in kinds for field in msgspec.structs.fields(kind)}
    assert len(fields) > 55
    parsed = {name for name, field in fields.items() if get_origin(field.type) is Annotated}
    text = {name for name, field in fields.items() if field.type in (str, str | None)}
    assert set(fields) - parsed - text == {"club", "domains"}


def test_a_threshold_of_the_exchange_may_be_more_than_a_stadium_has_tickets() -> None:
    at = "VIRAGE_EXCHANGE_CARD_TICKETS_MAX"
    assert read(PRODUCTION | {at: "1000000"}).of(ExchangeSettings).exchange_card_tickets_max == 1_000_000
    assert defects(PRODUCTION | {at: "0"}) == [at]
    assert defects(PRODUCTION | {at: "1000001"}) == [at]


def test_setting_names_are_unique() -> None:
    kinds: list[type[msgspec.Struct]] = [Config, *SETTINGS]
    names = [field.name for kind in kinds for field in msgspec.structs.fields(kind)]
    assert sorted(set(names)) == sorted(names)


def test_settings_of_a_domain_default_where_none_were_read() -> None:
    config = Config(secret=SECRET)
    assert config.of(PaymentSettings).sandbox_url is None
    assert config.having(PaymentSettings(sandbox_url="http://a")).of(PaymentSettings).sandbox_url == "http://a"


def test_a_loopback_listener_is_on_loopback_and_in_a_demo_only() -> None:
    asked = {"VIRAGE_LOOPBACK_LISTENER": "1", "VIRAGE_PUBLIC_URL": "https://192.168.1.2:8443"}
    demo = {"VIRAGE_SECRET": SECRET, "VIRAGE_DEMO": "1"} | asked
    assert read(demo).is_private
    assert defects(demo | {"VIRAGE_HOST": "192.168.1.2"}) == ["VIRAGE_LOOPBACK_LISTENER"]
    assert defects(PRODUCTION | asked) == ["VIRAGE_LOOPBACK_LISTENER"]


def test_every_account_of_the_export_is_explained() -> None:
    (about,) = (about for name, _, about in variables() if name == "VIRAGE_ACCOUNT_CODES")
    assert set(ACCOUNTS) <= set(re.findall(r"\w+", about.rpartition(":")[2]))


def test_email_signatures_need_a_key_file_and_reports_need_a_domain(tmp_path: Path) -> None:
    (tmp_path / "dkim.pem").write_text("a key")
    key = {"VIRAGE_DKIM_KEY": str(tmp_path / "dkim.pem")}
    reports = {"VIRAGE_BOUNCE_LISTEN": "127.0.0.1:2424"}
    named = {"VIRAGE_DKIM_SELECTOR": "mail", "VIRAGE_BOUNCE_DOMAIN": "bounce.example.org"}
    environ = {"VIRAGE_SECRET": SECRET, "VIRAGE_SMTP_URL": "smtp://mail.example.org"}
    assert read(environ | key | reports | named).of(PeopleSettings).bounce_listen == "127.0.0.1:2424"
    assert defects(environ | key) == ["VIRAGE_DKIM_KEY, VIRAGE_DKIM_SELECTOR"]
    assert defects(environ | named | {"VIRAGE_DKIM_KEY": str(tmp_path / "none.pem")})[0] == "VIRAGE_DKIM_KEY"
    assert defects(environ | reports) == ["VIRAGE_BOUNCE_LISTEN"]
    assert defects(environ | named | key | {"VIRAGE_BOUNCE_LISTEN": "2424"}) == ["VIRAGE_BOUNCE_LISTEN"]


@pytest.mark.parametrize(
    ("host", "is_taken"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("10.1.2.3", True),
        ("192.168.0.9", True),
        ("0.0.0.0", False),  # noqa: S104 - an address that a listener must not get
        ("203.0.114.7", False),
        ("mail.example.org", False),
    ],
)
def test_reports_on_public_addresses_need_an_explicit_setting(host: str, is_taken: bool) -> None:
    environ = {
        "VIRAGE_SECRET": SECRET,
        "VIRAGE_SMTP_URL": "smtp://mail.example.org",
        "VIRAGE_BOUNCE_DOMAIN": "bounce.example.org",
        "VIRAGE_BOUNCE_LISTEN": f"{host}:2424",
    }
    if not is_taken:
        assert defects(environ) == ["VIRAGE_BOUNCE_LISTEN"]
        environ["VIRAGE_BOUNCE_ALLOW_UNAUTHENTICATED"] = "1"
    assert read(environ).of(PeopleSettings).bounce_listen == f"{host}:2424"


def test_a_sped_up_clock_starts_at_a_time_shared_by_all_processes() -> None:
    environ = {"VIRAGE_SECRET": SECRET, "VIRAGE_DEMO": "1"}
    config = read(environ | {"VIRAGE_CLOCK_ORIGIN": "2026-05-09T18:00:00Z"})
    assert config.clock_origin == datetime(2026, 5, 9, 18, tzinfo=UTC)
    assert defects(environ | {"VIRAGE_CLOCK_ORIGIN": "2026-05-09T18:00:00"}) == ["VIRAGE_CLOCK_ORIGIN"]


DEMO = {"VIRAGE_SECRET": SECRET, "VIRAGE_DEMO": "1"}


@pytest.mark.parametrize(("code", "currency"), [("", EURO), ("EUR", EURO), ("JPY", Currency("JPY", 0))])
def test_the_currency_is_the_deployments_with_its_decimals(code: str, currency: Currency) -> None:
    assert read(DEMO | {"VIRAGE_CURRENCY": code}).currency == currency


@pytest.mark.parametrize(
    ("variable", "text", "says"),
    [
        ("VIRAGE_CURRENCY", "BHD", "must be a currency with two decimals or none; BHD has 3"),
        ("VIRAGE_CURRENCY", "yen", "must be the ISO 4217 code of a currency in use, as EUR"),
        ("VIRAGE_TIME_ZONE", "Europe/Lyon", "must be the IANA name of a time zone, as Europe/Paris"),
        ("VIRAGE_TIME_ZONE", "Europe", "must be the IANA name of a time zone, as Europe/Paris"),
        ("VIRAGE_TIME_ZONE", "../etc/localtime", "must be the IANA name of a time zone, as Europe/Paris"),
    ],
)
def test_an_unknown_currency_or_time_zone_is_refused_at_the_start(variable: str, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(DEMO | {variable: text})
    assert refused.value.defects == [f"{variable}: {says}"]


def test_days_are_in_the_time_zone_of_the_deployment() -> None:
    assert read(DEMO).time_zone == PARIS
    assert read(DEMO | {"VIRAGE_TIME_ZONE": "America/New_York"}).time_zone == NEW_YORK


def test_every_variable_that_is_read_is_explained_and_every_explained_one_is_read() -> None:
    explained = {name for name, _, about in variables() if about}
    assert explained == {f"VIRAGE_{name}" for name in names_read()}


def names_read() -> set[str]:
    class Names(dict[str, str]):
        def __init__(self) -> None:
            super().__init__()
            self.asked: set[str] = set()

        def get(self, name: str, default: str = "") -> str:  # type: ignore[override]  # only what `read` calls
            self.asked.add(name.removeprefix("VIRAGE_"))
            return (PRODUCTION | {"VIRAGE_DEMO": ""}).get(name, default)

    names = Names()
    read(names)
    return names.asked


def test_a_printed_configuration_holds_no_secret() -> None:
    config = Config(secret=SECRET, metrics_token="m" * 20).having(PaymentSettings(sandbox_key="k" * 20))
    assert not any(secret in repr(config) for secret in (SECRET, "k" * 20, "m" * 20))
