"""Recorded requests and responses under the names of `renames.json`, translated along the recorded
schemas.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import jsonschema_rs
from msgspec.structs import replace

from tests.golden.renames import BRANCHES, REF, Renames, listed, operations
from tests.golden.requests_log import DRAWN, PROBLEM, Exchange, is_drawn

MAILBOX = "GET /api/mailbox"
PAPER = "POST /api/tickets/{ticket_id}/paper"
CARDS = "/cards"
STATEMENT = "/statement.pdf"


class Translator:
    """Translates recorded requests and responses to their new names: a field is renamed in its
    component alone.
    """

    def __init__(self, document: Mapping[str, Any], renames: Renames) -> None:
        self._document = document
        self._renames = renames
        self._operations = dict(operations(document))
        self._schemas: dict[str, Any] = document["components"]["schemas"]
        self._validators: dict[str, Any] = {}
        self._patterns = sorted(
            (
                (
                    name.split()[0],
                    re.compile(re.sub(r"{\w+}", "([^/]+)", re.escape(path).replace(r"\{", "{").replace(r"\}", "}"))),
                    name,
                )
                for name in self._operations
                for path in [name.split()[1]]
            ),
            key=lambda entry: entry[2].count("{"),
        )

    def operation_of(self, method: str, path: str) -> str | None:
        """Return the operation of the old document that serves a path; the one with the fewest
        parameters wins.
        """
        for of_method, pattern, name in self._patterns:
            if of_method == method and pattern.fullmatch(path):
                return name
        return None

    def exchange(self, recorded: Exchange) -> Exchange:
        """Return a recorded request and its response under the new names."""
        name = self.operation_of(recorded.method, recorded.path)
        if name is None:  # an address outside the document
            texts = self._renames.texts if recorded.path == CARDS else {}
            return replace(recorded, answer=_reworded(recorded.answer, texts))
        operation = self._operations[name]
        method, path = self._path(name, recorded.path)
        body_schema = _schema_of(operation.get("requestBody", {}).get("content", {}))
        content_type = recorded.answered.get("content-type", "").partition(";")[0]
        if content_type == PROBLEM:
            answer = self._problem(recorded.answer, body_schema, name)
        else:
            of_status = operation["responses"].get(str(recorded.status), {}).get("content", {})
            answer = self.value(recorded.answer, _schema_of(of_status), None)
        if name in {MAILBOX, PAPER} or path.endswith(STATEMENT):
            answer = _reworded(answer, self._renames.texts)
        answered = dict(recorded.answered)
        if "location" in answered:
            answered["location"] = self._link(answered["location"])
        return Exchange(
            who=recorded.who,
            at=recorded.at,
            method=method,
            path=path,
            query=self._query(name, recorded.query),
            headers=recorded.headers,
            json=self.value(recorded.json, body_schema, None),
            bytes=self._bytes(recorded.bytes, body_schema),
            status=recorded.status,
            answered=answered,
            answer=answer,
        )

    def _bytes(self, encoded: str, schema: Mapping[str, Any]) -> str:
        """Return a body that was sent as bytes (base64); one whose JSON has no renamed field keeps
        its bytes.
        """
        try:
            body = json.loads(b64decode(encoded))
            renamed = self.value(body, schema, None)
        except (ValueError, RecursionError):
            return encoded
        return encoded if renamed == body else b64encode(json.dumps(renamed).encode()).decode()

    def value(self, value: Any, schema: Mapping[str, Any], place: str | None) -> Any:
        """Return JSON under its new names, along the old schema; fields outside the schema do not
        change.
        """
        if "$ref" in schema:
            name = schema["$ref"].removeprefix(REF)
            return self.value(value, self._schemas[name], name)
        branches = next((schema[key] for key in BRANCHES if key in schema), None)
        if branches is not None:
            branch = self._branch(value, branches)
            return value if branch is None else self.value(value, branch, place)
        if isinstance(value, dict) and not is_drawn(value):
            return self._object(value, schema, place)
        if isinstance(value, list):
            first, items = schema.get("prefixItems", []), schema.get("items") or {}
            schemas = [*first, *([items] * len(value))]
            return [self.value(item, of_item, place) for item, of_item in zip(value, schemas, strict=False)]
        if isinstance(value, str):
            return self._renames.values.get(place or "", {}).get(value) or self._link(value)
        return value

    def _object(self, value: Mapping[str, Any], schema: Mapping[str, Any], place: str | None) -> dict[str, Any]:
        component = place if place and "." not in place else None
        names = self._renames.fields.get(component or "", {})
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        found = {}
        for name, item in value.items():
            if name in properties:
                inside = f"{component}.{name}" if component else None
                found[names.get(name, name)] = self.value(item, properties[name], inside)
            else:
                found[name] = self.value(item, others, place) if isinstance(others, dict) else item
        return found

    def _branch(self, value: Any, branches: list[dict[str, Any]]) -> dict[str, Any] | None:
        """Return the schema of a union that a value fits, else the one with the value's tag."""
        plain = _unmarked(value)
        for branch in branches:
            if self._validator(branch).is_valid(plain):
                return branch
        for branch in branches:
            properties = self._schemas.get(branch.get("$ref", "").removeprefix(REF), {}).get("properties", {})
            if isinstance(plain, dict) and any(
                plain.get(name) in tuple(listed(schema)) for name, schema in properties.items() if "const" in schema
            ):
                return branch
        return None

    def _validator(self, schema: dict[str, Any]) -> Any:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            self._validators[key] = validator(self._document, schema)
        return self._validators[key]

    def _path(self, name: str, path: str) -> tuple[str, str]:
        """Return today's method and path of an operation."""
        method, template = self._renames.paths.get(name, name).split()
        pattern = next(pattern for _, pattern, of_name in self._patterns if of_name == name)
        found = pattern.fullmatch(path)
        given = iter(found.groups() if found else ())
        schemas = [
            item.get("schema", {})
            for part in re.findall(r"{(\w+)}", name)
            for item in self._operations[name].get("parameters", ())
            if item["in"] == "path" and item["name"] == part
        ]
        values = [self.value(value, schema, None) for value, schema in zip(given, schemas, strict=True)]
        left = iter(values)
        return method, re.sub(r"{\w+}", lambda _: next(left), template)

    def _query(self, name: str, query: str) -> str:
        """Return a query under its new names; a query without a renamed field keeps its exact
        bytes.
        """
        names = self._renames.parameters.get(name, {})
        schemas = {item["name"]: item.get("schema", {}) for item in self._operations[name].get("parameters", ())}
        old = parse_qsl(query, keep_blank_values=True)
        new = [(names.get(key, key), self.value(value, schemas.get(key, {}), None)) for key, value in old]
        return query if new == old else urlencode(new, quote_via=quote)

    def _link(self, text: str) -> str:
        """Return an address of the API under its new path; any other text unchanged."""
        if "/api/" not in text or not text.startswith(("/api/", "http")):
            return text
        parts = urlsplit(text)
        name = self.operation_of("GET", parts.path)
        if name is None or name not in self._renames.paths:
            return text
        return parts._replace(path=self._path(name, parts.path)[1]).geturl()

    def _problem(self, problem: Any, body_schema: Mapping[str, Any], name: str) -> Any:
        """Return a problem document under its new code; an error that names a field names the new one."""
        if not isinstance(problem, dict):
            return problem
        code = problem.get("code", "")
        new_code = self._renames.codes.get(code, code)
        found = {**problem, "code": new_code}
        if "type" in problem:
            found["type"] = problem["type"].replace(f":{code}", f":{new_code}")
        errors = problem.get("data", {}).get("errors")
        if isinstance(errors, list):
            of_query = self._renames.parameters.get(name, {})
            new_errors = []
            for error in errors:
                new = dict(error)
                if isinstance(error.get("source"), str):
                    new["source"] = self._field(error["source"], body_schema)
                if isinstance(error.get("key"), str):
                    new["key"] = of_query.get(error["key"], error["key"])
                new_errors.append(new)
            found["data"] = {**problem["data"], "errors": new_errors}
        return found

    def _field(self, dotted: str, schema: Mapping[str, Any]) -> str:
        """Return the new name of a field that is named from its body: `item.id`."""
        name, dot, rest = dotted.partition(".")
        for component in _components(schema):
            properties = self._schemas[component].get("properties", {})
            if name in properties:
                inner = self._field(rest, properties[name]) if rest else ""
                return self._renames.fields.get(component, {}).get(name, name) + dot + inner
        return dotted


def validator(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """Return a predicate: whether a value fits a schema of the document."""
    return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})


def _components(schema: Any) -> Iterator[str]:
    """Yield the components that a schema refers to, itself or by its branches and items."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].removeprefix(REF)
        for key in (*BRANCHES, "items"):
            yield from _components(schema.get(key))
    elif isinstance(schema, list):
        for item in schema:
            yield from _components(item)


def _schema_of(content: Mapping[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = content.get("application/json", {}).get("schema", {})
    return schema


def _unmarked(value: Any) -> Any:
    if is_drawn(value):
        return value[DRAWN]
    if isinstance(value, dict):
        return {name: _unmarked(item) for name, item in value.items()}
    return [_unmarked(item) for item in value] if isinstance(value, list) else value


def _reworded(value: Any, parts: Mapping[str, str]) -> Any:
    """Return a response whose texts have the new wording of each part."""
    if isinstance(value, dict):
        return {name: _reworded(item, parts) for name, item in value.items()}
    if isinstance(value, list):
        return [_reworded(item, parts) for item in value]
    if isinstance(value, str):
        for old, new in parts.items():
            value = value.replace(old, new)
    return value
