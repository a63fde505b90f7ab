"""The OpenAPI document: what Litestar derives from the handlers, with our problems and our ways to sign in."""

import asyncio
from typing import Any

import msgspec
from litestar import Litestar

from virage.platform.web.lean import PUBLIC, handlers
from virage.platform.web.problems import ProblemDocument
from virage.platform.web.security import COOKIE
from virage.platform.web.static import File, file_of

_PROBLEM = {
    "description": "Not done; `code` says why, and nothing has changed.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
}
_SCHEMES = {
    "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "A browser's session."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "A program's token."},
}
_REF = "#/components/schemas/{name}"


class ApiDocument:
    """The document as a file to serve: built in a thread for the first request, then kept with its gzip."""

    def __init__(self) -> None:
        self._building: asyncio.Task[File] | None = None

    async def file(self, app: Litestar) -> File:
        """Return the file; requests that arrive while it is built share the one build."""
        if self._building is None:
            self._building = asyncio.create_task(asyncio.to_thread(_file, app))
        return await asyncio.shield(self._building)


def _file(app: Litestar) -> File:
    return file_of(document(app), "application/json")


def document(app: Litestar) -> bytes:
    """Return the OpenAPI 3.1 document of the application as JSON."""
    schema: dict[str, Any] = _without_examples(msgspec.json.decode(msgspec.json.encode(app.openapi_schema.to_schema())))
    public = {
        (_format(path), method.lower())
        for path, handler in handlers(app)
        if handler.opt.get(PUBLIC)
        for method in handler.http_methods
    }
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            operation["responses"].pop("400", None)
            operation["responses"]["default"] = _PROBLEM
            operation["security"] = [{}, *_asked()] if (path, method) in public else _asked()
            operation["summary"] = _words(operation["operationId"])
    components = schema.setdefault("components", {})
    components["securitySchemes"] = _SCHEMES
    _, definitions = msgspec.json.schema_components([ProblemDocument], ref_template=_REF)
    components.setdefault("schemas", {}).update(definitions)
    return msgspec.json.format(msgspec.json.encode(schema, order="deterministic"), indent=1)


def _without_examples(value: Any) -> Any:
    """Leave out the generated examples: they are random, and the document shall be the same each time."""
    if isinstance(value, list):
        return [_without_examples(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _without_examples(item) for key, item in value.items() if key not in ("example", "examples")}


def _asked() -> list[dict[str, list[str]]]:
    return [{name: []} for name in _SCHEMES]


def _words(operation_id: str) -> str:
    return operation_id.replace("_", " ").capitalize()


def _format(path: str) -> str:
    """Return a Litestar path as OpenAPI writes it: `{id:uuid}` becomes `{id}`."""
    return "/".join(f"{part.split(':')[0]}}}" if ":" in part else part for part in path.split("/"))
