"""The double-entry ledger: what a batch of entries does to its accounts.

A transfer debits one account and credits another, so that all accounts together always sum to zero. A balance is what
was credited less what was debited: a purse with money in it stands above zero, the provider that holds that money for
us below. A transfer of two phases is a hold, which keeps money without moving it, and later one capture or void.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.platform.values.ids import named_id
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused

CENTS_MAX: Final = 1_000_000_000_000
"""The most that one transfer moves: more than any record can say, so that what has happened is always booked."""
_NAMES: Final = UUID("7b0d5c1e-6f0a-5d52-9c39-0f1c6d0f5a11")
"""What the ids of the house's own accounts are made under (UUIDv5, RFC 9562): they need no look-up."""


class Kind(StrEnum):
    """What an account is for, and whose money is in it."""

    PURSE = "purse"  # loaded by somebody, who may have it back
    BONUS = "bonus"  # given to a purse by the house: spent, never paid out
    DEPOSITS = "deposits"  # cups that are out
    CLEARING = "clearing"  # money that the provider holds for us: below zero
    CASH = "cash"  # the same in a drawer
    TERMINAL = "terminal"  # the same at the acquirer of a card terminal
    REVENUE = "revenue"  # sold, by till and VAT
    TIPS = "tips"
    LOSS = "loss"  # what a till without network sold and nobody pays: below zero
    GRANTS = "grants"  # what bonus credit comes out of: below zero


FLOORED: Final = frozenset({Kind.PURSE, Kind.BONUS})
"""Accounts from which nobody spends what is not there; the others follow from what really happened."""

OPENED_BY_USE: Final = frozenset(Kind) - {Kind.PURSE}
"""Accounts that begin with their first transfer; a purse is opened by whoever gives it to somebody."""


class Step(StrEnum):
    """What a transfer does. Only `POST` and `CAPTURE` move money."""

    POST = "post"
    HOLD = "hold"
    CAPTURE = "capture"
    VOID = "void"


HOLDING: Final = frozenset(Step) - {Step.POST}
"""Steps of transfers of two phases."""
_PURSE: Final = Kind.PURSE  # a member that is looked up in its enum costs as much as the sum that it decides on
_BEGIN: Final = frozenset({Step.POST, Step.HOLD})
_MOVE: Final = frozenset({Step.POST, Step.CAPTURE})


class Reason(StrEnum):
    """Why the ledger refuses an entry."""

    INSUFFICIENT_FUNDS = "insufficient_funds"
    AMOUNT_INVALID = "amount_invalid"
    ACCOUNT_NOT_FOUND = "account_not_found"
    TRANSFER_ID_TAKEN = "transfer_id_taken"
    HOLD_NOT_FOUND = "hold_not_found"
    HOLD_ENDED = "hold_ended"
    EXCEEDS_HOLD = "exceeds_hold"


class Account(Struct, frozen=True):
    """An account by its kind and what it is kept for; `purse_id` is the purse that it belongs to, if any."""

    id: UUID
    kind: Kind
    key: str
    purse_id: UUID | None = None


@lru_cache(maxsize=100_000)
def account(kind: Kind, key: str) -> Account:
    """An account of the house, such as the revenue of a till at a rate of VAT. It begins with its first transfer."""
    return Account(named_id(_NAMES, f"{kind}:{key}"), kind, key)


def purse(purse_id: UUID) -> Account:
    """The account of a purse: its own id."""
    return Account(purse_id, Kind.PURSE, "", purse_id)


@lru_cache(maxsize=100_000)
def bonus(purse_id: UUID) -> Account:
    """What the house gave to a purse."""
    return Account(named_id(_NAMES, f"{Kind.BONUS}:{purse_id}"), Kind.BONUS, str(purse_id), purse_id)


class Transfer(Struct, frozen=True):
    """One movement. Whoever asks makes `id`; `subject` is the sale, the top-up, the order that it is about.

    A capture names its hold and the same two accounts, and moves as much as it says, at most what was held; a void
    names them too and the whole amount.
    """

    id: UUID
    debit: Account
    credit: Account
    cents: Cents
    purpose: str
    subject: UUID
    step: Step = Step.POST
    hold_id: UUID | None = None


Entry = Sequence[Transfer]
"""Transfers that happen together or not at all: a sale with its tip and its deposit."""


class Balance(Struct, frozen=True):
    """What an account has, and what of it is kept by open holds."""

    balance_cents: Cents = 0
    held_cents: Cents = 0

    @property
    def available_cents(self) -> Cents:
        """What may be spent or held now."""
        return self.balance_cents - self.held_cents


class Kept(Struct, frozen=True):
    """A transfer as it is stored; `ended`: a capture or a void has ended this hold."""

    id: UUID
    debit_id: UUID
    credit_id: UUID
    subject: UUID
    cents: Cents
    step: str
    hold_id: UUID | None = None
    ended: bool = False


class Posted(Struct, frozen=True):
    """An entry that happened. `available_cents` is what its purse has left, None where it is about no purse."""

    available_cents: Cents | None = None


Outcome = Posted | Refused


class Posting(Struct, frozen=True):
    """What a batch does: one outcome an entry, the new transfers in order, and every account that they moved."""

    outcomes: list[Outcome]
    new: list[Transfer]
    moved: dict[UUID, Balance]


class _Stand(Struct):
    """Where an account stands while entries are tried on it."""

    balance_cents: Cents
    held_cents: Cents


class _Books:
    """The accounts while entries are tried on them, what is new, and every transfer that they may repeat or end."""

    def __init__(self, balances: Mapping[UUID, Balance], kept: Mapping[UUID, Kept]) -> None:
        self.stands = {id_: _Stand(found.balance_cents, found.held_cents) for id_, found in balances.items()}
        self.new: list[Transfer] = []
        self.kept: dict[UUID, Kept | Transfer] = dict(kept)
        self.ended = {one.id for one in kept.values() if one.ended}

    def touched(self, entry: Entry) -> list[tuple[_Stand, Cents, Cents]]:
        """The accounts of an entry, and how they stand now."""
        ids = {account.id for transfer in entry for account in (transfer.debit, transfer.credit)}
        stands = (self.stands.get(id_) for id_ in ids)
        return [(stand, stand.balance_cents, stand.held_cents) for stand in stands if stand is not None]

    def undo(self, count: int, before: Sequence[tuple[_Stand, Cents, Cents]]) -> None:
        """Only the first so many transfers are new, and the accounts stand as before."""
        for stand, balance_cents, held_cents in before:
            stand.balance_cents, stand.held_cents = balance_cents, held_cents
        for transfer in self.new[count:]:
            del self.kept[transfer.id]
            if transfer.hold_id is not None:
                self.ended.remove(transfer.hold_id)
        del self.new[count:]


def decide(entries: Sequence[Entry], balances: Mapping[UUID, Balance], kept: Mapping[UUID, Kept]) -> Posting:
    """Try the entries one after the other, each on what the one before has left.

    `balances` are the locked accounts that the entries name, as far as there are any; `kept` the stored transfers of
    their ids and of the holds that they end. An entry that is stored already is answered again and does nothing.
    """
    books = _Books(balances, kept)
    outcomes: list[Outcome] = [_enter(books, entry) for entry in entries]
    moved = {
        id_: Balance(stand.balance_cents, stand.held_cents)
        for id_, stand in books.stands.items()
        if stand.balance_cents != (before := balances[id_]).balance_cents or stand.held_cents != before.held_cents
    }
    return Posting(outcomes, books.new, moved)


def _enter(books: _Books, entry: Entry) -> Outcome:
    """Do all of an entry, or nothing of it; what is stored as it is said now is answered again."""
    for transfer in entry:
        if transfer.id in books.kept:
            return _posted(books, entry) if _repeats(books, entry) else Refused(Reason.TRANSFER_ID_TAKEN)
    if len(entry) > 1 and len({transfer.id for transfer in entry}) < len(entry):
        return Refused(Reason.TRANSFER_ID_TAKEN)
    count, before = len(books.new), books.touched(entry) if len(entry) > 1 else ()
    for transfer in entry:
        refusal = _try(books, transfer)
        if refusal is not None:
            books.undo(count, before)
            return _short(books, transfer) if refusal.reason == Reason.INSUFFICIENT_FUNDS else refusal
    return _posted(books, entry)


def _repeats(books: _Books, entry: Entry) -> bool:
    """Whether all of an entry is stored as it is said now."""
    known = [books.kept.get(transfer.id) for transfer in entry]
    return all(one is not None and _said(one) == _said(transfer) for one, transfer in zip(known, entry, strict=True))


def _said(one: Kept | Transfer) -> tuple[UUID, UUID, UUID, Cents, str, UUID | None]:
    """What a transfer says, which the same again says too."""
    debit_id, credit_id = (one.debit.id, one.credit.id) if isinstance(one, Transfer) else (one.debit_id, one.credit_id)
    return debit_id, credit_id, one.subject, one.cents, one.step, one.hold_id


def _posted(books: _Books, entry: Entry) -> Posted:
    """What is left in the purse that an entry is about."""
    for transfer in entry:
        for one in (transfer.debit, transfer.credit):
            if one.kind is _PURSE:
                stand = books.stands[one.id]
                return Posted(stand.balance_cents - stand.held_cents)
    return Posted()


def _short(books: _Books, transfer: Transfer) -> Refused:
    """What a purse lacks is told by what it has before the entry."""
    stand = books.stands[transfer.debit.id]
    return Refused(Reason.INSUFFICIENT_FUNDS, {"available_cents": stand.balance_cents - stand.held_cents})


def _try(books: _Books, transfer: Transfer) -> Refused | None:
    """Do one transfer on the books, or say why not and do nothing."""
    cents = transfer.cents
    if not 0 < cents <= CENTS_MAX or transfer.debit.id == transfer.credit.id:
        return Refused(Reason.AMOUNT_INVALID)
    debit, credit = books.stands.get(transfer.debit.id), books.stands.get(transfer.credit.id)
    if debit is None or credit is None:
        return Refused(Reason.ACCOUNT_NOT_FOUND)
    if transfer.hold_id is not None:
        held_cents = _held(books, transfer, transfer.hold_id)
        if isinstance(held_cents, Refused):
            return held_cents
        debit.held_cents -= held_cents
        books.ended.add(transfer.hold_id)
    elif transfer.step not in _BEGIN:
        return Refused(Reason.HOLD_NOT_FOUND)
    elif debit.balance_cents - debit.held_cents < cents and transfer.debit.kind in FLOORED:
        return Refused(Reason.INSUFFICIENT_FUNDS)
    elif transfer.step not in _MOVE:
        debit.held_cents += cents
    if transfer.step in _MOVE:
        debit.balance_cents -= cents
        credit.balance_cents += cents
    books.kept[transfer.id] = transfer
    books.new.append(transfer)
    return None


def _held(books: _Books, transfer: Transfer, hold_id: UUID) -> Cents | Refused:
    """What the hold has kept that a transfer ends."""
    hold = books.kept.get(hold_id)
    if hold is None or hold.step != Step.HOLD or transfer.step in _BEGIN:
        return Refused(Reason.HOLD_NOT_FOUND)
    if _said(hold)[:2] != _said(transfer)[:2]:
        return Refused(Reason.HOLD_NOT_FOUND)
    if hold_id in books.ended:
        return Refused(Reason.HOLD_ENDED)
    if transfer.cents > hold.cents or (transfer.step is Step.VOID and transfer.cents != hold.cents):
        return Refused(Reason.EXCEEDS_HOLD, {"held_cents": hold.cents})
    return hold.cents
