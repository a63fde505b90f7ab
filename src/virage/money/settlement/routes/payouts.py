"""Office routes of payouts, of payments as cases, and of the search."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct
from starlette.responses import StreamingResponse

from virage.money.payments.types import EntryKind
from virage.money.settlement.acts import bank as bank_acts
from virage.money.settlement.reads.cases import Found, PaymentCase, SubjectsByCode, case_of, find
from virage.money.settlement.reads.views import EntryLine, ItemLine, PayoutLine, entry_line, item_lines, payout_lines
from virage.money.settlement.store import bank as bank_store
from virage.money.settlement.store import items as item_store
from virage.money.settlement.store import payouts as store
from virage.money.settlement.store.bank import BankLine
from virage.money.settlement.store.payouts import StoredEntry
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.money import Currency
from virage.platform.values.tables import amount, table
from virage.platform.web.guard import Principal, Role, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, get, mount, put
from virage.platform.web.scopes import over_the_house

ROLES: Final[tuple[Role, ...]] = ("finance",)
PAYOUTS_MAX: Final = 50
ENTRIES_MAX: Final = 100
EXPORT_PAGE: Final = 5_000
CANDIDATES_MAX: Final = 20
CANDIDATES_WITHIN: Final = timedelta(days=10)
EVER: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
PRIVATE: Final = {"cache-control": "no-store"}
HEADER: Final = (
    "entry",
    "kind",
    "category",
    "created_at",
    "amount",
    "fee",
    "net",
    "currency",
    "payment",
    "refund",
    "provider_payment",
    "verdict",
)
Query = Annotated[str, Meta(min_length=2, max_length=80, description="Order code, id, or amount")]


class PayoutDetail(Struct, frozen=True):
    """Payout with its items, and the bank lines that it may be matched with by hand."""

    payout: PayoutLine
    items: list[ItemLine]
    candidates: list[BankLine]


class EntryPage(Struct, frozen=True):
    """Page of entries, oldest first; `more` if another follows."""

    entries: list[EntryLine]
    more: bool


class LineChoice(Struct, frozen=True, forbid_unknown_fields=True):
    """Bank line of a payout."""

    line_id: UUID


@get("/payouts", guards=[staff(*ROLES)])
async def list_payouts(
    db: Database,
    clock: Clock,
    principal: Principal,
    *,
    before: Annotated[datetime | None, Meta(description="Only payouts created before this time")] = None,
) -> list[PayoutLine]:
    """Return payouts, latest first; at most 50."""
    over_the_house(principal, ROLES)
    async with db.connection() as conn:
        until = before or clock.now() + timedelta(days=1)
        return await payout_lines(conn, await store.latest_payouts(conn, until, PAYOUTS_MAX))


@get("/payouts/{payout_id:uuid}", guards=[staff(*ROLES)])
async def get_payout(payout_id: UUID, db: Database, principal: Principal) -> PayoutDetail:
    """Return a payout with its items. `candidates` are free bank lines near its day, if it has none."""
    over_the_house(principal, ROLES)
    async with db.connection() as conn:
        payout = next(iter(await payout_lines(conn, [payout_id])), None)
        if payout is None:
            raise Problem("not_found")
        items = await item_lines(conn, await item_store.items_about(conn, [payout_id], []))
        days = (payout.arrives_on - CANDIDATES_WITHIN, payout.arrives_on + CANDIDATES_WITHIN)
        candidates = [] if payout.line else await bank_store.free_lines_near(conn, days, CANDIDATES_MAX)
    return PayoutDetail(payout, items, candidates)


@put("/payouts/{payout_id:uuid}/line", status_code=204, guards=[staff(*ROLES)])
async def put_payout_line(payout_id: UUID, data: LineChoice, db: Database, clock: Clock, principal: Principal) -> None:
    """Match a payout with a bank line of the same amount, else `match_invalid`. Idempotent."""
    over_the_house(principal, ROLES)
    granted(await db.transact(bank_acts.match_by_hand, payout_id, data.line_id, principal.id, clock.now()))


@get("/payouts/{payout_id:uuid}/entries", guards=[staff(*ROLES)])
async def list_payout_entries(
    payout_id: UUID,
    db: Database,
    principal: Principal,
    *,
    kind: EntryKind | None = None,
    unmatched: Annotated[bool, Meta(description="Only entries without a match")] = False,
    after_at: Annotated[datetime | None, Meta(description="Time of the last entry of the page before")] = None,
    after: Annotated[str, Meta(max_length=200, description="Id of that entry")] = "",
) -> EntryPage:
    """Return a page of the entries of a payout, oldest first; at most 100."""
    over_the_house(principal, ROLES)
    async with db.connection() as conn:
        key = (after_at or EVER, after)
        found = await store.entries(conn, payout_id, kind, key, ENTRIES_MAX + 1, unmatched=unmatched)
    return EntryPage([entry_line(stored) for stored in found[:ENTRIES_MAX]], len(found) > ENTRIES_MAX)


@get(
    "/payouts/{payout_id:uuid}/entries.csv",
    guards=[staff(*ROLES)],
    rate="costly",
    answer=Described(bytes, description="All entries of the payout", media_type="text/csv"),
)
async def get_payout_csv(payout_id: UUID, config: Config, db: Database, principal: Principal) -> StreamingResponse:
    """Return all entries of a payout as CSV."""
    over_the_house(principal, ROLES)
    async with db.connection() as conn:
        payout = (await store.payouts(conn, [payout_id])).get(payout_id)
    if payout is None:
        raise Problem("not_found")
    headers = PRIVATE | {"content-disposition": f'attachment; filename="payout-{payout.arrives_on}.csv"'}
    return StreamingResponse(_csv(db, payout_id, config.currency), media_type="text/csv", headers=headers)


async def _csv(db: Database, payout_id: UUID, currency: Currency) -> AsyncIterator[bytes]:
    """Yield the table page by page; no connection is held while a page is sent."""
    yield table(HEADER, [])
    key = (EVER, "")
    while True:
        async with db.connection() as conn:
            page = await store.entries(conn, payout_id, None, key, EXPORT_PAGE, unmatched=False)
        if page:
            yield table(HEADER, (_row(stored, currency) for stored in page)).partition(b"\r\n")[2]
            key = (page[-1].entry.created_at, page[-1].entry.id)
        if len(page) < EXPORT_PAGE:
            return


def _row(stored: StoredEntry, currency: Currency) -> tuple[str, ...]:
    entry = stored.entry
    return (
        entry.id,
        entry.kind.value,
        entry.category,
        entry.created_at.isoformat(),
        amount(entry.amount_cents, currency),
        amount(entry.fee_cents, currency),
        amount(entry.net_cents, currency),
        entry.currency,
        str(entry.payment_id or ""),
        str(entry.refund_id or ""),
        entry.intent_ref or "",
        "" if stored.verdict is None else stored.verdict.value,
    )


@get("/search", guards=[staff(*ROLES)])
async def search_payments(
    q: Query, config: Config, db: Database, principal: Principal, subjects_by_code: SubjectsByCode
) -> Found:
    """Return payments, payouts, items and bank lines by order code, id of ours or of the provider, or amount."""
    over_the_house(principal, ROLES)
    async with db.connection() as conn:
        return await find(conn, q, config.currency, subjects_by_code)


@get("/{payment_id:uuid}", guards=[staff(*ROLES)])
async def get_payment_case(payment_id: UUID, db: Database, principal: Principal) -> PaymentCase:
    """Return a payment as a case: refunds, entries, payouts, bank lines, items and history."""
    over_the_house(principal, ROLES)
    async with db.connection() as conn:
        found = await case_of(conn, payment_id)
    if found is None:
        raise Problem("not_found")
    return found


router = mount(
    "/api/office/payments",
    [
        list_payouts,
        get_payout,
        put_payout_line,
        list_payout_entries,
        get_payout_csv,
        search_payments,
        get_payment_case,
    ],
)
