"""The vectors of docs/vectors/pitch.json match the rules, and a phone that follows the contract
gets the same result.
"""

import json
from typing import Any

from tests.media.tracking.make_vectors import FILE, file_text
from tests.media.tracking.walks import Screen

VECTORS: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))


def test_the_vectors_match_the_rules() -> None:
    assert FILE.read_text(encoding="utf-8") == file_text()


def test_a_decoder_written_from_the_contract_follows_every_message() -> None:
    screen = Screen()
    for line in VECTORS["told"]:
        screen.receive(line["message"])
        state = {"n": screen.n, "spots": {who: list(spot) for who, spot in screen.spots.items()}}
        assert state | {"ball": screen.ball and list(screen.ball)} == line["state"]
