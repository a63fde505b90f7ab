"""Singletons that move money use only the given database, which is fenced."""

import ast
from pathlib import Path

import virage

PACKAGE = Path(virage.__file__).parent
MONEY = {
    "concessions.closings",
    "concessions.expire_orders",
    "concessions.judge_promises",
    "card_readers.provider",
    "card_readers.return",
    "packages.instalments",
    "payments.accounts",
    "payments.debits",
    "payments.evidence",
    "payments.methods",
    "payments.reconcile",
    "payments.refunds",
    "points.earn",
    "points.lapse",
    "settlement.reconcile",
    "draws.run",
    "seasons.attendance",
    "seasons.run",
    "wallet.auto_top_up",
    "wallet.empty_closed",
}


def modules() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}


def calls(tree: ast.AST, method: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method
    ]


def methods_of(trees: list[ast.Module]) -> dict[tuple[str, str], ast.AST]:
    """Every method of every class, by class and name."""
    return {
        (kind.name, method.name): method
        for tree in trees
        for kind in ast.walk(tree)
        if isinstance(kind, ast.ClassDef)
        for method in kind.body
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def reached(kind: str, name: str, methods: dict[tuple[str, str], ast.AST]) -> dict[str, ast.AST]:
    """A handler and all methods of its class that it calls, directly or indirectly."""
    found: dict[str, ast.AST] = {}
    waiting = [name]
    while waiting:
        name = waiting.pop()
        method = methods.get((kind, name))
        if method is None or name in found:
            continue
        found[name] = method
        waiting += [
            node.attr
            for node in ast.walk(method)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
        ]
    return found


def test_each_handler_that_moves_money_uses_its_fenced_database() -> None:
    trees = modules()
    methods = methods_of(list(trees.values()))
    seen, balance_mismatches = set(), []
    for tree in trees.values():
        for kind in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
            for call in calls(kind, "every_money"):
                _, name, handler = call.args
                assert isinstance(name, ast.Constant)
                assert isinstance(handler, ast.Attribute)
                seen.add(name.value)
                is_own = isinstance(handler.value, ast.Name)
                owner = kind.name if is_own else "SavedCardJobs"  # the only helper with jobs of its own
                ways = reached(owner, handler.attr, methods)
                assert ways, handler.attr
                balance_mismatches += [
                    f"{owner}.{way}"
                    for way, method in ways.items()
                    for node in ast.walk(method)
                    if isinstance(node, ast.Attribute) and node.attr == "_db"
                ]
    assert seen == MONEY
    assert balance_mismatches == []
