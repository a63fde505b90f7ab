"""Routes of the office: venues with their versions, checks, imports, edits, differences, and closures for an event."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, Role, holds, require, staff, staff_of_venue
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Request, Response, get, mount, post, put
from virage.site.venue import acts, reads, store
from virage.site.venue.acts import Imported
from virage.site.venue.reads import ClosedGates, EventVersion, PersonNames
from virage.site.venue.rules.check import Checked, check, read
from virage.site.venue.rules.defects import FILE_BYTES_MAX, Defect
from virage.site.venue.rules.differences import Difference, differences
from virage.site.venue.rules.editing import EDITS_MAX, FEATURES, Edit, edited, features_of
from virage.site.venue.rules.file import VenueFile, encode
from virage.site.venue.rules.mend import Mend, mend
from virage.site.venue.rules.venue import Venue
from virage.site.venue.store import ClosedPart

ROLE: Role = "venue_manager"
NewCode = Annotated[str, Meta(max_length=16, description="Code of the venue, for a seating plan without one")]
NewZone = Annotated[str, Meta(max_length=60, description="IANA time zone, for a seating plan without one")]
Known = Annotated[str, Meta(max_length=40)]


class VersionLine(Struct, frozen=True):
    """A version of a venue; `imported_by` is None for the command line, empty for a person without a name."""

    version: str
    number: int
    name: str
    seats: int
    places: int
    based_on: str | None
    imported_at: datetime
    imported_by: str | None
    is_current: bool


class VenueLine(Struct, frozen=True):
    """A venue with its current version."""

    code: str
    prefix: str
    name: str
    time_zone: str
    seats: int
    places: int
    version: str


class VenueDetail(VenueLine, frozen=True):
    """A venue with all its versions, the latest first; `features` counts the seats of the current one."""

    versions: list[VersionLine]
    features: dict[str, int]


class DefectLine(Struct, frozen=True):
    """A defect of a file: its place, such as `blocks[3].rows[0].name`, its kind and the value."""

    place: str
    code: str
    value: str


class FileSummary(Struct, frozen=True):
    """The contents of a file; `features` counts seats."""

    code: str
    name: str
    time_zone: str
    seats: int
    places: int
    blocks: int
    areas: int
    gates: int
    outlets: int
    features: dict[str, int]


class FileCheck(Struct, frozen=True):
    """A checked file: its defects and their mends, or its summary.

    `current_version` is that of the venue with the code of the file, None for a new venue; `differences` are those to
    it. Both are only given to people who manage this venue.
    """

    summary: FileSummary | None
    defects: list[DefectLine]
    mends: list[Mend]
    current_version: str | None
    differences: list[Difference] | None


class VenueEdits(Struct, frozen=True, forbid_unknown_fields=True):
    """Edits of the version `based_on`, in their order."""

    based_on: str
    edits: Annotated[list[Edit], Meta(min_length=1, max_length=EDITS_MAX)]


class ClosureLine(Struct, frozen=True):
    """A part of the venue that is closed for an event."""

    part: ClosedPart
    code: str
    closed_at: datetime
    closed_by: str | None


class EventClosures(Struct, frozen=True):
    """What is closed for an event, at its venue version. `gates` are closed at the devices (`access`)."""

    venue_code: str
    venue_name: str
    version: str
    closures: list[ClosureLine]
    gates: list[str]


class ClosureUpdate(Struct, frozen=True, forbid_unknown_fields=True):
    """New state of a part of the venue."""

    closed: bool


@get("/venues", guards=[staff(ROLE)])
async def list_office_venues(db: Database, principal: Principal) -> list[VenueLine]:
    """Return the venues that the principal manages, each with its current version."""
    async with db.connection() as conn:
        found = await reads.venues(conn)
    return [
        VenueLine(v.code, v.prefix, v.name, v.time_zone, v.seats, v.places, v.version)
        for v in found
        if holds(principal, ROLE, scope="venue", scope_id=v.code)
    ]


@get("/venues/{code:str}", guards=[staff(ROLE)])
async def get_office_venue(db: Database, person_names: PersonNames, principal: Principal, code: str) -> VenueDetail:
    """Return a venue with its versions."""
    require(principal, ROLE, scope="venue", scope_id=code)
    async with db.connection() as conn:
        venue = await reads.venue_of(conn, code)
        if venue is None:
            raise Problem("not_found", {"venue": code})
        versions = await reads.versions(conn, code)
        names = await person_names(conn, [version.imported_by for version in versions if version.imported_by])
    lines = [
        VersionLine(
            v.version,
            v.number,
            v.name,
            v.seats,
            v.places,
            v.based_on,
            v.imported_at,
            None if v.imported_by is None else names.get(v.imported_by, ""),
            v.is_current,
        )
        for v in versions
    ]
    return VenueDetail(
        venue.code,
        venue.prefix,
        venue.name,
        venue.time_zone,
        venue.seats,
        venue.places,
        venue.version,
        lines,
        reads.feature_counts(venue),
    )


@get(
    "/venues/{code:str}/versions/{version:str}/file",
    guards=[staff(ROLE)],
    answer=Described(VenueFile, description="The venue file of the version"),
)
async def get_venue_file(db: Database, principal: Principal, code: str, version: str) -> Response[bytes]:
    """Download the file of a version."""
    file = await _file_of(db, principal, code, version)
    headers = {"content-disposition": f'attachment; filename="{code}-{version}.json"'}
    return Response(msgspec.json.format(file), headers=headers)


@get("/venues/{code:str}/differences", guards=[staff(ROLE)], rate="costly")
async def get_differences(
    db: Database, principal: Principal, code: str, before: Known, after: Known
) -> list[Difference]:
    """Return the differences between two versions of a venue."""
    old, new = await _file_of(db, principal, code, before), await _file_of(db, principal, code, after)
    return await asyncio.to_thread(lambda: differences(_decoded(old), _decoded(new)))


@post("/venues/check", status_code=200, guards=[staff(ROLE)], rate="costly", body_bytes_max=FILE_BYTES_MAX)
async def check_venue_file(
    request: Request, db: Database, clock: Clock, principal: Principal, *, code: NewCode = "", time_zone: NewZone = ""
) -> FileCheck:
    """Check a file, JSON or gzip: a venue file or a seating plan of pretix. Nothing is stored."""
    raw = await request.body()
    checked = await asyncio.to_thread(lambda: read(raw, clock.now().date(), code=code, time_zone=time_zone))
    if checked.found or checked.file is None:
        _, mends = await asyncio.to_thread(lambda: _mended(checked))
        return FileCheck(None, _lines(checked.found), mends, None, None)
    file = checked.file
    current: str | None = None
    before: bytes | None = None
    if holds(principal, ROLE, scope="venue", scope_id=file.code):
        async with db.connection() as conn:
            venue = await reads.venue_of(conn, file.code)
            current = None if venue is None else venue.version
            before = None if current is None else await reads.file_of(conn, current)
    found = None if before is None else await asyncio.to_thread(lambda: differences(_decoded(before), file))
    return FileCheck(_summary(file), [], [], current, found)


@post(
    "/venues/mend",
    status_code=200,
    guards=[staff_of_venue(ROLE)],
    rate="costly",
    body_bytes_max=FILE_BYTES_MAX,
    answer=Described(dict[str, Any], description="The document with the proposed mends"),
)
async def mend_venue_file(
    request: Request, clock: Clock, code: NewCode = "", time_zone: NewZone = ""
) -> Response[bytes]:
    """Return a file with the proposed mends, to be checked again. Nothing is stored."""
    raw = await request.body()

    def mended() -> tuple[Checked, bytes]:
        checked = read(raw, clock.now().date(), code=code, time_zone=time_zone)
        return checked, msgspec.json.format(msgspec.json.encode(_mended(checked)[0]))

    checked, body = await asyncio.to_thread(mended)
    if checked.document is None:
        raise Problem("venue_file_defects", {"defects": _lines(checked.found)})
    return Response(body, headers={"content-disposition": 'attachment; filename="venue.fixed.json"'})


@post("/venues", guards=[staff(ROLE)], rate="costly", body_bytes_max=FILE_BYTES_MAX)
async def import_venue_file(
    request: Request,
    db: Database,
    clock: Clock,
    person_names: PersonNames,
    principal: Principal,
    *,
    code: NewCode = "",
    time_zone: NewZone = "",
    based_on: Known | None = None,
) -> Imported:
    """Store a file without defects as the current version of its venue. Events keep the version that they have.

    `based_on` is the version that the file was compared with, left out for a new venue: if another one is current,
    `changed_meanwhile` says which, since when and by whom. A new venue needs the role without a scope.
    """
    raw = await request.body()
    checked = await asyncio.to_thread(lambda: read(raw, clock.now().date(), code=code, time_zone=time_zone))
    if checked.found or checked.file is None:
        raise Problem("venue_file_defects", {"defects": _lines(checked.found)})
    if based_on is None:
        require(principal, ROLE)
    require(principal, ROLE, scope="venue", scope_id=checked.file.code)
    return await _saved(db, clock, person_names, principal, file=checked.file, based_on=based_on)


@post("/venues/{code:str}/versions", guards=[staff(ROLE)], rate="costly", body_bytes_max=1_000_000)
async def edit_venue(
    db: Database, clock: Clock, person_names: PersonNames, principal: Principal, *, code: str, data: VenueEdits
) -> Imported:
    """Apply edits to a version and store the result as the current one.

    If another version is current, `changed_meanwhile` says which, since when and by whom.
    """
    raw = await _file_of(db, principal, code, data.based_on)

    def apply() -> tuple[VenueFile, list[Defect]]:
        file, found = edited(_decoded(raw), data.edits)
        return (file, found) if found else (file, check(msgspec.json.decode(encode(file)), clock.now().date())[1])

    file, found = await asyncio.to_thread(apply)
    if found:
        raise Problem("venue_file_defects", {"defects": _lines(found)})
    return await _saved(db, clock, person_names, principal, file=file, based_on=data.based_on)


@get("/events/{event_id:uuid}/closures", guards=[staff(ROLE)])
async def get_event_closures(
    db: Database,
    event_version: EventVersion,
    closed_gates: ClosedGates,
    person_names: PersonNames,
    principal: Principal,
    *,
    event_id: UUID,
) -> EventClosures:
    """Return what is closed for an event."""
    venue = await _venue_of_event(db, event_version, principal, event_id)
    async with db.connection() as conn:
        found = await store.open_closures(conn, event_id)
        gates = await closed_gates(conn, event_id)
        names = await person_names(conn, [closure.closed_by for closure in found if closure.closed_by])
    lines = [
        ClosureLine(c.part, c.code, c.closed_at, None if c.closed_by is None else names.get(c.closed_by)) for c in found
    ]
    return EventClosures(venue.code, venue.name, venue.version, lines, sorted(gates))


@put("/events/{event_id:uuid}/closures/{part:str}/{code:str}", status_code=204, guards=[staff(ROLE)])
async def put_event_closure(
    db: Database,
    clock: Clock,
    event_version: EventVersion,
    principal: Principal,
    *,
    event_id: UUID,
    part: ClosedPart,
    code: str,
    data: ClosureUpdate,
) -> None:
    """Close or reopen a block, a lift or an outlet for an event."""
    venue = await _venue_of_event(db, event_version, principal, event_id)
    granted(
        await db.transact(
            acts.set_closed, venue, event_id, part, code, closed=data.closed, who=principal.id, now=clock.now()
        )
    )


async def _venue_of_event(db: Database, event_version: EventVersion, principal: Principal, event_id: UUID) -> Venue:
    """Return the venue of an event that the principal manages, or raise `not_found` or `forbidden`."""
    async with db.connection() as conn:
        version = await event_version(conn, event_id)
        venue = None if version is None else await reads.venue_at(conn, version)
    if venue is None:
        raise Problem("not_found")
    require(principal, ROLE, scope="venue", scope_id=venue.code, within=[("event", event_id)])
    return venue


async def _file_of(db: Database, principal: Principal, code: str, version: str) -> bytes:
    """Return the file of a version of a venue that the principal manages."""
    require(principal, ROLE, scope="venue", scope_id=code)
    async with db.connection() as conn:
        known = version in {found.version for found in await reads.versions(conn, code)}
        file = await reads.file_of(conn, version) if known else None
    if file is None:
        raise Problem("not_found", {"venue": code, "version": version})
    return file


async def _saved(
    db: Database,
    clock: Clock,
    person_names: PersonNames,
    principal: Principal,
    *,
    file: VenueFile,
    based_on: str | None,
) -> Imported:
    outcome = await db.transact(acts.import_file, file, principal.id, clock.now(), based_on=based_on)
    if not isinstance(outcome, Refused):
        return outcome
    async with db.connection() as conn:
        versions = await reads.versions(conn, file.code)
        current = next((version for version in versions if version.is_current), None)
        if current is None:
            raise Problem("not_found", {"venue": file.code, "version": based_on})
        who = [] if current.imported_by is None else [current.imported_by]
        names = await person_names(conn, who)
    data = {
        "version": current.version,
        "number": current.number,
        "imported_at": current.imported_at,
        "imported_by": names.get(current.imported_by, "") if current.imported_by else None,
    }
    raise Problem(outcome.reason, data)


def _decoded(file: bytes) -> VenueFile:
    return msgspec.json.decode(file, type=VenueFile)


def _lines(found: Sequence[Defect]) -> list[DefectLine]:
    return [DefectLine(defect.place, defect.code, defect.value) for defect in found]


def _mended(checked: Checked) -> tuple[Any, list[Mend]]:
    return (None, []) if checked.document is None else mend(checked.document, checked.found)


def _summary(file: VenueFile) -> FileSummary:
    counts: dict[str, int] = {
        feature: sum(
            len(positions) for block in file.blocks for row in features_of(block, feature) for positions in row
        )
        for feature in FEATURES
    }
    return FileSummary(
        file.code,
        file.name,
        file.time_zone,
        file.seats,
        file.places,
        len(file.blocks),
        len(file.areas),
        len(file.gates),
        len(file.outlets),
        counts,
    )


router = mount(
    "/api/office",
    [
        list_office_venues,
        check_venue_file,
        mend_venue_file,
        import_venue_file,
        get_office_venue,
        get_venue_file,
        get_differences,
        edit_venue,
        get_event_closures,
        put_event_closure,
    ],
)
