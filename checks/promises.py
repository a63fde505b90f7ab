"""Each promise of docs/promises.md is checked by a test or a benchmark that exists."""

import ast
import re
import sys
from pathlib import Path

PAGE = Path("docs/promises.md")
PROMISES_MIN = 500
HOLDER = re.compile(r"`((?:tests|benchmarks|web/src|checks)/[^`]+)`")


def test_names(path: Path) -> set[str]:
    """The tests of a file: functions and methods in Python, titles in TypeScript."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        names = {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, functions)}
        machines = re.findall(r"^(\w+) = \w+\.TestCase$", text, flags=re.MULTILINE)
        return {name for name in names if name.startswith("test_")} | set(machines)
    return set(re.findall(r"(?:it|test|describe)\(\s*[\"'`](.+?)[\"'`],", text))


def fault(holder: str) -> str | None:
    """Why a reference is wrong, or None."""
    name, _, test = holder.partition("::")
    path = Path(name)
    if not path.is_file():
        return f"{name} does not exist"
    if test and test not in test_names(path):
        return f"{name} has no test {test}"
    if not test and path.parts[0] in {"tests", "web"}:
        return f"{name}: name the test"
    return None


def main() -> None:
    """Print every promise without a test and fail if there is one."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| promise |")]
    found = []
    for row in rows:
        holders = HOLDER.findall(row)
        if not holders:
            found.append(f"nothing holds: {row}")
        found += [f"{reason}: {row}" for holder in holders if (reason := fault(holder))]
    if len(rows) < PROMISES_MIN:
        found.append(f"only {len(rows)} promises were read, at least {PROMISES_MIN} are there")
    print("\n".join(found) if found else f"{len(rows)} promises held")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
