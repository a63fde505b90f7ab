"""Phones that pay: their keys, and proofs that are sent to tills and taken by records."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.keys.types import holder_key_from_jwk
from virage.money.wallet.accounts.api import ensure_wallet, lock_wallet_of, wallet_of
from virage.money.wallet.cards.rules.virtual_cards import (
    KEYS_MAX,
    Challenge,
    PhoneKey,
    Proven,
    Reason,
    Shown,
    judge,
    read_proof,
)
from virage.money.wallet.cards.store import virtual_cards as store
from virage.money.wallet.ledger.api import balances_by_id
from virage.money.wallet.ledger.types import Reason as LedgerReason
from virage.money.wallet.ledger.types import bonus
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.jwk import Jwk
from virage.platform.values.refusals import Refused


class NewPhone(Struct, frozen=True):
    """A key that a phone made, and how its owner calls the phone."""

    id: UUID
    public_key: Jwk
    label: str | None = None


async def register(conn: Connection, owner_id: UUID, phone: NewPhone, now: datetime) -> PhoneKey | Refused:
    """Register a phone for payments from a wallet; idempotent for the same key."""
    key = holder_key_from_jwk(phone.public_key)
    if key is None:
        return Refused(Reason.KEY_INVALID, {"field": "public_key"})
    await ensure_wallet(conn, owner_id, now)
    wallet = await lock_wallet_of(conn, owner_id)
    if wallet is None:
        return Refused(Reason.NOT_FOUND)
    known = (await store.phone_keys(conn, [phone.id])).get(phone.id)
    if known is not None:
        same = (known.wallet_id, known.key, known.blocked_at) == (wallet.id, key, None)
        return known if same else Refused(Reason.KEY_TAKEN)
    live = [one for one in await store.phone_keys_of_wallet(conn, wallet.id) if one.blocked_at is None]
    if len(live) >= KEYS_MAX:
        return Refused(Reason.PHONES_MAX, {"phones_max": KEYS_MAX})
    new = PhoneKey(phone.id, wallet.id, key, phone.label, now, None)
    if not await store.insert_phone_key(conn, new):
        return Refused(Reason.KEY_TAKEN)
    await append(conn, [Fact("phone_registered", owner_id, phone.id, {"purse": wallet.id})], now)
    return new


async def block(conn: Connection, owner_id: UUID, key_id: UUID, now: datetime) -> Refused | None:
    """Let an owner's phone pay no longer; blocked again it is blocked."""
    wallet = await wallet_of(conn, owner_id)
    known = (await store.phone_keys(conn, [key_id])).get(key_id)
    if wallet is None or known is None or known.wallet_id != wallet.id:
        return Refused(Reason.NOT_FOUND)
    if await store.block_phone_key(conn, key_id, now):
        await append(conn, [Fact("phone_blocked", owner_id, key_id)], now)
    return None


async def send(conn: Connection, owner_id: UUID, challenge: Challenge, proof: str, now: datetime) -> Proven | Refused:
    """Store a proof for the till that made the challenge; idempotent.

    Money moves only when the till's record is booked; the balance returned here may change until then.
    """
    wallet = await wallet_of(conn, owner_id)
    said = read_proof(proof)
    keys = {} if said is None else await store.phone_keys(conn, [said.key])
    mine = {id_: key for id_, key in keys.items() if wallet is not None and key.wallet_id == wallet.id}
    (outcome,) = judge([Shown(challenge, proof)], mine, now)
    if isinstance(outcome, Refused):
        return outcome
    accounts = await balances_by_id(conn, [outcome.wallet_id, bonus(outcome.wallet_id).id])
    available = sum(account.available_cents for account in accounts.values())
    booked = await store.has_moved(conn, outcome.wallet_id, challenge.id)
    if available < challenge.cents and not booked:
        return Refused(LedgerReason.INSUFFICIENT_FUNDS, {"available_cents": available})
    await store.send_proof(conn, challenge.id, challenge.till, key_id=outcome.key_id, proof=proof, now=now)
    return outcome


async def charge(conn: Connection, shown: Sequence[Shown], now: datetime) -> list[UUID | Refused]:
    """The wallet whose owner's phone signed each tender of records that are being booked, in order, or why not.

    The caller holds the heads of the tills' chains, by which a record, and so its proof, counts once. No cap of a tap
    is asked about: the phone knew the amount.
    """
    said = [read_proof(one.proof) for one in shown]
    keys = await store.phone_keys(conn, {proof.key for proof in said if proof is not None})
    return [one if isinstance(one, Refused) else one.wallet_id for one in judge(shown, keys, now)]


async def erased(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:
    """Erase the phone keys of a person, before their wallet is closed."""
    wallet = await lock_wallet_of(conn, person_id)
    if wallet is None:
        return None
    keys = await store.phone_keys_of_wallet(conn, wallet.id)
    await store.forget_phone_keys(conn, wallet.id)
    await append(conn, [Fact("phone_forgotten", person_id, key.id) for key in keys], now)
    return None
