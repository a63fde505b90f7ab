"""The generated import contracts of each domain."""

from pathlib import Path

from checks.imports import contracts_of, domains, rooms, upward


def a_domain(code: Path) -> None:
    folder = code / "matchday" / "cloakroom"
    folder.mkdir(parents=True)
    for name in ("__init__", "api", "types", "module", "rules", "acts"):
        (folder / f"{name}.py").touch()
    (folder / "store").mkdir()
    (folder / "store" / "__init__.py").touch()


def test_a_domain_is_found_by_its_door(tmp_path: Path) -> None:
    code = tmp_path / "virage"
    a_domain(code)
    assert domains(code) == ["virage.matchday.cloakroom"]
    assert rooms("virage.matchday.cloakroom", code) == ["acts", "api", "module", "rules", "store", "types"]


def test_domains_are_imported_by_api_and_types_only_and_rules_import_types() -> None:
    package = "virage.matchday.cloakroom"
    entered, ordered, pure = contracts_of(package, ["acts", "api", "module", "rules", "store", "types"])
    assert entered["protected_modules"] == [f"{package}.acts", f"{package}.rules", f"{package}.store"]
    assert entered["allowed_importers"] == [package]
    assert ordered["exhaustive"]
    assert pure["source_modules"] == [f"{package}.rules", f"{package}.types"]
    assert {"asyncpg", "starlette", "virage.identity.people.api"} <= set(pure["forbidden_modules"])


def test_a_feature_imports_no_app_and_shared_code_no_feature(tmp_path: Path) -> None:
    web = tmp_path / "web" / "src"
    for name, text in {
        "apps/fan/main.ts": 'import Page from "../../features/food/Page.svelte";',
        "features/food/Page.svelte": 'import { shown } from "../../apps/fan/main";\nimport "../../shared/money";',
        "features/food/entry.ts": 'export const open = () => import("./Page.svelte");',
        "shared/money.ts": 'import type { Food } from "../features/food/entry";\nimport "../../../docs/money.json";',
    }.items():
        path = web / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    seen, found = upward(web)
    assert seen == 6
    assert [line.removeprefix(f"{web}/") for line in found] == [
        "features/food/Page.svelte imports ../../apps/fan/main",
        "shared/money.ts imports ../features/food/entry",
    ]
