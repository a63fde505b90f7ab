"""The upgrade of a membership to a higher tier of the same term."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from virage.identity.people import api as people
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.days import local_day
from virage.platform.values.refusals import Refused
from virage.sale.membership.acts.joining import Joining, begin, pay
from virage.sale.membership.rules.joining import PAYS_FOR, overlap
from virage.sale.membership.rules.terms import MembershipRefusal
from virage.sale.membership.rules.upgrading import upgrade_price
from virage.sale.membership.store import members as store
from virage.sale.membership.store import tiers as tiers_store
from virage.sale.membership.store.members import NewMembership


class UpgradeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Upgrade a membership to a tier, at the price that the person saw.

    The client makes `id`, that of the new membership, and `payment_id`: a repeated request is one upgrade.
    """

    id: UUID
    tier_id: UUID
    payment_id: UUID
    price_cents: int


async def upgrade(  # noqa: C901, PLR0911 - each reason by its name
    conn: Connection,
    person_id: UUID,
    membership_id: UUID,
    request: UpgradeRequest,
    *,
    return_url: str,
    zone: ZoneInfo,
    now: datetime,
) -> Joining | Refused:
    """Upgrade an active membership of a person: at once if nothing is left to pay, else once the payment is captured.

    The new membership has the number of the old one and replaces it. An upgrade to this tier that is being paid is
    returned with its payment page; one to another tier ends unpaid. Refusals: `unauthenticated`, `not_found`,
    `id_reused`, `membership_not_active`, `no_upgrade`, `upgrade_price_changed` (data.price_cents), `payment_failed`.
    """
    if await people.lock_person(conn, person_id) is None:  # who is erased meanwhile upgrades nothing
        return Refused("unauthenticated")
    found = (await store.memberships(conn, [membership_id])).get(membership_id)
    if found is None or found.person_id != person_id:
        return Refused(MembershipRefusal.NOT_FOUND)
    await tiers_store.lock_registers(conn, [found.organiser_id])
    held = (await store.memberships(conn, [membership_id]))[membership_id]
    known = (await store.memberships(conn, [request.id])).get(request.id)
    if known is not None:
        same = (known.upgrades_id, known.tier_id, known.payment_id or request.payment_id)
        if same != (membership_id, request.tier_id, request.payment_id):
            return Refused(MembershipRefusal.ID_REUSED)
        return await pay(conn, known, return_url, now)
    if held.state != "active":
        return Refused(MembershipRefusal.NOT_ACTIVE, {"state": held.state})
    tiers = await tiers_store.tiers(conn, [held.tier_id, request.tier_id])
    wanted = tiers.get(request.tier_id)
    price = None if wanted is None else upgrade_price(tiers[held.tier_id], wanted, local_day(now, zone))
    if wanted is None or price is None:
        return Refused(MembershipRefusal.NO_UPGRADE)
    mine = await store.memberships_of(conn, [held.member_id])
    unpaid = [one for one in mine if one.state == "paying" and overlap(one, held)]
    running = next((one for one in unpaid if one.tier_id == wanted.id and one.occupies(now)), None)
    if running is not None:
        return await pay(conn, running, return_url, now)
    if price != request.price_cents:
        return Refused(MembershipRefusal.UPGRADE_PRICE_CHANGED, {"price_cents": price})
    if unpaid:
        await store.fail_memberships(conn, [one.id for one in unpaid])
    new = NewMembership(
        request.id,
        wanted.id,
        held.member_id,
        is_new=False,
        price_cents=price,
        vat_permille=wanted.vat_permille,
        payment_id=request.payment_id if price else None,
        upgrades_id=membership_id,
    )
    await store.insert_memberships(conn, [new], now, pays_until=now + PAYS_FOR if price else None)
    data = {"tier": wanted.id, "upgrades": membership_id}
    await append(conn, [Fact("membership_asked", person_id, request.id, data)], now)
    made = (await store.memberships(conn, [request.id]))[request.id]
    if price:
        return await pay(conn, made, return_url, now)
    await begin(conn, [made], now)
    return Joining(made, None)
