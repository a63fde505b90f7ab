"""A fan's automatic top-up, as shown to the fan."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from virage.identity.people.types import Email, EmailContent
from virage.money.payments import api as payments
from virage.money.payments.types import SavedCardState
from virage.money.wallet.accounts.api import wallet_of
from virage.money.wallet.funding.rules.auto_top_ups import CONFIRM_DAYS, RuleState
from virage.money.wallet.funding.rules.top_ups import WALLET_PATH
from virage.money.wallet.funding.store import auto_top_ups as store
from virage.money.wallet.funding.store import top_ups
from virage.platform.data.database import Connection
from virage.platform.values.days import local_day
from virage.platform.values.money import Cents


class AutoTopUpView(Struct, frozen=True):
    """An automatic top-up. `state` is `waiting` until its card is saved; `reason` says why it is off or paused.

    `card` is the provider's label, such as the last digits. `today_cents` counts the local day of the deployment.
    `confirm_cents`: in the state `confirm`, the charge that the bank wants its owner to confirm until `retry_at`.
    """

    method_id: UUID
    below_cents: Cents
    add_cents: Cents
    day_max_cents: Cents
    state: RuleState
    reason: str | None
    card: str | None
    today_cents: Cents
    retry_at: datetime | None
    confirm_cents: Cents | None = None


async def rule_view(conn: Connection, owner_id: UUID, *, zone: ZoneInfo, now: datetime) -> AutoTopUpView | None:
    """Return a person's rule, or None."""
    wallet = await wallet_of(conn, owner_id)
    rule = None if wallet is None else await store.rule(conn, wallet.id)
    if rule is None:
        return None
    method = (await payments.methods(conn, [rule.method_id])).get(rule.method_id)
    saved = method is not None and method.state is SavedCardState.SAVED
    lost = method is None or method.state in (
        SavedCardState.FAILED,
        SavedCardState.FORGETTING,
        SavedCardState.FORGOTTEN,
    )
    state = RuleState.OFF if lost else rule.state if saved else RuleState.WAITING
    reason = method.reason if lost and method is not None else rule.reason
    asked = await top_ups.top_ups(conn, [rule.top_up_id]) if state is RuleState.CONFIRM and rule.top_up_id else {}
    return AutoTopUpView(
        method_id=rule.method_id,
        below_cents=rule.below_cents,
        add_cents=rule.add_cents,
        day_max_cents=rule.day_max_cents,
        state=state,
        reason=reason,
        card=None if method is None else method.label,
        today_cents=rule.asked_on(local_day(now, zone)),
        retry_at=rule.retry_at,
        confirm_cents=next((top_up.cents for top_up in asked.values()), None),
    )


async def export(conn: Connection, person_id: UUID) -> Any:
    """Return a person's rule and saved cards, for the data export."""
    wallet = await wallet_of(conn, person_id)
    if wallet is None:
        return None
    cards = await payments.methods_of(conn, wallet.id)
    kept = [{"id": one.id, "label": one.label, "state": one.state, "begun_at": one.begun_at} for one in cards]
    return {"rule": await store.rule(conn, wallet.id), "cards": kept}


async def off_content(conn: Connection, email: Email) -> EmailContent:  # noqa: ARG001 - the protocol's form
    """Return the content of the email about a rule that was turned off."""
    return EmailContent({}, path=WALLET_PATH)


async def confirm_content(conn: Connection, email: Email) -> EmailContent | None:
    """Return the charge that a bank wants to be confirmed."""
    top_up = (await top_ups.top_ups(conn, [email.subject_id])).get(email.subject_id)
    return None if top_up is None else EmailContent({"cents": top_up.cents, "days": CONFIRM_DAYS}, path=WALLET_PATH)
