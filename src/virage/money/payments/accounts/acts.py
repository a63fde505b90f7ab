"""Acts on organisers' accounts, in the caller's transaction. No act calls the provider."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from virage.money.payments.accounts import store
from virage.money.payments.accounts.rules import (
    Account,
    AccountRefusal,
    AccountReport,
    DirectCharge,
    FeeRule,
    updated,
)
from virage.money.payments.rules import Payment, PaymentIntent
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.values.refusals import Refused
from virage.site.programme.api import organisers


async def begin_account(conn: Connection, organiser_id: UUID, who: UUID, now: datetime) -> Account:
    """Store the intent to open an account, before the provider is called. An organiser has one account.

    From now on its events can be sold only while the account may charge.
    """
    if await store.insert_account(conn, organiser_id, who, now):
        await journal.append(conn, [Fact("account_begun", who, organiser_id, {})], now)
    (account,) = await store.lock_accounts(conn, [organiser_id])
    return account


async def renew_request(conn: Connection, refused: Account, now: datetime) -> None:
    """Renew the idempotency key of a request that the provider has refused: it repeats a refusal for a day."""
    await store.renew_request(conn, refused, now)


async def replace_account(
    conn: Connection, organiser_id: UUID, ref: str, who: UUID, now: datetime
) -> Account | Refused:
    """Begin a new account in place of the one with this id of the provider, and return it. Idempotent.

    New payments are made on the new one, with the same fee; what was paid on the old one stays there. Refusal:
    not_found, if the organiser has no such account.
    """
    known = await store.lock_accounts(conn, [organiser_id])
    if not known:
        return Refused(AccountRefusal.NOT_FOUND)
    if known[0].ref == ref:
        await store.replace_account(conn, known[0], who, now)
        await journal.append(conn, [Fact("account_replaced", who, organiser_id, {"account": ref})], now)
        known = await store.lock_accounts(conn, [organiser_id])
    elif not [one for one in await store.lock_former_accounts(conn, [ref]) if one.organiser_id == organiser_id]:
        return Refused(AccountRefusal.NOT_FOUND)
    return known[0]


async def name_account(conn: Connection, begun: Account, report: AccountReport, now: datetime) -> str | None:
    """Store the provider's id of an account that was begun, and what the provider says of it; return the id.

    The first one counts. None if the account was replaced meanwhile by one without an id.
    """
    await store.lock_accounts(conn, [begun.organiser_id])
    await store.name_account(conn, begun, report.ref)
    await record_accounts(conn, [report], now)
    (account,) = await store.lock_accounts(conn, [begun.organiser_id])
    return account.ref


async def set_fee(conn: Connection, organiser_id: UUID, fee: FeeRule, who: UUID, now: datetime) -> Account | Refused:
    """Store what the operator keeps of payments that begin from now on. Refusal: not_found."""
    known = await store.lock_accounts(conn, [organiser_id])
    if not known:
        return Refused(AccountRefusal.NOT_FOUND)
    (account,) = known
    if account.fee != fee:
        await store.put_fee(conn, organiser_id, fee)
        data = {"permille": fee.permille, "cents": fee.cents, "returned": fee.is_returned}
        await journal.append(conn, [Fact("account_fee_set", who, organiser_id, data)], now)
    return replace(account, fee=fee)


async def record_accounts(conn: Connection, reports: Sequence[AccountReport], now: datetime) -> None:
    """Store what the provider says of accounts; unknown ones are ignored. The journal has what changed."""
    if not reports:
        return
    said = {report.ref: report for report in reports}
    facts = []
    known = await store.lock_accounts(conn, refs=sorted(said))
    known += await store.lock_former_accounts(conn, sorted(said))
    for account in known:
        after = updated(account, said[str(account.ref)], now)
        await store.put_report(conn, after, now)
        before = (account.may_charge, account.may_pay_out, account.negative_since is None)
        if before != (after.may_charge, after.may_pay_out, after.negative_since is None):
            data = {
                "may_charge": after.may_charge,
                "may_pay_out": after.may_pay_out,
                "negative": after.negative_since is not None,
            }
            facts.append(Fact("account_changed", None, account.organiser_id, data))
    if facts:
        await journal.append(conn, facts, now)


async def direct_charges(
    conn: Connection, starts: Sequence[PaymentIntent], begun: Sequence[Payment | Refused]
) -> dict[UUID, DirectCharge]:
    """Return the direct charge of each payment on an organiser's account, by payment id.

    `begun` are the stored payments of the intents, in order.
    """
    charged = [
        (start.organiser_id, payment)
        for start, payment in zip(starts, begun, strict=True)
        if isinstance(payment, Payment) and payment.account is not None and start.organiser_id is not None
    ]
    if not charged:
        return {}
    names = {one.id: one.name for one in await organisers(conn, sorted({id_ for id_, _ in charged}))}
    return {
        payment.id: DirectCharge(str(payment.account), payment.fee_cents, names[organiser_id])
        for organiser_id, payment in charged
    }
