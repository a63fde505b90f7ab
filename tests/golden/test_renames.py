"""Today's API is the recorded one under the names of the map, and nothing else has changed."""

import copy
import gzip
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import hypothesis.strategies as st
import msgspec
from hypothesis import HealthCheck, given, settings

from tests.golden.renames import (
    REF,
    Renames,
    contract,
    operations,
    read_renames,
    renamed_document,
    unused,
)
from tests.golden.renames_exchange import Translator, validator
from tests.golden.requests_log import PROBLEM, Exchange, read
from tests.golden.requests_system import openapi_document

FOLDER = Path(__file__).parent
MAP = FOLDER / "renames.json"
OLD: dict[str, Any] = json.loads(gzip.decompress((FOLDER / "openapi.json.gz").read_bytes()))
SCHEMAS: dict[str, Any] = OLD["components"]["schemas"]
OBJECTS = sorted(name for name, schema in SCHEMAS.items() if schema.get("properties"))
ENUMERATIONS = sorted(name for name, schema in SCHEMAS.items() if schema.get("enum"))
OPERATIONS = sorted(name for name, _ in operations(OLD))
CALM = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


RECORDING = read(FOLDER / "requests.jsonl.gz")
PARTS = 10


def renamed(names: list[str]) -> dict[str, str]:
    """New names for these."""
    return {name: f"{name}_renamed" for name in names}


@st.composite
def made_up(draw: st.DrawFn) -> Renames:
    """A map that renames a part of everything."""
    some = st.sampled_from
    objects = draw(st.lists(some(OBJECTS), min_size=1, max_size=60, unique=True))
    fields = {name: renamed(sorted(SCHEMAS[name]["properties"])[::2]) for name in objects}
    values = {
        name: renamed([value for value in SCHEMAS[name]["enum"] if isinstance(value, str)][:2])
        for name in draw(st.lists(some(ENUMERATIONS), max_size=20, unique=True))
    }
    paths = {}
    for name in draw(st.lists(some(OPERATIONS), max_size=40, unique=True)):
        method, path = name.split()
        paths[name] = f"{method} {path.replace('/api/', '/api/v2/', 1)}"
    return Renames(
        paths=paths,
        components=renamed(draw(st.lists(some(sorted(SCHEMAS)), max_size=80, unique=True))),
        fields=fields,
        values=values,
    )


def answered_well() -> list[Exchange]:
    """The recorded requests with a JSON body that succeeded, one an operation."""
    plain = Translator(OLD, Renames())
    found: dict[tuple[str, bool], Exchange] = {}
    for exchange in RECORDING:
        name = plain.operation_of(exchange.method, exchange.path)
        if name is not None and 200 <= exchange.status < 300:
            found.setdefault((name, exchange.json is msgspec.UNSET), exchange)
    return list(found.values())


WELL = answered_well()


def without_messages(document: dict[str, Any]) -> dict[str, Any]:
    """The document without the messages of the stream, which 0.1.0 did not describe, and the
    components only they use.
    """
    answer = document["paths"]["/api/stream"]["get"]["responses"]["200"]
    assert answer["content"]["text/event-stream"]["schema"] == {"$ref": f"{REF}StreamMessages"}
    answer["content"]["text/event-stream"]["schema"] = {}
    schemas = document["components"]["schemas"]
    named, found = json.dumps(document["paths"]), set[str]()
    while new := {name for name in re.findall(rf'"{REF}(\w+)"', named) if name not in found}:
        found |= new
        named = json.dumps([schemas[name] for name in new])
    document["components"]["schemas"] = {name: schemas[name] for name in schemas if name in found}
    return document


WIDENED = {
    "BestSeats.needs.maxItems": "there are more needs than there were",
    "PlaceLabel.seat": "a seat's name may be a text in venues whose seats are not numbered; numbers stay numbers",
    "DeliveryPlace.seat": "the same",
    "Floor": "the floors of a route are those of the venue's file",
    "Leg.floor": "the same",
    "Leg.to_floor": "the same",
    "VenueSummary.latitude": "the position of a venue may be unknown",
    "VenueSummary.longitude": "the same",
    "VenueUpdate.code.pattern": "codes of gates and outlets may have the prefix of their venue",
    "Price.outlet.anyOf": "the same",
    "StockRequest.to_outlet.anyOf": "the same",
    "CodeRequest.locale": "without one the language is that of the deployment",
    "EventDefect": "a missing title has a code for each language of the deployment",
    "OfficeEvent.defects.items": "the same",
    "ClipView.described.items": "an audio description may be in any language",
    "DescribableClip.described.items": "the same",
}
"""Fields of answers that may have more kinds of values than in 0.1.0, and why."""
LANGUAGES = {
    "#/components/schemas/Text": {"type": "object", "additionalProperties": {"type": "string"}},
    "#/components/schemas/Locale": {
        "type": "string",
        "pattern": "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        "maxLength": 35,
    },
}
"""Texts and languages of 0.1.0, French and English, and what they are now: by tag, and the tag of any language."""


def lost(meant: Any, now: Any, place: str) -> list[str]:
    """What of a part of the contract is no longer there; the API may have more routes, parameters and fields.

    A parameter may accept more values.
    """
    if place in WIDENED:
        return []
    if place.endswith(".enum") and isinstance(now, list):
        return [f"{place}: {value} is gone" for value in sorted(set(meant) - set(now))]
    if isinstance(meant, dict) and isinstance(now, dict):
        gone = meant.keys() - now.keys() - ({"enum"} if ".parameters." in place else set())
        found = [f"{place}: {key} is gone" for key in gone]
        if "properties" in meant:
            new = now.get("properties", {}).keys() - meant["properties"].keys()
            demanded = set(now.get("required", ())) - set(meant.get("required", ())) - new
            found += [f"{place}: {name} is now required" for name in sorted(demanded)]
        inner = [(key, place if key == "properties" else f"{place}.{key}") for key in meant.keys() & now.keys()]
        return found + [line for key, at in inner if key != "required" for line in lost(meant[key], now[key], at)]
    raised = place.endswith(".maxLength") and isinstance(now, int) and now >= meant
    return [] if meant == now or raised else [f"{place}: {meant} is now {now}"]


def _in_any_language(part: Any) -> Any:
    if isinstance(part, list):
        return [_in_any_language(item) for item in part]
    if not isinstance(part, dict):
        return part
    return LANGUAGES.get(part.get("$ref", "")) or {key: _in_any_language(value) for key, value in part.items()}


def test_the_api_has_everything_of_the_recorded_one_under_the_names_of_the_map() -> None:
    now = contract(without_messages(openapi_document()))
    expected = contract(renamed_document(OLD, read_renames(MAP)))
    assert len(expected["operations"]) == len(OPERATIONS) > 200
    assert len(expected["components"]) == len(SCHEMAS) > 300
    for name in LANGUAGES:
        del expected["components"][name.rpartition("/")[2]]
    found = [
        line
        for part in ("operations", "components")
        for name, meant in expected[part].items()
        for line in lost(_in_any_language(meant), now[part].get(name, {}), name)
    ]
    assert found == []


def test_every_line_of_the_map_names_something() -> None:
    assert unused(OLD, read_renames(MAP)) == []
    wrong = Renames(
        paths={"GET /api/none": "GET /api/nothing"},
        parameters={"GET /api/office/orders": {"q": "query", "none": "nothing"}},
        components={"Nothing": "None"},
        fields={OBJECTS[0]: {"none": "nothing"}},
        values={ENUMERATIONS[0]: {"none": "nothing"}},
    )
    assert len(unused(OLD, wrong)) == 5


def test_every_code_of_the_map_is_in_the_recording() -> None:
    problems = [exchange for exchange in RECORDING if exchange.answered.get("content-type") == PROBLEM]
    recorded = {exchange.answer["code"] for exchange in problems}
    assert len(recorded) > 50
    assert read_renames(MAP).codes.keys() <= recorded


@CALM
@given(made_up())
def test_renamed_and_renamed_back_the_document_is_the_same(renames: Renames) -> None:
    assert unused(OLD, renames) == []
    there = renamed_document(copy.deepcopy(OLD), renames)
    assert contract(there) != contract(OLD)
    assert contract(renamed_document(there, renames.backwards)) == contract(OLD)


@CALM
@given(made_up(), st.integers(0, PARTS - 1))
def test_translated_requests_fit_the_renamed_document_and_are_the_same_translated_back(
    renames: Renames, part: int
) -> None:
    new = renamed_document(copy.deepcopy(OLD), renames)
    here, there, plain = Translator(OLD, renames), Translator(new, renames.backwards), Translator(OLD, Renames())
    by_name = dict(operations(new))
    looked_at = 0
    for exchange in WELL[part::PARTS]:
        translated = here.exchange(exchange)
        name = there.operation_of(translated.method, translated.path)
        assert name is not None, translated.path
        schema = json_schema(by_name[name].get("requestBody", {}))
        if schema is not None and translated.json is not msgspec.UNSET:
            assert list(validator(new, schema).iter_errors(translated.json)) == [], name
            looked_at += 1
        assert as_compared(there.exchange(translated)) == as_compared(plain.exchange(exchange)), name
    assert looked_at >= 3


def json_schema(body: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of a body, if it is JSON."""
    found: dict[str, Any] | None = body.get("content", {}).get("application/json", {}).get("schema")
    return found


def as_compared(exchange: Exchange) -> dict[str, Any]:
    """A request with its query parsed: the same parameters may be written in two ways."""
    found: dict[str, Any] = msgspec.to_builtins(exchange)
    return found | {"query": parse_qsl(exchange.query, keep_blank_values=True)}
