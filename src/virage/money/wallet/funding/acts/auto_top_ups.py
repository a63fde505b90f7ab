"""Automatic top-ups: set and ended by owners, started by a job, turned off after declines."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.money.payments import api as payments
from virage.money.payments.types import (
    FAILED,
    Failed,
    NewSavedCard,
    PaymentIntent,
    PaymentState,
    Reference,
    SavedCard,
    SavedCardState,
)
from virage.money.wallet.accounts import api as accounts
from virage.money.wallet.funding.acts.top_ups import PAYS_FOR, open_top_ups
from virage.money.wallet.funding.rules import auto_top_ups as rules
from virage.money.wallet.funding.rules.auto_top_ups import AutoTopUpRequest, Reason, Rule, RuleState
from virage.money.wallet.funding.rules.top_ups import PURPOSE, Limits, TopUp, may_top_up
from virage.money.wallet.funding.store import auto_top_ups as store
from virage.money.wallet.funding.store import top_ups
from virage.money.wallet.ledger.api import balances_by_id
from virage.money.wallet.ledger.types import Balance
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.data.queue import enqueue
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

OFF_JOB: Final = "wallet.auto_top_up_off"
CONFIRM_JOB: Final = "wallet.auto_top_up_confirm"


class RuleIsOff(Struct, frozen=True, rename={"wallet_id": "purse_id"}):
    """Payload of the job: the wallet whose rule has ended. Queued jobs keep the member's stored name."""

    wallet_id: UUID


class ChargeToConfirm(Struct, frozen=True):
    """Payload of the job: the owner and the charge that the bank wants to be confirmed."""

    wallet_id: UUID
    top_up_id: UUID


async def put_rule(
    conn: Connection, owner_id: UUID, wish: AutoTopUpRequest, *, limits: Limits, return_url: str, now: datetime
) -> SavedCard | Refused:
    """Create or change a person's rule; return its card, whose page must be opened while it is open.

    Another card replaces the previous one, which the provider deletes.
    """
    refusal = rules.refuse(wish, limits)
    if refusal is not None:
        return refusal
    await accounts.ensure_wallet(conn, owner_id, now)
    wallet = await accounts.lock_wallet_of(conn, owner_id)
    if wallet is None or wallet.frozen_at is not None:
        return Refused(Reason.WALLET_FROZEN)
    before = (await store.lock_rules(conn, [wallet.id])).get(wallet.id)
    method = await payments.keep(conn, NewSavedCard(wish.method_id, wallet.id, return_url), now)
    if isinstance(method, Refused):
        return method
    if method.state is SavedCardState.FAILED:
        return Refused(Reason.METHOD_FAILED, {"reason": method.reason})
    if before is not None and before.method_id != wish.method_id:
        await payments.forget(conn, [before.method_id], now)
    rule = _changed(before, wish, wallet.id, now)
    if before is None or rule != before:
        await store.put_rules(conn, [rule])
        about = {"purse": wallet.id, "below": rule.below_cents, "add": rule.add_cents, "day_max": rule.day_max_cents}
        await append(conn, [Fact("auto_top_up_set", owner_id, wish.method_id, about)], now)
    return method


def _changed(before: Rule | None, wish: AutoTopUpRequest, wallet_id: UUID, now: datetime) -> Rule:
    """Return the changed rule. The same request changes nothing; a rule that was off restarts.

    A top-up of the previous card is not charged to the new one; the day still counts it. Nor is one whose page is open.
    """
    said = (wish.method_id, wish.below_cents, wish.add_cents, wish.day_max_cents)
    if before is not None and before.state is RuleState.ON:
        stands = (before.method_id, before.below_cents, before.add_cents, before.day_max_cents)
        if said == stands:
            return before
    rule = Rule(wallet_id, *said, consented_at=now, state=RuleState.ON)
    if before is None:
        return rule
    return Rule(
        wallet_id,
        *said,
        consented_at=now,
        state=RuleState.ON,
        top_up_id=before.top_up_id if before.method_id == wish.method_id and before.state is RuleState.ON else None,
        day=before.day,
        day_cents=before.day_cents,
    )


async def end_rule(conn: Connection, owner_id: UUID, now: datetime) -> None:
    """End a person's rule and delete its card at the provider. A charge in progress is still credited."""
    rule = await _drop_rule(conn, owner_id, now)
    if rule is not None:
        await payments.forget(conn, [rule.method_id], now)


async def _drop_rule(conn: Connection, owner_id: UUID, now: datetime) -> Rule | None:
    wallet = await accounts.lock_wallet_of(conn, owner_id)
    rule = None if wallet is None else (await store.lock_rules(conn, [wallet.id])).get(wallet.id)
    if rule is not None:
        await store.drop_rule(conn, rule.wallet_id)
        await append(conn, [Fact("auto_top_up_ended", owner_id, rule.method_id, {"purse": rule.wallet_id})], now)
    return rule


async def begin_due(conn: Connection, wallet_ids: Sequence[UUID], limits: Limits, *, day: date, now: datetime) -> None:
    """Begin due top-ups; their payments are charged after the commit.

    Everything is checked again under locks, since another process or the fan may have changed it.
    """
    held = await accounts.lock_wallets(conn, list(wallet_ids))
    standing = await store.lock_rules(conn, sorted(held))
    kept = await payments.methods(conn, [rule.method_id for rule in standing.values()])
    coming = await open_top_ups(conn, list(standing), now)
    balances = await balances_by_id(conn, list(standing))
    changed: list[Rule] = []
    for wallet_id, rule in standing.items():
        method, balance = kept.get(rule.method_id), balances.get(wallet_id, Balance())
        if rule.top_up_id is not None or held[wallet_id].frozen_at is not None or method is None:
            continue
        if method.state is SavedCardState.SAVED and rules.is_due(
            rule, balance, limits, day, now, open_cents=coming[wallet_id]
        ):
            changed.append(rules.begun(rule, await _begin(conn, rule, now), day))
        elif method.state in (SavedCardState.FAILED, SavedCardState.FORGETTING, SavedCardState.FORGOTTEN):
            changed.append(rules.ended(rule, method.reason))
    if changed:
        await store.put_rules(conn, changed)


async def _begin(conn: Connection, rule: Rule, now: datetime) -> UUID:
    top_up = TopUp(new_id(), rule.wallet_id, new_id(), rule.add_cents)
    await top_ups.insert_top_up(conn, top_up, now)
    start = PaymentIntent(top_up.payment_id, PURPOSE, top_up.id, top_up.cents, "", now + PAYS_FOR)
    await payments.begin(conn, [start], now)
    about = {"purse": rule.wallet_id, "cents": top_up.cents, "automatic": True}
    await append(conn, [Fact("top_up_begun", None, top_up.id, about)], now)
    return top_up.id


async def confirm(
    conn: Connection, owner_id: UUID, *, limits: Limits, wallet_url: str, now: datetime
) -> PaymentIntent | Refused:
    """Return the payment by which an owner confirms a charge: of the same amount, with the same card offered.

    While its page is open, a repeated request returns the same payment. Refusals: nothing_to_confirm, wallet_frozen,
    wallet_would_exceed.
    """
    wallet = await accounts.lock_wallet_of(conn, owner_id)
    rule = None if wallet is None else (await store.lock_rules(conn, [wallet.id])).get(wallet.id)
    if wallet is None or rule is None or rule.state is not RuleState.CONFIRM or rule.top_up_id is None:
        return Refused(Reason.NOTHING_TO_CONFIRM)
    asked = (await top_ups.top_ups(conn, [rule.top_up_id]))[rule.top_up_id]
    payment = await payments.payment(conn, asked.payment_id)
    card = (await payments.methods(conn, [rule.method_id])).get(rule.method_id)
    if card is None or card.state is not SavedCardState.SAVED or payment is None:
        return Refused(Reason.NOTHING_TO_CONFIRM)
    top_up, expires_at = asked, payment.expires_at
    if payment.state in FAILED:
        open_cents = (await open_top_ups(conn, [wallet.id], now))[wallet.id]
        balance = (await balances_by_id(conn, [wallet.id])).get(wallet.id, Balance())
        refusal = may_top_up(wallet, balance.balance_cents, open_cents, asked.cents, limits)
        if refusal is not None:
            return refusal
        top_up, expires_at = TopUp(new_id(), wallet.id, new_id(), asked.cents), now + PAYS_FOR
    start = PaymentIntent(
        top_up.payment_id,
        PURPOSE,
        top_up.id,
        top_up.cents,
        f"{wallet_url}?top_up={top_up.id}",
        expires_at,
        card=Reference(card.id, card.provider_ref),
    )
    if top_up is not asked:
        await top_ups.insert_top_up(conn, top_up, now)
        await payments.begin(conn, [start], now)
        await store.put_rules(conn, [replace(rule, top_up_id=top_up.id)])
        about = {"purse": wallet.id, "cents": top_up.cents, "confirms": asked.id}
        await append(conn, [Fact("top_up_begun", owner_id, top_up.id, about)], now)
    return start


async def end_unconfirmed(conn: Connection, wallet_ids: Sequence[UUID], now: datetime) -> None:
    """End rules whose owners did not confirm a charge in time; a job emails them."""
    held = await accounts.lock_wallets(conn, list(wallet_ids))
    standing = await store.lock_rules(conn, sorted(held))
    off = [rules.ended(rule, rule.reason) for rule in standing.values() if rules.is_lapsed(rule, now)]
    if off:
        await store.put_rules(conn, off)
        await _tell_off(conn, off, now)


async def _tell_off(conn: Connection, off: Sequence[Rule], now: datetime) -> None:
    facts = [Fact("auto_top_up_off", None, rule.method_id, {"purse": rule.wallet_id}) for rule in off]
    await append(conn, facts, now)
    await enqueue(conn, OFF_JOB, [RuleIsOff(rule.wallet_id) for rule in off])


async def waiting_for(conn: Connection, top_up_ids: Sequence[UUID]) -> list[Rule]:
    """Lock the rules that wait for these top-ups, after their wallets and before accounts."""
    return list((await store.lock_rules_that_wait(conn, top_up_ids)).values())


async def credited(conn: Connection, waiting: Sequence[Rule]) -> None:
    """Clear the open top-up of locked rules whose top-ups were credited."""
    if waiting:
        await store.put_rules(conn, [rules.credited(rule) for rule in waiting])


async def sent_back(conn: Connection, waiting: Sequence[Rule], now: datetime) -> None:
    """Pause rules whose top-ups exceeded the wallet's limit; this is not a decline."""
    asked = await top_ups.top_ups(conn, [one.top_up_id for one in waiting if one.top_up_id]) if waiting else {}
    paused = [
        rules.failed(rule, Reason.WALLET_WOULD_EXCEED, cents=asked[rule.top_up_id].cents, declined=False, now=now)
        for rule in waiting
        if rule.top_up_id
    ]
    if paused:
        await store.put_rules(conn, paused)


async def failed(conn: Connection, payments_: Sequence[Failed], now: datetime) -> None:
    """Pause or end rules whose top-ups failed, or let them wait for their owners, whom jobs email."""
    news = {one.subject: one for one in payments_}
    waiting = await store.lock_rules_that_wait(conn, list(news))
    asked = await top_ups.top_ups(conn, [one.top_up_id for one in waiting.values() if one.top_up_id]) if waiting else {}
    after = [_after(rule, news, asked, now) for rule in waiting.values()]
    if after:
        await store.put_rules(conn, after)
    await _tell_off(conn, [rule for rule in after if rule.state is RuleState.OFF], now)
    asking = [
        ChargeToConfirm(rule.wallet_id, rule.top_up_id)
        for rule in after
        if rule.state is RuleState.CONFIRM and waiting[rule.wallet_id].state is RuleState.ON and rule.top_up_id
    ]
    await append(
        conn, [Fact("top_up_to_confirm", None, one.top_up_id, {"purse": one.wallet_id}) for one in asking], now
    )
    await enqueue(conn, CONFIRM_JOB, asking)


def _after(rule: Rule, news: Mapping[UUID, Failed], asked: Mapping[UUID, TopUp], now: datetime) -> Rule:
    assert rule.top_up_id is not None  # noqa: S101 - it was found by it
    said = news[rule.top_up_id]
    declined = said.state is PaymentState.DECLINED or said.reason is not None
    cents = asked[rule.top_up_id].cents
    return rules.failed(rule, said.reason or said.state.value, cents=cents, declined=declined, now=now)


async def erased(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:
    """End the rule of an erased person; the card is deleted when the wallet is closed."""
    await _drop_rule(conn, person_id, now)
    return None
