"""Inspection of a QR text: its content and its verdict."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from virage.identity.keys.api import PassKeys, issuer_key
from virage.identity.keys.types import IssuerKey
from virage.identity.passes.rules.code import STEP_SECONDS, Code, read_code, step_at
from virage.identity.passes.rules.verification import Verified, verify


class Inspection(Struct, frozen=True):
    """Result: `rows` are (name, value); `verdict` is `verified`, `verified (paper)` or the failure."""

    rows: list[tuple[str, str]]
    verdict: str


def keys_of(published: Iterable[PassKeys]) -> dict[bytes, IssuerKey]:
    """Return issuer keys by kid from answers of `GET /api/events/{id}/pass-keys`."""
    keys = [issuer_key(pass_keys.event_id, jwk) for pass_keys in published for jwk in pass_keys.keys]
    return {key.kid: key for key in keys}


def inspect(text: str, keys: Mapping[bytes, IssuerKey], now: datetime) -> Inspection:
    """Decode a text and verify it for the event whose key signed it.

    Without that key the claims are shown with the verdict `unknown_key`.
    """
    code = read_code(text)
    if code is None:
        return Inspection([("length", str(len(text)))], "malformed")
    key = keys.get(code.signed.kid)
    if key is None:
        return Inspection(_rows(code, now), "unknown_key")
    verdict = verify(text, keys, now, key.event_id)
    if isinstance(verdict, Verified):
        verdict_text = "verified (paper)" if verdict.paper else "verified"
    else:
        verdict_text = str(verdict.reason)
    return Inspection([("event", str(key.event_id)), *_rows(code, now)], verdict_text)


def _rows(code: Code, now: datetime) -> list[tuple[str, str]]:
    claims = code.signed.claims
    holder = claims.holder
    algorithm = "" if holder is None else ("Ed25519 " if holder.y_odd is None else "P-256 ")
    rows = [
        ("event ends in", claims.event.hex()),
        ("signed by key", code.signed.kid.hex()),
        ("number", str(claims.number)),
        ("generation", str(claims.generation)),
        ("place", str(claims.place)),
        ("gate group", claims.gate_group),
        ("holds from", f"{claims.not_before:%Y-%m-%d %H:%M:%S} UTC"),
        ("holds until", f"{claims.expires_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("holder", "none: a paper" if holder is None else algorithm + holder.x.hex()),
    ]
    if code.step is not None:
        behind = timedelta(seconds=(step_at(now) - code.step) * STEP_SECONDS)
        rows.append(("time step", f"{code.step} ({behind.total_seconds():+.0f} s behind now)"))
    return rows
