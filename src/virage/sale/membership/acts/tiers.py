"""Commands on tiers and on members' windows of events. `who` is the person or API client, None for the system."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.sale.membership.rules.terms import EventWindow, MembershipRefusal, Tier, TierContent
from virage.sale.membership.rules.tiers import check_tier, check_windows, content_of, may_change
from virage.sale.membership.store import tiers as store
from virage.sale.membership.store import windows as windows_store
from virage.sale.packages import api as packages
from virage.site.programme import api as programme
from virage.site.programme.types import Event


async def set_tier(
    conn: Connection,
    tier_id: UUID,
    organiser_id: UUID,
    content: TierContent,
    *,
    who: UUID | None,
    now: datetime,
    revision: int | None = None,
    languages: Sequence[str] = (),
) -> Tier | Refused:
    """Create a tier, or replace its content at `revision`. The same content again changes nothing.

    Refusals: `unknown_organiser`, `invalid_input`, `not_found` for a tier of another organiser, `changed_meanwhile`,
    `tier_has_members` for another term.
    """
    refusal = check_tier(content, languages)
    if refusal is not None:
        return refusal
    if not await programme.organisers(conn, [organiser_id]):
        return Refused(MembershipRefusal.UNKNOWN_ORGANISER)
    await store.insert_register(conn, organiser_id)
    await store.lock_registers(conn, [organiser_id])
    known = (await store.tiers(conn, [tier_id])).get(tier_id)
    if known is not None:
        if known.organiser_id != organiser_id:
            return Refused(MembershipRefusal.NOT_FOUND)
        if content_of(known) == content_of(content):
            return known
        refusal = may_change(
            known, content, revision, has_members=bool(await store.tiers_with_memberships(conn, [tier_id]))
        )
        if refusal is not None:
            return refusal
    written = {name: getattr(content, name) for name in TierContent.__struct_fields__}
    await store.put_tier(conn, Tier(**written, id=tier_id, organiser_id=organiser_id, revision=0), now)
    tier = (await store.tiers(conn, [tier_id]))[tier_id]
    data = {"organiser": organiser_id, "revision": tier.revision, "cents": tier.price_cents}
    await append(conn, [Fact("membership_tier_set", who, tier_id, data)], now)
    return tier


async def set_windows(
    conn: Connection, event: Event, windows: Sequence[EventWindow], revision: int, *, who: UUID | None, now: datetime
) -> int | Refused:
    """Replace the members' windows of an event at `revision`, 0 for the first ones; return the new revision.

    Refusals: `event_cancelled`, `unknown_tier`, `window_after_sale`, `invalid_input`, `changed_meanwhile`.
    """
    if event.state == "cancelled":
        return Refused(MembershipRefusal.EVENT_CANCELLED)
    tiers = await store.tiers_of(conn, [event.organiser_id])
    wanted = {package_id for window in windows for package_id in window.package_ids}
    known = await packages.packages_by_id(conn, wanted) if wanted else {}
    own = {id_ for id_, package in known.items() if package.organiser_id == event.organiser_id}
    refusal = check_windows(windows, {tier.id for tier in tiers}, own, event.sale_opens_at)
    if refusal is not None:
        return refusal
    current = await windows_store.lock_windows(conn, event.id)
    if await windows_store.windows_of(conn, event.id) == sorted(windows, key=lambda window: window.opens_at):
        return current
    if revision != current:
        return Refused(MembershipRefusal.CHANGED, {"revision": current})
    new = await windows_store.replace_windows(conn, event.id, windows)
    await append(conn, [Fact("membership_windows_set", who, event.id, {"revision": new})], now)
    return new
