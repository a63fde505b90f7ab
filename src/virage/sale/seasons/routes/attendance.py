"""Routes of the attendance rule, for holders and the office."""

from uuid import UUID

from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, Role, fresh, holds, require_fan, signed_in, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Response, get, put
from virage.sale.packages import api as packages
from virage.sale.packages.types import Package
from virage.sale.seasons.acts import attendance
from virage.sale.seasons.reads.attendance import (
    AttendanceView,
    OfficeAttendance,
    attendance_table,
    attendance_view,
    office_attendance,
)
from virage.sale.seasons.rules.attendance import AttendanceContent

SELLERS: tuple[Role, ...] = ("box_office", "finance", "programme")


class AttendanceUpdate(AttendanceContent, frozen=True, forbid_unknown_fields=True):
    """The rule of a package at the `revision` that the office saw; None for its first one."""

    revision: int | None = None


@get("/{subscription_id:uuid}", guards=[signed_in])
async def get_attendance(
    subscription_id: UUID, db: Database, clock: Clock, principal: Principal
) -> AttendanceView | None:
    """Return the attendance rule of my season ticket with the events that count against it; null without a rule."""
    async with db.connection() as conn:
        view = await attendance_view(conn, subscription_id, require_fan(principal), clock.now())
    return granted(view)


@get("/{package_id:uuid}", guards=[staff(*SELLERS)], rate="costly")
async def get_office_attendance(package_id: UUID, db: Database, clock: Clock, principal: Principal) -> OfficeAttendance:
    """Return the attendance rule of a package, and its holders by unused events."""
    async with db.connection() as conn:
        package = await _within(conn, package_id, principal, *SELLERS)
        return await office_attendance(conn, package, clock.now())


@put("/{package_id:uuid}", guards=[staff("programme")])
async def put_attendance(
    package_id: UUID, data: AttendanceUpdate, *, db: Database, clock: Clock, principal: Principal
) -> OfficeAttendance:
    """Set the attendance rule of a package. Needs a sign-in of the last 15 minutes."""
    now = clock.now()
    async with db.connection() as conn:
        package = await _within(conn, package_id, principal, "programme")
    fresh(principal, now)
    content = AttendanceContent(data.unused_warn, data.unused_max)
    granted(
        await db.transact(
            attendance.set_attendance, package_id, content, revision=data.revision, who=principal.id, now=now
        )
    )
    async with db.connection() as conn:
        return await office_attendance(conn, package, now)


@get(
    "/{package_id:uuid}/holders.csv",
    guards=[staff(*SELLERS)],
    answer=Described(bytes, description="The holders with their unused events", media_type="text/csv"),
    rate="costly",
)
async def get_attendance_csv(package_id: UUID, db: Database, clock: Clock, principal: Principal) -> Response[bytes]:
    """Return the holders of a package with their unused events as CSV, the most first."""
    async with db.connection() as conn:
        package = await _within(conn, package_id, principal, *SELLERS)
        table = await attendance_table(conn, package, clock.now())
    headers = {
        "cache-control": "no-store",
        "content-disposition": f'attachment; filename="attendance-{package_id}.csv"',
    }
    return Response(table, media_type="text/csv", headers=headers)


async def _within(conn: Connection, package_id: UUID, principal: Principal, *roles: Role) -> Package:
    """Return a package if one of the roles covers its organiser, else raise `not_found`."""
    package = (await packages.packages_by_id(conn, [package_id])).get(package_id)
    if package is None or not any(
        holds(principal, role, scope="organiser", scope_id=package.organiser_id) for role in roles
    ):
        raise Problem("not_found")
    return package
