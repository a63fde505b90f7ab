"""The import contracts: those of pyproject.toml, three for each domain, made from its folders, and
the web's layers.
"""

import configparser
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

CODE = Path("src/virage")
DOMAINS_MIN = 21
WEB = Path("web/src")
WEB_IMPORTS_MIN = 3_000
# An app imports features, both import shared code, never the other way round.
WEB_LAYERS = ("apps", "features", "shared")
WEB_IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""")
DOORS = ["api", "module", "settings", "types"]
ROOMS = ["(routes) | (jobs)", "(acts) | (reads)", "(store)", "(rules)"]
# Domains with additional packages, and those without public acts and reads.
OWN_ROOMS = {
    "virage.identity.people": ["routes | jobs", "openid_provider", "acts | reads", "store", "rules"],
    "virage.control.disputes": ROOMS,
    "virage.control.safety": ["routes | jobs", "receipts | counts | requests", "acts | reads", "store", "rules"],
    "virage.identity.passes": ["inspect", "acts | reads", "store | paper", "rules"],
    "virage.money.card_readers": ["routes | jobs", "registering", "acts | reads", "store", "rules"],
    "virage.money.wallet.funding": ["routes | jobs", "acts | reads", "refundable", "store", "rules"],
    "virage.sale.draws": ["routes | jobs", "acts | reads", "store", "rules | verify_draw"],
    "virage.sale.seasons": ["routes | jobs", "acts | reads", "planning", "store", "rules"],
    "virage.media.live": ["sources", *ROOMS],
    "virage.media.live.sources": ["routes | playback", "acts | reads | files", "store", "rules"],
    "virage.media.replay": [
        "routes | jobs",
        "ingest | ladder",
        "acts | reads",
        "clip_media",
        "store | footage | codecs | loudness",
        "rules",
    ],
    "virage.media.tracking": ["routes | ball", "acts | reads", "store", "rules"],
    "virage.money.payments": [
        "accounts.routes",
        "routes | jobs",
        "accounts.jobs",
        "configured",
        "checkout | sandbox_provider | stripe_provider",
        "sandbox_readers | stripe_readers",
        "stripe_calls",
        "acts | reads | call_budget",
        "methods | accounts.acts | accounts.reads",
        "handlers | store | accounts.store",
        "circuit | provider",
        "readers",
        "rules",
        "accounts.rules | payouts",
    ],
    "virage.money.payments.accounts": ["routes", "jobs", "acts | reads", "store", "rules"],
}


def domains(code: Path = CODE) -> list[str]:
    """Return the packages that have an `api.py`, by their dotted names."""
    return sorted(".".join(door.parent.relative_to(code.parent).parts) for door in code.rglob("api.py"))


def rooms(package: str, code: Path = CODE) -> list[str]:
    """Return the modules and packages of a domain, by name."""
    folder = code.parent / package.replace(".", "/")
    found = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    return sorted(found - {"__init__"})


def contracts_of(package: str, found: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the contracts of one domain: two entry modules, packages in layers, rules without
    driver and framework.
    """
    name = package.removeprefix("virage.")
    layers = OWN_ROOMS.get(package, ROOMS)
    inside = [f"{package}.{room}" for room in found if room not in DOORS]
    if "api" in found:
        yield {
            "name": f"{name} is entered by its doors",
            "type": "protected",
            "protected_modules": inside,
            "allowed_importers": [package],
        }
    yield {
        "name": f"Rooms of {name} point one way",
        "type": "layers",
        "containers": [package],
        "exhaustive": True,
        "exhaustive_ignores": sorted(
            {room.partition(".")[0] for room in " | ".join(layers).split(" | ") if "." in room}
        ),
        "layers": ["(module)", "(api) | (types)", *layers, "(settings)"],
    }
    if "rules" in found:
        yield {
            "name": f"Rules of {name} know other domains' types alone",
            "type": "forbidden",
            "source_modules": [f"{package}.rules", *([f"{package}.types"] if "types" in found else [])],
            "forbidden_modules": ["asyncpg", "starlette", *(f"{other}.api" for other in domains() if other != package)],
            "allow_indirect_imports": True,
        }


def contracts() -> list[dict[str, Any]]:
    """Return every contract."""
    written = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    packages = [*domains(), *(package for package in OWN_ROOMS if package not in domains())]
    return [*written, *(one for package in packages for one in contracts_of(package, rooms(package)))]


def upward(web: Path = WEB) -> tuple[int, list[str]]:
    """Return the number of imports between files of the web, and those that point up its layers."""
    seen, found = 0, []
    for path in sorted(web.rglob("*")):
        if path.suffix not in {".ts", ".svelte"}:
            continue
        own = path.relative_to(web).parts[0]
        for target in WEB_IMPORT.findall(path.read_text(encoding="utf-8")):
            seen += 1
            layer = (path.parent / target).resolve().relative_to(web.parents[1].resolve()).parts[2:3]
            if own in WEB_LAYERS and layer and layer[0] in WEB_LAYERS[: WEB_LAYERS.index(own)]:
                found.append(f"{path} imports {target}")
    return seen, found


def as_text(value: Any) -> str:
    """Return a value in INI format: a list with a line for each item."""
    return "\n" + "\n".join(value) if isinstance(value, list) else str(value)


def main() -> None:
    """Run import-linter with every contract; fail as it does, or if too few domains or imports of
    the web were found.
    """
    if (seen := len(domains())) < DOMAINS_MIN:
        sys.exit(f"only {seen} domains were seen, at least {DOMAINS_MIN} are there")
    imports, found = upward()
    if found or imports < WEB_IMPORTS_MIN:
        sys.exit("\n".join([*found, f"{imports} imports of the web were seen, at least {WEB_IMPORTS_MIN} are there"]))
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    config = configparser.ConfigParser(interpolation=None)
    config["importlinter"] = {key: as_text(value) for key, value in settings.items() if key != "contracts"}
    for number, contract in enumerate(contracts()):
        config[f"importlinter:contract:{number}"] = {key: as_text(value) for key, value in contract.items()}
    with tempfile.NamedTemporaryFile("w", suffix=".ini", encoding="utf-8") as file:
        config.write(file)
        file.flush()
        sys.exit(subprocess.run(["lint-imports", file.name], check=False).returncode)  # noqa: S607 - ours


if __name__ == "__main__":
    main()
