import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virage.platform.values.texts import Invisible, check_body, shows_all

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
        "1\ufe0f\u20e3 #\ufe0f\u20e3 👍🏽",
        "\u101c\u103b\u103e\u102d\u102f\u1037",  # Burmese: a letter with five marks, one of which has a width
        "\u05e9\u05c1\u05bc\u05b8\u0591",  # Hebrew with vowel and accent
    ],
)
def test_ordinary_texts_are_accepted(text: str) -> None:
    assert shows_all(text)


@pytest.mark.parametrize("mark", [*INVISIBLE, "\u200d", "\u200c", "\n", "\u2028"])
def test_invisible_characters_are_refused(mark: str) -> None:
    assert not shows_all(f"A{mark}na")
    assert not shows_all(f"é{mark}")
    assert not shows_all(f"{mark}é")


@pytest.mark.parametrize(
    "mark", ["\u180b", "\u180d", "\u180f", "\ufe00", "\ufe0e", "\ufe0f", "\U000e0100", "\U000e01ef", "\U00016fe4"]
)
def test_invisible_selectors_and_fillers_are_refused(mark: str) -> None:
    for text in (mark, mark * 2, f"Ada{mark}", f"A{mark}da", f"名{mark}", f"🏳\ufe0f{mark}"):
        assert not shows_all(text)


@pytest.mark.parametrize(
    "text", ["\u0301", " \u0301", "\u0903", "e" + "\u0301" * 5, "e\u0301\u0302\u0903\u0303\u0304\u0301"]
)
def test_marks_need_a_base_and_are_limited(text: str) -> None:
    assert not shows_all(text)


def test_a_letter_carries_up_to_four_marks() -> None:
    assert shows_all("e" + "\u0301" * 4 + "e" + "\u0301" * 4)


@pytest.mark.parametrize("mark", INVISIBLE)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_body_with_invisible_characters_is_refused_with_its_field(mark: str, ascii_only: bool) -> None:
    body: Any = {"id": 1, "names": [{"fr": "visible", "en": f"A{mark}na"}]}
    with pytest.raises(Invisible) as refusal:
        check_body(json.dumps(body, ensure_ascii=ascii_only).encode())
    assert refusal.value.source == "en"


@given(st.text(st.characters(categories=("L", "N", "P", "Zs"), max_codepoint=0x24F)))
def test_texts_of_several_lines_are_accepted(text: str) -> None:
    check_body(json.dumps({"text": text.replace("\u00ad", "-") + "\r\n\té\u00a0!"}).encode())
