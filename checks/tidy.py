"""Small checks: no leftovers, pages that name only existing files, no unused picture."""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

SOURCES = {".py", ".ts", ".svelte", ".sql", ".css"}
PICTURES = {".png", ".webp", ".jpg", ".jpeg"}
GENERATED = {"web/src/shared/api/schema.d.ts"}
# A listing with fewer files of a kind is broken.
LEAST = {".py": 1_000, ".ts": 300, ".svelte": 300, ".sql": 90, ".css": 5, ".md": 70, ".webp": 20}
# Spelled in two parts, so that this file does not match itself.
LEFTOVERS = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")
SKIPS = re.compile(
    r"pytest\.(skip|xfail|importorskip)\b|mark\.(skip|skipif|xfail)\b|\b(it|test|describe)\.(skip|todo)\b"
)
UNEXPLAINED = re.compile(r"#\s*(type:\s*ignore|noqa)(?!.*\s#\s)(?!\[[\w, -]+\]\s+\S)(?!: [A-Z0-9, ]+ \S)")
SWALLOWED = re.compile(r"except(\s+Exception)?\s*:\s*(pass|\.\.\.)\s*$")
NAMED_PATH = re.compile(r"`([\w.@-]+(?:/[\w.@*-]+)+/?)`")
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
# What an address looks like in a lock file of pip, uv or npm. npm also writes the funding address
# of a package.
ADDRESS = re.compile(r"(://|--(extra-)?index-url|--find-links|\"(resolved|funding)\":)")


def tracked() -> list[Path]:
    """Every file that git tracks or would track."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git is found on PATH
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for line in listing.stdout.splitlines() if (path := Path(line)).is_file()]


def is_declaration(owner: ast.AST) -> bool:
    """Whether a class is abstract: a Protocol or an abstract base."""
    bases = [ast.unparse(base) for base in owner.bases] if isinstance(owner, ast.ClassDef) else []
    return any("Protocol" in base or "ABC" in base for base in bases)


def stubs(path: Path, tree: ast.Module) -> Iterator[str]:
    """Functions with an empty body and no reason, outside a Protocol."""
    for owner in ast.walk(tree):
        if is_declaration(owner):
            continue
        for node in ast.iter_child_nodes(owner):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if any(ast.unparse(decorator).endswith("overload") for decorator in node.decorator_list):
                continue
            raises = any(isinstance(line, ast.Raise) and "NotImplemented" in ast.unparse(line) for line in node.body)
            silent = all(isinstance(line, ast.Pass) or ast.unparse(line) == "..." for line in node.body)
            if raises or silent:
                yield f"{path}:{node.lineno}: {node.name} is a stub"


def source_faults(path: Path) -> Iterator[str]:
    """Forbidden text in a source file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if LEFTOVERS.search(line):
            yield f"{path}:{number}: a leftover"
        if SKIPS.search(line) and path.parts[0] != "checks":
            yield f"{path}:{number}: a test is skipped"
        if SWALLOWED.search(line):
            yield f"{path}:{number}: a swallowed exception"
        if path.parts[0] != "checks" and UNEXPLAINED.search(line):
            yield f"{path}:{number}: an exception to a rule without its reason"
    if path.suffix == ".py":
        tree = ast.parse("\n".join(lines))
        yield from stubs(path, tree)


def document_faults(path: Path) -> Iterator[str]:
    """Broken paths and links of a page."""
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for name in NAMED_PATH.findall(text):
        if name.startswith(("api/", "staff/", "office/", "var/")) or "*" in name or "NNNN" in name:
            continue
        if not any((base / name).exists() for base in (Path(), path.parent, Path("src/virage"))):
            yield f"{path}: names `{name}`, which does not exist"
    for target in LINK.findall(text):
        if not target.startswith("/") and not (path.parent / target).exists():
            yield f"{path}: links to {target}, which does not exist"


def lock_faults(path: Path) -> Iterator[str]:
    """Addresses in a lock file: only package, version and hash belong there."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if ADDRESS.search(line):
            yield f"{path}:{number}: an address in a lock file"


def unseen_pictures(paths: Sequence[Path]) -> Iterator[str]:
    """Tracked pictures that no page shows."""
    pages = "\n".join(path.read_text(encoding="utf-8") for path in paths if path.suffix == ".md")
    for path in paths:
        if path.suffix in PICTURES and f"/{path.name}" not in pages:
            yield f"{path}: no page shows this picture"


def faults(path: Path) -> Iterator[str]:
    """The faults of one file."""
    name = str(path)
    if path.name.startswith("requirements") or path.name in ("package-lock.json", "samples.txt"):
        yield from lock_faults(path)
    elif path.suffix in SOURCES and name not in GENERATED:
        yield from source_faults(path)
    elif path.suffix == ".md":
        yield from document_faults(path)


def main() -> None:
    """Print every fault and fail if there is one."""
    paths = tracked()
    found = [*chain.from_iterable(faults(path) for path in paths), *unseen_pictures(paths)]
    kinds = Counter(path.suffix for path in paths)
    found += [f"only {kinds[kind]} files {kind} were read" for kind, least in LEAST.items() if kinds[kind] < least]
    print("\n".join(found) if found else f"tidy: {len(paths)} files")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
