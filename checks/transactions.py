"""No refusal is lost in a transaction: functions that may refuse run in `Database.transact`, which
commits or rolls back.

Inside `async with ...transaction()` nothing is called that returns `Refused`: the block would
decide by accident whether its writes are kept. `granted` raises, so code that holds a connection
does not call it. Acts, reads, rules and stores raise no `Problem`: they return refusals.
"""

import ast
import importlib
import sys
import types
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from virage.platform.values.refusals import Refused

CODE = Path("src/virage")
HELPER = CODE / "platform/data/database.py"
ROOMS = {"acts", "reads", "rules", "store"}
SEEN_MIN = {"transactions": 50, "calls in transactions": 200, "acts that may refuse": 120, "files of rooms": 300}


def may_refuse(function: object) -> bool:
    """Whether a function returns `Refused`, alone or in a union; a list of refusals does not count."""
    try:
        returned = get_type_hints(function).get("return")
    except (NameError, TypeError):  # a name that only a type checker imports, so not a function
        return False
    members = get_args(returned) if get_origin(returned) in (Union, types.UnionType) else (returned,)
    return Refused in members


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    return (one for one in ast.walk(node) if isinstance(one, ast.Call))


def _is_transaction(node: ast.AST) -> bool:
    return isinstance(node, ast.AsyncWith) and any(
        isinstance(item.context_expr, ast.Call) and _name(item.context_expr) == "transaction" for item in node.items
    )


def _refuses(function: ast.AsyncFunctionDef | ast.FunctionDef) -> bool:
    return function.returns is not None and "Refused" in {
        one.strip() for one in ast.unparse(function.returns).split("|")
    }


def _holds_a_connection(function: ast.AsyncFunctionDef | ast.FunctionDef) -> bool:
    arguments = [*function.args.args, *function.args.kwonlyargs]
    return any(one.annotation is not None and ast.unparse(one.annotation) == "Connection" for one in arguments)


def _meant(written: str, names: Mapping[str, Any]) -> object:
    """The object of a dotted name in a module with these globals; None when it is known only at run
    time.
    """
    first, *rest = written.split(".")
    at = names.get(first)
    for part in rest:
        at = getattr(at, part, None)
    return at


def of_blocks(tree: ast.Module, names: Mapping[str, Any], seen: Counter[str]) -> Iterator[str]:
    """Calls inside a transaction of functions that may refuse: by the module's globals, or defined
    inside a function.
    """
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)]
    inner = {one.name: _refuses(one) for one in functions if one not in tree.body}
    for block in filter(_is_transaction, ast.walk(tree)):
        seen["transactions"] += 1
        for call in _calls(block):
            seen["calls in transactions"] += 1
            written = ast.unparse(call.func)
            if inner.get(written, False) or may_refuse(_meant(written, names)):
                yield f"{call.lineno}: {written} may refuse: run it in Database.transact"


def of_raising(tree: ast.Module, seen: Counter[str]) -> Iterator[str]:
    """Calls of `granted` where a transaction may be open."""
    for function in ast.walk(tree):
        if isinstance(function, ast.AsyncFunctionDef | ast.FunctionDef):
            holds = _holds_a_connection(function)
            seen["acts that may refuse"] += holds and _refuses(function)
            for inside in [function] if holds else filter(_is_transaction, ast.walk(function)):
                for call in _calls(inside):
                    if _name(call) == "granted":
                        yield f"{call.lineno}: granted raises while a transaction may be open: return the refusal"


def of_rooms(tree: ast.Module, where: Path, seen: Counter[str]) -> Iterator[str]:
    """Exceptions that acts, reads, rules and stores raise in place of a refusal."""
    if ROOMS & set(where.with_suffix("").parts):
        seen["files of rooms"] += 1
        for call in _calls(tree):
            if _name(call) in {"Problem", "granted"}:
                yield f"{call.lineno}: {_name(call)} is for routes: return a refusal"


def faults(source: str, where: Path, names: Mapping[str, Any], seen: Counter[str]) -> list[str]:
    """Return the faults of a module whose globals are `names`, and how many functions were checked."""
    tree = ast.parse(source)
    found = [*of_blocks(tree, names, seen), *of_raising(tree, seen), *of_rooms(tree, where, seen)]
    return [f"{where}:{fault}" for fault in dict.fromkeys(found)]


def main() -> None:
    """Print every fault and fail if there is one, or if too little was checked."""
    seen: Counter[str] = Counter()
    found: list[str] = []
    for path in sorted(CODE.rglob("*.py")):
        if path == HELPER:
            continue
        source = path.read_text(encoding="utf-8")
        names: Mapping[str, Any] = {}
        if "transaction(" in source:
            module = ".".join(path.relative_to(CODE.parent).with_suffix("").parts).removesuffix(".__init__")
            names = vars(importlib.import_module(module))
        found += faults(source, path, names, seen)
    found += [
        f"only {seen[what]} {what} were seen, at least {least} are there"
        for what, least in SEEN_MIN.items()
        if seen[what] < least
    ]
    print("\n".join(found) if found else ", ".join(f"{count} {what}" for what, count in sorted(seen.items())))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
