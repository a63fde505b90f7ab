"""The OpenAPI description of endpoints, made from the types that they decode and encode."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta, Struct

from virage.platform.web.adapter import Addresses, Served
from virage.platform.web.limits import Limits
from virage.platform.web.openapi import EVENTS, document
from virage.platform.web.routing import Described, Endpoint, Named, Response, delete, get, mount, post


class Left(Struct, tag="left"):
    at: datetime


class Right(Struct, tag="right"):
    at: datetime


class Sheet(Struct, forbid_unknown_fields=True):
    """Times in every position of a schema."""

    at: datetime
    ended_at: datetime | None = None
    days: dict[str, datetime] = {}
    rows: list[tuple[str, datetime]] = []
    sides: list[Left | Right] = []
    kind: Literal["a", "b"] = "a"
    first: date | None = None


SHEET = Sheet(datetime(2026, 8, 1, 20, tzinfo=UTC))


@get("/sheets/{sheet_id:uuid}", public=True)
async def get_sheet(sheet_id: UUID, db: object, kind: Literal["a", "b"] = "a") -> Response[Sheet]:
    """Return one sheet."""
    return Response(SHEET, headers={"sheet": f"{sheet_id} {db} {kind}"})


@get("/sheets", guards=[])
async def list_sheets(
    first: Annotated[date, Named("from"), Meta(description="From that day on")],
    wanted: Annotated[str, Meta(max_length=3)] | None = None,
) -> list[Sheet]:
    return [] if wanted else [SHEET, Sheet(SHEET.at, first=first)]


@post("/sheets", public=True, answer=Described(bytes, "The sheet on paper", "application/pdf"))
async def print_sheet(data: Sheet) -> Response[bytes]:
    return Response(str(data).encode(), media_type="application/pdf")


@delete("/sheets/{sheet_id:uuid}", public=True)
async def drop_sheet(sheet_id: UUID) -> None:
    assert sheet_id


class SheetMoved(Struct):
    """A message about a sheet."""

    at: datetime


@get("/stream", public=True, answer=Described(Any, "Events", EVENTS))
async def follow_sheet() -> bytes:
    return b""


@get("/hidden", public=True, documented=False)
async def hidden() -> str:
    return "here"


def served(*endpoints: Endpoint) -> list[Served]:
    return [Served(endpoint, {"db": None}, Limits()) for endpoint in mount("/api", endpoints)]


@pytest.fixture
def shown() -> dict[str, Any]:
    """The document of all of them."""
    made: dict[str, Any] = msgspec.json.decode(
        document(served(get_sheet, list_sheets, print_sheet, drop_sheet, follow_sheet, hidden), {"sheet": SheetMoved})
    )
    return made


def test_timestamps_have_their_format_everywhere(shown: dict[str, Any]) -> None:
    moment = {"type": "string", "format": "date-time"}
    sheet = shown["components"]["schemas"]["Sheet"]["properties"]
    assert sheet["at"] == moment
    assert moment in sheet["ended_at"]["anyOf"]
    assert sheet["days"]["additionalProperties"] == moment
    assert sheet["rows"]["items"]["prefixItems"][1] == moment
    assert shown["components"]["schemas"]["Left"]["properties"]["at"] == moment
    assert shown["components"]["schemas"]["Right"]["properties"]["at"] == moment
    assert {"type": "string", "format": "date"} in sheet["first"]["anyOf"]


def test_enums_have_their_type_and_null_defaults_are_left_out(shown: dict[str, Any]) -> None:
    sheet = shown["components"]["schemas"]["Sheet"]
    assert sheet["properties"]["kind"] == {"type": "string", "enum": ["a", "b"], "default": "a"}
    assert "default" not in sheet["properties"]["ended_at"]
    assert sheet["required"] == ["at"]
    assert sheet["additionalProperties"] is False


def test_parameters_are_what_the_application_does_not_provide(shown: dict[str, Any]) -> None:
    one, many = shown["paths"]["/api/sheets/{sheet_id}"]["get"], shown["paths"]["/api/sheets"]["get"]
    assert [(said["in"], said["name"], said["required"]) for said in one["parameters"]] == [
        ("path", "sheet_id", True),
        ("query", "kind", False),
    ]
    first, wanted = many["parameters"]
    assert (first["name"], first["description"], first["required"]) == ("from", "From that day on", True)
    assert {"type": "string", "maxLength": 3} in wanted["schema"]["anyOf"]


def test_answers_have_status_and_type_and_undocumented_endpoints_are_left_out(shown: dict[str, Any]) -> None:
    paths = shown["paths"]
    assert "schema" in paths["/api/sheets/{sheet_id}"]["get"]["responses"]["200"]["content"]["application/json"]
    printed = paths["/api/sheets"]["post"]["responses"]["201"]
    assert printed["content"] == {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}
    assert "content" not in paths["/api/sheets/{sheet_id}"]["delete"]["responses"]["204"]
    assert {} in paths["/api/sheets"]["post"]["security"]
    assert {} not in paths["/api/sheets"]["get"]["security"]
    assert "/api/hidden" not in paths


def test_an_endpoint_that_lacks_a_path_parameter_is_an_error() -> None:
    with pytest.raises(ValueError, match="hidden lacks a parameter of"):
        served(Endpoint("GET", "/{thing_id:uuid}", hidden.handler))


def test_an_endpoint_with_an_unknown_rate_class_is_an_error() -> None:
    with pytest.raises(ValueError, match="hidden: unknown rate class 'seldom'"):
        served(Endpoint("GET", "/hidden", hidden.handler, rate="seldom"))


def test_two_endpoints_with_the_same_address_and_method_are_an_error() -> None:
    async def refuse(*asked: Any) -> None:
        assert asked

    with pytest.raises(ValueError, match="GET /api/hidden is declared twice"):
        Addresses(served(hidden, hidden), refuse)


def test_a_stream_has_the_message_of_each_topic(shown: dict[str, Any]) -> None:
    answer = shown["paths"]["/api/stream"]["get"]["responses"]["200"]
    assert answer["content"] == {"text/event-stream": {"schema": {"$ref": "#/components/schemas/StreamMessages"}}}
    messages = shown["components"]["schemas"]["StreamMessages"]
    assert messages["properties"] == {"sheet": {"$ref": "#/components/schemas/SheetMoved"}}
    assert messages["required"] == ["sheet"]
    assert shown["components"]["schemas"]["SheetMoved"]["properties"]["at"]["format"] == "date-time"
