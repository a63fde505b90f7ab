"""Whether the books are right: what `virage wallet audit` prints."""

from collections.abc import Mapping
from uuid import UUID

from msgspec import Struct

from virage.identity.keys.api import device_keys
from virage.identity.keys.types import HolderKey
from virage.money.payments import api as payments
from virage.money.wallet.cards.types import masked
from virage.money.wallet.funding.rules.desk import Load, transfer, transfer_id
from virage.money.wallet.funding.rules.loads import read_signed
from virage.money.wallet.funding.rules.top_ups import CARD_MONEY, PURPOSE, UNCLAIMED
from virage.money.wallet.funding.store.desk import KeptLoad, signed_loads, unsigned_loads
from virage.money.wallet.funding.store.gifts import gifts_told_and_booked
from virage.money.wallet.ledger import api as ledger
from virage.money.wallet.ledger.types import Balance, Kept
from virage.platform.data.database import Connection
from virage.platform.values.jwk import base64url
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused


class LoadAstray(Struct, frozen=True):
    """A load that its till did not sign, or not as it stands, or whose money moved otherwise."""

    till_id: UUID
    id: UUID


class Audit(Struct, frozen=True):
    """What was found. `sum_cents` is zero, nothing is astray; what the provider holds and what was given is booked.

    `unsigned_loads` are of before tills signed them; `unclaimed_cents` came for people who were erased.
    """

    sum_cents: Cents
    astray: list[ledger.Astray]
    captured_cents: Cents
    refund_cents: Cents
    booked_cents: Cents
    kinds: dict[str, Cents]
    gifts_cents: Cents
    gifts_booked_cents: Cents
    loads_astray: list[LoadAstray]
    unsigned_loads: int
    unclaimed_cents: Cents

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        at_provider = self.booked_cents == self.captured_cents - self.refund_cents
        given = self.gifts_booked_cents == self.gifts_cents
        return self.sum_cents == 0 and not self.astray and not self.loads_astray and at_provider and given


async def audit(conn: Connection) -> Audit:
    """Audit the ledger in one snapshot: the caller's transaction is `repeatable read`.

    Money captured at the provider for purses, less what was asked back, is what was credited to them, less what was
    paid out: the balance of the provider's account in the books.
    """
    turnover = await payments.of_purpose(conn, PURPOSE)
    held = await ledger.balances_by_id(conn, [CARD_MONEY.id, UNCLAIMED.id])
    gifts = await gifts_told_and_booked(conn)
    return Audit(
        await ledger.sum_of_balances(conn),
        await ledger.astray(conn),
        turnover.captured_cents,
        turnover.refund_cents,
        -held.get(CARD_MONEY.id, Balance()).balance_cents,
        {kind: balance.balance_cents for kind, balance in (await ledger.balance_of_kinds(conn)).items()},
        *gifts,
        await loads_astray(conn),
        await unsigned_loads(conn),
        held.get(UNCLAIMED.id, Balance()).balance_cents,
    )


async def loads_astray(conn: Connection) -> list[LoadAstray]:
    """All loads that are not what the keys of their tills signed, whoever wrote them."""
    kept = await signed_loads(conn)
    keys = await device_keys(conn, sorted({one.load.till_id for one in kept}))
    moved = await ledger.transfers(conn, {transfer_id(one.load) for one in kept})
    return [
        LoadAstray(one.load.till_id, one.load.id)
        for one in kept
        if not _is_signed(one, keys.get(one.load.till_id)) or not _has_moved(one.load, moved)
    ]


def _is_signed(kept: KeptLoad, key: HolderKey | None) -> bool:
    load = kept.load
    signed = read_signed(base64url(kept.body), base64url(kept.signature), load.till_id, key)
    if isinstance(signed, Refused):
        return False
    said, stands = signed.said, (load.id, load.cashier, load.cents, load.tender, load.slip, masked(load.purse_id))
    return (said.id, said.cashier, said.cents, said.tender, said.slip, said.purse) == stands


def _has_moved(load: Load, moved: Mapping[UUID, Kept]) -> bool:
    """Whether the money of a load stands in the ledger between its till and its purse."""
    wanted, found = transfer(load), moved.get(transfer_id(load))
    if found is None:
        return False
    return (wanted.debit.id, wanted.credit.id, wanted.cents) == (found.debit_id, found.credit_id, found.cents)
