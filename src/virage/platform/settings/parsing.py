"""How the text of a variable becomes a value; each function raises ValueError with what it must be.

A setting names its function in its annotation: `port: Annotated[int, parse.port]`. Without one it is text.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from virage.platform.settings.origin import is_loopback
from virage.platform.values.languages import installed
from virage.platform.values.money import Currency, currency_of
from virage.platform.values.zones import zone_names

SECRET_LENGTH_MIN = 32


def matching(pattern: str, wish: str) -> Callable[[str], str]:
    """Return a parser of texts that match a pattern as a whole; `wish` describes them for the error message."""
    compiled = re.compile(pattern)

    def parse(raw: str) -> str:
        if not compiled.fullmatch(raw):
            raise ValueError(f"must be {wish}")
        return raw

    return parse


colour = matching(r"#[0-9a-fA-F]{6}", "a colour like #14387f")
level = matching(r"debug|info|warning|error", "debug, info, warning or error")
card_key = matching(r"[0-9a-fA-F]{32}", "16 random bytes in hexadecimal")
printed = matching(r"[^\x00-\x1f\x7f]{1,200}", "at most 200 printable characters")
_database_url = matching(r"postgres(ql)?://\S+", "postgresql://user:password@host:port/database")
objects = matching(r"(file|az|s3)://\S+|(?!\w+://).+", "file:///folder, az://container, s3://bucket or a folder")
smtp = matching(r"smtps?://([^@\s]+@)?[^@:/?\s]+(:\d+)?([/?]\S*)?", "smtp(s)://user:password@host:port")
address = matching(r"[^@\s,]+@[^@\s,]+", "an e-mail address")
domain = matching(r"[0-9A-Za-z]([0-9A-Za-z.-]*[0-9A-Za-z])?", "a name in DNS, as mail.example.org")
stripe_key = matching(r"[sr]k_(test|live)_\w+", "a secret or restricted key of Stripe, as sk_live_…")
host_port = matching(r"[^\s:]+:[0-9]{1,5}", "host:port, as 127.0.0.1:2424")


def one_database(raw: str) -> str:
    """Return the address of a database; ValueError for a list of servers.

    The driver has one limit for connecting to all of a list: while the first is silent, the others are never asked.
    """
    parts = urlsplit(_database_url(raw))
    hosts = [parts.netloc.rpartition("@")[2], *parse_qs(parts.query).get("host", [])]
    if any("," in host for host in hosts):
        raise ValueError(
            "must name one server: give the address that follows the primary (a proxy, a pooler or a name in DNS)"
        )
    return raw


def origin(raw: str) -> str:
    """An origin: scheme, host and port."""
    parts = urlsplit(raw)
    if not parts.hostname or "@" in parts.netloc or raw not in (f"http://{parts.netloc}", f"https://{parts.netloc}"):
        raise ValueError("must be http(s)://host, without a path or a slash at the end")
    return raw


def origins(raw: str) -> tuple[str, ...]:
    """Comma-separated origins, each once."""
    return tuple(dict.fromkeys(origin(part.strip()) for part in raw.split(",") if part.strip()))


def issuer(raw: str) -> str:
    """The name of an OpenID provider: an https address without query and fragment, http on this machine alone."""
    parts = urlsplit(raw)
    plain = not (parts.query or parts.fragment or "@" in parts.netloc) and bool(parts.hostname)
    if not plain or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))):
        raise ValueError("must be https://host or https://host/path, as the provider names itself")
    return raw


def names(raw: str) -> tuple[str, ...]:
    """Comma-separated names, each once."""
    return tuple(dict.fromkeys(part.strip() for part in raw.split(",") if part.strip()))


def addresses(raw: str) -> tuple[str, ...]:
    """Comma-separated e-mail addresses, each once."""
    return tuple(address(part) for part in names(raw))


def pairs(raw: str) -> tuple[tuple[str, str], ...]:
    """Comma-separated name=value, in their order."""
    found = [part.rpartition("=") for part in names(raw)]
    if not all(name.strip() and value.strip() for name, _, value in found):
        raise ValueError("must be name=value, separated by commas")
    return tuple((name.strip(), value.strip()) for name, _, value in found)


def secrets(raw: str) -> tuple[str, ...]:
    """Comma-separated secrets."""
    secrets = tuple(part.strip() for part in raw.split(",") if part.strip())
    if any(len(secret) < SECRET_LENGTH_MIN for secret in secrets):
        raise ValueError(f"each must have at least {SECRET_LENGTH_MIN} characters")
    return secrets


def stripe_methods(raw: str) -> tuple[str, ...]:
    """Comma-separated payment methods of Stripe that settle at once, each once."""
    methods = tuple(dict.fromkeys(part.strip() for part in raw.split(",") if part.strip()))
    if not methods or not set(methods) <= {"card", "bancontact", "link"}:
        raise ValueError("must be some of card, bancontact, link")
    return methods


def networks(raw: str) -> tuple[str, ...]:
    """Comma-separated networks."""
    return tuple(str(ip_network(part.strip())) for part in raw.split(",") if part.strip())


def languages(raw: str) -> tuple[str, ...]:
    """Comma-separated tags of installed languages, each once."""
    tags = tuple(dict.fromkeys(part.strip() for part in raw.split(",") if part.strip()))
    unknown = [tag for tag in tags if tag not in installed()]
    if unknown or not tags:
        raise ValueError(f"must be tags of {', '.join(installed())}" + (f", not {unknown[0]}" if unknown else ""))
    return tags


def boolean(raw: str) -> bool:
    """Parse a boolean: 1 or 0, and common spellings."""
    if raw.lower() not in ("1", "0", "true", "false", "yes", "no"):
        raise ValueError("must be 1 or 0")
    return raw.lower() in ("1", "true", "yes")


def whole(raw: str, low: int, high: int) -> int:
    """A whole number within bounds."""
    if not raw.isascii() or not raw.isdigit() or not low <= int(raw) <= high:
        raise ValueError(f"must be a whole number from {low} to {high}")
    return int(raw)


def port(raw: str) -> int:
    """A port of TCP."""
    return whole(raw, 0, 65535)


def positive(raw: str) -> int:
    """A whole number from 1 to 1024."""
    return whole(raw, 1, 1024)


def tickets(raw: str) -> int:
    """A number of tickets, up to more than a stadium has."""
    return whole(raw, 1, 1_000_000)


def drain(raw: str) -> int:
    """Seconds of a drain."""
    return whole(raw, 0, 600)


def per_second(raw: str) -> int:
    """A rate."""
    return whole(raw, 1, 100_000)


def milliseconds(raw: str) -> int:
    """From a tenth of a second to a minute."""
    return whole(raw, 100, 60_000)


def currency(raw: str) -> Currency:
    """A currency by its ISO 4217 code."""
    return currency_of(raw)


def time_zone(raw: str) -> ZoneInfo:
    """A time zone by its IANA name."""
    if raw not in zone_names():
        raise ValueError("must be the IANA name of a time zone, as Europe/Paris")
    return ZoneInfo(raw)


def cents(raw: str) -> int:
    """An amount in minor units of the currency, up to ten thousand euros or a million yen."""
    return whole(raw, 0, 1_000_000)


def number(raw: str) -> float:
    """Any number."""
    try:
        return float(raw)
    except ValueError:
        raise ValueError("must be a number") from None


def seconds(raw: str) -> timedelta:
    """Seconds, which may be negative."""
    try:
        return timedelta(seconds=number(raw))
    except OverflowError:
        raise ValueError("is too far away") from None


def instant(raw: str) -> datetime:
    """A time with its zone (RFC 3339)."""
    instant = datetime.fromisoformat(raw)
    if instant.tzinfo is None:
        raise ValueError("must name its time zone, as in 2026-05-09T18:00:00Z")
    return instant


def speed(raw: str) -> float:
    """How many times faster a clock runs."""
    speed = number(raw)
    if not 0 < speed <= 1000:  # noqa: PLR2004 - the bound is stated in the message
        raise ValueError("must be above 0 and at most 1000")
    return speed


def readable(raw: str) -> Path:
    """The path of an existing file."""
    path = Path(raw)
    if not path.is_file():
        raise ValueError("must be a file")
    return path
