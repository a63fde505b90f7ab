"""The double-entry ledger: what a batch of entries does to its accounts.

A transfer debits one account and credits another, so that all accounts together always sum to zero. A balance is what
was credited less what was debited: a purse with money in it stands above zero, the provider that holds that money for
us below. A transfer of two phases is a hold, which keeps money without moving it, and later one capture or void.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final
from uuid import UUID, uuid5

from msgspec import Struct

from virage.kernel.money import Cents
from virage.kernel.problems import Refused

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


class Step(StrEnum):
    """What a transfer does. Only `POST` and `CAPTURE` move money."""

    POST = "post"
    HOLD = "hold"
    CAPTURE = "capture"
    VOID = "void"


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
    return Account(uuid5(_NAMES, f"{kind}:{key}"), kind, key)


def purse(purse_id: UUID) -> Account:
    """The account of a purse: its own id."""
    return Account(purse_id, Kind.PURSE, "", purse_id)


@lru_cache(maxsize=100_000)
def bonus(purse_id: UUID) -> Account:
    """What the house gave to a purse."""
    return Account(uuid5(_NAMES, f"{Kind.BONUS}:{purse_id}"), Kind.BONUS, str(purse_id), purse_id)


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


class _Books:
    """The accounts while entries are tried on them, and what the entry at hand would change back."""

    def __init__(self, balances: Mapping[UUID, Balance], kept: Mapping[UUID, Kept]) -> None:
        self.balances = dict(balances)
        self.kept = dict(kept)
        self.moved: set[UUID] = set()
        self._undo: list[tuple[dict[UUID, Any], UUID, Any]] = []

    def begin(self) -> None:
        """Another entry: what came before stays."""
        self._undo = []

    def set(self, account_id: UUID, balance: Balance) -> None:
        """An account as it is from now on."""
        self._undo.append((self.balances, account_id, self.balances[account_id]))
        self.balances[account_id] = balance

    def keep(self, kept: Kept) -> None:
        """A transfer of this batch, which later ones may repeat or end."""
        self._undo.append((self.kept, kept.id, self.kept.get(kept.id)))
        self.kept[kept.id] = kept

    def undo(self) -> None:
        """Nothing of the entry at hand happened."""
        for table, key, before in reversed(self._undo):
            if before is None:
                del table[key]
            else:
                table[key] = before


def decide(entries: Sequence[Entry], balances: Mapping[UUID, Balance], kept: Mapping[UUID, Kept]) -> Posting:
    """Try the entries one after the other, each on what the one before has left.

    `balances` are the locked accounts that the entries name, as far as there are any; `kept` the stored transfers of
    their ids and of the holds that they end. An entry that is stored already is answered again and does nothing.
    """
    books = _Books(balances, kept)
    outcomes: list[Outcome] = []
    new: list[Transfer] = []
    for entry in entries:
        books.begin()
        refusal = _repeated(books, entry)
        if refusal is None:
            refusal = _try(books, entry)
            if refusal is None:
                new += entry
        outcomes.append(refusal if isinstance(refusal, Refused) else _posted(books, entry))
    moved = {account.id for transfer in new for account in (transfer.debit, transfer.credit)}
    return Posting(outcomes, new, {id_: books.balances[id_] for id_ in moved if books.balances[id_] != balances[id_]})


def _repeated(books: _Books, entry: Entry) -> Refused | bool | None:
    """True where all of it is stored as it is said now, None where nothing of it is."""
    known = [books.kept.get(transfer.id) for transfer in entry]
    if not any(known):
        return None
    same = all(one is not None and _is(one, transfer) for one, transfer in zip(known, entry, strict=True))
    return True if same else Refused(Reason.TRANSFER_ID_TAKEN)


def _is(kept: Kept, transfer: Transfer) -> bool:
    said = (transfer.debit.id, transfer.credit.id, transfer.subject, transfer.cents, transfer.step, transfer.hold_id)
    return said == (kept.debit_id, kept.credit_id, kept.subject, kept.cents, kept.step, kept.hold_id)


def _posted(books: _Books, entry: Entry) -> Posted:
    """What is left in the purse that an entry is about."""
    for transfer in entry:
        for one in (transfer.debit, transfer.credit):
            if one.kind is Kind.PURSE:
                return Posted(books.balances[one.id].available_cents)
    return Posted()


def _try(books: _Books, entry: Entry) -> Refused | None:
    """Do all of an entry, or nothing of it; what a purse lacks is told by what it has before the entry."""
    for transfer in entry:
        refusal = _move(books, transfer)
        if refusal is not None:
            books.undo()
            if refusal.reason == Reason.INSUFFICIENT_FUNDS:
                available = books.balances[transfer.debit.id].available_cents
                return Refused(Reason.INSUFFICIENT_FUNDS, {"available_cents": available})
            return refusal
    return None


def _move(books: _Books, transfer: Transfer) -> Refused | None:
    """Do one transfer on the books, or say why not."""
    if not 0 < transfer.cents <= CENTS_MAX or transfer.debit.id == transfer.credit.id or transfer.id in books.kept:
        return Refused(Reason.AMOUNT_INVALID if transfer.id not in books.kept else Reason.TRANSFER_ID_TAKEN)
    debit, credit = books.balances.get(transfer.debit.id), books.balances.get(transfer.credit.id)
    if debit is None or credit is None:
        return Refused(Reason.ACCOUNT_NOT_FOUND)
    after = _end_hold(books, transfer, debit) if transfer.hold_id is not None else _begin(transfer, debit)
    if isinstance(after, Refused):
        return after
    books.set(transfer.debit.id, after)
    if transfer.step in (Step.POST, Step.CAPTURE):
        books.set(transfer.credit.id, Balance(credit.balance_cents + transfer.cents, credit.held_cents))
    books.keep(_kept(transfer))
    return None


def _kept(transfer: Transfer) -> Kept:
    debit_id, credit_id = transfer.debit.id, transfer.credit.id
    return Kept(transfer.id, debit_id, credit_id, transfer.subject, transfer.cents, transfer.step, transfer.hold_id)


def _begin(transfer: Transfer, debit: Balance) -> Balance | Refused:
    """The debited account after a post or a hold."""
    if transfer.step not in (Step.POST, Step.HOLD):
        return Refused(Reason.HOLD_NOT_FOUND)
    if transfer.debit.kind in FLOORED and debit.available_cents < transfer.cents:
        return Refused(Reason.INSUFFICIENT_FUNDS)
    if transfer.step is Step.HOLD:
        return Balance(debit.balance_cents, debit.held_cents + transfer.cents)
    return Balance(debit.balance_cents - transfer.cents, debit.held_cents)


def _end_hold(books: _Books, transfer: Transfer, debit: Balance) -> Balance | Refused:
    """The debited account once its hold is over."""
    hold = books.kept.get(transfer.hold_id) if transfer.hold_id is not None else None
    ends = transfer.step in (Step.CAPTURE, Step.VOID)
    if hold is None or hold.step != Step.HOLD or not ends:
        return Refused(Reason.HOLD_NOT_FOUND)
    if (hold.debit_id, hold.credit_id) != (transfer.debit.id, transfer.credit.id):
        return Refused(Reason.HOLD_NOT_FOUND)
    if hold.ended:
        return Refused(Reason.HOLD_ENDED)
    if transfer.cents > hold.cents or (transfer.step is Step.VOID and transfer.cents != hold.cents):
        return Refused(Reason.EXCEEDS_HOLD, {"held_cents": hold.cents})
    books.keep(Kept(hold.id, hold.debit_id, hold.credit_id, hold.subject, hold.cents, hold.step, None, ended=True))
    taken = transfer.cents if transfer.step is Step.CAPTURE else 0
    return Balance(debit.balance_cents - taken, debit.held_cents - hold.cents)
