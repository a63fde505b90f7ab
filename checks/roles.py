"""The lists of roles agree: those of the modules, rules, database, emails, web, tests and pages."""

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from virage.app.domains import ROLES
from virage.identity.people.rules.grants import RoleName
from virage.platform.data.migrate import migrations

CODE = Path("src/virage")
ROLES_MIN = 12
FILES_MIN = 400
# Roles of devices, and principals without a role: a person's role list contains none of them.
OTHERS = {"gate", "till", "device", "program", "anonymous", "guest", "fan"}
WEB_LIST = Path("web/src/shared/office/types.ts")
WEB_SCREENS = Path("web/src/features/people/workspace/screens.ts")
DOORS = Path("tests/app/test_doors.py")
LANGUAGES = Path("src/virage/messages")
CONSTRAINT = re.compile(r"role_grant_role_check check \(\s*role in \((.*?)\)", re.DOTALL)


def asked_for(source: str) -> set[str]:
    """Return the roles that a module's guards and handlers name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id="staff" | "staff_of_venue"), args=roles):
                wanted: list[ast.expr] = roles
            case ast.Call(func=ast.Name(id="require" | "holds"), args=[_, role, *_]):
                wanted = [role]
            case ast.AnnAssign(annotation=annotation, value=ast.expr() as value) if "Role" in ast.unparse(annotation):
                wanted = [value]
            case _:
                continue
        parts = (part for one in wanted for part in ast.walk(one))
        found |= {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    return found


def names(text: str) -> set[str]:
    """Return the quoted names."""
    return set(re.findall(r"[\"'](\w+)[\"']", text))


def between(text: str, start: str, end: str) -> set[str]:
    """Return the quoted names between the last `start` and the `end` that follows it."""
    _, found, rest = text.rpartition(start)
    return names(rest.partition(end)[0]) if found else set()


def written() -> dict[str, set[str]]:
    """Return every list of roles, by its file."""
    node = shutil.which("node")
    if node is None:
        sys.exit("node is not on PATH")
    words = json.loads(subprocess.run([node, "web/words.mjs"], capture_output=True, check=True).stdout)
    constraints = [found for migration in migrations() for found in CONSTRAINT.findall(migration.text)]
    screens = re.findall(r"roles: \[(.*?)\]", WEB_SCREENS.read_text(encoding="utf-8"))
    knocking = re.findall(r"^STAFF .*$", DOORS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = {
        "src/virage/identity/people/rules/grants.py": {role.value for role in RoleName},
        "src/virage/migrations": names(constraints[-1]),
        str(WEB_LIST): between(WEB_LIST.read_text(encoding="utf-8"), "const ROLES", ";"),
        f"{WEB_SCREENS} (an administrator's are all)": {"admin"}.union(*map(names, screens)),
        str(DOORS): set().union(*map(names, knocking)),
    }
    for locale, said in words.items():
        letters = LANGUAGES / locale / "email.toml"
        found[str(letters)] = set(tomllib.loads(letters.read_text(encoding="utf-8"))["roles"])
        for part in ("roles", "roleHints"):
            found[f"{LANGUAGES}/{locale}/web/officeRoles.ts {part}"] = set(said["officeRoles"][part])
    return found


def faults(roles: set[str], lists: Mapping[str, set[str]], pages: Mapping[str, str]) -> Iterator[str]:
    """Lists that differ from the modules', and pages that name an unknown role."""
    for place, found in lists.items():
        if missing := roles - found:
            yield f"{place} lacks {', '.join(sorted(missing))}"
        if strange := found - roles:
            yield f"{place} names {', '.join(sorted(strange))}, which no module declares"
    for page, text in pages.items():
        for name in re.findall(r"\broles? `(\w+)`", text):
            if name not in roles | OTHERS:
                yield f"{page} names the role {name}, which no module declares"


def main() -> None:
    """Print every fault and fail if there is one, or if too few roles were found."""
    roles = set(ROLES)
    lists = written()
    uses = {path: asked_for(path.read_text(encoding="utf-8")) for path in CODE.rglob("*.py")}
    found = list(
        faults(roles, lists, {str(path): path.read_text(encoding="utf-8") for path in Path("docs").rglob("*.md")})
    )
    for path, asked in uses.items():
        found += [
            f"{path} asks for the role {name}, which no module declares" for name in sorted(asked - roles - OTHERS)
        ]
    if (unasked := roles - set().union(*uses.values())) or len(uses) < FILES_MIN:
        found.append(f"nothing asks for {', '.join(sorted(unasked))} in {len(uses)} files")
    if len(roles) < ROLES_MIN:
        found.append(f"only {len(roles)} roles were seen, at least {ROLES_MIN} are there")
    print("\n".join(found) if found else f"{len(roles)} roles agree in {len(lists) + 1} lists")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
