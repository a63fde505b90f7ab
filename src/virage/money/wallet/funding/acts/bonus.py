"""Grant bonus credit."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.people import api as people
from virage.money.wallet.accounts import api as accounts
from virage.money.wallet.accounts.types import Wallet
from virage.money.wallet.funding.rules import bonus as rules
from virage.money.wallet.funding.rules.bonus import BonusGrant, GrantedBonus, Reason
from virage.money.wallet.funding.store import bonus as store
from virage.money.wallet.ledger import api as ledger
from virage.money.wallet.ledger.api import balances_by_id
from virage.money.wallet.ledger.types import CENTS_MAX, Balance, bonus
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused


async def give(conn: Connection, grants: Sequence[BonusGrant], now: datetime) -> list[GrantedBonus | Refused]:
    """Grant bonus credit; return one outcome each, in order. A repeated grant returns its first outcome.

    Refusals: not_found (wallet or giver), wallet_frozen, amount_invalid, gift_id_taken (id used with other content),
    own_wallet (the giver, or the owner of the giving API client, owns the wallet).
    """
    held = await accounts.lock_wallets(conn, sorted({grant.wallet_id for grant in grants}))
    givers = {grant.given_by for grant in grants if grant.given_by is not None}
    behind = {giver: await people.responsible_person(conn, giver) for giver in givers}
    refused = {at: why for at, grant in enumerate(grants) if (why := _refuse(grant, held, behind)) is not None}
    wanted = [grant for at, grant in enumerate(grants) if at not in refused]
    first = {grant.id: grant for grant in reversed(wanted)}
    new = await store.insert_bonus_grants(conn, list(first.values()), now) if first else set()
    known = await store.bonus_grants(conn, first.keys() - new)
    meant = {id_: first[id_] for id_ in new} | known
    entries = [[rules.grant_transfer(meant[id_])] for id_ in sorted(new)]
    for posted in await ledger.post(conn, entries, now) if entries else ():
        if isinstance(posted, Refused):
            raise RuntimeError(f"A grant is not booked: {posted.reason}")  # noqa: TRY004 - it is no type that is wrong
    about = [meant[id_] for id_ in sorted(new)]
    await append(conn, [_fact(grant) for grant in about], now)
    balances = await balances_by_id(conn, [bonus(grant.wallet_id).id for grant in wanted])
    return [refused[at] if at in refused else _outcome(grant, meant, balances) for at, grant in enumerate(grants)]


def _refuse(grant: BonusGrant, held: Mapping[UUID, Wallet], behind: Mapping[UUID, UUID | None]) -> Refused | None:
    if not 0 < grant.cents <= CENTS_MAX:
        return Refused(Reason.AMOUNT_INVALID)
    wallet = held.get(grant.wallet_id)
    if wallet is None:
        return Refused(Reason.NOT_FOUND)
    if wallet.frozen_at is not None:
        return Refused(Reason.WALLET_FROZEN)
    if grant.given_by is None:
        return None
    giver = behind[grant.given_by]
    if giver is None:
        return Refused(Reason.NOT_FOUND)
    return Refused(Reason.OWN_WALLET) if wallet.owner_id == giver else None


def _fact(grant: BonusGrant) -> Fact:
    return Fact(
        "bonus_given",
        grant.given_by,
        grant.id,
        {"purse": grant.wallet_id, "cents": grant.cents, "reason": grant.reason},
    )


def _outcome(
    grant: BonusGrant, meant: Mapping[UUID, BonusGrant], balances: Mapping[UUID, Balance]
) -> GrantedBonus | Refused:
    if meant[grant.id] != grant:
        return Refused(Reason.GIFT_ID_TAKEN)
    left = balances.get(bonus(grant.wallet_id).id, Balance()).available_cents
    return GrantedBonus(grant.id, grant.wallet_id, grant.cents, left)
