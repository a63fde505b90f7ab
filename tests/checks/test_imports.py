"""The import contracts that are made for each domain."""

from pathlib import Path

from checks.imports import contracts_of, domains, rooms


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
