"""A fan's rule for top-ups as they see it."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.kernel.money import Cents
from virage.wallet.rules.auto_top_ups import RuleState


class AutoTopUpView(Struct, frozen=True):
    """A rule for top-ups. `reason`: why it is off, or why it pauses until `retry_at`.

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
