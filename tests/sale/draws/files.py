"""Draws for the tests of rules and of the verifier, and the programs that check them."""

import subprocess
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import strategies as st

from virage.sale.draws.rules.allocation import Room, allocate, offers
from virage.sale.draws.rules.files import (
    NO_CATEGORY,
    DrawnEntry,
    FrozenDraw,
    Quota,
    entries_file,
    in_order,
    log_file,
    results_file,
)

VERIFIER = Path("src/virage/sale/draws/verify_draw.py")
DRAW, EVENT = UUID(int=1), UUID(int=2)
SEED = bytes(range(32))
CLOSES = datetime(2026, 5, 9, 20, tzinfo=UTC)
SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def code(number: int) -> str:
    """The code of the entry with this number, in the signs of codes."""
    drawn = sha256(number.to_bytes(4, "big")).digest()[:12]
    return "".join(SIGNS[byte & 31] for byte in drawn)


@st.composite
def a_draw(draw: st.DrawFn) -> tuple[list[Quota], list[DrawnEntry]]:
    """Quotas of one to three categories, and up to forty entries of groups up to four."""
    count = draw(st.integers(1, 3))
    quotas = [Quota(UUID(int=10 + at), draw(st.integers(0, 12)), draw(st.integers(0, 3))) for at in range(count)]
    wishes = st.lists(st.integers(0, count - 1), min_size=1, max_size=count, unique=True)
    sizes = st.tuples(st.integers(0, 4), st.integers(0, 2)).filter(lambda size: 0 < sum(size) <= 4)
    entries = [DrawnEntry(code(number), *draw(sizes), draw(wishes)) for number in range(draw(st.integers(0, 40)))]
    return quotas, entries


class Published:
    """The published files of a draw that was made by the rules, with a log of releases and offers."""

    def __init__(
        self,
        quotas: list[Quota],
        entries: list[DrawnEntry],
        *,
        seed: bytes = SEED,
        value_name: str | None = "Loto 9 May 2026",
        value: str | None = "7 12 23 31 44 + 9",
        released: int = 0,
    ) -> None:
        frozen = FrozenDraw(DRAW, EVENT, sha256(seed).digest(), CLOSES, quotas, value_name)
        self.entries = entries_file(frozen, entries)
        digest = sha256(self.entries).digest()
        drawn = in_order(entries, seed, value, digest)
        room = Room((quota.places for quota in quotas), (quota.spaces for quota in quotas))
        given = allocate(drawn, room)
        lines = [(entry.code, category) for entry, category in zip(drawn, given, strict=True)]
        self.results = results_file(DRAW, digest, seed, value, lines)
        self.log = log_file(DRAW, self._events(drawn, given, room, released))
        self.draw: dict[str, Any] = {
            "id": str(DRAW),
            "event": str(EVENT),
            "commitment": sha256(seed).hexdigest(),
            "entries_sha256": digest.hex(),
            "public_value_name": value_name,
            "public_value": value,
            "seed": seed.hex(),
            "quotas": [[str(quota.category_id), quota.places, quota.spaces] for quota in quotas],
        }
        self.drawn, self.given = drawn, given

    @staticmethod
    def _events(
        drawn: list[DrawnEntry], given: list[int], room: Room, released: int
    ) -> list[tuple[int, str, str, int]]:
        """Release the first winners, each followed by what the waiting order is offered."""
        winners = [(entry, category) for entry, category in zip(drawn, given, strict=True) if category != NO_CATEGORY]
        waiting = [entry for entry, category in zip(drawn, given, strict=True) if category == NO_CATEGORY]
        events: list[tuple[str, str, int]] = []
        for entry, category in winners[:released]:
            room.take_back(entry, category)
            events.append(("released", entry.code, category))
            for offered, new in offers(waiting, room):
                waiting.remove(offered)
                events.append(("offered", offered.code, new))
        return [(number, *event) for number, event in enumerate(events, 1)]

    def write(self, folder: Path) -> None:
        (folder / "draw.json").write_bytes(msgspec.json.encode(self.draw))
        for name in ("entries", "results", "log"):
            (folder / f"{name}.jsonl").write_bytes(getattr(self, name))

    def verdict(self, folder: Path, *options: str) -> tuple[int, str]:
        """What the program says of these files, run by itself: its exit status and its words."""
        self.write(folder)
        return verdict_of(folder, *options)


def verdict_of(folder: Path, *options: str) -> tuple[int, str]:
    """What the program says of the files in a folder. It runs isolated, so that it cannot import the project."""
    run = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-I", "-S", str(VERIFIER), str(folder), *options], capture_output=True, text=True, check=False
    )
    return run.returncode, run.stdout + run.stderr
