"""Our reading of the Common Data Format agrees with its published schemas."""

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import jsonschema_rs
import pytest

from tests.media.live.sources import cdf
from tests.samples import cdf as published
from virage.media.live.sources.rules.cdf import EventLine, LineDefect, MatchSheet, MetaData, clock_s, read_document

VERSIONS = ("0.2.1", "0.2.2", "0.2.3", "0.3.0", "0.3.1", "0.3.2")
OURS: dict[str, Any] = {
    "event": cdf.goal("e", 1, "h9", match_clock="01:00.00", var={"reviewed": True, "upheld": True}),
    "meta": cdf.meta(("first_half", "start", 0)),
    "match": cdf.sheet(
        goals=[cdf.sheet_goal(1, "h9")],
        cards=[cdf.sheet_card(2, "a4")],
        substitutions=[cdf.sheet_change(3, "h2", "h12")],
    ),
}


@cache
def schema(kind: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(json.loads(published(f"v0.3.2/schema/{kind}.json").read_bytes()))


def is_accepted(document: Any) -> bool:
    return not isinstance(read_document(json.dumps(document).encode(), 1), LineDefect)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_samples_of_every_version_are_read(version: str) -> None:
    lines = published(f"v{version}/sample/event.jsonl").read_bytes().splitlines()
    assert all(isinstance(read_document(line, 1), EventLine) for line in lines)
    assert isinstance(read_document(published(f"v{version}/sample/meta.json").read_bytes(), 1), MetaData)
    assert isinstance(read_document(published(f"v{version}/sample/match.json").read_bytes(), 1), MatchSheet)
    assert read_document(published(f"v{version}/sample/tracking.jsonl").read_bytes().splitlines()[0], 1) == "tracking"


@pytest.mark.parametrize("kind", OURS)
def test_sample_messages_match_the_published_schema(kind: str) -> None:
    assert [error.message for error in schema(kind).iter_errors(OURS[kind])] == []
    assert is_accepted(OURS[kind])


def broken(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """The document with one part missing, or of another type, at a time."""
    here = document
    for step in path:
        here = here[step]
    for key in list(here) if isinstance(here, dict) else range(min(1, len(here))) if isinstance(here, list) else ():
        for change in ("gone", {"an": "object"}, True):
            copy = deepcopy(document)
            there = copy
            for step in path:
                there = there[step]
            if change == "gone":
                del there[key]
            else:
                there[key] = change
            yield (*path, key, change), copy
        yield from broken(document, (*path, key))


# Parts that a feed does not use are ignored in any form; so is the team named beside a player.
UNREAD = {
    *("competition", "season", "venue", "kickoff_time", "periods", "status", "result", "officials", "vendor"),
    *("is_synced", "has_played", "score", "out_time", "receiver_team_id", "official_id"),
}
SAID_ALREADY = {"team_id", "period"}
MAY_LACK = {"first_name", "last_name"}


def is_read(path: tuple[Any, ...]) -> bool:
    key, change = path[-2:]
    within_team = path[0] == "teams" or path[1] in ("substitutions", "cards")
    return not (
        set(path[:-1]) & UNREAD
        or path[0] == "meta"
        or (within_team and key in SAID_ALREADY)
        or (key in MAY_LACK and change == "gone")
    )


@pytest.mark.parametrize("kind", OURS)
def test_input_that_the_schema_refuses_is_refused(kind: str) -> None:
    refused = [
        (path, document)
        for path, document in broken(OURS[kind])
        if is_read(path) and not schema(kind).is_valid(document)
    ]
    assert len(refused) > 20, "the schema was used"
    assert [path for path, document in refused if is_accepted(document)] == []


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b"\xff\xfe", b'{"event": 1}', b"{}", b'{"teams": {}, "venue": {}}', b'"text"', b"null"],
)
def test_an_invalid_cdf_is_reported_and_does_not_fail(line: bytes) -> None:
    found = read_document(line, 7)
    assert isinstance(found, LineDefect)
    assert found.line == 7


def test_match_clocks_are_parsed() -> None:
    assert [clock_s(text) for text in ("00:00.00", "92:01.04", "105:00.00", "5:07")] == [0, 5521, 6300, 307]
    assert [clock_s(text) for text in (None, "", "1:60.0", "half past")] == [None] * 4
