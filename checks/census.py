"""Compare the code with `checks/census.txt`, which lists every test, query, route, refusal code,
default and the like.

    python -m checks.census            fail where the two differ
    python -m checks.census --write    write the census again; each line that disappears needs its reason first

A line of the census is `kind name`, repeated as often as the name occurs. Names carry no file,
module or domain, so that a move changes no line. `checks/census-changes.txt` explains each line
that disappeared: `kind old name -> new name`, where the new name is in the code, or `kind name:
reason`. `checks/census-0.1.0.txt` is the census of 0.1.0 and never changes: each of its lines is in
the code or explained, whatever happened to the census since.
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from inspect import signature
from pathlib import Path
from typing import Any, cast

from cyclopts import App
from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from checks.imports import contracts
from checks.refusals import answered
from virage.app.building import build
from virage.app.domains import REFUSALS, parts_of
from virage.app.settings import SETTINGS
from virage.cli import app as command_line
from virage.platform.data.database import Database
from virage.platform.data.journal import Tail
from virage.platform.data.queue import Jobs
from virage.platform.module import Process
from virage.platform.settings.config import Club, Config
from virage.platform.values.clock import Clock
from virage.platform.web.limits import RATES

SOURCES, TESTS, WEB = Path("src/virage"), Path("tests"), Path("web/src")
PURPOSE = r"virage:[a-z:-]+:v\d+\0?"
PARAMETER = re.compile(r"{\w+:\w+}")
# `test("...", `, `test.each(...)("...", `, or the end of a table of cases over several lines: `])("...", `.
WEB_TEST = re.compile(r"""(?:\b(?:test|it)(?:\.each\(.*\))?|^\s*\](?: as const)?\))\(\s*(["'`])(.*?)\1""", re.MULTILINE)
CENSUS, BASE, CHANGES = (Path(f"checks/{name}.txt") for name in ("census", "census-0.1.0", "census-changes"))
# A few less of each kind than the first census had: a reader that finds fewer is broken.
LEAST = {
    "command": 50,
    "contract": 20,
    "default": 50,
    "fact": 100,
    "job": 30,
    "metric": 15,
    "promise": 500,
    "purpose": 15,
    "query": 600,
    "rate": 5,
    "refusal": 200,
    "route": 240,
    "schedule": 15,
    "screen": 50,
    "setting": 50,
    "status": 200,
    "test": 2_400,
    "topic": 7,
    "web test": 200,
}


def in_tests() -> Iterator[str]:
    """Yield tests by the names of their functions."""
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield f"test {node.name}"


def in_python() -> Iterator[str]:
    """Yield journal facts, metrics, and the purposes that keys are derived and sign for, by their literals."""
    found = set()
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Fact"), args=[what, *_]):
                    parts = [part.value for part in ast.walk(what) if isinstance(part, ast.Constant)]
                    found |= {f"fact {part}" for part in parts if isinstance(part, str)}
                case ast.Call(func=ast.Name(id="derive"), args=[_, ast.Constant(value=str(purpose))]):
                    found.add(f"purpose {purpose}")
                case ast.Constant(value=str(text)) if re.fullmatch(r"virage_[a-z_]+", text):
                    found.add(f"metric {text}")
                case ast.Constant(value=str(text)) if re.fullmatch(PURPOSE, text):
                    found.add(f"purpose {text}")
                case ast.Constant(value=bytes(text)) if re.fullmatch(PURPOSE.encode(), text):
                    found.add(f"purpose {text!r}")
    yield from found


def in_files() -> Iterator[str]:
    """Yield queries, tests and screens of the web, promises and import contracts."""
    for path in SOURCES.rglob("*.sql"):
        if "migrations" not in path.parts:
            for name in re.findall(r"^-- name: (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE):
                yield f"query {name}"
    for path in WEB.rglob("*.test.ts"):
        for _, title in re.findall(WEB_TEST, path.read_text(encoding="utf-8")):
            yield f"web test {title}"
    for path in WEB.rglob("*.ts"):
        for address in re.findall(r'\bpattern: "([^"]+)"', path.read_text(encoding="utf-8")):
            yield f"screen {address}"
    for line in Path("docs/promises.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| ") and not line.startswith("| promise "):
            yield f"promise {line.split(' | ')[0].removeprefix('| ')}"
    yield from (f"contract {contract['name']}" for contract in contracts())


def in_the_application() -> Iterator[str]:
    """Yield routes, jobs, topics, settings and rates of the whole application, built without a database."""
    config = Config(secret="signs and opens nothing", demo=True)  # noqa: S106 - no secret: nothing is signed with it
    db, clock = Database(cast("Any", None), "", "", 0), Clock()
    for endpoint in (one.endpoint for one in build(config, db, clock).served):
        yield f"route {endpoint.method} {re.sub(PARAMETER, '{}', endpoint.path)}"
    jobs = Jobs()
    for part in parts_of(Process(config, db, clock, Tail(db))).values():
        for register in part.jobs:
            register(jobs)
        yield from (f"topic {topic.name}" for topic in part.topics)
    yield from (f"job {name}" for name in {*jobs.kinds, *jobs.singletons})
    yield from (f"schedule {name} {seconds:g} s after its last end" for name, seconds in jobs.singletons.items())
    yield from (f"rate {name} {rate.per_s:g} a second, {rate.burst:g} at once" for name, rate in RATES.items())
    kinds: list[type[Struct]] = [Config, Club, *SETTINGS]
    for struct in kinds:
        prefix = "VIRAGE_CLUB_" if struct is Club else "VIRAGE_"
        for field in fields(struct):
            if field.name == "domains":
                continue
            yield f"setting {prefix}{field.name.upper()}"
            if field.default is not NODEFAULT:
                yield f"default {prefix}{field.name.upper()} {field.default}"


def commands(app: App, name: str = "virage") -> Iterator[str]:
    """Yield each command with its options."""
    if app.default_command is not None:
        yield f"command {name}"
        yield from (f"command {name} {option}" for option in signature(app.default_command).parameters)
    for word in app:
        if not word.startswith("-"):
            yield from commands(app[word], f"{name} {word}")


def count() -> Counter[str]:
    """Return every line of the current code, with how often it occurs."""
    codes = answered()
    refusals = [
        *(f"refusal {code}" for code in codes),
        *(f"status {code} {REFUSALS[code]}" for code in codes),
    ]
    return Counter([*in_tests(), *in_python(), *in_files(), *in_the_application(), *commands(command_line), *refusals])


def kind_of(line: str) -> str:
    """Return the kind that a line of the census begins with."""
    return max((kind for kind in LEAST if line.startswith(f"{kind} ")), key=len)


def explained(changes: Sequence[str], found: Counter[str]) -> tuple[Counter[str], list[str]]:
    """Return how often each line's disappearance is explained, and the explanations that do not hold."""
    lines: Counter[str] = Counter()
    new_names: Counter[str] = Counter()
    problems = []
    for change in changes:
        line, _, new = change.partition(" -> ")
        if new:
            new_names[f"{kind_of(line)} {new}"] += 1
        else:
            line, _, reason = change.rpartition(": ")
            if not line or not reason.strip():
                problems.append(f"{CHANGES}: neither a new name nor a reason: {change}")
        lines[line] += 1
    problems += [f"{CHANGES}: not in the code: {line}" for line in sorted((new_names - found).elements())]
    return lines, problems


def faults(found: Counter[str], base: Counter[str], known: Counter[str], changes: Sequence[str]) -> list[str]:
    """Return lines that disappeared without an explanation, wrong explanations, and kinds of which
    too few were found.

    `base` is the census of 0.1.0, `known` the one of the last commit.
    """
    lines, problems = explained(changes, found)
    missing = (base | known) - found
    kinds = Counter(map(kind_of, found.elements()))
    return [
        *problems,
        *(f"not explained in {CHANGES}: {line}" for line in sorted((missing - lines).elements())),
        *(f"{CHANGES}: still in the code: {line}" for line in sorted(lines) if base[line] and not missing[line]),
        *(f"only {kinds[kind]} of kind {kind} were found" for kind, least in LEAST.items() if kinds[kind] < least),
    ]


def main() -> None:
    """Compare with the census or write it; fail where a line disappeared without an explanation."""
    found = count()
    base, known, changes = (path.read_text(encoding="utf-8").splitlines() for path in (BASE, CENSUS, CHANGES))
    problems = faults(found, Counter(base), Counter(known), changes)
    if "--write" in sys.argv and not problems:
        CENSUS.write_text("".join(f"{line}\n" for line in sorted(found.elements())), encoding="utf-8")
    elif found != Counter(known):
        problems += [f"new: {line}" for line in sorted((found - Counter(known)).elements())]
        problems += ["Run `python -m checks.census --write` and commit the census with the change."]
    kinds = sorted(Counter(map(kind_of, found.elements())).items())
    print("\n".join(problems) if problems else f"census: {', '.join(f'{kind} {number}' for kind, number in kinds)}")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
