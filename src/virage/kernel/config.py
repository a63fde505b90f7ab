"""The whole configuration, read once from the environment (VIRAGE_*), every defect reported at once."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from msgspec import Struct

SECRET_LENGTH_MIN = 32
ACCOUNTS = (
    "purses",
    "bonus",
    "deposits",
    "clearing",
    "cash",
    "terminal",
    "sales",
    "vat",
    "tips",
    "unclaimed",
    "loss",
    "grants",
    "ticket_clearing",
    "deferred_tickets",
    "tickets",
)
"""What the accounting export has accounts for."""


class ConfigError(Exception):
    """The environment does not make a configuration. `defects` names each variable and what is wrong with it."""

    def __init__(self, defects: list[str]) -> None:
        super().__init__("The configuration is not valid:\n" + "\n".join(f"  {defect}" for defect in defects))
        self.defects = defects


class Club(Struct, frozen=True):
    """How the club looks and speaks. Colours are CSS hex colours."""

    name: str = "Virage Football Club"
    """As it stands on tickets and pages."""
    short_name: str = "Virage"
    """As it fits below an icon."""
    primary: str = "#14387f"
    """The colour of the club."""
    secondary: str = "#da001a"
    """The second colour."""
    accent: str = "#c9a227"
    """The colour of ornaments."""
    locale: str = "fr"
    """The language of whoever has chosen none: fr or en."""


class Config(Struct, frozen=True, kw_only=True):
    """One running Virage. Each field is read from VIRAGE_ and its name in capitals (club fields: VIRAGE_CLUB_*)."""

    secret: str
    """At least 32 characters; keys for signing-key encryption and codes are derived from it (`security.derive`)."""
    secrets_previous: tuple[str, ...] = ()
    """Comma-separated secrets that came before: they still open what they closed, they close nothing new."""
    database_url: str | None = None
    """PostgreSQL >= 16; unset: the embedded server under `var_dir`."""
    database_connections: int = 10
    """At most so many connections a process."""
    var_dir: Path = Path("var")
    """Where the embedded database, objects, demo secrets and the local authority live."""
    host: str = "127.0.0.1"
    """Which address of this machine to listen on."""
    port: int = 8000
    """Which port to listen on."""
    public_url: str = "http://localhost:8000"
    """How browsers reach the web, without a slash at the end; https in production."""
    workers: int = 1
    """Web worker processes."""
    demo: bool = False
    """A demonstration or a developer's machine: mailbox page, clock shift, generated secrets. Never in production."""
    smtp_url: str | None = None
    """smtp://user:password@host:port, smtps:// for implicit TLS, ?starttls=1 for STARTTLS. Demo without it: mailbox."""
    mail_from: str = "tickets@example.org"
    """The sender of every letter."""
    sandbox_url: str | None = None
    """The sandbox payment provider as the server and the browsers reach it, for instance http://localhost:8001."""
    sandbox_key: str = ""
    """Bearer key that Virage shows to the sandbox provider."""
    sandbox_webhook_secret: str = ""
    """HMAC-SHA256 secret of the provider's webhooks."""
    objects_url: str | None = None
    """Object store: file:///…, az://container or s3://bucket; unset: `var_dir`/objects."""
    card_key: str | None = None
    """The master key of contactless cards, 16 bytes in hexadecimal: all their keys and codes are derived from it, so it
    stays as long as the cards do. Unset: no card is taken; a demonstration derives one from its secret."""
    tap_cap_cents: int = 5_000
    """What one tap of a card pays at most; above it the card's PIN or the app says yes."""
    offline_card_cents: int = 3_000
    """What a till without network takes from one card, until it has told of it."""
    offline_till_cents: int = 60_000
    """What a till without network takes from cards together, until it has told of it: the most that one may lose."""
    ask_ms: int = 1_500
    """How long a till waits for an answer before it decides alone."""
    house_address: str = ""
    """Where the house is, in one line, as it stands on receipts."""
    house_vat_number: str = ""
    """The number under which the house owes VAT, as it stands on receipts."""
    edge_networks: tuple[str, ...] = ()
    """Networks of the proxies in front, comma-separated as in `10.0.0.0/8,fd00::/8`: of them alone `X-Forwarded-For`
    (who asks) and `X-Country` (from where, two letters) are believed, for rights in replays."""
    metrics_token: str | None = None
    """Bearer token of /metrics; unset: only a peer on loopback may read them."""
    log_level: str = "info"
    """debug, info, warning or error; access lines are info."""
    clock_shift: timedelta = timedelta(0)
    """VIRAGE_CLOCK_SHIFT in seconds, rehearsals only: production refuses it."""
    clock_speed: float = 1.0
    """Rehearsals only: production refuses anything but 1."""
    clock_origin: datetime | None = None
    """From when on the clock is sped up, the same for all processes: VIRAGE_CLOCK_ORIGIN as an RFC 3339 time."""
    top_up_cents_min: int = 500
    """The least that a fan loads at once."""
    top_up_cents_max: int = 15_000
    """The most that a fan loads at once; a lawyer confirms it, as the next."""
    purse_cents_max: int = 25_000
    """The most that a purse holds when somebody loads it: it is spent inside the ground only (PSD2, article 3(k))."""
    order_waits_min: int = 10
    """For how many minutes an order by phone waits for its kitchen; then it ends, and its money is free."""
    voucher_late_min: int = 10
    """So many minutes after its promise, an order that is not ready has a broken promise."""
    voucher_cents: int = 300
    """What the house gives for a broken promise, as bonus credit; 0: nothing."""
    push_to_loopback: bool = False
    """Rehearsals only: push messages may go to this machine itself."""
    account_codes: tuple[tuple[str, str], ...] = ()
    """Numbers of the accounting export's accounts where they are not those of the French plan, comma-separated, as in
    `purses=4191,sales=7071`: purses, bonus, deposits, clearing, cash, terminal, sales, vat, tips, loss, grants,
    ticket_clearing, deferred_tickets, tickets."""
    anonymous_cents_max: int = 15_000
    """The most that a purse holds which nobody's name stands on, when somebody loads it (Directive (EU) 2018/843)."""
    anonymous_month_cents_max: int = 15_000
    """The most that such a purse is loaded with in a month of the calendar; a lawyer confirms both."""
    footage_hours: int = 24
    """For how many hours what cameras send is kept, if no clip shows it: from one evening to the next, so that the day
    after can still cut; longer would keep people's pictures that nobody wants."""
    club: Club = Club()
    """The club's name, colours and language."""

    def __repr__(self) -> str:
        """Name nothing secret: configurations end up in logs."""
        return f"Config(public_url={self.public_url!r}, demo={self.demo!r})"

    @property
    def objects_at(self) -> str:
        """Where objects are kept."""
        return self.objects_url or str(self.var_dir / "objects")

    @property
    def secure(self) -> bool:
        """Tell whether browsers reach Virage over HTTPS."""
        return self.public_url.startswith("https://")


def read(environ: Mapping[str, str]) -> Config:
    """Return the configuration that the environment describes, or raise ConfigError with every defect."""
    reading = _Reading(environ)
    values: dict[str, Any] = {
        "secret": reading.text("SECRET", ""),
        "secrets_previous": reading.parsed("SECRETS_PREVIOUS", _secrets, ()),
        "database_url": reading.optional("DATABASE_URL"),
        "database_connections": reading.parsed("DATABASE_CONNECTIONS", _positive, 10),
        "var_dir": Path(reading.text("VAR_DIR", "var")),
        "host": reading.text("HOST", "127.0.0.1"),
        "port": reading.parsed("PORT", _port, 8000),
        "workers": reading.parsed("WORKERS", _positive, 1),
        "demo": reading.parsed("DEMO", _boolean, default=False),
        "smtp_url": reading.optional("SMTP_URL", _smtp),
        "mail_from": reading.parsed("MAIL_FROM", _address, "tickets@example.org"),
        "sandbox_url": reading.optional("SANDBOX_URL", _origin),
        "sandbox_key": reading.text("SANDBOX_KEY", ""),
        "sandbox_webhook_secret": reading.text("SANDBOX_WEBHOOK_SECRET", ""),
        "objects_url": reading.optional("OBJECTS_URL"),
        "card_key": reading.optional("CARD_KEY", _card_key),
        "tap_cap_cents": reading.parsed("TAP_CAP_CENTS", _cents, 5_000),
        "offline_card_cents": reading.parsed("OFFLINE_CARD_CENTS", _cents, 3_000),
        "offline_till_cents": reading.parsed("OFFLINE_TILL_CENTS", _cents, 60_000),
        "ask_ms": reading.parsed("ASK_MS", _milliseconds, 1_500),
        "house_address": reading.parsed("HOUSE_ADDRESS", _printed, ""),
        "house_vat_number": reading.parsed("HOUSE_VAT_NUMBER", _printed, ""),
        "edge_networks": reading.parsed("EDGE_NETWORKS", _networks, ()),
        "metrics_token": reading.optional("METRICS_TOKEN"),
        "log_level": reading.parsed("LOG_LEVEL", _level, "info"),
        "clock_shift": reading.parsed("CLOCK_SHIFT", _seconds, timedelta(0)),
        "clock_speed": reading.parsed("CLOCK_SPEED", _speed, 1.0),
        "clock_origin": reading.parsed("CLOCK_ORIGIN", _instant, None),
        "top_up_cents_min": reading.parsed("TOP_UP_CENTS_MIN", _cents, 500),
        "top_up_cents_max": reading.parsed("TOP_UP_CENTS_MAX", _cents, 15_000),
        "purse_cents_max": reading.parsed("PURSE_CENTS_MAX", _cents, 25_000),
        "order_waits_min": reading.parsed("ORDER_WAITS_MIN", _positive, 10),
        "voucher_late_min": reading.parsed("VOUCHER_LATE_MIN", _positive, 10),
        "voucher_cents": reading.parsed("VOUCHER_CENTS", _cents, 300),
        "push_to_loopback": reading.parsed("PUSH_TO_LOOPBACK", _boolean, default=False),
        "account_codes": reading.parsed("ACCOUNT_CODES", _account_codes, ()),
        "anonymous_cents_max": reading.parsed("ANONYMOUS_CENTS_MAX", _cents, 15_000),
        "anonymous_month_cents_max": reading.parsed("ANONYMOUS_MONTH_CENTS_MAX", _cents, 15_000),
        "footage_hours": reading.parsed("FOOTAGE_HOURS", _positive, 24),
        "club": _club(reading),
    }
    values["public_url"] = reading.parsed("PUBLIC_URL", _origin, f"http://localhost:{values['port']}")
    reading.defects += _contradictions(values)
    if reading.defects:
        raise ConfigError(reading.defects)
    return Config(**values)


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with values that are fine one by one."""
    defects = []
    if len(values["secret"]) < SECRET_LENGTH_MIN:
        defects.append(f"VIRAGE_SECRET: set it to at least {SECRET_LENGTH_MIN} random characters")
    if not values["demo"]:
        if values["clock_shift"] or values["clock_speed"] != 1.0:
            defects.append("VIRAGE_CLOCK_SHIFT, VIRAGE_CLOCK_SPEED: only a demonstration may bend the clock")
        if values["push_to_loopback"]:
            defects.append("VIRAGE_PUSH_TO_LOOPBACK: only a demonstration may push to its own machine")
        if values["public_url"] and not values["public_url"].startswith(("https://", "http://localhost")):
            defects.append("VIRAGE_PUBLIC_URL: browsers need https:// (or http://localhost) for tickets and cookies")
    if values["sandbox_url"] and not (values["sandbox_key"] and values["sandbox_webhook_secret"]):
        defects.append("VIRAGE_SANDBOX_URL: it needs VIRAGE_SANDBOX_KEY and VIRAGE_SANDBOX_WEBHOOK_SECRET")
    return defects


class _Reading:
    """Reads variables and gathers what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.defects: list[str] = []

    def text(self, name: str, default: str) -> str:
        return self._environ.get(f"VIRAGE_{name}", "") or default

    def optional(self, name: str, parse: Callable[[str], str] = str) -> str | None:
        value: str | None = self.parsed(name, parse, None)
        return value

    def parsed(self, name: str, parse: Callable[[str], Any], default: Any) -> Any:
        raw = self._environ.get(f"VIRAGE_{name}", "")
        if not raw:
            return default
        try:
            return parse(raw)
        except ValueError as error:
            self.defects.append(f"VIRAGE_{name}: {error}")
            return default


def _club(reading: _Reading) -> Club:
    default = Club()
    return Club(
        name=reading.text("CLUB_NAME", default.name),
        short_name=reading.text("CLUB_SHORT_NAME", default.short_name),
        primary=reading.parsed("CLUB_PRIMARY", _colour, default.primary),
        secondary=reading.parsed("CLUB_SECONDARY", _colour, default.secondary),
        accent=reading.parsed("CLUB_ACCENT", _colour, default.accent),
        locale=reading.parsed("CLUB_LOCALE", _locale, default.locale),
    )


def _matching(pattern: str, wish: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)

    def parse(raw: str) -> str:
        if not compiled.fullmatch(raw):
            raise ValueError(f"must be {wish}")
        return raw

    return parse


_colour = _matching(r"#[0-9a-fA-F]{6}", "a colour like #14387f")
_locale = _matching(r"fr|en", "fr or en")
_level = _matching(r"debug|info|warning|error", "debug, info, warning or error")
_card_key = _matching(r"[0-9a-fA-F]{32}", "16 random bytes in hexadecimal")
_printed = _matching(r"[^\x00-\x1f\x7f]{1,200}", "at most 200 printable characters")
_origin = _matching(r"https?://[^/\s]+", "http(s)://host, without a path or a slash at the end")
_smtp = _matching(r"smtps?://\S+", "smtp://… or smtps://…")
_address = _matching(r"[^@\s]+@[^@\s]+", "an e-mail address")


def _secrets(raw: str) -> tuple[str, ...]:
    secrets = tuple(part.strip() for part in raw.split(",") if part.strip())
    if any(len(secret) < SECRET_LENGTH_MIN for secret in secrets):
        raise ValueError(f"each must have at least {SECRET_LENGTH_MIN} characters")
    return secrets


def _networks(raw: str) -> tuple[str, ...]:
    return tuple(str(ip_network(part.strip())) for part in raw.split(",") if part.strip())


def _account_codes(raw: str) -> tuple[tuple[str, str], ...]:
    pairs = [part.strip().partition("=") for part in raw.split(",") if part.strip()]
    known = {name for name, _, code in pairs if name in ACCOUNTS and re.fullmatch(r"[0-9A-Za-z]{1,20}", code)}
    if len(known) < len(pairs):
        raise ValueError(f"must be name=number, comma-separated, each once of {', '.join(ACCOUNTS)}")
    return tuple((name, code) for name, _, code in pairs)


def _boolean(raw: str) -> bool:
    if raw.lower() not in ("1", "0", "true", "false", "yes", "no"):
        raise ValueError("must be 1 or 0")
    return raw.lower() in ("1", "true", "yes")


def _whole(raw: str, low: int, high: int) -> int:
    if not raw.isascii() or not raw.isdigit() or not low <= int(raw) <= high:
        raise ValueError(f"must be a whole number from {low} to {high}")
    return int(raw)


def _port(raw: str) -> int:
    return _whole(raw, 0, 65535)


def _positive(raw: str) -> int:
    return _whole(raw, 1, 1024)


def _milliseconds(raw: str) -> int:
    return _whole(raw, 100, 60_000)


def _cents(raw: str) -> int:
    return _whole(raw, 0, 1_000_000)


def _number(raw: str) -> float:
    try:
        return float(raw)
    except ValueError:
        raise ValueError("must be a number") from None


def _seconds(raw: str) -> timedelta:
    try:
        return timedelta(seconds=_number(raw))
    except OverflowError:
        raise ValueError("is too far away") from None


def _instant(raw: str) -> datetime:
    instant = datetime.fromisoformat(raw)
    if instant.tzinfo is None:
        raise ValueError("must name its time zone, as in 2026-05-09T18:00:00Z")
    return instant


def _speed(raw: str) -> float:
    speed = _number(raw)
    if not 0 < speed <= 1000:  # noqa: PLR2004 - the bound is stated in the message
        raise ValueError("must be above 0 and at most 1000")
    return speed
