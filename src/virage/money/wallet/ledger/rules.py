"""The double-entry ledger: what a batch of entries does to its accounts.

A transfer debits one account and credits another, so all accounts sum to zero. A balance is credits minus debits: a
wallet with money is positive, the provider that holds the money is negative. A two-phase transfer is a hold, which
reserves money, and later one capture or void.

Accounts count money in cents, or points. Both accounts of a transfer count the same, so each unit sums to zero by
itself, and points never become money. The amounts of points are in the fields named `cents`, too.
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
"""Maximum of one transfer. It exceeds every possible record, so that completed sales are always booked."""
_NAMES: Final = UUID("7b0d5c1e-6f0a-5d52-9c39-0f1c6d0f5a11")
"""Namespace of the ids of the operator's accounts (UUIDv5, RFC 9562)."""


class AccountKind(StrEnum):
    """Purpose of an account."""

    WALLET = "purse"  # balance of a fan, paid back on request
    BONUS = "bonus"  # bonus credit of a wallet: spent, never paid out
    DEPOSITS = "deposits"  # deposits of cups that are out
    CLEARING = "clearing"  # held by the payment provider: negative
    CASH = "cash"  # in a drawer: negative
    TERMINAL = "terminal"  # at the acquirer of a card terminal: negative
    REVENUE = "revenue"  # sold, by till and VAT
    TIPS = "tips"
    LOSS = "loss"  # uncovered offline sales: negative
    GRANTS = "grants"  # source of bonus credit: negative
    POINTS = "points"  # a fan's points of an organiser; never money
    POINTS_ISSUED = "points_issued"  # an organiser's source of points: negative
    POINTS_REDEEMED = "points_redeemed"
    POINTS_LAPSED = "points_lapsed"


NON_NEGATIVE: Final = frozenset({AccountKind.WALLET, AccountKind.BONUS, AccountKind.POINTS})
"""Kinds whose available balance may not become negative."""

IN_POINTS: Final = frozenset(
    {AccountKind.POINTS, AccountKind.POINTS_ISSUED, AccountKind.POINTS_REDEEMED, AccountKind.POINTS_LAPSED}
)
"""Kinds that count points; all others count cents. No transfer goes from the one to the other."""

OPENED_ON_FIRST_USE: Final = frozenset(AccountKind) - {AccountKind.WALLET}
"""Kinds that are opened by their first transfer; wallets are opened explicitly."""


class Step(StrEnum):
    """What a transfer does. Only `POST` and `CAPTURE` move money."""

    POST = "post"
    HOLD = "hold"
    CAPTURE = "capture"
    VOID = "void"


HOLDING: Final = frozenset(Step) - {Step.POST}
"""Steps of transfers of two phases."""
_WALLET: Final = (
    AccountKind.WALLET
)  # a member that is looked up in its enum costs as much as the sum that it decides on
_BEGIN: Final = frozenset({Step.POST, Step.HOLD})
_MOVE: Final = frozenset({Step.POST, Step.CAPTURE})


class Reason(StrEnum):
    """Why the ledger refuses an entry."""

    INSUFFICIENT_FUNDS = "insufficient_funds"
    AMOUNT_INVALID = "amount_invalid"
    UNITS_DIFFER = "units_differ"
    ACCOUNT_NOT_FOUND = "account_not_found"
    TRANSFER_ID_TAKEN = "transfer_id_taken"
    HOLD_NOT_FOUND = "hold_not_found"
    HOLD_ENDED = "hold_ended"
    EXCEEDS_HOLD = "exceeds_hold"


class Account(Struct, frozen=True):
    """An account, by kind and key; `wallet_id` is set for accounts of a wallet."""

    id: UUID
    kind: AccountKind
    key: str
    wallet_id: UUID | None = None


@lru_cache(maxsize=100_000)
def account(kind: AccountKind, key: str) -> Account:
    """Return an account of the operator, such as the revenue of a till at a VAT rate."""
    return Account(named_id(_NAMES, f"{kind}:{key}"), kind, key)


def wallet_account(wallet_id: UUID) -> Account:
    """Return the account of a wallet; it has the wallet's id."""
    return Account(wallet_id, AccountKind.WALLET, "", wallet_id)


@lru_cache(maxsize=100_000)
def bonus(wallet_id: UUID) -> Account:
    """Return the bonus account of a wallet."""
    return Account(named_id(_NAMES, f"{AccountKind.BONUS}:{wallet_id}"), AccountKind.BONUS, str(wallet_id), wallet_id)


class Transfer(Struct, frozen=True):
    """One transfer. The caller creates `id`; `subject` is the sale, top-up or order.

    A capture names its hold and the same accounts, and moves at most the held amount. A void names the whole amount.
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
"""Transfers that are posted together or not at all: a sale with its tip and its deposit."""


class Balance(Struct, frozen=True):
    """Balance of an account, and the part reserved by open holds."""

    balance_cents: Cents = 0
    held_cents: Cents = 0

    @property
    def available_cents(self) -> Cents:
        """Cents that can be spent or held now."""
        return self.balance_cents - self.held_cents


class StoredTransfer(Struct, frozen=True):
    """A stored transfer; `ended`: a capture or void has ended this hold."""

    id: UUID
    debit_id: UUID
    credit_id: UUID
    subject: UUID
    cents: Cents
    step: str
    hold_id: UUID | None = None
    ended: bool = False


class Posted(Struct, frozen=True):
    """A posted entry. `available_cents` is what is left in its wallet; None without a wallet."""

    available_cents: Cents | None = None


Outcome = Posted | Refused


class Posting(Struct, frozen=True):
    """Result of a batch: one outcome per entry, the new transfers in order, and the changed accounts."""

    outcomes: list[Outcome]
    new: list[Transfer]
    moved: dict[UUID, Balance]


class _Stand(Struct):
    """Mutable balance of an account during a batch."""

    balance_cents: Cents
    held_cents: Cents


class _Books:
    """Accounts during a batch, new transfers, and stored transfers that entries may repeat or end."""

    def __init__(self, balances: Mapping[UUID, Balance], kept: Mapping[UUID, StoredTransfer]) -> None:
        self.stands = {id_: _Stand(found.balance_cents, found.held_cents) for id_, found in balances.items()}
        self.new: list[Transfer] = []
        self.kept: dict[UUID, StoredTransfer | Transfer] = dict(kept)
        self.ended = {one.id for one in kept.values() if one.ended}

    def touched(self, entry: Entry) -> list[tuple[_Stand, Cents, Cents]]:
        """Return the accounts of an entry with their current amounts, for `undo`."""
        ids = {account.id for transfer in entry for account in (transfer.debit, transfer.credit)}
        stands = (self.stands.get(id_) for id_ in ids)
        return [(stand, stand.balance_cents, stand.held_cents) for stand in stands if stand is not None]

    def undo(self, count: int, before: Sequence[tuple[_Stand, Cents, Cents]]) -> None:
        """Restore the accounts and drop the new transfers after the first `count`."""
        for stand, balance_cents, held_cents in before:
            stand.balance_cents, stand.held_cents = balance_cents, held_cents
        for transfer in self.new[count:]:
            del self.kept[transfer.id]
            if transfer.hold_id is not None:
                self.ended.remove(transfer.hold_id)
        del self.new[count:]


def decide(entries: Sequence[Entry], balances: Mapping[UUID, Balance], kept: Mapping[UUID, StoredTransfer]) -> Posting:
    """Apply the entries one after the other.

    `balances` are the locked accounts of the entries; `kept` the stored transfers with their ids, and the holds that
    they end. A repeated entry returns its first outcome and changes nothing.
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
    """Apply a whole entry or nothing; a repeated entry returns its first outcome."""
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
    """Return whether the entry is stored with the same content."""
    known = [books.kept.get(transfer.id) for transfer in entry]
    return all(one is not None and _said(one) == _said(transfer) for one, transfer in zip(known, entry, strict=True))


def _said(one: StoredTransfer | Transfer) -> tuple[UUID, UUID, UUID, Cents, str, UUID | None]:
    """Return the content of a transfer, which a repetition must equal."""
    debit_id, credit_id = (one.debit.id, one.credit.id) if isinstance(one, Transfer) else (one.debit_id, one.credit_id)
    return debit_id, credit_id, one.subject, one.cents, one.step, one.hold_id


def _posted(books: _Books, entry: Entry) -> Posted:
    """Return the outcome with the available cents of the entry's wallet."""
    for transfer in entry:
        for one in (transfer.debit, transfer.credit):
            if one.kind is _WALLET:
                stand = books.stands[one.id]
                return Posted(stand.balance_cents - stand.held_cents)
    return Posted()


def _short(books: _Books, transfer: Transfer) -> Refused:
    """Refuse with the cents that were available before the entry."""
    stand = books.stands[transfer.debit.id]
    return Refused(Reason.INSUFFICIENT_FUNDS, {"available_cents": stand.balance_cents - stand.held_cents})


def _try(books: _Books, transfer: Transfer) -> Refused | None:  # noqa: PLR0911 - each reason by its name
    """Apply one transfer, or return its refusal and change nothing."""
    cents = transfer.cents
    if not 0 < cents <= CENTS_MAX or transfer.debit.id == transfer.credit.id:
        return Refused(Reason.AMOUNT_INVALID)
    if (transfer.debit.kind in IN_POINTS) is not (transfer.credit.kind in IN_POINTS):
        return Refused(Reason.UNITS_DIFFER)
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
    elif debit.balance_cents - debit.held_cents < cents and transfer.debit.kind in NON_NEGATIVE:
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
    """Return the held cents of the hold that a transfer ends."""
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
