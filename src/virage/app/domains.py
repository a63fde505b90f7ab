"""All domains, and the connections between them."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

from virage.app.emails import COMPOSERS
from virage.app.persons import PAID_AT, PERSON_ERASED, PERSON_EXPORTS
from virage.control.books import module as books
from virage.control.disputes import module as disputes
from virage.control.safety import module as safety
from virage.identity.keys import module as keys
from virage.identity.passes import module as passes
from virage.identity.people import module as people
from virage.identity.people.api import names_by_id
from virage.matchday.access import module as access
from virage.matchday.access.api import (
    Delays,
    GateReadings,
    attendance,
    closed_gates,
    first_entries,
    inside_since,
    is_banned,
    lock_inside,
)
from virage.matchday.food.menu import module as menu
from virage.matchday.food.menu.api import Catalogues
from virage.matchday.food.orders import module as orders
from virage.matchday.food.orders.api import FoodReads, food_spent, phone_orders
from virage.matchday.food.till import module as till
from virage.matchday.food.till.api import PhoneOrders, TillSpends
from virage.media.live import module as live
from virage.media.live.api import EntriesPublished, VenueSource, publish_stats_now
from virage.media.replay import module as replay
from virage.media.replay.api import suggest_clips
from virage.media.tracking import module as tracking
from virage.money.card_readers import module as card_readers
from virage.money.card_readers.api import CardReaderMoney
from virage.money.card_readers.types import PURPOSE as CARD_READERS
from virage.money.fiscal import module as fiscal
from virage.money.payments import module as payments
from virage.money.payments.api import Handlers, budget_of, provider_of
from virage.money.settlement import module as settlement
from virage.money.wallet.accounts import module as accounts
from virage.money.wallet.accounts.types import AccountSettings
from virage.money.wallet.cards import module as cards
from virage.money.wallet.cards.api import EmptyClosed
from virage.money.wallet.funding import module as funding
from virage.money.wallet.funding.api import TopUpMoney, empty_closed
from virage.money.wallet.funding.types import PURPOSE as WALLETS
from virage.money.wallet.ledger import module as ledger
from virage.platform.module import LockException, Module, Parts, Process
from virage.platform.settings.config import Config
from virage.platform.web.problems import STATUS
from virage.sale.draws import module as draws
from virage.sale.membership import module as membership
from virage.sale.membership.api import PURPOSE as MEMBERSHIPS
from virage.sale.membership.api import EarlySales, MembershipMoney, claim_members
from virage.sale.packages import module as packages
from virage.sale.points import module as points
from virage.sale.seasons import module as seasons
from virage.sale.ticketing import module as ticketing
from virage.sale.ticketing.api import PURPOSE as ORDERS
from virage.sale.ticketing.api import (
    OpenSales,
    OrderMoney,
    orders_with_code,
    refund_event,
    upcoming_of,
    write_event_moved,
)
from virage.site.pages import module as pages
from virage.site.programme import module as programme
from virage.site.programme.api import EventCancelled, EventMoved, venue_version
from virage.site.venue import module as venue

Value = TypeVar("Value")


def joined(what: str, declared: Mapping[str, Mapping[str, Value]]) -> dict[str, Value]:
    """Merge declarations of the modules. Raises ValueError for a name that two of them declare."""
    owners: dict[str, str] = {}
    for module, names in declared.items():
        for name in names:
            if name in owners:
                raise ValueError(f"The {what} {name!r} is declared by {owners[name]} and by {module}.")
            owners[name] = module
    return {name: value for names in declared.values() for name, value in names.items()}


MODULES: Final[Sequence[Module]] = (
    venue.module,
    programme.module,
    pages.module,
    people.module,
    keys.module,
    passes.module,
    payments.module,
    card_readers.module,
    settlement.module,
    ledger.module,
    accounts.module,
    cards.module,
    funding.module,
    fiscal.module,
    ticketing.module,
    packages.module,
    membership.module,
    points.module,
    draws.module,
    seasons.module,
    access.module,
    menu.module,
    till.module,
    orders.module,
    live.module,
    tracking.module,
    replay.module,
    books.module,
    disputes.module,
    safety.module,
)
"""Lowest domain first."""

ROLES: Final = frozenset(joined("role", {module.name: dict.fromkeys(module.roles) for module in MODULES}))
"""The staff roles."""
REFUSALS: Final[Mapping[str, int]] = joined(
    "refusal code", {"platform": STATUS} | {module.name: module.refusals for module in MODULES}
)
"""HTTP status by refusal code."""


class LockPlace(NamedTuple):
    """A place in the order of locks, and its reason: a domain with its ranks, or a single table."""

    what: str
    why: str


# The schema of `virage.platform` is `kernel`.
PLATFORM_LOCKS: Final[Mapping[str, Sequence[str]]] = {
    "singleton": (),
    "job": (),
    "job_log": (),
    "job_statistics": (),
    "era": (),
    "currency": (),
}
LOCK_PLACES: Final[Sequence[LockPlace]] = (
    LockPlace("kernel", "A singleton holds its number before it writes anything."),
    LockPlace("venue", "A venue is imported before its events are created."),
    LockPlace("programme", "An act on an event locks it before it calls the handlers of other domains."),
    LockPlace("ticketing.pricing", "The prices of an event are written with it."),
    LockPlace("pages", "Alone in its transaction."),
    LockPlace("people", "A request locks its session and person before other rows; an erasure locks the person first."),
    LockPlace("food_menu", "A draft is published alone."),
    LockPlace("food_orders", "A kitchen and its orders come before the till and the wallet, which they are paid from."),
    LockPlace("fiscal", "A till's chain is extended before its money moves."),
    LockPlace("food_till", "The bookings of a record follow its chain."),
    LockPlace("card_readers.reader", "A reader takes one payment at a time, and is locked before it is stored."),
    LockPlace("seasons", "A campaign is locked before seats are held or released, whose payments come first."),
    LockPlace("payments.payment where captured_cents is null", "News of a payment locks it before what it pays for."),
    LockPlace("card_readers", "A record and news of a payment lock it; wallets and captured payments follow."),
    LockPlace("membership", "A paid membership follows its payment; refunds and emails follow the membership."),
    LockPlace("draws", "A draw is locked before its winners are compared with the bans, seated, charged and told."),
    LockPlace("access.accreditation", "An accreditation is written before its pass."),
    LockPlace("access.ban_review", "A new holder is compared with the bans before their ticket is locked."),
    LockPlace(
        "ticketing", "Orders come before presence, passes and captured payments: a refund starts from its order."
    ),
    LockPlace("access", "A scan locks presence and then marks the pass; a refund asks who is inside after its order."),
    LockPlace("ticketing.refund", "A refund is written once it is known who is inside."),
    LockPlace("ticketing.ticket", "A ticket is locked before its pass."),
    LockPlace("ticketing.rebind_code", "A code is tried under the lock of its ticket."),
    LockPlace("ticketing.transfer", "A transfer is locked after its tickets and before their passes."),
    LockPlace("ticketing.reminder", "An erasure forgets the reminders of a person after their transfers."),
    LockPlace("ticketing.unreminded", "An erasure forgets the choice of a person after their reminders."),
    LockPlace("ticketing.waiting", "An erasure forgets where a person waits after their reminders."),
    LockPlace("passes", "Passes change with tickets, accreditations and presence, which are locked before them."),
    LockPlace("packages", "A subscription follows its orders; an erasure forgets it after the passes."),
    LockPlace("safety", "The log of an event is locked before its records are signed with the key of the event."),
    LockPlace("keys", "The key of an event is made when the first pass, record or closing is signed."),
    LockPlace("safety.request", "Requests of fans are stored after the signed record of their incident."),
    LockPlace(
        "points",
        "Points follow what earns them and come before the ledger; a voucher reaches the wallet of its person.",
    ),
    LockPlace(
        "wallet_funding.lock_turn_of_desk_transaction()",
        "A desk transaction is booked once; its id is locked before its card.",
    ),
    LockPlace("wallet_accounts.lock_turn_of_person()", "One first wallet per person; a linked card may bring it."),
    LockPlace("wallet_cards", "A tap starts from a card and reaches its wallet."),
    LockPlace("wallet_accounts", "A wallet is locked before its rule, its accounts and its payments."),
    LockPlace("wallet_cards.phone_key", "A phone pays from a wallet, which may be opened with its key."),
    LockPlace("wallet_cards.proof", "A proof is of a phone's key."),
    LockPlace("wallet_funding", "Rules, desk transactions and bonus grants change under the lock of their wallet."),
    LockPlace("wallet_ledger", "Accounts are the busiest rows: they are locked late and for a short time."),
    LockPlace("wallet_cards.lock_turn_of_new_cards()", "Cards are created with new wallets and accounts."),
    LockPlace("payments", "Captured payments and their refunds follow what asks for the refund."),
    LockPlace("settlement", "Payouts, bank lines and items are written apart from payments, which are only read."),
    LockPlace("food_menu.stock", "Stock moves last in the transaction of a sale."),
    LockPlace("books", "Figures follow the records of tills in a transaction of their own."),
    LockPlace(
        "live.feed", "One transaction at a time writes to a feed, and then calls the handlers of the domains above."
    ),
    LockPlace("tracking", "Alone in its transaction."),
    LockPlace("replay", "An entry of a feed suggests or withdraws clips."),
    LockPlace("live", "Statistics and notices follow the entry and what it did to clips."),
    LockPlace("people.push_topic", "The last revision that was sent to browsers."),
    LockPlace("people.mailbox", "The demonstration's mailbox stores an email before it is marked as sent."),
    LockPlace("people.letter", "Every act may end with an email."),
    LockPlace("people.blocked_address", "A delivery report may block its address."),
)
"""The order in which a transaction locks rows. Tables with their own place are excluded from that of their domain."""


def lock_order(
    modules: Sequence[Module] = MODULES, places: Sequence[LockPlace] = LOCK_PLACES
) -> tuple[dict[str, int], dict[str, str]]:
    """Return the place of each table in the order of locks, and the tables that are covered by the row of another.

    ValueError for a table that is declared twice or has two places, and for a place of nothing.
    """
    ranks = {"kernel": PLATFORM_LOCKS} | {module.name: module.lock_ranks for module in modules}
    declared = {name: {f"{name}.{table}": under for table, under in tables.items()} for name, tables in ranks.items()}
    tables = joined("lock rank", declared)
    apart = {place.what for place in places if "." in place.what}
    order: list[str] = []
    for place in places:
        if place.what in apart:
            order.append(place.what)
        else:
            order += [table for table in declared[place.what] if table not in apart]
    if sorted(order) != sorted(tables):
        raise ValueError(f"Not placed once in the order of locks: {sorted(set(order) ^ set(tables)) or order}")
    under = {f"{table.partition('.')[0]}.{child}": table for table, children in tables.items() for child in children}
    if twice := under.keys() & tables.keys():
        raise ValueError(f"Both ranked and under another table: {sorted(twice)}")
    return {table: place for place, table in enumerate(order)}, under


_LOCKS: Final = lock_order()
LOCK_ORDER: Final[Mapping[str, int]] = _LOCKS[0]
LOCKED_UNDER: Final[Mapping[str, str]] = _LOCKS[1]
LOCK_EXCEPTIONS: Final[Mapping[str, LockException]] = {
    f"{module.name}.{query}": exception for module in MODULES for query, exception in module.lock_exceptions.items()
}

# Handlers of domain events, called in this order in the transaction of the act. Every order gives the same state,
# because no handler reads what another wrote; `tests/app/test_order_of_handlers.py` runs them in every order.
EVENT_CANCELLED: Final[Sequence[EventCancelled]] = (refund_event,)
EVENT_MOVED: Final[Sequence[EventMoved]] = (write_event_moved,)
ENTRIES_PUBLISHED: Final[Sequence[EntriesPublished]] = (suggest_clips, publish_stats_now)

PHONE_ORDERS: Final[PhoneOrders] = phone_orders
EMPTY_CLOSED: Final[EmptyClosed] = empty_closed


def payment_handlers(config: Config) -> Handlers:
    """Return the handlers of payment updates, by purpose."""
    wallet_max_cents = config.of(AccountSettings).purse_cents_max
    wallets = TopUpMoney(wallet_max_cents)
    memberships = MembershipMoney(config.time_zone)
    tickets = OrderMoney(wallet_max_cents)
    return Handlers({CARD_READERS: CardReaderMoney(), MEMBERSHIPS: memberships, ORDERS: tickets, WALLETS: wallets})


def parts_of(process: Process) -> dict[str, Parts]:
    """Return the parts that the domains add to a process, by module name."""
    provider = provider_of(process.config, budget_of(process.config, process.db, process.clock))
    handlers = payment_handlers(process.config)
    early_sales = EarlySales(process.config.time_zone)
    open_sales = OpenSales(process.db, process.tail, process.clock)
    catalogues = Catalogues(process.db)  # one per process: versions are immutable and cached
    ground: Sequence[VenueSource] = (GateReadings(process.db), FoodReads(process.db, catalogues).readings)
    return {
        venue.module.name: venue.build(Delays(process.clock), venue_version, closed_gates, names_by_id),
        programme.module.name: programme.build(process, EVENT_CANCELLED, EVENT_MOVED),
        pages.module.name: pages.build(),
        people.module.name: people.build(
            process,
            composers=COMPOSERS,
            exports=PERSON_EXPORTS,
            erased=PERSON_ERASED,
            tickets_of=upcoming_of,
            proved=claim_members,
        ),
        keys.module.name: keys.build(process),
        payments.module.name: payments.build(process, provider, handlers),
        card_readers.module.name: card_readers.build(process, provider),
        settlement.module.name: settlement.build(process, provider, orders_with_code),
        cards.module.name: cards.build(process, EMPTY_CLOSED),
        funding.module.name: funding.build(process, provider, handlers, PAID_AT),
        fiscal.module.name: fiscal.build(process),
        ticketing.module.name: ticketing.build(
            process,
            open_sales,
            lock_inside=lock_inside,
            inside_since=inside_since,
            provider=provider,
            is_banned=is_banned,
            members_windows=early_sales,
        ),
        packages.module.name: packages.build(process, open_sales, provider=provider, handlers=handlers),
        membership.module.name: membership.build(process, early_sales),
        points.module.name: points.build(
            process, first_entries=first_entries, food_spends=food_spent, till_spends=TillSpends(catalogues)
        ),
        draws.module.name: draws.build(process, provider=provider, handlers=handlers, is_banned=is_banned),
        seasons.module.name: seasons.build(process),
        access.module.name: access.build(process),
        menu.module.name: menu.build(process, catalogues),
        till.module.name: till.build(process, catalogues, PHONE_ORDERS),
        orders.module.name: orders.build(process, catalogues),
        live.module.name: live.build(process, attending=attendance, ground=ground, entries_published=ENTRIES_PUBLISHED),
        tracking.module.name: tracking.build(process),
        replay.module.name: replay.build(process),
        books.module.name: books.build(process),
        safety.module.name: safety.build(process),
    }
