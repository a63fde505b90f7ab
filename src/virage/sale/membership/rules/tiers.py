"""Rules of tiers and of members' windows."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from virage.platform.values.localised import missing_in
from virage.platform.values.refusals import Refused, invalid_input, invalid_inputs
from virage.sale.membership.rules.terms import EventWindow, MembershipRefusal, Tier, TierContent
from virage.site.programme.types import YEAR_MAX, YEAR_MIN


def content_of(tier: TierContent) -> TierContent:
    """Return the part of a tier that the office sets."""
    return TierContent(**{name: getattr(tier, name) for name in TierContent.__struct_fields__})


def check_tier(content: TierContent, languages: Sequence[str]) -> Refused | None:
    """Refuse a tier without a name in one of the languages, and an impossible term; all faults at once."""
    errors = [(f"name.{tag}", "A tier has a name in every language.") for tag in missing_in(content.name, languages)]
    if content.ends_on < content.starts_on:
        errors.append(("ends_on", "A term ends on the day it starts, or later."))
    errors += [
        (name, f"The year is between {YEAR_MIN} and {YEAR_MAX}.")
        for name in ("starts_on", "ends_on")
        if not YEAR_MIN <= getattr(content, name).year <= YEAR_MAX
    ]
    return invalid_inputs(errors) if errors else None


def may_change(tier: Tier, content: TierContent, revision: int | None, *, has_members: bool) -> Refused | None:
    """Refuse a change of an outdated revision, and another term for a tier that has members."""
    if revision != tier.revision:
        return Refused(MembershipRefusal.CHANGED, {"revision": tier.revision})
    if has_members and (content.starts_on, content.ends_on) != (tier.starts_on, tier.ends_on):
        return Refused(MembershipRefusal.TIER_HAS_MEMBERS)
    return None


def check_windows(
    windows: Sequence[EventWindow], tier_ids: Collection[UUID], package_ids: Collection[UUID], sale_opens_at: datetime
) -> Refused | None:
    """Refuse a window without tier and package, with one of another organiser, or no earlier than the public sale."""
    if any(not set(window.tier_ids) <= set(tier_ids) for window in windows):
        return Refused(MembershipRefusal.UNKNOWN_TIER)
    if any(not set(window.package_ids) <= set(package_ids) for window in windows):
        return invalid_input("package_ids", "They are packages of the organiser.")
    for window in windows:
        names = [*window.tier_ids, *window.package_ids]
        if not names or len(set(names)) < len(names):
            return invalid_input("tier_ids", "A window is for a tier or a package, and names each once.")
    late = [window.opens_at for window in windows if window.opens_at >= sale_opens_at]
    return Refused(MembershipRefusal.WINDOW_TOO_LATE, {"sale_opens_at": sale_opens_at}) if late else None
