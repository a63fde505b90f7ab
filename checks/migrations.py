"""Migrations follow the rules of their phase and kind (docs/migrations.md): an expand file only
adds, because the previous version still runs, and a baseline creates one schema.

squawk reads every file, those of the phase "contract" with separate rules. Statements that it does
not check, or that an ignore comment exempts, are parsed here: only statements known to add are
allowed.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pglast import ast, parse_sql
from pglast.enums import AlterTableType, DropBehavior, ObjectType
from pglast.parser import ParseError
from pglast.visitors import Visitor

from virage.platform.data.migrate import UPGRADE, Migration, migrations

FOLDER = Path("src/virage/migrations")
CONTRACT = ".squawk.contract.toml"
FILES_MIN = 34  # at the first count: a listing with far fewer files is broken
ADDING = (
    ast.CreateStmt,
    ast.CreateSchemaStmt,
    ast.CreateSeqStmt,
    ast.CreateEnumStmt,
    ast.AlterEnumStmt,  # except with `oldVal`, which renames a value
    ast.CreateDomainStmt,
    ast.CompositeTypeStmt,
    ast.CreateFunctionStmt,
    ast.ViewStmt,
    ast.InsertStmt,
    ast.CommentStmt,
)
CHANGES = {  # what an `alter table` may do to a table that the previous version uses
    AlterTableType.AT_AddColumn,
    AlterTableType.AT_ColumnDefault,
    AlterTableType.AT_DropNotNull,
    AlterTableType.AT_ValidateConstraint,
    AlterTableType.AT_SetStatistics,
    AlterTableType.AT_SetRelOptions,
    AlterTableType.AT_ResetRelOptions,
}
REFUSING = "refuse_change"  # the trigger of append-only tables


def main() -> None:
    """Print every broken rule of migrations and fail if there is one."""
    files = migrations(FOLDER)
    found = [f"{migration.name}: {fault}" for migration in files for fault in faults(migration)]
    if len(files) < FILES_MIN:
        found.append(f"only {len(files)} migrations were read, at least {FILES_MIN} are there")
    print("\n".join(found) if found else f"{len(files)} migrations")
    paths: dict[str, list[Path]] = {".squawk.toml": [], CONTRACT: []}
    for migration in files:
        folder = FOLDER / UPGRADE if migration.phase == "upgrade" else FOLDER
        paths[CONTRACT if migration.phase == "contract" else ".squawk.toml"].append(folder / f"{migration.name}.sql")
    ended = [
        subprocess.run([_squawk(), "--config", config, *named], check=False).returncode
        for config, named in paths.items()
        if named
    ]
    sys.exit(bool(found) or any(ended))


def _squawk() -> str:
    found = shutil.which("squawk")
    if found is None:
        sys.exit("squawk is not on PATH")
    return found


def faults(migration: Migration) -> Iterator[str]:
    """Statements that the phase or the kind of a file does not allow; upgrade files are exempt: the
    processes of 0.1.0 end before them.
    """
    if migration.phase == "upgrade":
        return
    try:
        statements = [raw.stmt for raw in parse_sql(migration.text)]
    except ParseError as error:
        yield f"cannot be read: {error}"
        return
    if migration.phase == "baseline":
        yield from _baseline(migration.name.partition("_")[2], statements)
    elif migration.kind == "concurrent":
        yield from _concurrent(migration, statements)
    elif migration.kind == "backfill":
        yield from _backfill(migration, statements)
    elif migration.phase == "expand":
        fresh = {_name(statement.relation) for statement in statements if isinstance(statement, ast.CreateStmt)}
        for statement in statements:
            yield from _expanding(statement, fresh, statements)


def _baseline(schema: str, statements: list[Any]) -> Iterator[str]:
    """A baseline creates the schema of its name first, then only parts of it."""
    if not statements or getattr(statements[0], "schemaname", None) != schema:
        yield f"a baseline begins with its schema: create schema {schema}"
    for statement in statements[1:]:
        if _schema_of(statement) != schema:
            yield f"{type(statement).__name__} creates no part of the schema {schema}"


def _schema_of(statement: Any) -> Any:
    """The schema that a statement adds a table, index, view, trigger, function, type, row or comment to."""
    node = statement  # a class pattern would narrow its type
    match statement:
        case ast.CreateStmt() | ast.IndexStmt() | ast.InsertStmt() | ast.CreateTrigStmt():
            relation = node.relation
        case ast.AlterTableStmt() if all(map(_adds_not_valid, node.cmds)):
            relation = node.relation
        case ast.ViewStmt():
            relation = node.view
        case ast.CreateFunctionStmt():
            return node.funcname[0].sval
        case ast.CreateEnumStmt():
            return node.typeName[0].sval
        case ast.CommentStmt():
            return node.object[0].sval
        case _:
            return None
    return relation.schemaname


def _adds_not_valid(change: Any) -> bool:
    """Whether a change adds a constraint that is not valid: `create table` cannot write one."""
    return change.subtype == AlterTableType.AT_AddConstraint and bool(change.def_.skip_validation)


def _expanding(statement: Any, fresh: set[str], statements: list[Any]) -> Iterator[str]:
    """How a statement breaks the previous version of the program; tables created in the same file
    are exempt.
    """
    match statement:
        case ast.AlterTableStmt(relation=relation, cmds=commands):
            if _name(relation) not in fresh:
                for command in commands or ():
                    yield from _altering(command, _name(relation), statements)
        case ast.IndexStmt(relation=relation):
            if _name(relation) not in fresh:
                yield f"an index on {_name(relation)} is built by a file of the kind concurrent"
        case ast.CreateTrigStmt(relation=relation, funcname=(*_, function)):
            if function.sval == REFUSING and _name(relation) not in fresh:
                yield f"{_name(relation)} refuses what an old program may do: contract"
        case ast.UpdateStmt(relation=relation) if _name(relation) not in fresh:
            yield f"rows of {_name(relation)} are changed by a file of the kind backfill"
        case _ if not isinstance(statement, (*ADDING, ast.UpdateStmt)) or getattr(statement, "oldVal", None):
            yield f"{type(statement).__name__} takes away, or is not known to add only: contract"


def _altering(command: Any, table: str, statements: list[Any]) -> Iterator[str]:
    """What a change of a table takes from an older program, or requires of it."""
    name = command.subtype.name.removeprefix("AT_")
    changes = [
        change
        for statement in statements
        if isinstance(statement, ast.AlterTableStmt) and _name(statement.relation) == table
        for change in statement.cmds or ()
    ]
    dropped = {change.name for change in changes if change.subtype == AlterTableType.AT_DropConstraint}
    added = {change.def_.conname for change in changes if change.subtype == AlterTableType.AT_AddConstraint}
    match command.subtype:
        case AlterTableType.AT_AddColumn:
            kinds = {constraint.contype.name for constraint in command.def_.constraints or ()}
            if "CONSTR_NOTNULL" in kinds and not kinds & {"CONSTR_DEFAULT", "CONSTR_IDENTITY", "CONSTR_GENERATED"}:
                yield f"{table}.{command.def_.colname} is not null and has no default: old programs leave it out"
            if kinds & {"CONSTR_UNIQUE", "CONSTR_PRIMARY"}:
                yield f"{table}.{command.def_.colname} is unique, and old programs leave it out: contract"
        case AlterTableType.AT_ColumnDefault if command.def_ is None:
            yield f"{table}.{command.name} loses its default: contract"
        case AlterTableType.AT_DropConstraint | AlterTableType.AT_AddConstraint:
            constraint = command.name or command.def_.conname or "a constraint without a name"
            if not (constraint.endswith("_check") and constraint in dropped & added):
                yield f"{name} of {constraint} on {table}: only a check that is replaced by a wider one expands"
        case kind if kind not in CHANGES:
            yield f"{name} of {table} takes away or tightens: contract"


def _concurrent(migration: Migration, statements: list[Any]) -> Iterator[str]:
    """Only statements that may run again: building an index, or dropping one that no program needs."""
    if len(statements) != len(migration.statements):
        yield "a ; stands within a statement"
    for statement in statements:
        match statement:
            case ast.IndexStmt(concurrent=True, if_not_exists=True, unique=False):
                pass
            case ast.IndexStmt(concurrent=True, if_not_exists=True) if migration.phase == "contract":
                pass
            case ast.DropStmt(
                removeType=ObjectType.OBJECT_INDEX,
                concurrent=True,
                missing_ok=True,
                behavior=DropBehavior.DROP_RESTRICT,
            ) if migration.phase == "contract":
                pass
            case _:
                yield "a concurrent file holds `create index concurrently if not exists`; unique or dropped: contract"


def _backfill(migration: Migration, statements: list[Any]) -> Iterator[str]:
    """A backfill is one statement with a limit: it is repeated until it changes no row."""
    deletes = (ast.DeleteStmt,) if migration.phase == "contract" else ()
    if len(statements) != 1 or not isinstance(statements[0], (ast.InsertStmt, ast.UpdateStmt, *deletes)):
        yield "a backfill is one insert or update; a delete: contract"
        return
    limits = _Limits()
    limits(tuple(statements))
    if not limits.found:
        yield "a backfill takes a batch at a time: limit"


class _Limits(Visitor):
    """Whether a statement has a limit at any level."""

    found = False

    def visit_SelectStmt(self, _ancestors: Any, node: Any) -> None:  # noqa: N802 - pglast's name
        self.found = self.found or node.limitCount is not None


def _name(relation: Any) -> str:
    return f"{relation.schemaname}.{relation.relname}"


if __name__ == "__main__":
    main()
