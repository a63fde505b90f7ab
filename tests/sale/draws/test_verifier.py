"""The program with which everyone checks a draw: it agrees with the rules, and says what is wrong."""

import ast
import json
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sale.draws.files import SEED, VERIFIER, Published, a_draw, code
from virage.sale.draws import verify_draw
from virage.sale.draws.rules.files import DrawnEntry, Quota

QUOTAS = [Quota(UUID(int=10), 5, 1), Quota(UUID(int=11), 4, 0)]
ENTRIES = [
    DrawnEntry(code(number), 1 + number % 3, int(number % 5 == 0), [number % 2, 1 - number % 2]) for number in range(12)
]


def check(published: Published) -> None:
    verify_draw.verify(published.draw, published.entries, published.results, published.log)


def complaint(published: Published) -> str:
    with pytest.raises((verify_draw.Wrong, ValueError, KeyError, TypeError, IndexError)) as raised:
        check(published)
    return str(raised.value)


def test_the_program_imports_nothing_but_the_standard_library() -> None:
    tree = ast.parse(VERIFIER.read_text(encoding="utf-8"))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= set(sys.stdlib_module_names)


@given(a_draw(), st.integers(0, 4), st.sampled_from([None, "7 12 23", "É"]))
def test_the_program_agrees_with_the_rules_on_every_draw(
    drawn: tuple[list[Quota], list[DrawnEntry]], released: int, value: str | None
) -> None:
    check(Published(*drawn, released=released, value=value, value_name=None if value is None else "Loto"))


def test_an_entrant_finds_their_place_and_category(tmp_path: Path) -> None:
    published = Published(QUOTAS, ENTRIES, released=1)
    first, category = published.drawn[1], published.given[1]
    status, words = published.verdict(tmp_path, "--code", first.code, "--commitment", published.draw["commitment"])
    assert status == 0, words
    assert f"Entry {first.code}: number 2 of 12, {QUOTAS[category].category_id}" in words
    status, words = published.verdict(tmp_path, "--code", "NOTTHERE")
    assert (status, "No entry has the code NOTTHERE." in words) == (1, True)
    status, words = published.verdict(tmp_path, "--commitment", "00" * 32)
    assert (status, "not the one that you noted" in words) == (1, True)


@pytest.mark.parametrize("name", ["entries", "results", "log"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_of_a_file_is_found(name: str, data: st.DataObject) -> None:
    published = Published(QUOTAS, ENTRIES, released=2)
    raw: bytes = getattr(published, name)
    at = data.draw(st.integers(0, len(raw) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != raw[at]))
    setattr(published, name, raw[:at] + bytes([other]) + raw[at + 1 :])
    complaint(published)


@given(at=st.integers(0, 31), bit=st.integers(0, 7))
def test_any_changed_bit_of_the_seed_is_found(at: int, bit: int) -> None:
    published = Published(QUOTAS, ENTRIES)
    changed = bytearray(SEED)
    changed[at] ^= 1 << bit
    published.draw["seed"] = changed.hex()
    assert "not the commitment" in complaint(published)


def _swap_results(published: Published) -> None:
    lines = published.results.split(b"\n")
    lines[1], lines[2] = lines[2], lines[1]
    published.results = b"\n".join(lines)


def _other_category(published: Published) -> None:
    lines = published.results.split(b"\n")
    name, category = json.loads(lines[1])
    lines[1] = verify_draw.canonical([name, 1 - category])
    published.results = b"\n".join(lines)


def _short_results(published: Published) -> None:
    published.results = b"\n".join(published.results.split(b"\n")[:-2]) + b"\n"


def _other_value(published: Published) -> None:
    published.draw["public_value"] = "1 2 3"


def _dropped_value(published: Published) -> None:
    published.draw["public_value"] = None


def _another_seed(published: Published) -> None:
    other = Published(QUOTAS, ENTRIES, seed=b"x" * 32)
    published.draw["seed"], published.results = other.draw["seed"], other.results


def _another_list(published: Published) -> None:
    published.entries = Published(QUOTAS, ENTRIES[:-1]).entries


def _skipped_offer(published: Published) -> None:
    lines = published.log.split(b"\n")
    at = next(index for index, line in enumerate(lines) if b"offered" in line)
    number, what, _, category = json.loads(lines[at])
    last = published.drawn[-1].code
    lines[at] = verify_draw.canonical([number, what, last, category])
    published.log = b"\n".join(lines)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_swap_results, "comes next in the order"),
        (_other_category, "but the rules give"),
        (_short_results, "11 lines for 12 entries"),
        (_other_value, "made with other values"),
        (_dropped_value, "public value: missing"),
        (_another_seed, "not the commitment"),
        (_another_list, "not the published one"),
        (_skipped_offer, "comes first"),
    ],
)
def test_the_program_says_what_is_wrong(change: Callable[[Published], None], words: str) -> None:
    published = Published(QUOTAS, ENTRIES, released=2)
    check(published)
    change(published)
    assert words in complaint(published)


def test_the_vectors_of_the_format_are_what_the_rules_and_the_program_make(tmp_path: Path) -> None:
    vectors = json.loads(Path("docs/vectors/draw.json").read_text(encoding="utf-8"))
    for vector in vectors["draws"]:
        quotas = [Quota(UUID(id_), places, spaces) for id_, places, spaces in vector["draw"]["quotas"]]
        entries = [DrawnEntry(*entry) for entry in vector["entered"]]
        published = Published(
            quotas,
            entries,
            seed=bytes.fromhex(vector["draw"]["seed"]),
            value_name=vector["draw"]["public_value_name"],
            value=vector["draw"]["public_value"],
            released=vector["released"],
        )
        made = {name: getattr(published, name).decode() for name in ("entries", "results", "log")}
        assert made == vector["files"]
        assert published.draw == vector["draw"]
        assert published.verdict(tmp_path)[0] == 0
