"""Points for fans: programmes, their accounts, and why they have these points."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from virage.platform.data.database import Connection
from virage.platform.values.localised import LocalisedText
from virage.platform.values.money import Cents
from virage.sale.points.rules.earning import TIER_OF, next_tier, tier_at
from virage.sale.points.rules.lots import Notice, open_lots, upcoming
from virage.sale.points.rules.terms import (
    Account,
    Basis,
    EarningRule,
    Movement,
    MovementKind,
    PointsTier,
    Programme,
    Redemption,
    RedemptionState,
    Reward,
    RewardKind,
)
from virage.sale.points.store import accounts as store
from virage.sale.points.store import programmes as programmes_store
from virage.sale.points.store import rewards as rewards_store
from virage.site.programme import api as programme

PAGE: Final = 50


class PointsRuleView(Struct, frozen=True):
    """A rule as fans read it; `series` is the title of the series that it is for, None for all events."""

    name: LocalisedText
    basis: Basis
    points: int
    series: LocalisedText | None
    event_kind: str | None


class RewardView(Struct, frozen=True):
    """A reward that can be redeemed now or later; `left` is None without a limit, `mine` how many the person has."""

    id: UUID
    kind: RewardKind
    name: LocalisedText
    description: LocalisedText
    price_points: int
    left: int | None
    limit_per_person: int | None
    mine: int
    opens_at: datetime
    closes_at: datetime
    voucher_cents: Cents | None
    asks_text: bool


class RedemptionView(Struct, frozen=True):
    """A redeemed reward for its person, with the code that they show."""

    id: UUID
    name: LocalisedText
    kind: RewardKind
    price_points: int
    state: RedemptionState
    code: str
    by_bonus: bool
    redeemed_at: datetime
    state_at: datetime
    cancel_reason: str | None
    text: str | None


class PointsAccountView(Struct, frozen=True):
    """A person's points: `earned` in the last 12 months decide the tier, and `lapses` says what goes when.

    `last_number` is the number of the latest movement in the balance, 0 for none. `multiplier_permille` is that of the
    tier; `to_next` are the points that are missing to the next one.
    """

    id: UUID
    joined_at: datetime
    last_number: int
    balance: int
    earned: int
    tier: PointsTier | None
    next_tier: PointsTier | None
    to_next: int | None
    lapses: list[Notice]


class PointsView(Struct, frozen=True):
    """The points of an organiser for a person; `account` is None before they join."""

    organiser_id: UUID
    organiser: str
    name: LocalisedText
    is_open: bool
    rules: list[PointsRuleView]
    tiers: list[PointsTier]
    lapse_months: int | None
    account: PointsAccountView | None
    rewards: list[RewardView]
    redemptions: list[RedemptionView]


class PointsMovement(Struct, frozen=True):
    """A movement with its reason: the rule as it was then, the event, or the reward.

    `cents` is what was spent, less refunds; `multiplier_permille` is that of the tier then. `written_off` are points
    that a refund should have taken back and that had been spent.
    """

    number: int
    kind: MovementKind
    at: datetime
    points: int
    written_off: int
    rule: LocalisedText | None
    basis: Basis | None
    rate: int | None
    multiplier_permille: int | None
    cents: Cents | None
    event: LocalisedText | None
    event_at: datetime | None
    reward: LocalisedText | None


class PointsMovements(Struct, frozen=True):
    """Movements of an account, the latest first, at most 50; `more` continues before the last number."""

    movements: list[PointsMovement]
    more: bool


async def points_of(conn: Connection, person_id: UUID | None, zone: ZoneInfo, now: datetime) -> list[PointsView]:
    """Return the open programmes, and those in which a person has an account; theirs first."""
    mine = [] if person_id is None else await store.accounts_of_person(conn, person_id)
    accounts = {account.organiser_id: account for account in mine if account.closed_at is None}
    found = await programmes_store.programmes(conn, None)
    shown = [one for id_, one in found.items() if one.is_open or id_ in accounts]
    ids = [one.organiser_id for one in shown]
    names = {one.id: one.name for one in await programme.organisers(conn, ids)}
    series = {one.id: one.title for one in await programme.series(conn, ids)}
    views = await _account_views(conn, list(accounts.values()), found, zone, now)
    own_ids = [account.id for account in accounts.values()]
    rewards = [reward for reward in await rewards_store.rewards_of(conn, ids) if reward.closes_at > now]
    counts = await rewards_store.count_redeemed(conn, own_ids)
    redeemed = await rewards_store.redemptions_of(conn, own_ids)
    programmes = [
        PointsView(
            organiser_id=one.organiser_id,
            organiser=names.get(one.organiser_id, ""),
            name=one.name,
            is_open=one.is_open,
            rules=[
                _rule_view(rule, None if rule.series_id is None else series.get(rule.series_id)) for rule in one.rules
            ],
            tiers=sorted(one.tiers, key=lambda tier: tier.threshold),
            lapse_months=one.lapse_months,
            account=None if account is None else views[account.id],
            rewards=[
                _reward_view(reward, 0 if account is None else counts.get((account.id, reward.id), 0))
                for reward in rewards
                if reward.organiser_id == one.organiser_id
            ],
            redemptions=[
                redemption_view(redemption)
                for redemption in redeemed
                if account is not None and redemption.account_id == account.id
            ],
        )
        for one in shown
        for account in (accounts.get(one.organiser_id),)
    ]
    return sorted(programmes, key=lambda one: (one.account is None, one.organiser))


async def _account_views(
    conn: Connection, accounts: Sequence[Account], programmes: dict[UUID, Programme], zone: ZoneInfo, now: datetime
) -> dict[UUID, PointsAccountView]:
    """Return accounts as their people see them, by id."""
    ids = [account.id for account in accounts]
    movements, notices = await store.movements_of(conn, ids), await store.notices_of(conn, ids)
    stands = await store.stands(conn, ids, now - TIER_OF)
    found = {}
    for account in accounts:
        one, stand, lots = programmes[account.organiser_id], stands[account.id], open_lots(movements[account.id])
        following = next_tier(one.tiers, stand.earned)
        found[account.id] = PointsAccountView(
            id=account.id,
            joined_at=account.joined_at,
            last_number=stand.last_number,
            balance=stand.balance,
            earned=stand.earned,
            tier=tier_at(one.tiers, stand.earned),
            next_tier=following,
            to_next=None if following is None else following.threshold - stand.earned,
            lapses=upcoming(lots, notices[account.id], one.lapse_months, zone),
        )
    return found


def _rule_view(rule: EarningRule, series: LocalisedText | None) -> PointsRuleView:
    return PointsRuleView(rule.name, rule.basis, rule.points, series, rule.event_kind)


def _reward_view(reward: Reward, mine: int) -> RewardView:
    return RewardView(
        id=reward.id,
        kind=reward.kind,
        name=reward.name,
        description=reward.description,
        price_points=reward.price_points,
        left=reward.left,
        limit_per_person=reward.limit_per_person,
        mine=mine,
        opens_at=reward.opens_at,
        closes_at=reward.closes_at,
        voucher_cents=reward.voucher_cents,
        asks_text=reward.asks_text,
    )


def redemption_view(redemption: Redemption) -> RedemptionView:
    """Return a redeemed reward as its person sees it."""
    return RedemptionView(
        id=redemption.id,
        name=redemption.name,
        kind=redemption.kind,
        price_points=redemption.price_points,
        state=redemption.state,
        code=redemption.code,
        by_bonus=redemption.by_bonus,
        redeemed_at=redemption.redeemed_at,
        state_at=redemption.state_at,
        cancel_reason=redemption.cancel_reason,
        text=redemption.text,
    )


async def movements(conn: Connection, account_id: UUID, person_id: UUID, before: int) -> PointsMovements | None:
    """Return a page of what moved in a person's account before a number; None for an account of another one."""
    account = (await store.accounts(conn, [account_id])).get(account_id)
    if account is None or account.person_id != person_id:
        return None
    found = await store.movements_page(conn, account_id, before, PAGE + 1)
    return PointsMovements(await explained(conn, account, found[:PAGE]), len(found) > PAGE)


async def explained(conn: Connection, account: Account, found: Collection[Movement]) -> list[PointsMovement]:
    """Return movements of an account with their reasons in the words of the rules at the time."""
    revisions = await programmes_store.revisions(
        conn, {(account.organiser_id, one.revision) for one in found if one.revision is not None}
    )
    events = await programme.events(conn, sorted({one.event_id for one in found if one.event_id is not None}))
    rewards = await rewards_store.redemptions(
        conn, [one.source for one in found if one.kind in {"redeemed", "returned"}]
    )
    views = []
    for one in found:
        past = None if one.revision is None else revisions.get((account.organiser_id, one.revision))
        rule = None if past is None else next((rule for rule in past.rules if rule.id == one.rule_id), None)
        event = None if one.event_id is None else events.get(one.event_id)
        reward = rewards.get(one.source)
        views.append(
            PointsMovement(
                number=one.number,
                kind=one.kind,
                at=one.at,
                points=one.points,
                written_off=one.written_off,
                rule=None if rule is None else rule.name,
                basis=None if rule is None else rule.basis,
                rate=one.rate,
                multiplier_permille=one.multiplier_permille,
                cents=one.cents,
                event=None if event is None else event.title,
                event_at=None if event is None else event.starts_at,
                reward=None if reward is None else reward.name,
            )
        )
    return views


class ExportedPoints(Struct, frozen=True):
    """A person's account of an organiser's points with all that moved in it and what they redeemed."""

    id: UUID
    organiser_id: UUID
    joined_at: datetime
    closed_at: datetime | None
    movements: list[PointsMovement]
    redemptions: list[RedemptionView]


async def export(conn: Connection, person_id: UUID) -> list[ExportedPoints]:
    """Return all personal data that points store about a person."""
    accounts = await store.accounts_of_person(conn, person_id)
    ids = [account.id for account in accounts]
    moved, redeemed = await store.movements_of(conn, ids), await rewards_store.redemptions_of(conn, ids)
    return [
        ExportedPoints(
            account.id,
            account.organiser_id,
            account.joined_at,
            account.closed_at,
            await explained(conn, account, moved[account.id]),
            [redemption_view(one) for one in redeemed if one.account_id == account.id],
        )
        for account in accounts
    ]
