"""Recorded requests and their responses, one JSON line each, and the comparison of two responses.

A server generates some values randomly: ids, tokens, codes. The recorder plays its scenario once
and records the requests and responses; then it replays that recording into a second, equal system.
A leaf of a response that differs there is a generated value, and is marked in the file: `{"$drawn":
<value of the first run>}`.

The value of the first run is the name of the generated value. A replay that meets the mark learns
the value of its own system. Wherever the recorded value occurs later, in a request or in a
response, the replay sends and expects its own. So a recorded request needs no references: it is the
request that was really sent. In a text of several words only the generated ones are in brackets, so
that a code in an email is found, and the rest of the email is compared.
"""

import gzip
import json
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from pypdf import PdfReader

DRAWN = "$drawn"
ABSENT = "(absent)"
WORD = re.compile(r"\d{4}(?: \d{4})+|[A-Za-z0-9_-]+")
"""A word, or a code that is shown in groups of four digits and typed without blanks."""
WORD_LENGTH_MIN = 6
DRAWN_WORD = re.compile("\u27e6(.*?)\u27e7", re.DOTALL)
DATE = re.compile(r"\d{4}-\d\d-\d\d")
PROBLEM = "application/problem+json"
BUILT_FILES = re.compile(r"<script\b.*?</script>|<link\b[^>]*>", re.DOTALL)
"""Where a page names files of the web's build: their names change with each build."""
_SHAPES = (
    ("id", re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")),
    ("moment", re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")),
    ("number", re.compile(r"-?\d+")),
    ("text", re.compile(r".*", re.DOTALL)),
)

Path_ = tuple[str | int, ...]


class Exchange(msgspec.Struct, omit_defaults=True, rename={"who": "as"}):
    """One request and its response. `at` is in seconds after the moment of the dump.

    A body is JSON (`json`), or bytes in base64 (`bytes`). A response is JSON, text, the text of a
    PDF, or a digest of bytes. An exchange without a method is no request: the due jobs are run, and
    `status` counts them.
    """

    who: str
    at: float
    method: str = ""
    path: str = ""
    query: str = ""
    headers: dict[str, str] = {}
    json: Any = msgspec.UNSET
    bytes: str = ""
    status: int = 0
    answered: dict[str, str] = {}
    answer: Any = None

    @property
    def is_request(self) -> bool:
        """Whether a request is sent."""
        return bool(self.method)


class Difference(NamedTuple):
    """One place where two responses differ."""

    path: Path_
    expected: Any
    actual: Any

    def __str__(self) -> str:
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return f"${place}: {_short(self.expected)} is now {_short(self.actual)}"


class Names:
    """The values of this replay's system for each recorded generated value."""

    def __init__(self) -> None:
        self._whole: dict[str, str] = {}
        self._words: dict[str, str] = {}

    def bind(self, marked: str, current: str, words: Iterable[tuple[str, str]]) -> None:
        """Learn the value for a recorded text: as a whole, and its long words anywhere."""
        recorded = DRAWN_WORD.sub(r"\1", marked)
        if shape(recorded) == "moment":  # the same moment may mean something else elsewhere
            return
        self._whole[recorded] = current
        for word, other in words:
            if len(word) >= WORD_LENGTH_MIN and WORD.fullmatch(word) and not DATE.match(word):
                self._words |= {word: other, word.replace(" ", ""): other.replace(" ", "")}

    def text(self, recorded: str) -> str:
        """Return a recorded text with this system's values."""
        whole = self._whole.get(recorded)
        if whole is not None:
            return whole
        return WORD.sub(lambda word: self._words.get(word[0], word[0]), recorded)

    def value(self, recorded: Any) -> Any:
        """Return recorded JSON with this system's values."""
        if isinstance(recorded, str):
            return self.text(recorded)
        if isinstance(recorded, list):
            return [self.value(item) for item in recorded]
        if isinstance(recorded, dict):
            return {self.text(name): self.value(item) for name, item in recorded.items()}
        return recorded


def is_drawn(value: Any) -> bool:
    """Whether this is the mark of a generated value."""
    return isinstance(value, dict) and value.keys() == {DRAWN}


def shape(value: Any) -> str:
    """Return the kind of a value, as far as two generated values share it."""
    if isinstance(value, str):
        return next(name for name, pattern in _SHAPES if pattern.fullmatch(value))
    return type(value).__name__


def drawn_words(marked: str, actual: str, names: Names) -> list[tuple[str, str]] | None:
    """Return the recorded and the current generated values, word by word; None when the rest of the
    text differs.
    """
    parts = DRAWN_WORD.split(marked)
    if len(parts) == 1:
        return [(marked, actual)]
    pattern = "".join("(.+?)" if index % 2 else re.escape(names.text(part)) for index, part in enumerate(parts))
    found = re.fullmatch(pattern, actual, re.DOTALL)
    return None if found is None else list(zip(parts[1::2], found.groups(), strict=True))


def marked_text(recorded: str, current: str, names: Names) -> str:
    """Return a recorded text with its generated words in brackets; unchanged when the texts have
    nothing in common.
    """
    words, others = list(WORD.finditer(recorded)), WORD.findall(current)
    if len(words) != len(others) or len(words) == 1:
        return recorded
    pieces, end = [], 0
    for word, other in zip(words, others, strict=True):
        is_drawn_word = names.text(word[0]) != other
        pieces += [recorded[end : word.start()], f"\u27e6{word[0]}\u27e7" if is_drawn_word else word[0]]
        end = word.end()
    marked = "".join([*pieces, recorded[end:]])
    return recorded if drawn_words(marked, current, names) is None else marked


def bind_drawn(expected: Any, actual: Any, names: Names) -> None:
    """Learn the generated values of a response."""
    if is_drawn(expected):
        if isinstance(expected[DRAWN], str) and isinstance(actual, str):
            names.bind(expected[DRAWN], actual, drawn_words(expected[DRAWN], actual, names) or ())
    elif isinstance(expected, dict) and isinstance(actual, dict):
        for name, item in expected.items():
            if name in actual:
                bind_drawn(item, actual[name], names)
    elif isinstance(expected, list) and isinstance(actual, list):
        for item, other in zip(expected, actual, strict=False):
            bind_drawn(item, other, names)


def differences(expected: Any, actual: Any, names: Names, path: Path_ = ()) -> Iterator[Difference]:
    """Yield the differences between a response and the recorded one, leaf by leaf. A response may have more fields."""
    if is_drawn(expected):
        drawn = expected[DRAWN]
        both_texts = isinstance(drawn, str) and isinstance(actual, str)
        words = drawn_words(drawn, actual, names) if both_texts else [(drawn, actual)]
        if words is None or any(shape(recorded) != shape(current) for recorded, current in words):
            yield Difference(path, drawn, actual)
    elif isinstance(expected, dict) and isinstance(actual, dict):
        recorded = {names.text(name): name for name in expected}
        for name in sorted(recorded):
            if name not in actual:
                yield Difference((*path, recorded[name]), expected[recorded[name]], ABSENT)
            else:
                yield from differences(expected[recorded[name]], actual[name], names, (*path, recorded[name]))
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, (item, other) in enumerate(zip(expected, actual, strict=True)):
            yield from differences(item, other, names, (*path, index))
    elif not _same(expected, actual, names):
        yield Difference(path, names.value(expected), actual)


def _same(expected: Any, actual: Any, names: Names) -> bool:
    if isinstance(expected, str) and isinstance(actual, str):
        return names.text(expected) == actual
    return isinstance(expected, bool) == isinstance(actual, bool) and bool(expected == actual)


def mark_drawn(expected: Any, actual: Any, names: Names) -> Any:
    """Return a recorded response with marks where this system generated another value; learn those
    values.

    Short values come first: a long text that differs only by a short value needs no separate mark.
    """
    root = {"answer": expected}
    found = sorted(
        differences(root, {"answer": actual}, names),
        key=lambda difference: (not isinstance(difference.expected, str), len(str(difference.expected))),
    )
    for difference in found:
        path = difference.path
        if difference.actual is ABSENT:  # members differ: the whole object was generated
            path = path[:-1]
        place: Any = root
        current: Any = {"answer": actual}
        for step in path[:-1]:
            if is_drawn(place):
                break
            place, current = place[step], current[names.text(step) if isinstance(step, str) else step]
        if is_drawn(place) or is_drawn(place[path[-1]]):
            continue
        old = place[path[-1]]
        new = current[names.text(path[-1]) if isinstance(path[-1], str) else path[-1]]
        if isinstance(old, str) and isinstance(new, str):
            if names.text(old) == new:
                continue
            old = marked_text(old, new, names)
            names.bind(old, new, drawn_words(old, new, names) or ())
        place[path[-1]] = {DRAWN: old}
    return root["answer"]


def drawn_paths(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Yield the paths of the marks in a response."""
    if is_drawn(value):
        yield path
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from drawn_paths(item, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from drawn_paths(item, (*path, index))


def answer_of(content_type: str, body: bytes) -> Any:
    """Return the body of a response as it is recorded.

    The texts of a problem document and the id of its request are left out.
    """
    if not body:
        return None
    kind = content_type.partition(";")[0]
    if kind == PROBLEM:
        problem = json.loads(body)
        errors = problem.get("data", {}).get("errors")
        if isinstance(errors, list):
            problem["data"]["errors"] = [_without(error, "message") for error in errors]
        return _without(problem, "title", "detail", "request_id")
    if kind == "application/json":
        return _opened(json.loads(body))
    if kind.startswith("text/") or kind == "application/vnd.apple.mpegurl":
        return BUILT_FILES.sub("", body.decode()) if kind == "text/html" else body.decode()
    if kind == "application/pdf":  # its bytes contain the time of its creation
        return {"pages": [page.extract_text() for page in PdfReader(BytesIO(body)).pages]}
    return {"sha256": sha256(body).hexdigest()}


def _opened(value: Any) -> Any:
    """Return a signed document with its body as JSON, and any other response unchanged."""
    if isinstance(value, dict) and value.keys() >= {"body", "signature"}:
        return value | {"body": json.loads(b64decode(value["body"]))}
    return value


def headers_of(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the headers of a response that a client depends on; of a cookie its name and
    attributes.
    """
    found: dict[str, str] = {}
    for given, value in headers:
        name = given.lower()
        if name == "set-cookie":
            cookie, *attributes = value.split(";")
            words = sorted(attribute.strip().lower() for attribute in attributes)
            emptied = "" if cookie.partition("=")[2].strip('"') else " (empty)"
            found[f"{name} {cookie.partition('=')[0]}{emptied}"] = "; ".join(words)
        elif name in ("etag", "virage-version", "last-modified"):
            found[name] = "yes"
        elif name in ("content-type", "cache-control", "location", "retry-after", "content-disposition", "allow"):
            found[name] = value
    return found


def _without(value: Any, *names: str) -> Any:
    return {name: item for name, item in value.items() if name not in names} if isinstance(value, dict) else value


def _short(value: Any) -> str:
    text = value if value == ABSENT else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else f"{text[:157]}..."


def write(file: Path, exchanges: Sequence[Exchange]) -> None:
    """Write a recording, the same bytes for the same recording."""
    lines = b"\n".join(msgspec.json.encode(exchange) for exchange in exchanges)
    file.write_bytes(gzip.compress(lines, 9, mtime=0))


def read(file: Path) -> list[Exchange]:
    """Read a recording."""
    decoder = msgspec.json.Decoder(Exchange)
    return [decoder.decode(line) for line in gzip.decompress(file.read_bytes()).split(b"\n")]
