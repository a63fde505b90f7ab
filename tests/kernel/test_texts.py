import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virage.kernel.problems import Problem
from virage.kernel.texts import check_body, shows_all

INVISIBLE = ["\u202e", "\u2066", "\u2069", "\u200b", "\u200e", "\u00ad", "\ufeff", "\u2060", "\x1b", "\x7f", "\u3164"]


@pytest.mark.parametrize(
    "text",
    [
        "Amélie Dupré-O'Neil",
        "名前",
        "\u05e2\u05d5\u05de\u05e8",
        "\u0646\u0631\u0645\u200c\u0627\u0641\u0632\u0627\u0631",  # Persian needs the non-joiner
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3",  # Sinhala needs the joiner
        "👨\u200d👩\u200d👧",
        "🏳\ufe0f\u200d🌈 2026",
    ],
)
def test_what_people_write_is_shown(text: str) -> None:
    assert shows_all(text)


@pytest.mark.parametrize("mark", [*INVISIBLE, "\u200d", "\u200c", "\n", "\u2028"])
def test_what_cannot_be_seen_is_not_shown(mark: str) -> None:
    assert not shows_all(f"A{mark}na")
    assert not shows_all(f"é{mark}")
    assert not shows_all(f"{mark}é")


@pytest.mark.parametrize("mark", INVISIBLE)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_body_with_something_invisible_anywhere_is_refused_by_the_fields_name(mark: str, ascii_only: bool) -> None:
    body: Any = {"id": 1, "names": [{"fr": "visible", "en": f"A{mark}na"}]}
    with pytest.raises(Problem) as refusal:
        check_body(json.dumps(body, ensure_ascii=ascii_only).encode())
    assert refusal.value.code == "invalid"
    assert refusal.value.data["errors"][0]["source"] == "en"


@given(st.text(st.characters(categories=("L", "N", "P", "Zs"), max_codepoint=0x24F)))
def test_what_is_written_on_lines_passes(text: str) -> None:
    check_body(json.dumps({"text": text.replace("\u00ad", "-") + "\r\n\té\u00a0!"}).encode())
