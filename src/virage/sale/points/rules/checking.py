"""Checks of what the office sets: programmes and rewards."""

from collections.abc import Collection, Sequence
from uuid import UUID

from virage.platform.values.localised import is_partial, missing_in
from virage.platform.values.refusals import Refused, invalid_inputs
from virage.sale.points.rules.terms import ProgrammeContent, Reward, RewardContent
from virage.site.programme.types import YEAR_MAX, YEAR_MIN


def content_of(programme: ProgrammeContent) -> ProgrammeContent:
    """Return the part of a programme that the office sets."""
    return ProgrammeContent(**{name: getattr(programme, name) for name in ProgrammeContent.__struct_fields__})


def reward_content_of(reward: RewardContent) -> RewardContent:
    """Return the part of a reward that the office sets."""
    return RewardContent(**{name: getattr(reward, name) for name in RewardContent.__struct_fields__})


def check_programme(
    content: ProgrammeContent, series_ids: Collection[UUID], languages: Sequence[str]
) -> Refused | None:
    """Refuse missing names, series of other organisers, and rules or tiers that are there twice; all faults at once."""
    errors = [
        (f"name.{tag}", "A programme has a name in every language.") for tag in missing_in(content.name, languages)
    ]
    for at, rule in enumerate(content.rules):
        errors += [
            (f"rules.{at}.name.{tag}", "A rule has a name in every language.")
            for tag in missing_in(rule.name, languages)
        ]
        if rule.series_id is not None and rule.series_id not in series_ids:
            errors.append((f"rules.{at}.series_id", "The series is one of the organiser."))
    for at, tier in enumerate(content.tiers):
        errors += [
            (f"tiers.{at}.name.{tag}", "A tier has a name in every language.")
            for tag in missing_in(tier.name, languages)
        ]
        if is_partial(tier.benefits, languages):
            errors.append((f"tiers.{at}.benefits", "Benefits are written in every language or in none."))
    if len({rule.id for rule in content.rules}) < len(content.rules):
        errors.append(("rules", "Each rule has an id of its own."))
    if len({tier.id for tier in content.tiers}) < len(content.tiers):
        errors.append(("tiers", "Each tier has an id of its own."))
    if len({tier.threshold for tier in content.tiers}) < len(content.tiers):
        errors.append(("tiers", "Each tier has a threshold of its own."))
    return invalid_inputs(errors) if errors else None


def check_reward(content: RewardContent, known: Reward | None, languages: Sequence[str]) -> Refused | None:
    """Refuse missing words, impossible times, and a stock below what is redeemed; all faults at once."""
    errors = [(f"name.{tag}", "A reward has a name in every language.") for tag in missing_in(content.name, languages)]
    if is_partial(content.description, languages):
        errors.append(("description", "A description is written in every language or in none."))
    if content.closes_at <= content.opens_at:
        errors.append(("closes_at", "A reward closes after it opens."))
    errors += [
        (name, f"The year is between {YEAR_MIN} and {YEAR_MAX}.")
        for name in ("opens_at", "closes_at")
        if not YEAR_MIN <= getattr(content, name).year <= YEAR_MAX
    ]
    if (content.kind == "voucher") != (content.voucher_cents is not None):
        errors.append(("voucher_cents", "A voucher has an amount, and no other reward has one."))
    if content.asks_text and content.kind != "experience":
        errors.append(("asks_text", "Only an experience asks for a text."))
    if known is not None:
        if known.kind != content.kind:
            errors.append(("kind", "The kind of a reward stays."))
        if content.stock is not None and content.stock < known.taken:
            errors.append(("stock", "The stock covers what is redeemed."))
    return invalid_inputs(errors) if errors else None
