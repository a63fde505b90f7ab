"""Old and new names of the API, as data: `renames.json`, and pure functions that apply it.

The map refers to the OpenAPI document of the day on which the requests were recorded
(`openapi.json.gz`). A line gives a new name to one thing of that document, by its old name:

    paths       "GET /api/old/{id}": "GET /api/new/{id}"; values are matched by position
    parameters  by old operation: query parameters
    components  schemas by name
    fields      by old component: its properties
    values      by old component that is an enumeration, or `Component.field` of an inline enumeration
    codes       codes of problem documents
    topics      topics of the stream by name
    told        by old topic: members of its events, by their path: ".data.orders[].what": "state"
    facts       kinds of the journal's facts by name
    fact_data   by old kind: members of its data, by their path: ".data.cents": "amount_cents"
    texts       parts of pages that the server writes: emails in the mailbox, printed tickets, statements, demo cards

The last five are in no document; `test_requests.py` checks them against the recording.
`renames_exchange.py` translates recorded requests and responses.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

METHODS = frozenset({"get", "put", "post", "delete", "patch"})
REF = "#/components/schemas/"
_WORDS_FOR_PEOPLE = frozenset({"description", "title", "examples", "example", "summary", "discriminator"})
BRANCHES = ("anyOf", "oneOf")
_UNSAID = frozenset({"default", "contentEncoding", "maxProperties", "propertyNames"})
_INSIDE = frozenset({"items", "prefixItems", "additionalProperties"})
_LIMITS = frozenset({"minLength", "maxLength", "pattern", "minimum", "maximum", "minItems", "maxItems"})

Names = dict[str, str]


class Renames(Struct, frozen=True, forbid_unknown_fields=True):
    """The map; each part gives new names by old ones."""

    paths: Names = {}
    parameters: dict[str, Names] = {}
    components: Names = {}
    fields: dict[str, Names] = {}
    values: dict[str, Names] = {}
    codes: Names = {}
    topics: Names = {}
    told: dict[str, Names] = {}
    facts: Names = {}
    fact_data: dict[str, Names] = {}
    texts: Names = {}

    def place(self, place: str) -> str:
        """Return the new name of a component, or of a `Component.field`."""
        component, _, field = place.partition(".")
        renamed = self.components.get(component, component)
        return f"{renamed}.{self.fields.get(component, {}).get(field, field)}" if field else renamed

    @property
    def backwards(self) -> "Renames":
        """The map that takes each new name back to the old one."""
        return Renames(
            paths=_turned(self.paths),
            parameters={self.paths.get(name, name): _turned(names) for name, names in self.parameters.items()},
            components=_turned(self.components),
            fields={self.place(name): _turned(names) for name, names in self.fields.items()},
            values={self.place(name): _turned(names) for name, names in self.values.items()},
            codes=_turned(self.codes),
        )


def read_renames(file: Path) -> Renames:
    """Read a map."""
    return msgspec.json.decode(file.read_bytes(), type=Renames)


def _turned(names: Names) -> Names:
    return {new: old for old, new in names.items()}


def renamed_document(document: Mapping[str, Any], renames: Renames) -> dict[str, Any]:
    """Return an OpenAPI document under its new names."""
    paths: dict[str, Any] = {}
    for operation_name, operation in operations(document):
        method, path = renames.paths.get(operation_name, operation_name).split()
        new = _renamed_schema(operation, renames, None)
        of_query = renames.parameters.get(operation_name, {})
        of_path = dict(zip(re.findall(r"{(\w+)}", operation_name), re.findall(r"{(\w+)}", path), strict=True))
        for parameter in new.get("parameters", ()):
            names = of_query if parameter["in"] == "query" else of_path if parameter["in"] == "path" else {}
            parameter["name"] = names.get(parameter["name"], parameter["name"])
        paths.setdefault(path, {})[method.lower()] = new
    schemas = {
        renames.components.get(name, name): _renamed_schema(schema, renames, name)
        for name, schema in document["components"]["schemas"].items()
    }
    return {**document, "paths": paths, "components": {**document["components"], "schemas": schemas}}


def _renamed_schema(schema: Any, renames: Renames, place: str | None) -> Any:
    """Return a part of the document under its new names; `place` is the component or field that it describes."""
    if isinstance(schema, list):
        return [_renamed_schema(item, renames, place) for item in schema]
    if not isinstance(schema, dict):
        return schema
    fields = renames.fields.get(place, {}) if place and "." not in place else {}
    values = renames.values.get(place, {}) if place else {}
    found: dict[str, Any] = {}
    for key, item in schema.items():
        if key == "$ref":
            name = item.removeprefix(REF)
            found[key] = REF + renames.components.get(name, name)
        elif key == "properties" and isinstance(item, dict):
            inside = f"{place}." if place and "." not in place else None
            found[key] = {
                fields.get(name, name): _renamed_schema(part, renames, inside and inside + name)
                for name, part in item.items()
            }
        elif key == "required" and isinstance(item, list):
            found[key] = [fields.get(name, name) for name in item]
        elif key == "enum":
            found[key] = [values.get(value, value) for value in item]
        elif key in ("const", "default") and isinstance(item, str):
            found[key] = values.get(item, item)
        else:
            found[key] = _renamed_schema(item, renames, place)
    return found


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each operation by its name: `GET /api/events/{event_id}`."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield f"{method.upper()} {path}", operation


def contract(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts that a client depends on: operations with parameters, bodies and responses
    by status, and the components.

    Texts for people, the names of parameters within a path, and every order are left out.
    """
    return {
        "operations": {
            re.sub(r"{\w+}", "{}", name): {
                "parameters": _parameters(operation, name),
                "body": _plain(operation.get("requestBody", {})),
                "answers": {status: _plain(_content_of(answer)) for status, answer in operation["responses"].items()},
            }
            for name, operation in operations(document)
        },
        "components": {name: _plain(schema) for name, schema in document["components"]["schemas"].items()},
    }


def _content_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a response; content of null alone counts as none."""
    content = answer.get("content", {})
    return {kind: media for kind, media in content.items() if media.get("schema") != {"type": "null"}}


def _parameters(operation: Mapping[str, Any], name: str) -> dict[str, Any]:
    in_path = re.findall(r"{(\w+)}", name)
    found = {}
    for parameter in operation.get("parameters", ()):
        where = parameter["in"]
        of_whom = in_path.index(parameter["name"]) if where == "path" else parameter["name"]
        found[f"{where} {of_whom}"] = {
            "required": parameter.get("required", False),
            "schema": _plain(parameter.get("schema", {})),
        }
    return found


def _plain(schema: Any, *, named: bool = False, limited: bool = True) -> Any:  # noqa: C901 - a line for each omission
    """Return a schema without texts, without order, and without what the document of 0.1.0 omitted.

    That document had no defaults, no lengths of tuples, no closed objects, no encodings of bytes,
    and no limits of list items or mapping values. It gave enumerations a type and listed null in
    them. It wrote limits beside the alternatives, lost a minimum of 0, and wrapped a single schema
    as an alternative. `named`: the keys are names of fields.
    """
    if isinstance(schema, list):
        return [_plain(item, limited=limited) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if named:
        return {key: _plain(item) for key, item in schema.items()}
    found = {
        "anyOf" if key == "oneOf" else key: _plain(
            item, named=key == "properties", limited=limited and key not in _INSIDE
        )
        for key, item in schema.items()
        if key not in _WORDS_FOR_PEOPLE | _UNSAID and (limited or key not in _LIMITS)
    }
    if found.get("additionalProperties") in ({}, False):
        del found["additionalProperties"]
    if found.get("format") == "binary":
        del found["format"]
    if "const" in found:
        found["enum"] = [found.pop("const")]
    if "enum" in found:
        found.pop("type", None)
        if None in found["enum"]:
            found = {"anyOf": [{"enum": [value for value in found["enum"] if value is not None]}, {"type": "null"}]}
    if "prefixItems" in found:
        found = {key: item for key, item in found.items() if key not in ("items", "minItems", "maxItems")}
    if "anyOf" in found:
        found = _alternatives(found)
    for key in ("required", "enum", "anyOf", "type"):
        if isinstance(found.get(key), list):
            found[key] = sorted(found[key], key=lambda item: json.dumps(item, sort_keys=True))
    return found


def _alternatives(found: dict[str, Any]) -> dict[str, Any]:
    limits = {key: found.pop(key) for key in _LIMITS & found.keys()}
    options = [one if one == {"type": "null"} else {**one, **limits} for one in found["anyOf"] if one]
    for option in options:
        if option.get("minimum") == 0:
            del option["minimum"]
        if "enum" in option:
            option["enum"] = sorted(option["enum"])
    return options[0] if len(options) == 1 else found | {"anyOf": options}


def unused(document: Mapping[str, Any], renames: Renames) -> list[str]:
    """Return the lines of a map whose old name is not in the document; codes are not checked."""
    by_name, schemas = dict(operations(document)), document["components"]["schemas"]
    found = [f"paths: {name}" for name in renames.paths if name not in by_name]
    for name, names in renames.parameters.items():
        known = {item["name"] for item in by_name.get(name, {}).get("parameters", ()) if item["in"] == "query"}
        found += [f"parameters: {name}: {old}" for old in names if old not in known]
    found += [f"components: {name}" for name in renames.components if name not in schemas]
    for name, names in renames.fields.items():
        known = schemas.get(name, {}).get("properties", {}).keys()
        found += [f"fields: {name}: {old}" for old in names if old not in known]
    for place, names in renames.values.items():
        component, _, field = place.partition(".")
        schema = schemas.get(component, {})
        known = set(listed(schema.get("properties", {}).get(field, {}) if field else schema))
        found += [f"values: {place}: {old}" for old in names if old not in known]
    return found


def listed(schema: Any) -> Iterator[str]:
    """Yield the texts that a schema lists, without those of components that it refers to."""
    if isinstance(schema, dict):
        yield from (value for value in schema.get("enum", ()) if isinstance(value, str))
        if isinstance(schema.get("const"), str):
            yield schema["const"]
        for key in (*BRANCHES, "items"):
            yield from listed(schema.get(key))
    elif isinstance(schema, list):
        for item in schema:
            yield from listed(item)
