"""Members and their memberships."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from virage.platform.data.database import Connection
from virage.platform.values.money import Cents
from virage.sale.membership.rules.books import MembershipMoney
from virage.sale.membership.rules.terms import Member, MembershipRow
from virage.sale.membership.store.queries import queries


class UnclaimedMember(Struct, frozen=True):
    """An imported member whose person has not signed in yet, and their address in its stored spelling."""

    member: Member
    email: str


class ListedMember(Struct, frozen=True):
    """A member with a number; `email` is that of an imported one whose person has not signed in yet."""

    id: UUID
    number: int
    person_id: UUID | None
    email: str | None
    is_erased: bool


class NewMembership(Struct, frozen=True):
    """A membership to insert; `payment_id` is None if nothing is paid. `upgrades_id` is the one that it replaces."""

    id: UUID
    tier_id: UUID
    member_id: UUID
    is_new: bool
    price_cents: Cents
    vat_permille: int
    payment_id: UUID | None
    upgrades_id: UUID | None = None


def _member(row: Mapping[str, Any]) -> Member:
    return Member(
        row["id"], row["organiser_id"], row["number"], row["person_id"], row["mailbox"], is_erased=row["is_erased"]
    )


async def members_of_person(conn: Connection, person_id: UUID) -> list[Member]:
    """Return the members that a person is, by organiser."""
    return [_member(row) async for row in queries.members_of_person(conn, person_id=person_id)]


async def members_of_mailbox(conn: Connection, mailbox: str) -> list[Member]:
    """Return imported members with this mailbox whose person has not signed in yet, by organiser."""
    return [_member(row) async for row in queries.members_of_mailbox(conn, mailbox=mailbox)]


async def unclaimed_members(conn: Connection, after: UUID, most: int) -> list[UnclaimedMember]:
    """Return imported members whose person has not signed in yet, by id."""
    rows = queries.unclaimed_members(conn, after=after, most=most)
    return [UnclaimedMember(_member(row), row["email"]) async for row in rows]


async def members_known(
    conn: Connection,
    organiser_id: UUID,
    numbers: Sequence[int],
    person_ids: Sequence[UUID],
    mailboxes: Sequence[str],
) -> list[Member]:
    """Return members of an organiser with one of these numbers, persons or mailboxes."""
    rows = queries.members_known(
        conn, organiser_id=organiser_id, numbers=numbers, person_ids=person_ids, mailboxes=mailboxes
    )
    return [_member(row) async for row in rows]


async def insert_members(
    conn: Connection, organiser_id: UUID, members: Sequence[tuple[Member, str | None]], now: datetime
) -> None:
    """Insert members, each with the address of a person who has not signed in yet."""
    await queries.insert_members(
        conn,
        organiser_id=organiser_id,
        ids=[member.id for member, _ in members],
        numbers=[member.number for member, _ in members],
        person_ids=[member.person_id for member, _ in members],
        emails=[email for _, email in members],
        mailboxes=[member.mailbox for member, _ in members],
        now=now,
    )


async def number_members(conn: Connection, numbers: Mapping[UUID, int]) -> None:
    """Store the numbers of members who have none."""
    await queries.number_members(conn, ids=list(numbers.keys()), numbers=list(numbers.values()))


async def address_members(conn: Connection, members: Sequence[tuple[Member, str | None]]) -> None:
    """Store the persons of members, or else their addresses."""
    await queries.address_members(
        conn,
        ids=[member.id for member, _ in members],
        person_ids=[member.person_id for member, _ in members],
        emails=[email for _, email in members],
        mailboxes=[member.mailbox for member, _ in members],
    )


async def merge_into(conn: Connection, member_id: UUID, other_id: UUID) -> None:
    """Move the memberships of a member without a number to another member of the same person."""
    await queries.move_memberships(conn, from_id=member_id, to_id=other_id)
    await queries.release_member(conn, id=member_id)


async def erase_members(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Remove the person or the address from members, and end their memberships."""
    await queries.erase_members(conn, ids=ids, now=now)
    await queries.erase_memberships(conn, member_ids=ids, now=now)


async def members_over(conn: Connection, today: date) -> dict[UUID, UUID]:
    """Return the imported members with an address whose last term is over, with their organisers."""
    return {row["id"]: row["organiser_id"] async for row in queries.members_over(conn, today=today)}


async def forget_addresses(conn: Connection, ids: Sequence[UUID], today: date) -> list[UUID]:
    """Delete the addresses of these imported members if their last term is over; return which ones."""
    return [row["id"] async for row in queries.forget_addresses(conn, ids=ids, today=today)]


async def memberships(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, MembershipRow]:
    """Return memberships by id."""
    return {row["id"]: MembershipRow(*row) async for row in queries.memberships(conn, ids=ids)}


async def memberships_of(conn: Connection, member_ids: Sequence[UUID]) -> list[MembershipRow]:
    """Return all memberships of members."""
    return [MembershipRow(*row) async for row in queries.memberships_of_members(conn, member_ids=member_ids)]


async def insert_memberships(
    conn: Connection,
    new: Sequence[NewMembership],
    now: datetime,
    *,
    pays_until: datetime | None,
    is_imported: bool = False,
) -> None:
    """Insert memberships: paid for until `pays_until`, or active at once."""
    await queries.insert_memberships(
        conn,
        ids=[one.id for one in new],
        tier_ids=[one.tier_id for one in new],
        member_ids=[one.member_id for one in new],
        state="active" if pays_until is None else "paying",
        are_new=[one.is_new for one in new],
        is_imported=is_imported,
        prices=[one.price_cents for one in new],
        rates=[one.vat_permille for one in new],
        payment_ids=[one.payment_id for one in new],
        upgrades=[one.upgrades_id for one in new],
        now=now,
        pays_until=pays_until,
    )


async def begin_memberships(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Begin paid memberships."""
    await queries.begin_memberships(conn, ids=ids, now=now)


async def with_upgraded(conn: Connection, row: MembershipRow) -> list[MembershipRow]:
    """Return a membership and those that it upgraded, the latest first."""
    found = [row]
    while found[-1].upgrades_id is not None:
        found += (await memberships(conn, [found[-1].upgrades_id])).values()
    return found


async def end_upgraded(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """End memberships that others replace."""
    await queries.end_upgraded(conn, ids=ids, now=now)


async def fail_memberships(conn: Connection, ids: Sequence[UUID]) -> None:
    """Mark memberships that are being paid as not paid."""
    await queries.fail_memberships(conn, ids=ids)


async def count_returned(conn: Connection, returned: Sequence[tuple[UUID, Cents]]) -> None:
    """Add returned money to memberships."""
    await queries.count_returned(conn, ids=[id_ for id_, _ in returned], cents=[cents for _, cents in returned])


async def cancel_membership(
    conn: Connection, id_: UUID, reason: str, *, refund_id: UUID | None, refunded_cents: Cents, now: datetime
) -> None:
    """Cancel a membership."""
    await queries.cancel_membership(
        conn, id=id_, reason=reason, refund_id=refund_id, refunded_cents=refunded_cents, now=now
    )


async def reasons(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return why memberships were cancelled, by id."""
    return {row["id"]: row["cancel_reason"] async for row in queries.reasons(conn, ids=ids)}


async def due_reminders(conn: Connection, today: date, until: date, most: int) -> list[MembershipRow]:
    """Return memberships of persons whose term ends until a day, which were not reminded of and not renewed."""
    return [MembershipRow(*row) async for row in queries.due_reminders(conn, today=today, until=until, most=most)]


async def mark_reminded(conn: Connection, ids: Sequence[UUID], now: datetime) -> set[UUID]:
    """Mark memberships as reminded of; return those that were not yet."""
    return {row["id"] async for row in queries.mark_reminded(conn, ids=ids, now=now)}


async def list_members(  # noqa: PLR0917 - the parts of a search
    conn: Connection,
    organiser_id: UUID,
    tier_id: UUID | None,
    number: int | None,
    person_ids: Sequence[UUID] | None,
    address: str | None,
    *,
    after: int,
    most: int,
) -> list[ListedMember]:
    """Return members of an organiser by number, after a number; those found by one of the given parts, else all."""
    rows = queries.list_members(
        conn,
        organiser_id=organiser_id,
        tier_id=tier_id,
        number=number,
        person_ids=person_ids,
        address=address,
        after=after,
        most=most,
    )
    return [ListedMember(**row) async for row in rows]


async def money_moved(conn: Connection, until: datetime, zone: ZoneInfo, begins: timedelta) -> list[MembershipMoney]:
    """Return revenue and refunds of memberships before `until`, by business day and VAT rate."""
    return [MembershipMoney(*row) async for row in queries.money_moved(conn, until=until, zone=zone.key, begins=begins)]
