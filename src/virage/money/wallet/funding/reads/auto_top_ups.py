"""A fan's rule for top-ups as they see it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from virage.identity.people.types import Content, Letter
from virage.money.payments import api as payments
from virage.money.payments.types import MethodState
from virage.money.wallet.accounts.api import purse_of
from virage.money.wallet.funding.rules.auto_top_ups import RuleState
from virage.money.wallet.funding.store import auto_top_ups as store
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents
from virage.site.venue.api import VENUE_ZONE


class AutoTopUpView(Struct, frozen=True):
    """A rule for top-ups. `state` is `waiting` as long as its card is not kept. `reason`: why it is off or pauses.

    `card` is what the provider lets us show of the card, such as its last digits. `today_cents` counts the day of the
    ground's own calendar.
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


async def rule_view(conn: Connection, owner_id: UUID, now: datetime) -> AutoTopUpView | None:
    """Somebody's rule, if they have one."""
    purse = await purse_of(conn, owner_id)
    rule = None if purse is None else await store.rule(conn, purse.id)
    if rule is None:
        return None
    method = (await payments.methods(conn, [rule.method_id])).get(rule.method_id)
    saved = method is not None and method.state is MethodState.SAVED
    lost = method is None or method.state in (MethodState.FAILED, MethodState.FORGETTING, MethodState.FORGOTTEN)
    state = RuleState.OFF if lost else rule.state if saved else RuleState.WAITING
    reason = method.reason if lost and method is not None else rule.reason
    return AutoTopUpView(
        method_id=rule.method_id,
        below_cents=rule.below_cents,
        add_cents=rule.add_cents,
        day_max_cents=rule.day_max_cents,
        state=state,
        reason=reason,
        card=None if method is None else method.label,
        today_cents=rule.asked_on(now.astimezone(VENUE_ZONE).date()),
        retry_at=rule.retry_at,
    )


async def export(conn: Connection, person_id: UUID) -> Any:
    """Everything kept about somebody's rule, and the cards that the provider keeps for it."""
    purse = await purse_of(conn, person_id)
    if purse is None:
        return None
    cards = await payments.methods_of(conn, purse.id)
    kept = [{"id": one.id, "label": one.label, "state": one.state, "begun_at": one.begun_at} for one in cards]
    return {"rule": await store.rule(conn, purse.id), "cards": kept}


async def off_content(conn: Connection, letter: Letter) -> Content:  # noqa: ARG001 - the protocol's form
    """The letter that says that a rule has ended, so that nobody waits at a counter for money that does not come."""
    return Content({}, path="/purse")
