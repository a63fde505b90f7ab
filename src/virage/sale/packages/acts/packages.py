"""Commands on packages. `who` is the person or API client, None for the system."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.sale.packages.rules.packages import check_package, content_of, may_change
from virage.sale.packages.rules.terms import Package, PackageContent, PackageRefusal
from virage.sale.packages.store import packages as store
from virage.site.programme import api as programme


async def set_package(
    conn: Connection,
    package_id: UUID,
    organiser_id: UUID,
    content: PackageContent,
    *,
    who: UUID | None,
    now: datetime,
    revision: int | None = None,
    languages: Sequence[str] = (),
) -> Package | Refused:
    """Create a package, or replace its content at `revision`. It applies to later sales. The same content again changes
    nothing.

    Refusals: `unknown_organiser`, `invalid_input`, `unknown_event`, `changed_meanwhile`, and
    `not_found` for a package of another organiser.
    """
    if not await programme.organisers(conn, [organiser_id]):
        return Refused(PackageRefusal.UNKNOWN_ORGANISER)
    refusal = check_package(content, await programme.events(conn, content.event_ids), organiser_id, languages)
    if refusal is not None:
        return refusal
    await store.lock_package(conn, package_id)
    known = (await store.packages(conn, [package_id])).get(package_id)
    if known is not None:
        if known.organiser_id != organiser_id:
            return Refused(PackageRefusal.NOT_FOUND)
        if content_of(known) == content_of(content):
            return known
        refusal = may_change(known, revision)
        if refusal is not None:
            return refusal
    written = {name: getattr(content, name) for name in PackageContent.__struct_fields__}
    await store.put_package(conn, Package(**written, id=package_id, organiser_id=organiser_id, revision=0), now)
    package = (await store.packages(conn, [package_id]))[package_id]
    data = {"organiser": organiser_id, "revision": package.revision, "discount": package.discount_permille}
    await append(conn, [Fact("package_set", who, package_id, data)], now)
    return package
