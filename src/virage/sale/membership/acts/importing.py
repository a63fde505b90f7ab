"""Import of existing members: all rows of a file, or none."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.identity.people import api as people
from virage.identity.people.types import EmailKind, mailbox
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.membership.acts.emails import notify
from virage.sale.membership.acts.members import merge
from virage.sale.membership.rules.importing import (
    DEFECTS_MAX,
    ImportDefect,
    ImportRow,
    KnownMembers,
    PlannedMember,
    plan,
)
from virage.sale.membership.rules.terms import Member, MembershipRefusal
from virage.sale.membership.store import members as store
from virage.sale.membership.store import tiers as tiers_store
from virage.sale.membership.store.members import NewMembership


class ImportResult(Struct, frozen=True):
    """What a file of members does: rows, new numbers, memberships to add, and rows that are stored already.

    `linked` of the memberships belong to people who have an account with this address; the others get theirs when they
    sign in.
    """

    rows: int
    new_members: int
    memberships: int
    unchanged: int
    linked: int
    defects: list[ImportDefect]


async def check_import(
    conn: Connection, organiser_id: UUID, rows: Sequence[ImportRow], defects: Sequence[ImportDefect]
) -> tuple[list[PlannedMember], ImportResult]:
    """Compare the rows of a file with what is stored; nothing is written."""
    planned, found = plan(rows, await _known(conn, organiser_id, rows))
    broken = sorted([*defects, *found], key=lambda defect: defect.line)
    result = ImportResult(
        rows=len(rows),
        new_members=sum(1 for one in planned if one.member is None or one.member.number is None),
        memberships=len(planned),
        unchanged=len(rows) - len(planned) - len({defect.line for defect in found}),
        linked=sum(1 for one in planned if one.person_id is not None),
        defects=broken[:DEFECTS_MAX],
    )
    return planned, result


async def import_members(
    conn: Connection,
    organiser_id: UUID,
    rows: Sequence[ImportRow],
    defects: Sequence[ImportDefect],
    *,
    who: UUID | None,
    now: datetime,
) -> ImportResult | Refused:
    """Store the members of a file with active memberships; a repeated import changes nothing.

    Refused with `import_defects` and all of them if there is one.
    """
    last = await tiers_store.lock_registers(conn, [organiser_id])
    planned, result = await check_import(conn, organiser_id, rows, defects)
    if result.defects:
        return Refused(MembershipRefusal.IMPORT_DEFECTS, {"defects": result.defects})
    stored = [(_member_of(one, organiser_id), one) for one in planned]
    if not stored:
        return result
    addressed = [(member, None if member.person_id is not None else one.row.email) for member, one in stored]
    new = [pair for pair, (_, one) in zip(addressed, stored, strict=True) if one.member is None]
    known = [pair for pair, (_, one) in zip(addressed, stored, strict=True) if one.member is not None]
    await store.insert_members(conn, organiser_id, new, now)
    await store.number_members(conn, {member.id: one.row.number for member, one in stored})
    memberships = [
        NewMembership(new_id(), one.row.tier.id, member.id, False, 0, one.row.tier.vat_permille, None)  # noqa: FBT003 - not a new member
        for member, one in stored
    ]
    await store.insert_memberships(conn, memberships, now, pays_until=None, is_imported=True)
    for member, one in stored:
        if one.merged is not None:
            await merge(conn, one.merged, member, now)
    await store.address_members(conn, known)  # a person is one member: they leave the merged one first
    highest = max(last[organiser_id], *(one.row.number for _, one in stored))
    await tiers_store.put_last_numbers(conn, {organiser_id: highest})
    facts = [
        Fact("membership_imported", who, membership.id, {"tier": membership.tier_id, "member": membership.member_id})
        for membership in memberships
    ]
    await append(conn, facts, now)
    inserted = await store.memberships(conn, [membership.id for membership in memberships])
    await notify(conn, EmailKind.MEMBERSHIP_BEGUN, list(inserted.values()), now)
    return result


def _member_of(planned: PlannedMember, organiser_id: UUID) -> Member:
    """Return the member of a row as it is stored: with its person, or else with its mailbox."""
    number = planned.row.number
    person_id = planned.person_id or (None if planned.member is None else planned.member.person_id)
    box = None if person_id is not None else planned.row.mailbox
    if planned.member is None:
        return Member(new_id(), organiser_id, number, person_id, box)
    return replace(planned.member, number=planned.member.number or number, person_id=person_id, mailbox=box)


async def _known(conn: Connection, organiser_id: UUID, rows: Sequence[ImportRow]) -> KnownMembers:
    addresses = {address for row in rows for address in (row.email, row.mailbox)}
    found = {person.email: person.id for person in await people.persons_by_address(conn, sorted(addresses))}
    boxes = sorted({row.mailbox for row in rows})
    members = await store.members_known(conn, organiser_id, [row.number for row in rows], list(found.values()), boxes)
    holders = await people.persons_by_id(conn, [one.person_id for one in members if one.person_id is not None])
    persons = {mailbox(email): id_ for email, id_ in found.items()} | {
        mailbox(holder.email): holder.id for holder in holders.values()
    }
    by_address: dict[str, Member] = {}
    for member in sorted(members, key=lambda one: one.person_id is not None):  # an account decides over an import
        holder = None if member.person_id is None else holders.get(member.person_id)
        box = member.mailbox if holder is None else mailbox(holder.email)
        if box is not None:
            by_address[box] = member
    return KnownMembers(
        persons={row.mailbox: persons[row.mailbox] for row in rows if row.mailbox in persons},
        by_number={member.number: member for member in members if member.number is not None},
        by_address=by_address,
        memberships=await store.memberships_of(conn, [member.id for member in members]),
    )
