"""How the text of a variable becomes a value; each function raises ValueError with what it must be."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

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
_database = _matching(r"postgres(ql)?://\S+", "postgresql://user:password@host:port/database")
_objects = _matching(r"(file|az|s3)://\S+|(?!\w+://).+", "file:///folder, az://container, s3://bucket or a folder")
_smtp = _matching(r"smtps?://([^@\s]+@)?[^@:/?\s]+(:\d+)?([/?]\S*)?", "smtp(s)://user:password@host:port")
_address = _matching(r"[^@\s]+@[^@\s]+", "an e-mail address")
_domain = _matching(r"[0-9A-Za-z]([0-9A-Za-z.-]*[0-9A-Za-z])?", "a name in DNS, as mail.example.org")
_host_port = _matching(r"[^\s:]+:[0-9]{1,5}", "host:port, as 127.0.0.1:2424")


def _origin(raw: str) -> str:
    parts = urlsplit(raw)
    if not parts.hostname or "@" in parts.netloc or raw not in (f"http://{parts.netloc}", f"https://{parts.netloc}"):
        raise ValueError("must be http(s)://host, without a path or a slash at the end")
    return raw


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


def _drain(raw: str) -> int:
    return _whole(raw, 0, 600)


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


def _readable(raw: str) -> Path:
    path = Path(raw)
    if not path.is_file():
        raise ValueError("must be a file")
    return path


PARSERS: Mapping[str, Callable[[str], Any]] = {
    "secrets_previous": _secrets,
    "database_url": _database,
    "database_connections": _positive,
    "var_dir": Path,
    "port": _port,
    "public_url": _origin,
    "loopback_listener": _boolean,
    "workers": _positive,
    "drain_s": _drain,
    "demo": _boolean,
    "smtp_url": _smtp,
    "mail_from": _address,
    "newcomer_letters_per_min": _positive,
    "dkim_key": _readable,
    "dkim_selector": _domain,
    "bounce_domain": _domain,
    "bounce_listen": _host_port,
    "bounce_allow_unauthenticated": _boolean,
    "sandbox_url": _origin,
    "sandbox_outside_demo": _boolean,
    "objects_url": _objects,
    "card_key": _card_key,
    "tap_cap_cents": _cents,
    "offline_card_cents": _cents,
    "offline_till_cents": _cents,
    "ask_ms": _milliseconds,
    "house_address": _printed,
    "house_vat_number": _printed,
    "edge_networks": _networks,
    "edge_url": _origin,
    "log_level": _level,
    "clock_shift": _seconds,
    "clock_speed": _speed,
    "clock_origin": _instant,
    "top_up_cents_min": _cents,
    "top_up_cents_max": _cents,
    "purse_cents_max": _cents,
    "order_waits_min": _positive,
    "voucher_late_min": _positive,
    "voucher_cents": _cents,
    "push_to_loopback": _boolean,
    "account_codes": _account_codes,
    "anonymous_cents_max": _cents,
    "anonymous_month_cents_max": _cents,
    "footage_hours": _positive,
    "primary": _colour,
    "secondary": _colour,
    "accent": _colour,
    "locale": _locale,
}
"""How a field is read from its variable; what is not listed is text."""
