"""Requests derived from the OpenAPI document: every read as several roles, broken commands,
generated input.
"""

import itertools
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import hypothesis.strategies as st
import msgspec
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import GenerationMode

from tests.golden import requests_cast as cast
from tests.golden.renames import Renames, operations
from tests.golden.renames_exchange import Translator
from tests.golden.requests_log import Exchange
from tests.golden.requests_story import ANY, Story

ASKERS = ("anonymous", "fan", "office", "finance", "admin")
ASKERS_BY_PREFIX = {
    "/api/kitchen": ("kitchen", "cashier"),
    "/api/concessions": ("cashier",),
    "/api/access": ("supervisor", "lane"),
    "/api/till": ("till", "lane"),
    "/api/devices": ("till", "lane"),
    "/api/replay": ("moderator", "desk", "describer"),
    "/api/live": ("desk",),
    "/api/office": ("program", "promoter"),
}
UNENDING = "GET /api/stream"
ENDING = {"DELETE /api/me", "DELETE /api/me/sessions", "DELETE /api/session"}
"""What would end the sessions that everything else is asked with; the scenario asks them last."""
UNKNOWN_ID = "01970000-0000-7000-8000-00000000dead"
EXAMPLES = 3
TEXT_TOO_LONG = "x" * 5_000


def known(story: Story, template: str, name: str) -> str:
    """Return a value that exists for a parameter of a path."""
    ids = {key: values[0] for key, values in story.known.items() if isinstance(values[0], str)}
    if name == "order_id" and template.startswith(("/api/food", "/api/kitchen")):
        return ids["food_id"]
    if name == "version" and template.startswith("/api/ground"):
        return ids["venue"]
    if name == "code":
        return ids["lift"] if "lifts" in template else "A1" if "gates" in template else "A"
    fixed = {
        "kind": "press" if "access" in template else "terms",
        "language": "en",
        "locale": "en",
        "page": "1",
        "camera": "main",
        "playlist": "main.m3u8",
        "block": "103",
    }
    return fixed.get(name) or ids.get(name) or UNKNOWN_ID


def filled(story: Story, template: str) -> str:
    """Return a path with values that exist."""
    return re.sub(r"{(\w+)}", lambda found: known(story, template, found[1]), template)


def query_of(story: Story, operation: Mapping[str, Any], template: str, *, whole: bool) -> dict[str, str]:
    """Return valid query parameters, only the required ones or all."""
    dates = {"from": story.at(days=-2), "to": story.at()}
    if "accounting" in template or "statement" in template or "closings" in template:
        dates = {name: moment[:10] for name, moment in dates.items()}
    texts = {
        "event_id": known(story, template, "event_id"),
        "q": "fan@example.org",
        "outlet": "01",
        "about": known(story, "", "order_id"),
        "subject": "till",
        "period": "day",
        "by": "outlet",
        "language": "en",
        "lang": "fr",
        "what": "toilets",
        "place": "100",
        "cmac": "0" * 16,
        "before": story.at(hours=1),
        "since": story.at(days=-1),
        "until": story.at(),
        "only": "sent",
        "step_free": "true",
    } | dates
    if template == "/api/till/cards" or "pack" in template:
        del texts["since"]
    return {
        parameter["name"]: texts[parameter["name"]]
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query" and parameter["name"] in texts and (whole or parameter.get("required"))
    }


def text_of(query: Mapping[str, str]) -> str:
    """Return a query as it is written in an address."""
    return str(requests.Request("GET", "http://x/", params=query).prepare().url).partition("?")[2]


async def reads(story: Story, document: Mapping[str, Any]) -> None:
    """Send every read as several roles, with known and unknown ids, with good and bad parameters."""
    for name, operation in operations(document):
        method, template = name.split()
        if method != "GET" or name == UNENDING:
            continue
        path = filled(story, template)
        query = text_of(query_of(story, operation, template, whole=False))
        others = itertools.chain.from_iterable(
            askers for prefix, askers in ASKERS_BY_PREFIX.items() if template.startswith(prefix)
        )
        for who in (*ASKERS, *others):
            await story.ask(who, "GET", path, query=query, expect=ANY)
        if "{" in template:
            unknown = re.sub(r"{\w+}", UNKNOWN_ID, template)
            await story.ask("admin", "GET", unknown, query=query, expect=ANY)
        for bad in bad_queries(story, operation, template):
            await story.ask("admin", "GET", path, query=text_of(bad), expect=ANY)


def bad_queries(story: Story, operation: Mapping[str, Any], template: str) -> Iterator[dict[str, str]]:
    """Yield all parameters at once, then each of them missing where it is required, and each with a wrong value."""
    whole = query_of(story, operation, template, whole=True)
    if whole:
        yield whole
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "query":
            name = parameter["name"]
            if parameter.get("required"):
                yield {key: value for key, value in whole.items() if key != name}
            yield whole | {name: "\u0000?"}


async def broken(story: Story, document: Mapping[str, Any]) -> None:
    """Send each command that succeeded again, broken in every way."""
    translator = Translator(document, Renames())
    seen: set[str] = set()
    for exchange in list(story.exchanges):
        name = translator.operation_of(exchange.method, exchange.path) if exchange.is_request else None
        if name is None or exchange.method == "GET" or name in seen | ENDING or not 200 <= exchange.status < 300:
            continue
        seen.add(name)
        for variant in variants(exchange, name.split()[1]):
            await story.send(variant)


def variants(exchange: Exchange, template: str) -> Iterator[Exchange]:
    """Yield one command as other principals, with unknown ids, and with wrong bodies."""
    for who in (cast.ANONYMOUS, "friend", "promoter", "lane"):
        if who != exchange.who:
            yield changed(exchange, who=who)
    yield changed(exchange, headers={"origin": "https://elsewhere.example"})
    if "{" in template:
        pattern = re.sub(r"{\w+}", "([^/]+)", template)
        found = re.fullmatch(pattern, exchange.path)
        assert found is not None
        yield changed(exchange, path=exchange.path.replace(found.groups()[-1], UNKNOWN_ID))
    if not isinstance(exchange.json, dict):
        return
    yield changed(exchange, json=None)
    yield changed(exchange, json=[exchange.json])
    yield changed(exchange, json=exchange.json | {"golden_unknown": 1})
    yield changed(exchange, headers={"content-type": "text/plain"})
    yield raw(exchange, b"{")
    yield raw(exchange, b"\xff\xfe")
    for field, value in itertools.islice(exchange.json.items(), 6):
        yield changed(exchange, json={key: item for key, item in exchange.json.items() if key != field})
        yield changed(exchange, json=exchange.json | {field: 5 if isinstance(value, str) else "wrong"})
        if isinstance(value, str):
            yield changed(exchange, json=exchange.json | {field: TEXT_TOO_LONG})
        elif isinstance(value, int):
            yield changed(exchange, json=exchange.json | {field: -(2**40)})


def changed(exchange: Exchange, **changes: Any) -> Exchange:
    """Return a request with changes, without its response."""
    return msgspec.structs.replace(exchange, status=0, answered={}, answer=None, **changes)


def raw(exchange: Exchange, body: bytes) -> Exchange:
    """Return a request with these bytes for its JSON."""
    headers = {"content-type": "application/json"}
    return changed(exchange, json=msgspec.UNSET, bytes=b64encode(body).decode(), headers=headers)


def generated(story: Story, document: Mapping[str, Any]) -> list[Exchange]:
    """Return generated requests to every operation, good and bad ones, the same each time."""
    plain = json.loads(json.dumps(document))
    del plain["components"]["securitySchemes"]
    for _, operation in operations(plain):
        operation.pop("security", None)
    found: list[Exchange] = []
    schema: Any = schemathesis.openapi.from_dict(plain)
    for result in schema.get_all_operations():
        operation = result.ok()
        name = f"{operation.method.upper()} {operation.path}"
        if name not in ENDING and name != UNENDING:
            found += cases(story, operation)
    return found


def cases(story: Story, operation: Any) -> list[Exchange]:
    """Return generated requests to one operation."""
    found: list[Exchange] = []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(
        case=st.one_of(
            operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
            operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        ),
        who=st.sampled_from(("admin", "fan", "anonymous")),
        is_known=st.booleans(),
    )
    def generate(case: Any, who: str, is_known: bool) -> None:
        if is_known:
            for name in case.path_parameters or {}:
                case.path_parameters[name] = known(story, operation.path, name)
        given = case.as_transport_kwargs(base_url="http://x")
        given = {name: value for name, value in given.items() if name in ("method", "url", "params", "json", "data")}
        sent = requests.Request(**given).prepare()
        url = urlsplit(sent.url or "")
        body: Any = sent.body or b""
        body = body.encode() if isinstance(body, str) else body
        headers = {"content-type": str(sent.headers["content-type"])} if "content-type" in sent.headers else {}
        found.append(Exchange(who, 0.0, case.method, url.path, url.query, headers, bytes=b64encode(body).decode()))

    generate()
    return found
