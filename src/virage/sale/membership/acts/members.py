"""Commands on members: cancellation, the sign-in of imported members, erasure and retention."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec.structs import replace

from virage.identity.people import api as people
from virage.identity.people.types import EmailKind, Person, mailbox
from virage.money.payments import api as payments
from virage.money.payments.types import RefundRequest
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import named_id
from virage.platform.values.refusals import Refused
from virage.sale.membership.acts.emails import notify
from virage.sale.membership.rules.joining import REMIND_BEFORE, overlap
from virage.sale.membership.rules.terms import Member, MembershipRefusal, MembershipRow
from virage.sale.membership.store import members as store
from virage.sale.membership.store import tiers as tiers_store

REMINDED_AT_ONCE = 500
LINKED_AT_ONCE = 500


async def cancel(
    conn: Connection,
    membership_id: UUID,
    reason: str,
    refund_id: UUID | None,
    *,
    who: UUID | None,
    now: datetime,
) -> MembershipRow | Refused:
    """Cancel an active membership; with `refund_id`, its price is refunded, and those of what it upgraded.

    A repeated request changes nothing.

    The number stays. Refusals: `not_found`, `membership_not_active`, and those of the refund.
    """
    found = (await store.memberships(conn, [membership_id])).get(membership_id)
    if found is None:
        return Refused(MembershipRefusal.NOT_FOUND)
    await tiers_store.lock_registers(conn, [found.organiser_id])
    row = (await store.memberships(conn, [membership_id]))[membership_id]
    if row.state == "cancelled" and row.refund_id == refund_id:
        return row
    if row.state != "active":
        return Refused(MembershipRefusal.NOT_ACTIVE, {"state": row.state})
    total = 0
    for one in [row] if refund_id is None else await store.with_upgraded(conn, row):
        id_, cents = refund_id, 0
        if refund_id is not None and one.payment_id is not None:
            id_, cents = refund_id if one.id == row.id else named_id(refund_id, str(one.id)), one.price_cents
            (asked,) = await payments.request_refund(conn, [RefundRequest(id_, one.payment_id, cents)], now)
            if isinstance(asked, Refused):
                return asked
        total += cents
        await store.cancel_membership(conn, one.id, reason, refund_id=id_, refunded_cents=cents, now=now)
    data = {"tier": row.tier_id, "cents": total} | ({} if refund_id is None else {"refund": refund_id})
    await append(conn, [Fact("membership_cancelled", who, row.id, data)], now)
    await notify(conn, EmailKind.MEMBERSHIP_CANCELLED, [row], now)
    return (await store.memberships(conn, [membership_id]))[membership_id]


async def claim(conn: Connection, person_id: UUID, address: str, now: datetime) -> None:
    """Give a person the imported members with their address, which they have just proved.

    A member of theirs without a number is merged into the imported one. If theirs has a number already, the imported
    one stays for the office to decide.
    """
    found = await store.members_of_mailbox(conn, mailbox(address))
    if not found:
        return
    await tiers_store.lock_registers(conn, [member.organiser_id for member in found])
    own = {member.organiser_id: member for member in await store.members_of_person(conn, person_id)}
    for member in await store.members_of_mailbox(conn, mailbox(address)):
        mine = own.get(member.organiser_id)
        if mine is None or await merge(conn, mine, member, now):
            await link(conn, [member], {member.id: person_id}, now)


async def accounts_to_link(conn: Connection, after: UUID) -> tuple[UUID | None, list[UUID]]:
    """Return the last imported member of the batch after one, None without any, and the people with these addresses.

    An account that was opened while its member was imported would else get them with its next sign-in.
    """
    waiting = await store.unclaimed_members(conn, after, LINKED_AT_ONCE)
    found = await people.persons_by_address(conn, sorted({one.email for one in waiting}))
    return waiting[-1].member.id if waiting else None, [person.id for person in found]


async def link_account(conn: Connection, person_id: UUID, now: datetime) -> None:
    """Give a person the imported members with their address, in a transaction of their own.

    Each person's registers are locked at once, in order; those of several people would not be.
    """
    person = await people.lock_person(conn, person_id)
    if person is not None:
        await claim(conn, person_id, person.email, now)


async def merge(conn: Connection, mine: Member, imported: Member, now: datetime) -> bool:
    """Move the memberships of a person's own member to their imported one, in a locked register.

    Their unpaid ones of a term that the imported member has end. If theirs has a number, nothing moves: False.
    """
    if mine.number is not None:
        return False
    own = await store.memberships_of(conn, [mine.id])
    theirs = await store.memberships_of(conn, [imported.id])
    unpaid = [
        row.id
        for row in own
        if row.occupies(now) and any(one.state == "active" and overlap(row, one) for one in theirs)
    ]
    await store.fail_memberships(conn, unpaid)
    await store.merge_into(conn, mine.id, imported.id)
    return True


async def link(conn: Connection, members: Sequence[Member], persons: dict[UUID, UUID], now: datetime) -> None:
    """Store the persons of imported members by member id, and tell them; the registers are locked."""
    linked = [replace(member, person_id=persons[member.id], mailbox=None) for member in members]
    await store.address_members(conn, [(member, None) for member in linked])
    await append(conn, [Fact("member_claimed", member.person_id, member.id) for member in linked], now)
    rows = await store.memberships_of(conn, [member.id for member in linked])
    await notify(conn, EmailKind.MEMBERSHIP_BEGUN, [row for row in rows if row.state == "active"], now)


async def erased(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:
    """Remove an erased person from their members, and from imported ones with their address.

    The numbers stay used, and running memberships end unrefunded.
    """
    person = await people.person(conn, person_id)
    found = await _members_of(conn, person_id, person)
    if found:
        await tiers_store.lock_registers(conn, [member.organiser_id for member in found])
        ids = [member.id for member in await _members_of(conn, person_id, person)]
        await store.erase_members(conn, ids, now)
        await append(conn, [Fact("member_erased", person_id, id_) for id_ in ids], now)
    return None


async def _members_of(conn: Connection, person_id: UUID, person: Person | None) -> list[Member]:
    own = await store.members_of_person(conn, person_id)
    return own if person is None else own + await store.members_of_mailbox(conn, mailbox(person.email))


async def forget_addresses(conn: Connection, today: date, now: datetime) -> None:
    """Delete the addresses of imported members who did not sign in until their last term was over."""
    found = await store.members_over(conn, today)
    if found:
        await tiers_store.lock_registers(conn, list(found.values()))
        forgotten = await store.forget_addresses(conn, list(found), today)
        await append(conn, [Fact("member_address_forgotten", None, id_) for id_ in forgotten], now)


async def remind(conn: Connection, today: date, now: datetime) -> int:
    """Tell a batch of members that their term ends within 30 days, once; return how many were told."""
    due = await store.due_reminders(conn, today, today + REMIND_BEFORE, REMINDED_AT_ONCE)
    if not due:
        return 0
    await tiers_store.lock_registers(conn, [row.organiser_id for row in due])
    marked = await store.mark_reminded(conn, [row.id for row in due], now)
    await notify(conn, EmailKind.MEMBERSHIP_ENDS_SOON, [row for row in due if row.id in marked], now)
    return len(due)
