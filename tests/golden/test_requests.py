"""Every recorded request gets its recorded response, under its new name if it has one."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.golden.renames import operations, read_renames
from tests.golden.renames_exchange import Translator
from tests.golden.requests_around import EDGE, Around
from tests.golden.requests_around import recorded as recorded_around
from tests.golden.requests_client import Replay
from tests.golden.requests_edge import all_headers, at_the_edge, moved
from tests.golden.requests_log import (
    DRAWN,
    Difference,
    Exchange,
    Names,
    bind_drawn,
    differences,
    drawn_paths,
    mark_drawn,
    read,
)
from tests.golden.requests_system import system
from tests.golden.shapes import changes
from tests.golden.signed import FILE as SIGNED_FILE
from tests.golden.signed import content, packs
from virage.platform.host.postgres import EmbeddedPostgres

FOLDER = Path(__file__).parent
SIGNED = json.loads(SIGNED_FILE.read_bytes())
SHOWN_MAX = 12
NOT_MODIFIED, NOT_FOUND, NOT_ALLOWED = 304, 404, 405
MENDED = {("first", "from"), ("last", "to"), ("since", "from"), ("until", "to"), ("fr", "body")}
"""A wrong day was reported under a name that no request has: the parameter of the handler, not of the query. No
language is a field of its own any more.
"""
PRINTED = (
    (r"(\d\d) h (\d\d)", r"\1:\2"),
    (r"(?<=Saturday) ", ", "),
    (r"(\d\d)/11/(2026)(?! \d\d:)", r"\1 nov. \2"),
    (r" (?=[:;%])|(?m:(?<=^95,00) (?=€)|(?<=^\d) (?=min$))", "\N{NO-BREAK SPACE}"),
)
"""What was drawn on paper by 0.1.0, and what is now."""
LABEL_MOVED_CM = 15
BROWSER_COOKIE = "set-cookie __Host-virage-browser"
OPERATIONS = 235
METHODS_SINCE = {"/api/me/sessions/": "PATCH"}
"""Methods that addresses of 0.1.0 have gained, by the start of the address."""
ID = "01970000-0000-7000-8000-000000000001"
OTHER_ID = "01970000-0000-7000-8000-000000000002"


async def test_every_recorded_request_is_answered_as_it_was(cluster: EmbeddedPostgres, tmp_path: Path) -> None:
    document = json.loads(gzip.decompress((FOLDER / "openapi.json.gz").read_bytes()))
    renames = read_renames(FOLDER / "renames.json")
    translator, expected = Translator(document, renames), recorded_around(renames)
    recording = read(FOLDER / "requests.jsonl.gz")
    failures: list[str] = []
    asked: set[str] = set()
    sent = 0
    async with system(cluster, tmp_path) as running:
        replay = Replay(running)
        signed = await packs(replay, recording, translator)
        for who, pack in SIGNED["packs"].items():
            failures += [f"the pack of a {who} has another content"] * (content(signed[who]) != content(pack))
        around = Around(running, replay, recording, renames.topics)
        for number, recorded in enumerate(recording):
            exchange = _printed_as_now(translator.exchange(recorded))
            await around.before(number)
            await running.drop_emails_since()
            found = await replay.compared(exchange)
            if recorded.is_request:
                seen = all_headers(replay.answer.headers.multi_items())
                found += differences(expected.headers[number], seen, replay.names)
            failures += [
                f"{request_line(number, exchange)}: {difference}"
                for difference in found
                if not _is_meant(exchange, difference)
            ]
            sent += recorded.is_request
            asked |= {translator.operation_of(recorded.method, recorded.path) or ""}
            await around.after(number)
            if len(failures) >= SHOWN_MAX:
                break
        await around.end(expected.messages)
        failures += changes(expected.messages.shapes, around.streams.shapes())
        facts = await around.facts()
        failures += changes(expected.facts.dump, facts.dump) + changes(expected.facts.replay, facts.replay)
        failures += await changes_at_the_edge(replay, translator)
    assert not failures, "\n" + "\n".join(failures[:SHOWN_MAX])
    assert sent >= 2_000
    names = {name for name, _ in operations(document)}
    assert names - asked == set()
    assert len(names) == OPERATIONS


async def changes_at_the_edge(replay: Replay, translator: Translator) -> list[str]:
    """Visible changes for a client, cache or proxy: headers and statuses of requests about HTTP
    itself.

    An address with text in place of an id is unknown: every method gets a 404 now, not only GET. So does an unknown
    file below `/.well-known`, which has addresses of its own since passkeys.
    """
    found = []
    probes = read(EDGE)
    nowhere = {probe.path for probe in probes if probe.method == "GET" and probe.status == NOT_FOUND}
    for probe in probes:
        answer = await replay.ask(moved(translator, probe))
        if (probe.status, answer.status_code) == (NOT_ALLOWED, NOT_FOUND) and probe.path in nowhere:
            continue
        if probe.path.startswith("/.well-known/") and answer.status_code == NOT_FOUND:
            continue
        since = next((method for start, method in METHODS_SINCE.items() if probe.path.startswith(start)), None)
        if probe.method == since:
            continue
        headers, body = at_the_edge(answer)
        answered = dict(probe.answered)
        if since and "allow" in answered:
            answered["allow"] = ", ".join(sorted([*answered["allow"].split(", "), since]))
        expected = {"status": probe.status, "headers": answered, "body": probe.answer}
        actual = {"status": answer.status_code, "headers": headers, "body": body}
        where = f"{probe.method} {probe.path} {probe.headers or ''} as {probe.who}"
        found += [f"{where}: {difference}" for difference in differences(expected, actual, replay.names)]
    return found


def _printed_as_now(exchange: Exchange) -> Exchange:
    """Return an exchange in whose PDF Babel writes days, times and amounts, and French has its no-break spaces."""
    if exchange.answered.get("content-type") != "application/pdf":
        return exchange
    pages = [_page_as_now(page) for page in exchange.answer["pages"]]
    return replace(exchange, answer=exchange.answer | {"pages": pages})


def _page_as_now(page: Any) -> Any:
    if isinstance(page, dict):
        return page | {"$drawn": _page_as_now(page["$drawn"])}
    for pattern, now in PRINTED:
        page = re.sub(pattern, now, page)
    return page


def _is_meant(exchange: Exchange, difference: Difference) -> bool:
    """Whether a difference from 0.1.0 is meant, and no client depends on the old value."""
    was, now = difference.expected, difference.actual
    if difference.path[-1] in ("key", "source"):
        return (was, now) in MENDED
    if difference.path[-1] == BROWSER_COOKIE:  # it lasts longer, so that a browser is known at the next sign-in
        return bool(now == was.replace("max-age=86400", "max-age=34560000"))
    if difference.path[-2:-1] == ("centre",):  # of the label of a block: read from the venue's file
        return bool(abs(was - now) <= LABEL_MOVED_CM)
    if exchange.path == "/api/pages/terms" and "language=%" in exchange.query:
        return True  # no language: the page in the default one of the deployment, not in the first by tag
    return exchange.status == NOT_MODIFIED  # the texts by language have another order, and so the answer another tag


def request_line(number: int, exchange: Exchange) -> str:
    """Name a request so that it can be found in the recording."""
    query = f"?{exchange.query}" if exchange.query else ""
    return f"line {number}, {exchange.method} {exchange.path}{query} as {exchange.who}"


def test_almost_no_value_of_the_recording_is_random() -> None:
    recording = read(FOLDER / "requests.jsonl.gz")
    drawn = sum(1 for exchange in recording for _ in drawn_paths(exchange.answer))
    assert sum(leaves(exchange.answer) for exchange in recording) > 100_000
    assert 50 < drawn < 200


def leaves(value: Any) -> int:
    """The number of compared values of a response."""
    if isinstance(value, dict):
        return sum(map(leaves, value.values()))
    return sum(map(leaves, value)) if isinstance(value, list) else 1


@pytest.mark.parametrize(
    ("recorded", "actual", "places"),
    [
        ({"cents": 991}, {"cents": 990}, ["$.cents: 991 is now 990"]),
        ({"cents": 1}, {"cents": True}, ["$.cents: 1 is now true"]),
        ({"cents": 1}, {"sum": 1}, ["$.cents: 1 is now (absent)"]),
        ([1, 2], [1], ["$: [1, 2] is now [1]"]),
        ({"id": {DRAWN: ID}}, {"id": OTHER_ID}, []),
        ({"id": {DRAWN: ID}}, {"id": 7}, [f'$.id: "{ID}" is now 7']),
        ({"id": {DRAWN: ID}}, {"id": "none"}, [f'$.id: "{ID}" is now "none"']),
        ({"id": {DRAWN: ID}, "page": f"/orders/{ID}"}, {"id": OTHER_ID, "page": f"/orders/{OTHER_ID}"}, []),
        (
            {"id": {DRAWN: ID}, "page": f"/orders/{ID}"},
            {"id": OTHER_ID, "page": f"/orders/{ID}"},
            [f'$.page: "/orders/{OTHER_ID}" is now "/orders/{ID}"'],
        ),
        ({"text": {DRAWN: "Your code: ⟦482913⟧"}}, {"text": "Your code: 771204"}, []),
        (
            {"text": {DRAWN: "Your code: ⟦482913⟧"}},
            {"text": "The code: 771204"},
            ['$.text: "Your code: ⟦482913⟧" is now "The code: 771204"'],
        ),
    ],
)
def test_answers_differ_when_their_content_differs(recorded: Any, actual: Any, places: list[str]) -> None:
    names = Names()
    bind_drawn(recorded, actual, names)
    assert [str(found) for found in differences(recorded, actual, names)] == places


def test_differences_of_a_second_run_are_marked_and_learnt() -> None:
    names = Names()
    first = {"id": ID, "letter": f"See /orders/{ID}, code 482913", "cents": 5}
    second = {"id": OTHER_ID, "letter": f"See /orders/{OTHER_ID}, code 771204", "cents": 5}
    marked = mark_drawn(first, second, names)
    assert marked == {"id": {DRAWN: ID}, "letter": {DRAWN: f"See /orders/{ID}, code ⟦482913⟧"}, "cents": 5}
    assert names.value({"code": "482913", "order": ID, "cents": 5}) == {"code": "771204", "order": OTHER_ID, "cents": 5}
