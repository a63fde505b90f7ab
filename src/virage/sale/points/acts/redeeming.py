"""Redeeming rewards, and what the office does with redeemed ones."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.identity.people import api as people
from virage.identity.people.types import EmailKind
from virage.money.payments import api as payments
from virage.money.wallet.accounts import api as wallets
from virage.money.wallet.funding.api import give_bonus
from virage.money.wallet.funding.types import BonusGrant, BonusReason
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.sale.points.acts.emails import tell_of_reward
from virage.sale.points.acts.posting import post
from virage.sale.points.rules.earning import TIER_OF, movement_id
from virage.sale.points.rules.handovers import Handover, HandoverRefusal
from virage.sale.points.rules.rewards import NEXT, may_redeem, new_code
from virage.sale.points.rules.terms import (
    TEXT_MAX,
    Account,
    Movement,
    PointsRefusal,
    Redemption,
    RedemptionState,
    Reward,
)
from virage.sale.points.store import accounts as accounts_store
from virage.sale.points.store import rewards as store

Text = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]


class RedeemRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Redeem a reward at the price that the person saw. The client makes `id`: a repeated request is one reward."""

    id: UUID
    reward_id: UUID
    price_points: int
    text: Text | None = None


async def redeem(  # noqa: PLR0911 - each reason by its name
    conn: Connection, person_id: UUID, request: RedeemRequest, now: datetime
) -> Redemption | Refused:
    """Redeem a reward: its points, its stock and the reward move together. A repeated request gets the first answer.

    A voucher of an organiser without an account of its own is bonus credit of the person's wallet, at once. Refusals:
    `not_found`, `points_not_joined`, `id_reused`, those of `may_redeem`, and those of a bonus grant.
    """
    found = await store.reward(conn, request.reward_id)
    if found is None:
        return Refused(PointsRefusal.NOT_FOUND)
    mine = (await accounts_store.open_accounts_of(conn, found.organiser_id, [person_id])).get(person_id)
    if mine is None:
        return Refused(PointsRefusal.NOT_JOINED)
    account = (await accounts_store.lock_accounts(conn, [mine.id]))[mine.id]
    known = (await store.redemptions(conn, [request.id])).get(request.id)
    if known is not None:
        same = (known.person_id, known.reward_id, known.price_points)
        return known if same == (person_id, found.id, request.price_points) else Refused(PointsRefusal.ID_REUSED)
    if account.closed_at is not None:
        return Refused(PointsRefusal.NOT_JOINED)
    reward = await store.lock_reward(conn, found.id)
    assert reward is not None  # noqa: S101 - rewards are not deleted
    stand = (await accounts_store.stands(conn, [account.id], now - TIER_OF))[account.id]
    redeemed = (await store.count_redeemed(conn, [account.id])).get((account.id, reward.id), 0)
    refusal = may_redeem(
        reward, request.price_points, redeemed=redeemed, available=stand.balance, text=request.text, now=now
    )
    if refusal is not None:
        return refusal
    by_bonus = reward.kind == "voucher" and not await payments.has_account(conn, reward.organiser_id)
    if by_bonus:  # before the points: the wallet is locked before the accounts of the ledger
        refusal = await _give_voucher(conn, request.id, person_id, reward, now)
        if refusal is not None:
            return refusal
    await store.count_taken(conn, reward.id, 1)
    new = Redemption(
        id=request.id,
        account_id=account.id,
        organiser_id=reward.organiser_id,
        person_id=person_id,
        reward_id=reward.id,
        kind=reward.kind,
        name=reward.name,
        price_points=reward.price_points,
        state="handed_over" if by_bonus else "open",
        code=new_code(),
        by_bonus=by_bonus,
        redeemed_at=now,
        state_at=now,
        cancel_reason=None,
        text=request.text if reward.asks_text else None,
    )
    if not await store.insert_redemption(conn, new):  # by another person at the same time
        return Refused(PointsRefusal.ID_REUSED)
    await _move(conn, account, new, "redeemed", stand.last_number + 1, person_id, now)
    return new


async def _give_voucher(
    conn: Connection, redemption_id: UUID, person_id: UUID, reward: Reward, now: datetime
) -> Refused | None:
    """Grant the amount of a voucher as bonus credit of the person's wallet."""
    assert reward.voucher_cents is not None  # noqa: S101 - a voucher has an amount
    wallet = await wallets.ensure_wallet(conn, person_id, now)
    grant = BonusGrant(redemption_id, wallet.id, reward.voucher_cents, BonusReason.PROMOTION)
    (given,) = await give_bonus(conn, [grant], now)
    return given if isinstance(given, Refused) else None


async def _move(  # noqa: PLR0917 - the parts of one movement
    conn: Connection,
    account: Account,
    redemption: Redemption,
    kind: str,
    number: int,
    who: UUID | None,
    now: datetime,
) -> None:
    """Move the points of a redeemed reward out of the account, or back."""
    is_back = kind == "returned"
    movement = Movement(
        id=movement_id(account.id, f"{kind}:{redemption.id}"),
        account_id=account.id,
        number=number,
        kind="returned" if is_back else "redeemed",
        at=now,
        points=redemption.price_points if is_back else -redemption.price_points,
        source=redemption.id,
    )
    await post(conn, {account.id: account}, [movement], who, now)


async def hand_over(conn: Connection, handover: Handover, till_id: UUID, now: datetime) -> Redemption | Refused:
    """Mark a redeemed reward as handed over at a till, once. A repeated request gets the first answer.

    Refusals: `cashier_not_here`, `reward_code_unknown`, `redemption_state` (data.state, data.at).
    """
    if not await people.may_sell_at(conn, handover.cashier_id, handover.outlet, now):
        return Refused(HandoverRefusal.CASHIER_NOT_HERE)
    redemption_id = await store.redemption_of_code(conn, handover.normal)
    if redemption_id is None:
        return Refused(HandoverRefusal.CODE_UNKNOWN)
    found = (await store.redemptions(conn, [redemption_id]))[redemption_id]
    await accounts_store.lock_accounts(conn, [found.account_id])
    redemption = (await store.redemptions(conn, [redemption_id]))[redemption_id]
    if "handed_over" in NEXT[redemption.state]:
        await store.hand_over(conn, redemption_id, handover, till_id, now)
        data = {"state": "handed_over", "till": till_id}
        await append(conn, [Fact("points_reward_state", handover.cashier_id, redemption_id, data)], now)
        return replace(redemption, state="handed_over", state_at=now)
    if await store.handover_id(conn, redemption_id) == handover.id:
        return redemption
    return Refused(HandoverRefusal.STATE, {"state": redemption.state, "at": redemption.state_at})


async def set_state(
    conn: Connection,
    redemption_id: UUID,
    state: RedemptionState,
    reason: str | None,
    *,
    who: UUID | None,
    now: datetime,
) -> Redemption | Refused:
    """Mark a redeemed reward as ready or handed over, or cancel it and return its points. A repetition changes nothing.

    The person is told when it is ready or cancelled. Points of an account that was closed are not returned. Refusals:
    `not_found`, `redemption_state` (data.state).
    """
    found = (await store.redemptions(conn, [redemption_id])).get(redemption_id)
    if found is None:
        return Refused(PointsRefusal.NOT_FOUND)
    account = (await accounts_store.lock_accounts(conn, [found.account_id]))[found.account_id]
    redemption = (await store.redemptions(conn, [redemption_id]))[redemption_id]
    if redemption.state == state:
        return redemption
    if state not in NEXT[redemption.state]:
        return Refused(PointsRefusal.STATE, {"state": redemption.state})
    await store.set_state(conn, redemption_id, state, reason if state == "cancelled" else None, now)
    await append(conn, [Fact("points_reward_state", who, redemption_id, {"state": state})], now)
    if state == "cancelled":
        await store.lock_reward(conn, redemption.reward_id)
        await store.count_taken(conn, redemption.reward_id, -1)
        if account.closed_at is None:
            stand = (await accounts_store.stands(conn, [account.id], now - TIER_OF))[account.id]
            await _move(conn, account, redemption, "returned", stand.last_number + 1, who, now)
        await tell_of_reward(conn, EmailKind.REWARD_CANCELLED, redemption, now)
    elif state == "ready":
        await tell_of_reward(conn, EmailKind.REWARD_READY, redemption, now)
    return replace(redemption, state=state, state_at=now, cancel_reason=reason if state == "cancelled" else None)
