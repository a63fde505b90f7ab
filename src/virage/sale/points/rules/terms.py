"""Types of points: programmes, accounts, movements, rewards and refusal codes."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from virage.platform.values.localised import LocalisedText
from virage.platform.values.money import Cents
from virage.site.programme.types import Kind

RULES_MAX = 30
TIERS_MAX = 6
RATE_MAX = 10_000
PRICE_MAX = 1_000_000
STOCK_MAX = 1_000_000
VOUCHER_CENTS_MAX = 50_000
TEXT_MAX = 120

Basis = Literal["entry", "early_entry", "tickets", "food"]
"""What earns: being at an event, being there before it starts, paid tickets, paid food orders."""
MovementKind = Literal["earned", "taken_back", "redeemed", "returned", "lapsed"]
"""`taken_back` by a refund or a withdrawn scan; `returned` by a cancelled reward or an entry after a withdrawn one."""
RewardKind = Literal["voucher", "upgrade", "experience"]
RedemptionState = Literal["open", "ready", "handed_over", "cancelled"]


class PointsRefusal(StrEnum):
    """Refusal codes of points, part of the API."""

    NOT_FOUND = "not_found"
    ID_REUSED = "id_reused"
    CHANGED = "changed_meanwhile"
    UNKNOWN_ORGANISER = "unknown_organiser"
    CLOSED = "points_closed"
    NOT_JOINED = "points_not_joined"
    TOO_FEW = "points_too_few"
    REWARD_CLOSED = "reward_closed"
    SOLD_OUT = "reward_sold_out"
    LIMIT = "reward_limit_reached"
    PRICE_CHANGED = "reward_price_changed"
    TEXT_MISSING = "reward_text_missing"
    STATE = "redemption_state"


class EarningRule(Struct, frozen=True, forbid_unknown_fields=True):
    """What earns points of an organiser at its events.

    `points` are per event for entries, and per whole unit of the currency for tickets and food. With `series_id` or
    `event_kind`, the rule is for such events alone. Rules add up.
    """

    id: UUID
    name: LocalisedText
    basis: Basis
    points: Annotated[int, Meta(ge=1, le=RATE_MAX)]
    series_id: UUID | None = None
    event_kind: Kind | None = None


class PointsTier(Struct, frozen=True, forbid_unknown_fields=True):
    """A tier, reached by `threshold` points earned in the last 12 months, with its benefits in words.

    Who is in it earns `multiplier_permille` / 1000 times the points of each rule, rounded down.
    """

    id: UUID
    name: LocalisedText
    threshold: Annotated[int, Meta(ge=1, le=PRICE_MAX)]
    benefits: LocalisedText = {}
    multiplier_permille: Annotated[int, Meta(ge=1000, le=5000)] = 1000


class ProgrammeContent(Struct, frozen=True, kw_only=True):
    """What the office sets of a programme. Points lapse `lapse_months` after the month of earning; None: never.

    An open programme takes new people and issues points. In a closed one, points can still be redeemed and lapse.
    """

    name: LocalisedText
    is_open: bool = False
    rules: Annotated[list[EarningRule], Meta(max_length=RULES_MAX)] = []
    tiers: Annotated[list[PointsTier], Meta(max_length=TIERS_MAX)] = []
    lapse_months: Annotated[int, Meta(ge=1, le=120)] | None = None


class Programme(ProgrammeContent, frozen=True, kw_only=True):
    """The programme of an organiser. `revision` grows with each change."""

    organiser_id: UUID
    revision: int


class Account(Struct, frozen=True):
    """A person's account of an organiser's points; `person_id` is None after the erasure of the person."""

    id: UUID
    organiser_id: UUID
    person_id: UUID | None
    joined_at: datetime
    closed_at: datetime | None


class Movement(Struct, frozen=True, kw_only=True):
    """What moved in an account, in the order of `number`; `points` are negative where they left it.

    `source` is the event, order or food order that earned, the redemption, the notice that points lapse, or the account
    that was closed. The fields after it are set for points that a rule earned, and for what followed. `written_off` are
    points that a refund should have taken back and that had been spent.
    """

    id: UUID
    account_id: UUID
    number: int
    kind: MovementKind
    at: datetime
    points: int
    source: UUID
    written_off: int = 0
    rule_id: UUID | None = None
    revision: int | None = None
    rate: int | None = None
    multiplier_permille: int | None = None
    event_id: UUID | None = None
    cents: Cents | None = None


class RewardContent(Struct, frozen=True, kw_only=True):
    """What the office sets of a reward. None is no limit of `stock` or of rewards per person.

    A voucher has an amount. `asks_text`: the person writes a text, such as a message on the board.
    """

    kind: RewardKind
    name: LocalisedText
    description: LocalisedText = {}
    price_points: Annotated[int, Meta(ge=1, le=PRICE_MAX)]
    stock: Annotated[int, Meta(ge=0, le=STOCK_MAX)] | None = None
    limit_per_person: Annotated[int, Meta(ge=1, le=1000)] | None = None
    opens_at: Annotated[datetime, Meta(tz=True)]
    closes_at: Annotated[datetime, Meta(tz=True)]
    voucher_cents: Annotated[int, Meta(ge=1, le=VOUCHER_CENTS_MAX)] | None = None
    asks_text: bool = False


class Reward(RewardContent, frozen=True, kw_only=True):
    """A reward of an organiser; `taken` are redeemed and not cancelled. `revision` grows with each change."""

    id: UUID
    organiser_id: UUID
    revision: int
    taken: int = 0

    @property
    def left(self) -> int | None:
        """How many can still be redeemed; None without a limit."""
        return None if self.stock is None else self.stock - self.taken


class Redemption(Struct, frozen=True):
    """A redeemed reward, with its name and price at the time. `text` is what the person wrote, until their erasure."""

    id: UUID
    account_id: UUID
    organiser_id: UUID
    person_id: UUID | None
    reward_id: UUID
    kind: RewardKind
    name: LocalisedText
    price_points: int
    state: RedemptionState
    code: str
    by_bonus: bool
    redeemed_at: datetime
    state_at: datetime
    cancel_reason: str | None
    text: str | None
