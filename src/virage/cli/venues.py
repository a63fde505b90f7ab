"""`virage venue`: check, import and export venue files."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from virage.app.opening import clock_of, opened
from virage.cli.deployment import configuration_of_running, console, database, fail
from virage.platform.data.database import Unavailable
from virage.platform.settings.config import Config
from virage.platform.values.refusals import Refused
from virage.site.venue import api as venue
from virage.site.venue.types import FILE_BYTES_MAX, Checked, Defect, DefectCode, VenueFile, json_schema, mend, read

MESSAGES: Final = {
    DefectCode.TOO_LARGE: "the file is larger than {value}",
    DefectCode.NOT_JSON: "not JSON: {value}",
    DefectCode.INVALID: "{value}",
    DefectCode.TOO_MANY_PLACES: "too many places: {value}",
    DefectCode.NO_PLACES: "there is no seat and no standing area",
    DefectCode.TIME_ZONE: "unknown time zone {value!r}: give an IANA name such as Europe/Paris",
    DefectCode.DUPLICATE: "{value!r} is used before",
    DefectCode.DUPLICATE_ROW: "row {value!r} is used before in this block",
    DefectCode.DUPLICATE_SEAT: "seat {value!r} is used before in this row",
    DefectCode.SAME_PLACE: "two seats at one place: {value}",
    DefectCode.UNKNOWN: "{value!r} does not exist",
    DefectCode.NO_GATE: "gate group {value!r} has no gate",
    DefectCode.SEGMENT: "give either count, d_m, t_m and pitch_m, or points_m",
    DefectCode.FRAME: "d_m, t_m and pitch_m need a frame of the block",
    DefectCode.NUMBERS: "numbers do not match the seats: {value}",
    DefectCode.NUMBER_TOO_HIGH: "seats are numbered too high: {value}",
    DefectCode.POSITION: "position {value} is outside of the segment",
    DefectCode.FEATURES: "a seat cannot be both: {value}",
    DefectCode.ODD: "a coordinate is missing: x and y alternate",
    DefectCode.NO_NODE: "the walking graph has no node {value}",
    DefectCode.UNREACHABLE: "no walkway leads to {value}",
    DefectCode.LOOP: "the edge leads from {value} to itself",
    DefectCode.NO_LIFT: "name the lift of this edge",
    DefectCode.CIRCLE: "zone {value!r} lies within itself",
    DefectCode.NO_WAY: "the evacuation plan has no way out of {value!r}",
    DefectCode.SECOND_WAY: "the ways out of {value!r} are given before",
    DefectCode.FUTURE: "the date {value} is in the future",
    DefectCode.MORE: "there are more defects",
}


def check(path: Path, code: str, time_zone: str, *, fix: bool) -> None:
    """Print every defect of a file, one line each, and exit with 1 if there is one.

    With `fix`, print the proposed mends and write the mended file beside it as `NAME.fixed.json`.
    """
    checked = _read(path, code, time_zone)
    if not checked.found and checked.file is not None:
        _line(f"{_summary(checked.file)}: no defects")
        return
    _print(checked.found)
    if fix and checked.document is not None:
        document, mends = mend(checked.document, checked.found)
        for change in mends:
            after = "left out" if change.after is None else f"{change.after!r}"
            _line(f"mend {change.place}: {change.before[:80]!r} -> {after}")
        target = path.with_name(f"{path.name.partition('.')[0]}.fixed.json")
        target.write_bytes(msgspec.json.format(msgspec.json.encode(document)))
        _line(f"{len(mends)} mends written to {target}: check them")
    sys.exit(1)


def import_file(path: Path, code: str, time_zone: str) -> None:
    """Store a file as the current version of its venue; with a defect, print all of them and change nothing."""
    checked = _read(path, code, time_zone)
    if checked.found or checked.file is None:
        _print(checked.found)
        sys.exit(1)
    file = checked.file
    with database(configuration_of_running()) as config:
        outcome = asyncio.run(_store(config, file))
    state = "imported" if outcome.changed else "unchanged"
    _line(f"{_summary(file)}: {state}, version {outcome.version}")


async def _store(config: Config, file: VenueFile) -> venue.Imported:
    async with opened(config) as db:
        try:
            outcome = await db.transact(venue.import_file, file, None, clock_of(config).now())
        except Unavailable:
            raise fail("Nothing was imported: the database does not answer, or another import is running.") from None
    if isinstance(outcome, Refused):
        raise fail(f"The file was not imported: {outcome.reason}")
    return outcome


def export(code: str, version: str | None) -> None:
    """Print the file of a venue's current version, or of another one."""
    with database(configuration_of_running()) as config:
        found = asyncio.run(_export(config, code, version))
    if found is None:
        raise fail(f"There is no venue {code!r}" + (f" of version {version}" if version else ""))
    sys.stdout.buffer.write(msgspec.json.format(found) + b"\n")


async def _export(config: Config, code: str, version: str | None) -> bytes | None:
    async with opened(config) as db, db.connection() as conn:
        if version is None:
            current = await venue.venue_of(conn, code)
            return None if current is None else await venue.file_of(conn, current.version)
        known = {found.version for found in await venue.versions(conn, code)}
        return await venue.file_of(conn, version) if version in known else None


def list_venues() -> None:
    """Print every venue with its current version."""
    with database(configuration_of_running()) as config:
        asyncio.run(_list(config))


async def _list(config: Config) -> None:
    async with opened(config) as db, db.connection() as conn:
        for found in await venue.venues(conn):
            _line(f"{found.code:16} {found.version}  {found.places:>7} places  {found.time_zone}  {found.name}")


def schema() -> None:
    """Print the JSON Schema of the venue file."""
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(json_schema(), order="sorted")) + b"\n")


def _line(text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)


def _read(path: Path, code: str, time_zone: str) -> Checked:
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise fail(f"{path}: {error.strerror}") from None
    return read(raw, datetime.now(UTC).date(), code=code, time_zone=time_zone)


def _print(found: list[Defect]) -> None:
    for defect in found:
        place = f"{defect.place}: " if defect.place else ""
        _line(f"{place}{MESSAGES[defect.code].format(value=defect.value)}")


def _summary(file: VenueFile) -> str:
    return f"{file.name} ({file.code}), {file.seats} seats, {file.places - file.seats} standing places"
