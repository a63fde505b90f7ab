"""Office routes of packages, within the scope of a role."""

from uuid import UUID

from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Principal, Role, fresh, holds, require, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Response, get, post, put
from virage.platform.web.scopes import organisers_of
from virage.sale.packages.acts.packages import set_package
from virage.sale.packages.reads.office import (
    OfficePackage,
    OfficeSubscriptions,
    PackagePreview,
    buyers_table,
    office_packages,
    office_subscriptions,
)
from virage.sale.packages.reads.packages import offer_of, package_views
from virage.sale.packages.rules.packages import check_package, events_of
from virage.sale.packages.rules.terms import Package, PackageContent
from virage.sale.packages.store import packages as store
from virage.sale.ticketing import api as ticketing
from virage.site.programme import api as programme

SELLERS: tuple[Role, ...] = ("box_office", "finance", "programme")
FIRST = UUID(int=0)


class PackageUpdate(PackageContent, frozen=True, kw_only=True):
    """A package to create, or its new content at the `revision` that the office saw."""

    organiser_id: UUID
    revision: int | None = None


@get("/", guards=[staff(*SELLERS)])
async def list_office_packages(db: Database, clock: Clock, principal: Principal) -> list[OfficePackage]:
    """Return the packages within the caller's roles with their counts, the latest sale first."""
    async with db.connection() as conn:
        return await office_packages(conn, organisers_of(principal, SELLERS), clock.now())


@put("/{package_id:uuid}", guards=[staff("programme")])
async def put_package(
    package_id: UUID, data: PackageUpdate, *, db: Database, clock: Clock, principal: Principal, config: Config
) -> Package:
    """Create or change a package; it applies to later sales. Needs a sign-in of the last 15 minutes."""
    require(principal, "programme", scope="organiser", scope_id=data.organiser_id)
    now = clock.now()
    fresh(principal, now)
    return granted(
        await db.transact(
            set_package,
            package_id,
            data.organiser_id,
            data,
            who=principal.id,
            now=now,
            revision=data.revision,
            languages=config.languages,
        )
    )


@post("/preview", status_code=200, guards=[staff("programme")], rate="costly")
async def preview_package(
    data: PackageUpdate, *, db: Database, clock: Clock, principal: Principal, config: Config
) -> PackagePreview:
    """Return what buyers would see of a package, with its prices at all events that are sold. Nothing is stored."""
    require(principal, "programme", scope="organiser", scope_id=data.organiser_id)
    now = clock.now()
    written = {name: getattr(data, name) for name in PackageContent.__struct_fields__}
    package = Package(**written, id=new_id(), organiser_id=data.organiser_id, revision=0)
    async with db.connection() as conn:
        events = await programme.events(conn, package.event_ids)
        granted(check_package(package, events, package.organiser_id, config.languages))
        (view,) = await package_views(conn, [package], now)
        sold = [one.event.id for one in events_of(package, events, now) if one.left_out is None]
        sales = [sale for id_ in sold if (sale := await ticketing.load_sale(conn, id_)) is not None and sale.prices]
    return PackagePreview(view, offer_of(package, sales) if sales and len(sales) == len(sold) else None)


@get("/{package_id:uuid}/subscriptions", guards=[staff(*SELLERS)])
async def list_package_subscriptions(
    package_id: UUID,
    db: Database,
    clock: Clock,
    principal: Principal,
    *,
    after: UUID = FIRST,
    unpaid: bool = False,
) -> OfficeSubscriptions:
    """Return who holds or bought a package, 100 at a time; `after` is the last one of the page before.

    `unpaid`: those alone of which an instalment is not paid.
    """
    async with db.connection() as conn:
        await _must_see(conn, package_id, principal)
        return await office_subscriptions(conn, package_id, after, clock.now(), unpaid=unpaid)


@get(
    "/{package_id:uuid}/subscriptions.csv",
    guards=[staff(*SELLERS)],
    answer=Described(bytes, description="The subscriptions of the package", media_type="text/csv"),
    rate="costly",
)
async def get_package_subscriptions_csv(
    package_id: UUID, db: Database, principal: Principal, config: Config
) -> Response[bytes]:
    """Return who holds or bought a package as CSV, with their seats at the first event."""
    async with db.connection() as conn:
        await _must_see(conn, package_id, principal)
        table = await buyers_table(conn, package_id, config.currency)
    headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="buyers-{package_id}.csv"'}
    return Response(table, media_type="text/csv", headers=headers)


async def _must_see(conn: Connection, package_id: UUID, principal: Principal) -> None:
    """Raise `not_found` unless a role covers the organiser of the package."""
    package = (await store.packages(conn, [package_id])).get(package_id)
    if package is None or not any(
        holds(principal, role, scope="organiser", scope_id=package.organiser_id) for role in SELLERS
    ):
        raise Problem("not_found")
