"""Office routes of organisers' accounts at the payment provider."""

from uuid import UUID

from msgspec import Struct

from virage.money.payments.accounts import acts, reads
from virage.money.payments.accounts.jobs import read_accounts
from virage.money.payments.accounts.reads import AccountView, OrganiserAccount
from virage.money.payments.accounts.rules import Account, FeeRule, NewAccount
from virage.money.payments.provider import NotExecuted, PaymentProvider, Unreachable
from virage.money.payments.routes import READERS, decider
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import get, mount, post, put
from virage.platform.web.scopes import over_the_house

PATH = "/office/payments/accounts"


class Onboarding(Struct, frozen=True):
    """Address of the provider's form, which works once."""

    url: str


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
    async with db.connection() as conn:
        found = [one for one in await reads.organiser_accounts(conn) if one.organiser_id == organiser_id]
    if not found:
        raise Problem("not_found")
    async with db.transaction() as conn:
        account = await acts.begin_account(conn, organiser_id, who, clock.now())
    back = f"{config.public_url}{PATH}"
    try:
        ref = account.ref
        if ref is None:
            new = NewAccount(organiser_id, found[0].organiser, account.begun_at)
            report = await payment_provider.open_account(new)
            async with db.transaction() as conn:
                ref = await acts.name_account(conn, organiser_id, report, clock.now())
        return Onboarding(
            await payment_provider.onboarding_url(ref, f"{back}?again={organiser_id}", f"{back}?back={organiser_id}")
        )
    except Unreachable as failure:
        log.warning("payment_provider_unreachable", asked=str(failure), accounts=1)
        if isinstance(failure, NotExecuted):
            async with db.transaction() as conn:
                await acts.begin_account_again(conn, organiser_id, clock.now())
        raise Problem("provider_unavailable") from failure


@post("/accounts/{organiser_id:uuid}/refresh", status_code=200, guards=[staff(*READERS)])
async def refresh_account(
    organiser_id: UUID, *, db: Database, clock: Clock, principal: Principal, payment_provider: PaymentProvider
) -> AccountView:
    """Read the account of an organiser from the provider, and return it."""
    over_the_house(principal, READERS)
    account = await _account(db, organiser_id)
    if account.ref is not None:
        try:
            await read_accounts(db, clock, payment_provider, [account.ref])
        except Unreachable as failure:
            log.warning("payment_provider_unreachable", asked=str(failure), accounts=1)
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


routers = [mount("/api/office/payments", [list_accounts, open_account, refresh_account, put_fee])]
