"""`virage pass inspect`: the claims of a QR code, and whether it is valid now."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import msgspec
from rich.table import Table

from virage.cli.deployment import console, fail
from virage.identity.keys.api import PassKeys
from virage.identity.passes.api import inspect, keys_of

_TIMEOUT_S = 10.0
_BYTES_MAX = 1_000_000


def inspect_pass(text: str, keys_file: Path | None, url: str | None) -> bool:
    """Print the claims and the verdict as a table; return whether the pass verified."""
    if text == "-":
        text = sys.stdin.readline().rstrip("\r\n")
    try:
        keys = keys_of(_published(keys_file, url))
    except (OSError, URLError, ValueError) as error:  # msgspec's errors are ValueErrors
        raise fail(f"The keys cannot be read: {error}") from None
    found = inspect(text, keys, datetime.now(UTC))
    table = Table(show_header=False, highlight=False)
    for name, value in found.rows:
        table.add_row(name, value)
    verified = found.verdict.startswith("verified")
    table.add_row("verdict", found.verdict, style="bold green" if verified else "bold red")
    console.print(table)
    return verified


def _published(keys_file: Path | None, url: str | None) -> list[PassKeys]:
    documents = [] if keys_file is None else [keys_file.read_bytes()]
    if url is not None:
        if not url.startswith(("https://", "http://")):
            raise ValueError("the address must begin with https:// or http://")
        with urlopen(url, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - the scheme is checked above
            documents.append(answer.read(_BYTES_MAX))
    answers = [msgspec.json.decode(document, type=PassKeys | list[PassKeys]) for document in documents]
    return [keys for answer in answers for keys in (answer if isinstance(answer, list) else [answer])]
