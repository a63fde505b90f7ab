"""Rules of joining: places of a tier, one membership per term, and numbers."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.platform.values.refusals import Refused
from virage.sale.membership.rules.terms import MembershipRefusal, MembershipRow, Tier

PAYS_FOR = timedelta(minutes=15)
REMIND_BEFORE = timedelta(days=30)


def overlap(one: MembershipRow, other: MembershipRow | Tier) -> bool:
    """Return whether two terms have a day in common."""
    return one.starts_on <= other.ends_on and other.starts_on <= one.ends_on


def may_join(
    tier: Tier, mine: Sequence[MembershipRow], places_taken: int, *, is_new: bool, now: datetime, today: date
) -> Refused | None:
    """Return why a person cannot join a tier now, or None.

    `mine` are the person's memberships of the organiser, `places_taken` the places of the tier that new members have.
    """
    if not tier.is_open or tier.ends_on < today:
        return Refused(MembershipRefusal.TIER_CLOSED)
    held = next((one for one in mine if one.occupies(now) and overlap(one, tier)), None)
    if held is not None:
        return Refused(MembershipRefusal.ALREADY_MEMBER, {"membership_id": held.id, "tier_id": held.tier_id})
    if is_new and tier.new_members_max is not None and places_taken >= tier.new_members_max:
        return Refused(MembershipRefusal.TIER_FULL)
    return None


class Decided(Struct, frozen=True):
    """What happens to captured payments: memberships that begin, money that is returned, last numbers by organiser."""

    begun: list[MembershipRow]
    returned: list[MembershipRow]
    last_numbers: dict[UUID, int]


def decide(
    captured: Sequence[MembershipRow],
    siblings: Sequence[MembershipRow],
    tiers: Mapping[UUID, Tier],
    places_taken: Mapping[UUID, int],
    last_numbers: Mapping[UUID, int],
    *,
    now: datetime,
    today: date,
) -> Decided:
    """Decide on captured memberships in order; the registers of their organisers are locked.

    `siblings` are all memberships of their members, `places_taken` the places of new members by tier, `last_numbers`
    the last number by organiser. Money is returned if the membership was cancelled, the person erased, the term over,
    the term already taken by another membership, the last place given to another person meanwhile, or the membership
    that it upgrades ended meanwhile.
    """
    mine: dict[UUID, dict[UUID, MembershipRow]] = {}
    for row in siblings:
        mine.setdefault(row.member_id, {})[row.id] = row
    taken, last = dict(places_taken), dict(last_numbers)
    numbers = {row.member_id: row.number for row in siblings}
    decided = Decided([], [], last)
    for asked in captured:
        own, tier = mine[asked.member_id], tiers[asked.tier_id]
        row = own[asked.id]
        others = [one for one in own.values() if one.id not in {row.id, row.upgrades_id}]
        upgraded = None if row.upgrades_id is None else own.get(row.upgrades_id)
        counted = row.is_new and row.occupies(now)
        left = None if tier.new_members_max is None else tier.new_members_max - taken.get(tier.id, 0) + counted
        if (
            row.state not in ("paying", "failed")
            or row.person_id is None
            or tier.ends_on < today
            or (row.upgrades_id is not None and (upgraded is None or upgraded.state != "active"))
            or any(one.occupies(now) and overlap(one, row) for one in others)
            or (row.is_new and left is not None and left <= 0)
        ):
            decided.returned.append(row)
            continue
        number = numbers[row.member_id]
        if number is None:
            number = last[row.organiser_id] = last.get(row.organiser_id, 0) + 1
            numbers[row.member_id] = number
        if row.is_new and not counted:
            taken[tier.id] = taken.get(tier.id, 0) + 1
        if upgraded is not None:
            own[upgraded.id] = replace(upgraded, state="cancelled", cancelled_at=now)
        own[row.id] = replace(row, state="active", number=number, began_at=now)
        decided.begun.append(own[row.id])
    return decided
