"""The OpenAPI 3.1 document, from the same declarations that serve the requests; schemas are msgspec's."""

import asyncio
import inspect
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, Final, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec import inspect as inspecting

from virage.platform.values.refusals import Refusal
from virage.platform.web.adapter import Served
from virage.platform.web.problems import ProblemDocument
from virage.platform.web.routing import Response
from virage.platform.web.security import COOKIE
from virage.platform.web.static import File, file_of

_PROBLEM = {
    "description": "Refused: `code` is the reason, and nothing has changed.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
}
_SCHEMES = {
    "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "Session of a browser."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "Token of an API client."},
}
EVENTS: Final = "text/event-stream"
_BINARY = {"type": "string", "format": "binary"}
_ASKED: list[dict[str, list[str]]] = [{name: []} for name in _SCHEMES]
_COMPONENTS = "#/components/schemas/"
REF: Final = _COMPONENTS + "{name}"
_AREA = 2  # `/api/orders/...` has the tag `orders`


class ApiDocument:
    """The document as a file to serve: built in a thread for the first request, then kept with its gzip."""

    def __init__(self) -> None:
        self._building: asyncio.Task[File] | None = None

    async def file(self, served: Sequence[Served], messages: Mapping[str, type[Struct]]) -> File:
        """Return the file; requests that arrive while it is built share the one build."""
        if self._building is None:
            self._building = asyncio.create_task(asyncio.to_thread(_file, served, messages))
        return await asyncio.shield(self._building)


def _file(served: Sequence[Served], messages: Mapping[str, type[Struct]]) -> File:
    # Indentation, which is for people who read the command's output, is a tenth of the compressed bytes.
    return file_of(msgspec.json.format(document(served, messages), indent=-1), "application/json")


def document(served: Sequence[Served], messages: Mapping[str, type[Struct]]) -> bytes:
    """Return the OpenAPI 3.1 document of these endpoints as JSON.

    `messages` are the types of the messages of the stream, by topic: properties of the component `StreamMessages`.
    """
    streamed = msgspec.defstruct("StreamMessages", list(messages.items()))
    streamed.__doc__ = "The data of a server-sent event, by the topic that its name begins with."
    shown = [(bound, _types_of(bound, streamed)) for bound in served if bound.endpoint.documented]
    kinds = [*(kind for _, types in shown for kind in types.values()), ProblemDocument, Refusal]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=REF)
    instants = _Instants(components)
    for kind, schema in zip(inspecting.multi_type_info(kinds), schemas, strict=True):
        instants.describe(kind, schema)
    for component in components.values():
        component.pop("title", None)  # it repeats the component's name
    shown_components = {name: _for_clients(schema) for name, schema in components.items()}
    in_order = map(_for_clients, schemas)
    paths: dict[str, dict[str, Any]] = {}
    for bound, types in shown:
        operation = _operation(bound, {place: next(in_order) for place in types})
        paths.setdefault(bound.endpoint.template, {})[bound.endpoint.method.lower()] = operation
    written = {
        "openapi": "3.1.0",
        "info": {"title": "Virage", "version": "1"},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": shown_components, "securitySchemes": _SCHEMES},
    }
    return msgspec.json.format(msgspec.json.encode(written, order="deterministic"), indent=1)


def _for_clients(schema: Any) -> Any:
    """Return a schema adapted to client generators: enums of texts have their type, and defaults are plain values.

    A default that is null, a list or an object is left out, because generators then take the field for one that is
    always present.
    """
    if isinstance(schema, list):
        return [_for_clients(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: {name: _for_clients(field) for name, field in item.items()} if key == "properties" else _for_clients(item)
        for key, item in schema.items()
        if not (key == "default" and (item is None or isinstance(item, list | dict)))
    }
    if isinstance(kept.get("enum"), list) and all(isinstance(item, str) for item in kept["enum"]):
        kept.setdefault("type", "string")
    return kept


class _Instants:
    """Adds the format of timestamps (RFC 3339), which msgspec writes only for types that require a time zone."""

    def __init__(self, components: Mapping[str, Any]) -> None:
        self._components = components
        self._seen = set[str]()

    def describe(self, kind: inspecting.Type, schema: dict[str, Any]) -> None:  # noqa: C901 - one case per kind of type
        """Add the format to the schema of a type, and to its components."""
        match kind:
            case inspecting.Metadata():
                self.describe(kind.type, schema)
            case inspecting.DateTimeType():
                schema["format"] = "date-time"
            case inspecting.UnionType():
                for member in kind.types:
                    self._describe_member(member, schema)
            case inspecting.StructType():
                name = schema["$ref"].removeprefix(_COMPONENTS)
                if name not in self._seen:
                    self._seen.add(name)
                    for field in kind.fields:
                        self.describe(field.type, self._components[name]["properties"][field.encode_name])
            case inspecting.ListType() | inspecting.VarTupleType() | inspecting.SetType() | inspecting.FrozenSetType():
                self.describe(kind.item_type, schema.get("items", {}))
            case inspecting.TupleType():
                for item, schema_of_item in zip(kind.item_types, schema.get("prefixItems", ()), strict=False):
                    self.describe(item, schema_of_item)
            case inspecting.DictType():
                self.describe(kind.value_type, schema.get("additionalProperties", {}))

    def _describe_member(self, member: inspecting.Type, union: dict[str, Any]) -> None:
        """Add the format to the option of one member of a union; msgspec orders the options itself."""
        while isinstance(member, inspecting.Metadata):
            member = member.type
        for option in union["anyOf"]:
            if "anyOf" in option:
                self._describe_member(member, option)
            elif isinstance(member, inspecting.StructType):
                if option.get("$ref", "").replace("/", ".").endswith(f".{member.cls.__name__}"):
                    self.describe(member, option)
            elif isinstance(member, inspecting.DateTimeType):
                if option.get("type") == "string":
                    self.describe(member, option)
            elif option.get("type") in ("array", "object"):
                self.describe(member, option)


def _types_of(served: Served, streamed: type[Struct]) -> dict[tuple[str, str], Any]:
    """Return the types of inputs and answer, by place and name; `streamed` is the answer of a stream."""
    inputs = served.inputs
    types = {("path", name): kind for name, kind in inputs.path.items()}
    types |= {("query", name): kind for name, kind in inputs.query.items()}
    if inputs.body is not None:
        types["body", ""] = inputs.body
    if (kind := _content_of(served)) not in (bytes, NoneType):
        described = served.endpoint.answer
        types["answer", ""] = streamed if described and described.media_type == EVENTS else kind
    return types


def _content_of(served: Served) -> Any:
    """Return the type of a success: `bytes` for content other than JSON, NoneType for no content."""
    described = served.endpoint.answer
    kind = described.type if described else served.inputs.answer
    return get_args(kind)[0] if get_origin(kind) is Response else kind


def _operation(served: Served, schemas: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    endpoint, inputs = served.endpoint, served.inputs
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "description": inspect.getdoc(endpoint.handler) or "",
        "tags": [endpoint.path.split("/")[_AREA]],
        "security": [{}, *_ASKED] if endpoint.public else _ASKED,
        "responses": {str(endpoint.status_code): _success(served, schemas), "default": _PROBLEM},
    }
    parameters = [
        _parameter(
            place,
            inputs.shown(name),
            schema,
            is_required=name not in inputs.defaults,
            default=inputs.defaults.get(name),
        )
        for (place, name), schema in schemas.items()
        if place in ("path", "query")
    ]
    if parameters:
        operation["parameters"] = parameters
    if inputs.body is not None:
        content = {"application/json": {"schema": schemas["body", ""]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameter(place: str, name: str, schema: dict[str, Any], *, is_required: bool, default: Any) -> dict[str, Any]:
    shown = {key: value for key, value in schema.items() if key != "description"}
    if default is not None:
        shown["default"] = msgspec.to_builtins(default)
    parameter = {"in": place, "name": name, "required": is_required, "schema": shown}
    return parameter | {key: value for key, value in schema.items() if key == "description"}


def _success(served: Served, schemas: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    described, kind = served.endpoint.answer, _content_of(served)
    if kind is NoneType:
        return {"description": "Success without content"}
    schema = _BINARY if kind is bytes else schemas["answer", ""]
    return {
        "description": described.description if described else "Success",
        "content": {described.media_type if described else "application/json": {"schema": schema}},
    }
