"""Office routes of organisers' accounts at the payment provider."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from virage.money.payments.accounts import acts, reads
from virage.money.payments.accounts.jobs import read_accounts
from virage.money.payments.accounts.reads import AccountView, OrganiserAccount
from virage.money.payments.accounts.rules import Account, FeeRule, NewAccount
from virage.money.payments.provider import PaymentProvider, Unreachable
from virage.money.payments.routes import READERS, decider
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import get, mount, post, put
from virage.platform.web.scopes import over_the_house
from virage.site.programme.api import organisers

PATH = "/office/payments/accounts"


class Onboarding(Struct, frozen=True):
    """Address of the provider's form, which works once."""

    url: str


class ReplacedAccount(Struct, frozen=True, forbid_unknown_fields=True):
    """The provider's id of the account to replace."""

    ref: Annotated[str, Meta(min_length=1, max_length=200)]


@get("/accounts", guards=[staff(*READERS)])
async def list_accounts(db: Database, principal: Principal) -> list[OrganiserAccount]:
    """Return all organisers, with and without an account of their own, by name."""
    over_the_house(principal, READERS)
    async with db.connection() as conn:
        return await reads.organiser_accounts(conn)


@post("/accounts/{organiser_id:uuid}/onboarding", status_code=200, guards=[staff(*READERS)])
async def open_account(
    organiser_id: UUID,
    *,
    db: Database,
    clock: Clock,
    config: Config,
    principal: Principal,
    payment_provider: PaymentProvider,
) -> Onboarding:
    """Open the account of an organiser, unless it is open, and return the address of the provider's form.

    From then on the organiser's tickets are sold only while the account may charge. Asks for a sign-in of the last 15
    minutes.
    """
    who = decider(principal, clock)
    name = await _name(db, organiser_id)
    async with db.transaction() as conn:
        account = await acts.begin_account(conn, organiser_id, who, clock.now())
    return await _onboarding(account, name, db=db, clock=clock, config=config, provider=payment_provider)


@post("/accounts/{organiser_id:uuid}/replacement", status_code=200, guards=[staff(*READERS)])
async def replace_account(
    organiser_id: UUID,
    data: ReplacedAccount,
    *,
    db: Database,
    clock: Clock,
    config: Config,
    principal: Principal,
    payment_provider: PaymentProvider,
) -> Onboarding:
    """Open another account of an organiser in place of the one with this id, and return the address of the form.

    From then on the organiser's tickets are sold only while the new account may charge. Refunds, disputes and payouts
    of what was paid on the old one stay there. Idempotent. Asks for a sign-in of the last 15 minutes.
    """
    who = decider(principal, clock)
    name = await _name(db, organiser_id)
    account = granted(await db.transact(acts.replace_account, organiser_id, data.ref, who, clock.now()))
    return await _onboarding(account, name, db=db, clock=clock, config=config, provider=payment_provider)


async def _name(db: Database, organiser_id: UUID) -> str:
    async with db.connection() as conn:
        found = await organisers(conn, [organiser_id])
    if not found:
        raise Problem("not_found")
    return found[0].name


async def _onboarding(
    account: Account, name: str, *, db: Database, clock: Clock, config: Config, provider: PaymentProvider
) -> Onboarding:
    """Return the address of the provider's form for an account, which is created unless it has an id."""
    back, organiser_id = f"{config.public_url}{PATH}", account.organiser_id
    try:
        ref = account.ref
        if ref is None:
            report = await provider.open_account(NewAccount(organiser_id, name, account.begun_at))
            if isinstance(report, Refused):
                async with db.transaction() as conn:
                    await acts.renew_request(conn, account, clock.now())
            opened = granted(report)
            async with db.transaction() as conn:
                ref = await acts.name_account(conn, account, opened, clock.now())
        if ref is None:  # another request has begun another account meanwhile
            raise Problem("provider_unavailable")
        return Onboarding(
            await provider.onboarding_url(ref, f"{back}?again={organiser_id}", f"{back}?back={organiser_id}")
        )
    except Unreachable as failure:
        log.warning("payment_provider_unreachable", asked=str(failure), accounts=1)
        raise Problem("provider_unavailable") from failure


@post("/accounts/{organiser_id:uuid}/refresh", status_code=200, guards=[staff(*READERS)])
async def refresh_account(
    organiser_id: UUID, *, db: Database, clock: Clock, principal: Principal, payment_provider: PaymentProvider
) -> AccountView:
    """Read the account of an organiser and those that it replaced from the provider, and return it."""
    over_the_house(principal, READERS)
    await _account(db, organiser_id)
    async with db.connection() as conn:
        refs = await reads.refs_of(conn, organiser_id)
    try:
        await read_accounts(db, clock, payment_provider, refs)
    except Unreachable as failure:
        log.warning("payment_provider_unreachable", asked=str(failure), accounts=len(refs))
        raise Problem("provider_unavailable") from failure
    return reads.view(await _account(db, organiser_id))


@put("/accounts/{organiser_id:uuid}/fee", guards=[staff(*READERS)])
async def put_fee(organiser_id: UUID, data: FeeRule, db: Database, clock: Clock, principal: Principal) -> AccountView:
    """Set what the operator keeps of payments that begin from now on. Asks for a sign-in of the last 15 minutes."""
    who = decider(principal, clock)
    return reads.view(granted(await db.transact(acts.set_fee, organiser_id, data, who, clock.now())))


async def _account(db: Database, organiser_id: UUID) -> Account:
    async with db.connection() as conn:
        return granted(await reads.account(conn, organiser_id))


routers = [mount("/api/office/payments", [list_accounts, open_account, replace_account, refresh_account, put_fee])]
