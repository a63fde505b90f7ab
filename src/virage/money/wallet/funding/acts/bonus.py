"""The house gives bonus credit."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.people import api as people
from virage.money.wallet.accounts import api as accounts
from virage.money.wallet.accounts.types import Purse
from virage.money.wallet.funding.rules import gifts as rules
from virage.money.wallet.funding.rules.gifts import Gift, Given, Reason
from virage.money.wallet.funding.store import gifts as store
from virage.money.wallet.ledger import api as ledger
from virage.money.wallet.ledger.api import balances_by_id
from virage.money.wallet.ledger.types import CENTS_MAX, Balance, bonus
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused


async def give(conn: Connection, gifts: Sequence[Gift], now: datetime) -> list[Given | Refused]:
    """Give bonus credit to purses; one outcome each, in order. Given again, a gift is answered again.

    Refusals: not_found (the purse, or whoever gives) and purse_frozen, amount_invalid, gift_id_taken (the id gave
    something else), own_purse (nobody gives to themselves, by a program of theirs neither).
    """
    held = await accounts.lock_purses(conn, sorted({gift.purse_id for gift in gifts}))
    givers = {gift.given_by for gift in gifts if gift.given_by is not None}
    behind = {giver: await people.person_behind(conn, giver) for giver in givers}
    refused = {at: why for at, gift in enumerate(gifts) if (why := _refuse(gift, held, behind)) is not None}
    wanted = [gift for at, gift in enumerate(gifts) if at not in refused]
    first = {gift.id: gift for gift in reversed(wanted)}
    new = await store.insert_gifts(conn, list(first.values()), now) if first else set()
    known = await store.gifts(conn, first.keys() - new)
    meant = {id_: first[id_] for id_ in new} | known
    entries = [[rules.gift(meant[id_])] for id_ in sorted(new)]
    for posted in await ledger.post(conn, entries, now) if entries else ():
        if isinstance(posted, Refused):
            raise RuntimeError(f"A gift is not booked: {posted.reason}")  # noqa: TRY004 - it is no type that is wrong
    about = [meant[id_] for id_ in sorted(new)]
    await append(conn, [_fact(gift) for gift in about], now)
    balances = await balances_by_id(conn, [bonus(gift.purse_id).id for gift in wanted])
    return [refused[at] if at in refused else _outcome(gift, meant, balances) for at, gift in enumerate(gifts)]


def _refuse(gift: Gift, held: Mapping[UUID, Purse], behind: Mapping[UUID, UUID | None]) -> Refused | None:
    if not 0 < gift.cents <= CENTS_MAX:
        return Refused(Reason.AMOUNT_INVALID)
    purse = held.get(gift.purse_id)
    if purse is None:
        return Refused(Reason.NOT_FOUND)
    if purse.frozen_at is not None:
        return Refused(Reason.PURSE_FROZEN)
    if gift.given_by is None:
        return None
    giver = behind[gift.given_by]
    if giver is None:
        return Refused(Reason.NOT_FOUND)
    return Refused(Reason.OWN_PURSE) if purse.owner_id == giver else None


def _fact(gift: Gift) -> Fact:
    return Fact(
        "bonus_given", gift.given_by, gift.id, {"purse": gift.purse_id, "cents": gift.cents, "reason": gift.reason}
    )


def _outcome(gift: Gift, meant: Mapping[UUID, Gift], balances: Mapping[UUID, Balance]) -> Given | Refused:
    if meant[gift.id] != gift:
        return Refused(Reason.GIFT_ID_TAKEN)
    left = balances.get(bonus(gift.purse_id).id, Balance()).available_cents
    return Given(gift.id, gift.purse_id, gift.cents, left)
