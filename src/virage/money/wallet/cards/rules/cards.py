"""A contactless card: which taps of it count, what it may spend, who may block it and link it."""

import hmac
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.identity.people.types import PinVerifier, verifier_of
from virage.money.wallet.cards.rules.sun import KEY_BYTES, Seen
from virage.platform.values.derivation import derive
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused

CODE_LENGTH: Final = 10
LOOK_LIVES: Final = timedelta(minutes=5)
"""How long after a tap a page may still ask about it, and a fan link the card with it."""
PIN_TRIES_MAX: Final = 5
LIMIT_MAX_CENTS: Final = 1_000_000
_CODE_SIGNS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is read as another one
_MASKED_SHOWS: Final = 4


class Reason(StrEnum):
    """Why a card is refused; the codes are part of the interface."""

    CARDS_OFF = "cards_off"
    TAP_FORGED = "tap_forged"
    TAP_REPLAYED = "tap_replayed"
    CARD_UNKNOWN = "card_unknown"
    CARD_BLOCKED = "card_blocked"
    CARD_LINKED = "card_linked"
    CARD_IN_USE = "card_in_use"
    CONFIRMATION_REQUIRED = "confirmation_required"
    DAILY_LIMIT_REACHED = "daily_limit_reached"
    PIN_WRONG = "pin_wrong"
    PIN_NOT_SET = "pin_not_set"
    CODE_WRONG = "code_wrong"
    UID_TAKEN = "uid_taken"
    ID_REUSED = "id_reused"
    NOT_FOUND = "not_found"
    STEP_UP_REQUIRED = "step_up_required"


class BlockReason(StrEnum):
    """Why a card is blocked. Its owner lifts their own block and that of wrong PINs; no other one is lifted."""

    OWNER = "owner"
    PIN = "pin"
    LOST = "lost"
    STOLEN = "stolen"
    DEFECTIVE = "defective"
    FRAUD = "fraud"
    REPLACED = "replaced"


class StaffReason(StrEnum):
    """Why the staff blocks a card."""

    LOST = "lost"
    STOLEN = "stolen"
    DEFECTIVE = "defective"
    FRAUD = "fraud"


LIFTED_BY_OWNER: Final = frozenset({BlockReason.OWNER, BlockReason.PIN})
NOT_FOUND: Final = Refused(Reason.NOT_FOUND)
DailyLimit = Annotated[int, Meta(ge=0, le=LIMIT_MAX_CENTS)]


class Card(Struct, frozen=True, rename={"wallet_id": "purse_id"}):
    """A stored card. `counter` is that of its last tap; `told_counter` the one at which a replay was recorded."""

    id: UUID
    uid: bytes
    wallet_id: UUID
    key_version: int
    counter: int
    told_counter: int | None
    label: str | None
    daily_limit_cents: Cents | None
    personalised_at: datetime
    linked_at: datetime | None
    blocked_at: datetime | None
    blocked_reason: BlockReason | None
    replaced_by: UUID | None


class OwnedCard(Struct, frozen=True):
    """A card, the owner of its wallet (None if anonymous), and the hash of its printed code."""

    card: Card
    owner_id: UUID | None
    code_hash: bytes


class NewCard(Struct, frozen=True):
    """A card to create. Without `wallet_id` it gets an anonymous wallet of its own, whose id is the card's."""

    id: UUID
    uid: bytes
    code_hash: bytes
    wallet_id: UUID | None = None
    label: str | None = None


class Tap(Struct, frozen=True):
    """A presented tap, with an id made by the client. `seen` is the verified content; None for an invalid message.

    `taken_at` is the time of an offline tap at a till. Tills upload in any order, so an offline counter below the last
    one is accepted too, once; online counters must increase. `pays`: it pays something, so it can be repeated only
    until the next tap of the card.
    """

    id: UUID
    seen: Seen | None
    taken_at: datetime | None = None
    pays: bool = False


class Holder(Struct, frozen=True):
    """The owner and the label of a card, shown to a cashier and not stored."""

    owner_id: UUID
    label: str | None


class TapTaken(Struct, frozen=True, tag="taken"):
    """An accepted tap with its card and wallet. `holder` is the current one; None if anonymous."""

    tap_id: UUID
    card_id: UUID
    wallet_id: UUID
    counter: int
    taken_at: datetime
    holder: Holder | None = None


TapOutcome = TapTaken | Refused


Counters = AbstractSet[tuple[UUID, int]]
"""Counters of cards that have counted."""


def judge_taps(
    taps: Sequence[Tap],
    known: Mapping[UUID, TapTaken],
    cards: Mapping[bytes, Card],
    now: datetime,
    used: Counters = frozenset(),
) -> list[TapOutcome]:
    """Judge taps that arrived together; one outcome a tap, in order. `known` are those taken before, by their ids.

    Of one card they count in the order of its counter: which one arrived first says nothing. A tap that is known gets
    its first answer again, whatever has become of the card; one that pays and is asked about again does so only while
    no later tap of the card has counted, or a refused one could be kept for the day on which it pays. `used` has the
    counters that count once for taps that a till took alone.
    """
    taken, last, counted = dict(known), {card.id: card.counter for card in cards.values()}, set(used)
    outcomes: dict[int, TapOutcome] = {}
    for at in sorted(range(len(taps)), key=lambda at: _counter(taps[at])):
        tap = taps[at]
        card = None if tap.seen is None else cards.get(tap.seen.uid)
        is_new = card is not None and _is_new(tap, card, last, counted)
        before = taken.get(tap.id)
        if before is not None and tap.pays and tap.taken_at is None and before.counter < last[before.card_id]:
            outcomes[at] = Refused(Reason.TAP_REPLAYED, {"card_id": before.card_id, "counter": before.counter})
            continue
        outcome = _judge_tap(tap, card, before, is_new=is_new, now=now)
        outcomes[at] = outcome
        if isinstance(outcome, TapTaken):
            taken[tap.id] = outcome
            last[outcome.card_id] = max(last[outcome.card_id], outcome.counter)
            counted.add((outcome.card_id, outcome.counter))
    return [outcomes[at] for at in range(len(taps))]


def _counter(tap: Tap) -> int:
    return 0 if tap.seen is None else tap.seen.counter


def _is_new(tap: Tap, card: Card, last: Mapping[UUID, int], counted: Counters) -> bool:
    """Return whether a counter is new, by the rule for online or offline taps."""
    counter = _counter(tap)
    return counter > last[card.id] or (tap.taken_at is not None and (card.id, counter) not in counted)


def _was_before_the_block(tap: Tap, card: Card) -> bool:
    """Whether a till took it alone before its owner blocked the card: who drinks and then blocks has drunk."""
    if tap.taken_at is None or card.blocked_at is None or card.blocked_reason not in LIFTED_BY_OWNER:
        return False
    return tap.taken_at < card.blocked_at


def _judge_tap(tap: Tap, card: Card | None, before: TapTaken | None, *, is_new: bool, now: datetime) -> TapOutcome:
    if tap.seen is None:
        return Refused(Reason.TAP_FORGED)
    if card is None:
        return Refused(Reason.CARD_UNKNOWN)
    if before is not None:
        same = (before.card_id, before.counter) == (card.id, tap.seen.counter)
        return before if same else Refused(Reason.ID_REUSED)
    if not is_new:
        return Refused(Reason.TAP_REPLAYED, {"card_id": card.id, "counter": tap.seen.counter})
    if card.blocked_reason is not None and not _was_before_the_block(tap, card):
        return Refused(Reason.CARD_BLOCKED, {"card_id": card.id, "reason": card.blocked_reason})
    return TapTaken(tap.id, card.id, card.wallet_id, tap.seen.counter, now)


def still_looks(taken: TapTaken, now: datetime) -> TapOutcome:
    """Return a tap that is shown again by the page that it opened, or refuse it: an address stays in a history."""
    if now - taken.taken_at > LOOK_LIVES:
        return Refused(Reason.TAP_REPLAYED, {"card_id": taken.card_id, "counter": taken.counter})
    return taken


class Spend(Struct, frozen=True):
    """What a card is asked to pay. `confirmed`: its PIN was right, or its owner said yes in the app.

    `has_happened`: a till without network sold it. It counts to the day and is not judged any more.
    """

    card_id: UUID
    amount_cents: Cents
    confirmed: bool = False
    has_happened: bool = False


class Spent(Struct, frozen=True):
    """The spending of a card on a day of the venue."""

    card_id: UUID
    day: date
    amount_cents: Cents


class Limits(Struct, frozen=True):
    """What a card may spend on a day (None: anything), and what it has spent today."""

    daily_limit_cents: Cents | None
    spent_cents: Cents = 0


def spend_allowed(limits: Limits, spend: Spend, *, cap_cents: Cents) -> Refused | None:
    """Refuse what is above the card's day, or above the cap of one tap without a PIN or the app."""
    limit = limits.daily_limit_cents
    if spend.has_happened:
        return None
    if limit is not None and limits.spent_cents + spend.amount_cents > limit:
        left = max(0, limit - limits.spent_cents)
        return Refused(Reason.DAILY_LIMIT_REACHED, {"left_cents": left, "daily_limit_cents": limit})
    if spend.amount_cents > cap_cents and not spend.confirmed:
        return Refused(Reason.CONFIRMATION_REQUIRED, {"cap_cents": cap_cents})
    return None


def judge_spends(
    spends: Sequence[Spend], limits: Mapping[UUID, Limits], day: date, *, cap_cents: Cents
) -> list[Spent | Refused]:
    """Judge what cards are asked to pay, one after the other: each on what the one before has left."""
    left = dict(limits)
    outcomes: list[Spent | Refused] = []
    for spend in spends:
        known = left.get(spend.card_id)
        refusal = NOT_FOUND if known is None else spend_allowed(known, spend, cap_cents=cap_cents)
        if known is None or refusal is not None:
            outcomes.append(refusal or NOT_FOUND)
            continue
        left[spend.card_id] = replace(known, spent_cents=known.spent_cents + spend.amount_cents)
        outcomes.append(Spent(spend.card_id, day, spend.amount_cents))
    return outcomes


class PinTry(Struct, frozen=True):
    """A try at a card's PIN, counted before it is looked at: what it is checked against, and the how many-th it is."""

    card_id: UUID
    verifier: PinVerifier
    tries: int

    def right(self, pin: str) -> bool:
        """Tell whether this is the PIN: some tenths of a second of computing, so beside the event loop."""
        tried = verifier_of(pin, self.verifier.salt, self.verifier.iterations)
        return hmac.compare_digest(tried.verifier, self.verifier.verifier)


class CardCodes:
    """The codes printed on cards. They come from the master key, so that a lost list is printed again the same."""

    def __init__(self, master: bytes) -> None:
        if len(master) != KEY_BYTES:
            raise ValueError(f"A master key has {KEY_BYTES} bytes.")
        self._codes = derive(master.hex(), "wallet card codes")
        self._hashes = derive(master.hex(), "wallet card code hashes")

    def __repr__(self) -> str:
        return "CardCodes()"

    def printed(self, uid: bytes) -> str:
        """Return the ten signs of a card: 31^10 of them, as good as drawn."""
        number = int.from_bytes(hmac.digest(self._codes, uid, "sha256"))
        signs = []
        for _ in range(CODE_LENGTH):
            number, at = divmod(number, len(_CODE_SIGNS))
            signs.append(_CODE_SIGNS[at])
        return "".join(signs)

    def hash(self, code: str) -> bytes:
        """Return what is stored of a code: an HMAC, so that the table alone gives none away."""
        return hmac.digest(self._hashes, code.encode(), "sha256")


def as_code(typed: str) -> str | None:
    """Parse a typed code with any separators; None if it is invalid."""
    code = "".join(sign for sign in typed.upper() if sign.isalnum())
    return code if len(code) == CODE_LENGTH and set(code) <= set(_CODE_SIGNS) else None


def shown_code(code: str) -> str:
    """Return the printed form of a code, `K7Q2X-M4R9T`."""
    return f"{code[: CODE_LENGTH // 2]}-{code[CODE_LENGTH // 2 :]}"


def masked(wallet_id: UUID) -> str:
    """Return as much of a wallet's id as tells two wallets apart, and names neither."""
    return f"…{wallet_id.hex[-_MASKED_SHOWS:]}"


def may_link(owned: OwnedCard, code_hash: bytes, owner_id: UUID) -> Refused | None:
    """Refuse a link without the code of the card, of a blocked card, or of a card of another person."""
    if not hmac.compare_digest(owned.code_hash, code_hash):
        return Refused(Reason.CODE_WRONG)
    if owned.card.blocked_reason is not None:
        return Refused(Reason.CARD_BLOCKED, {"reason": owned.card.blocked_reason})
    return Refused(Reason.CARD_LINKED) if owned.owner_id not in (None, owner_id) else None


def may_block(owned: OwnedCard | None, owner_id: UUID | None) -> Refused | None:
    """Refuse a block of what does not exist, is not the owner's who asks (None: the staff), or is replaced."""
    if owned is None or (owner_id is not None and owned.owner_id != owner_id):
        return NOT_FOUND
    if owned.card.blocked_reason is BlockReason.REPLACED:
        return Refused(Reason.CARD_BLOCKED, {"reason": owned.card.blocked_reason})
    return None


def may_unblock(owned: OwnedCard | None, owner_id: UUID) -> Refused | None:
    """Refuse to lift a block that is not the owner's to lift."""
    if owned is None or owned.owner_id != owner_id:
        return NOT_FOUND
    reason = owned.card.blocked_reason
    if reason is not None and reason not in LIFTED_BY_OWNER:
        return Refused(Reason.CARD_BLOCKED, {"reason": reason})
    return None


def may_limit(owned: OwnedCard | None, owner_id: UUID, cents: Cents | None, *, confirmed: bool) -> Refused | None:
    """Refuse a limit that is not the owner's to set, and a looser one to a session that did not sign in just now."""
    if owned is None or owned.owner_id != owner_id:
        return NOT_FOUND
    before = owned.card.daily_limit_cents
    loosens = before is not None and (cents is None or cents > before)
    return Refused(Reason.STEP_UP_REQUIRED) if loosens and not confirmed else None


def may_replace(old: OwnedCard | None, new: OwnedCard | None, on_its_wallet: int) -> Refused | None:
    """Refuse a new card with an owner, a blocked one, or one with a shared wallet. `on_its_wallet` counts its cards."""
    if old is None or new is None:
        return NOT_FOUND
    if old.card.blocked_reason is BlockReason.REPLACED:
        return Refused(Reason.CARD_BLOCKED, {"reason": old.card.blocked_reason})
    if new.owner_id is not None or new.card.blocked_reason is not None or on_its_wallet != 1:
        return Refused(Reason.CARD_IN_USE)
    return None
