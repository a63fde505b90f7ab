"""Joining a tier, and the payments of memberships: captured money begins a membership, or is returned."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from virage.identity.people import api as people
from virage.identity.people.types import EmailKind
from virage.money.payments import api as payments
from virage.money.payments.types import (
    FAILED,
    Captured,
    DisputeChange,
    Failed,
    FailedRefund,
    PaymentIntent,
    Processing,
    RefundRequest,
)
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.days import local_day
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.membership.acts.emails import notify, notify_refunds_failed
from virage.sale.membership.rules.joining import PAYS_FOR, decide, may_join, overlap
from virage.sale.membership.rules.terms import Member, MembershipRefusal, MembershipRow
from virage.sale.membership.store import members as store
from virage.sale.membership.store import tiers as tiers_store
from virage.sale.membership.store.members import NewMembership

PURPOSE = "membership"


class JoinRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A person joins a tier. The client makes `id` and `payment_id`, so a repeated request is one membership."""

    id: UUID
    tier_id: UUID
    payment_id: UUID


class Joining(Struct, frozen=True):
    """A membership that was asked for; `start` is the request to the provider, None if nothing is left to pay."""

    membership: MembershipRow
    start: PaymentIntent | None


async def join(  # noqa: C901, PLR0911 - each reason by its name
    conn: Connection, person_id: UUID, request: JoinRequest, *, return_url: str, zone: ZoneInfo, now: datetime
) -> Joining | Refused:
    """Join a tier: a free one at once, another one once its payment is captured.

    A membership of this tier that is being paid is returned with its payment page. One of another tier of the same term
    ends unpaid. Refusals: `unauthenticated`, `not_found`, `id_reused`, `tier_closed`, `tier_full`, `already_member`,
    `payment_failed`.
    """
    if await people.lock_person(conn, person_id) is None:  # who is erased meanwhile joins nothing
        return Refused("unauthenticated")
    found = (await tiers_store.tiers(conn, [request.tier_id])).get(request.tier_id)
    if found is None:
        return Refused(MembershipRefusal.NOT_FOUND)
    last_number = (await tiers_store.lock_registers(conn, [found.organiser_id]))[found.organiser_id]
    tier = (await tiers_store.tiers(conn, [request.tier_id]))[request.tier_id]
    known = (await store.memberships(conn, [request.id])).get(request.id)
    if known is not None:
        same = (known.person_id, known.tier_id, known.payment_id or request.payment_id)
        if same != (person_id, request.tier_id, request.payment_id):
            return Refused(MembershipRefusal.ID_REUSED)
        return await pay(conn, known, return_url, now)
    own = await store.members_of_person(conn, person_id)
    member = next((one for one in own if one.organiser_id == tier.organiser_id), None)
    mine = [] if member is None else await store.memberships_of(conn, [member.id])
    unpaid = [one for one in mine if one.state == "paying" and overlap(one, tier)]
    running = next((one for one in unpaid if one.tier_id == tier.id and one.occupies(now)), None)
    if running is not None:
        return await pay(conn, running, return_url, now)
    others = [one for one in mine if one not in unpaid]
    counts = (await tiers_store.counts(conn, [tier.id], now)).get(tier.id, tiers_store.TierCounts())
    is_new = member is None or member.number is None
    refusal = may_join(tier, others, counts.places, is_new=is_new, now=now, today=local_day(now, zone))
    if refusal is not None:
        return refusal
    if unpaid:
        await store.fail_memberships(conn, [one.id for one in unpaid])
    if member is None:
        member = Member(new_id(), tier.organiser_id, None, person_id)
        await store.insert_members(conn, tier.organiser_id, [(member, None)], now)
    is_free = tier.price_cents == 0
    new = NewMembership(
        request.id,
        tier.id,
        member.id,
        is_new,
        tier.price_cents,
        tier.vat_permille,
        None if is_free else request.payment_id,
    )
    await store.insert_memberships(conn, [new], now, pays_until=None if is_free else now + PAYS_FOR)
    await append(conn, [Fact("membership_asked", person_id, request.id, {"tier": tier.id})], now)
    made = (await store.memberships(conn, [request.id]))[request.id]
    if not is_free:
        return await pay(conn, made, return_url, now)
    if made.number is None:
        made = replace(made, number=last_number + 1)
        await tiers_store.put_last_numbers(conn, {tier.organiser_id: last_number + 1})
    await begin(conn, [made], now)
    return Joining(made, None)


async def begin(conn: Connection, begun: Sequence[MembershipRow], now: datetime) -> None:
    """Begin memberships with the numbers of their members, and tell the persons; the registers are locked.

    Memberships that they upgrade end.
    """
    await store.number_members(conn, {row.member_id: row.number for row in begun if row.number is not None})
    await store.begin_memberships(conn, [row.id for row in begun], now)
    upgraded = [row.upgrades_id for row in begun if row.upgrades_id is not None]
    if upgraded:
        await store.end_upgraded(conn, upgraded, now)
    facts = [
        Fact(
            "membership_begun",
            row.person_id,
            row.id,
            {"tier": row.tier_id, "number": row.number}
            | ({} if row.upgrades_id is None else {"upgrades": row.upgrades_id}),
        )
        for row in begun
    ]
    await append(conn, facts, now)
    await notify(conn, EmailKind.MEMBERSHIP_BEGUN, begun, now)


async def pay(conn: Connection, membership: MembershipRow, return_url: str, now: datetime) -> Joining | Refused:
    """Store the payment of a membership that is being paid; a repeated request gets the same payment."""
    if membership.state == "active":
        return Joining(membership, None)
    if membership.payment_id is None or membership.pays_until is None or not membership.occupies(now):
        return Refused(MembershipRefusal.PAYMENT_FAILED)
    start = PaymentIntent(
        membership.payment_id,
        PURPOSE,
        membership.id,
        membership.price_cents,
        return_url,
        membership.pays_until,
        organiser_id=membership.organiser_id,
    )
    begun = await payments.begin(conn, [start], now)
    (payment,) = begun
    if isinstance(payment, Refused):
        return payment
    if payment.state in FAILED:
        return Refused(MembershipRefusal.PAYMENT_FAILED, {"reason": payment.reason})
    direct = await payments.direct_charges(conn, [start], begun)
    return Joining(membership, replace(start, direct=direct.get(payment.id)))


class MembershipMoney:
    """Handlers for payments of memberships, in the payment's transaction. `zone` is that of the terms."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    async def lock(self, conn: Connection, subjects: Sequence[UUID]) -> None:
        """Lock the registers of the organisers of these memberships."""
        rows = await store.memberships(conn, subjects)
        await tiers_store.lock_registers(conn, [row.organiser_id for row in rows.values()])

    async def captured(self, conn: Connection, came: Sequence[Captured], now: datetime) -> None:
        """Begin the memberships that may begin, also after their time to pay; return all other money."""
        asked = await store.memberships(conn, [payment.subject for payment in came])
        last = await tiers_store.lock_registers(conn, [row.organiser_id for row in asked.values()])
        rows = await store.memberships(conn, list(asked))  # as they are under the lock
        siblings = await store.memberships_of(conn, sorted({row.member_id for row in rows.values()}))
        tiers = await tiers_store.tiers(conn, sorted({row.tier_id for row in rows.values()}))
        counts = await tiers_store.counts(conn, list(tiers), now)
        decided = decide(
            [rows[payment.subject] for payment in came],
            siblings,
            tiers,
            {id_: count.places for id_, count in counts.items()},
            last,
            now=now,
            today=local_day(now, self._zone),
        )
        if decided.begun:
            await tiers_store.put_last_numbers(conn, decided.last_numbers)
            await begin(conn, decided.begun, now)
        returned = {row.id for row in decided.returned}
        back = [payment for payment in came if payment.subject in returned]
        if back:
            requests = [RefundRequest(new_id(), one.payment_id, one.amount_cents) for one in back]
            await payments.request_refund(conn, requests, now)
            await store.count_returned(conn, [(one.subject, one.amount_cents) for one in back])
            await store.fail_memberships(conn, [one.subject for one in back])
            facts = [Fact("membership_money_returned", None, one.subject, {"payment": one.payment_id}) for one in back]
            await append(conn, facts, now)
            await notify(conn, EmailKind.MEMBERSHIP_MONEY_RETURNED, [rows[one.subject] for one in back], now)

    async def processing(self, conn: Connection, payments_: Sequence[Processing], now: datetime) -> None:
        """Nothing begins before the money is there; no page of a membership offers a debit."""

    async def failed(self, conn: Connection, ended: Sequence[Failed], now: datetime) -> None:
        """Free the places of memberships that are not paid."""
        ids = [payment.subject for payment in ended]
        await self.lock(conn, ids)
        await store.fail_memberships(conn, ids)
        await append(conn, [Fact("membership_not_paid", None, id_) for id_ in ids], now)

    async def disputed(self, conn: Connection, disputes: Sequence[DisputeChange], now: datetime) -> None:
        """Nothing is cancelled by itself: finance decides, and the office cancels the membership."""

    async def dispute_won(self, conn: Connection, disputes: Sequence[DisputeChange], now: datetime) -> None:
        """Nothing was cancelled."""

    async def refunds_failed(self, conn: Connection, refunds: Sequence[FailedRefund], now: datetime) -> None:
        """Tell the members whose money does not arrive."""
        rows = await store.memberships(conn, [refund.subject for refund in refunds])
        await notify_refunds_failed(conn, refunds, rows, now)
