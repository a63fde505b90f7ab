"""Every domain, and what ties it to the others. The only place that knows them all."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from virage.app.letters import COMPOSERS
from virage.app.persons import PAID_AT, PERSON_ERASED, PERSON_EXPORTS
from virage.control.books import module as books
from virage.identity.keys import module as keys
from virage.identity.passes import module as passes
from virage.identity.people import module as people
from virage.matchday.access import module as access
from virage.matchday.access.api import Delays, GateReadings, attending, inside_since, lock_inside
from virage.matchday.food.menu import module as menu
from virage.matchday.food.menu.api import Catalogues
from virage.matchday.food.orders import module as orders
from virage.matchday.food.orders.api import FoodReads, phone_orders
from virage.matchday.food.till import module as till
from virage.matchday.food.till.api import PhoneOrders
from virage.media.live import module as live
from virage.media.live.api import EntriesTold, GroundSource, tell_stats_at_once
from virage.media.replay import module as replay
from virage.media.replay.api import suggest_clips
from virage.media.tracking import module as tracking
from virage.money.fiscal import module as fiscal
from virage.money.payments import module as payments
from virage.money.payments.api import Handlers
from virage.money.wallet.accounts import module as accounts
from virage.money.wallet.accounts.types import AccountSettings
from virage.money.wallet.cards import module as cards
from virage.money.wallet.cards.api import EmptyClosed
from virage.money.wallet.funding import module as funding
from virage.money.wallet.funding.api import TopUpMoney, empty_closed
from virage.money.wallet.funding.types import PURPOSE as PURSES
from virage.money.wallet.ledger import module as ledger
from virage.platform.module import Module, Parts, Process
from virage.platform.settings.config import Config
from virage.platform.web.problems import STATUS
from virage.sale.ticketing import module as ticketing
from virage.sale.ticketing.api import PURPOSE as ORDERS
from virage.sale.ticketing.api import OrderMoney, refund_event, upcoming_of, write_event_moved
from virage.site.pages import module as pages
from virage.site.programme import module as programme
from virage.site.programme.api import EventCancelled, EventMoved
from virage.site.venue import module as venue

Value = TypeVar("Value")


def joined(what: str, declared: Mapping[str, Mapping[str, Value]]) -> dict[str, Value]:
    """Return what the modules declare as one mapping; ValueError for a name that two of them declare."""
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
    ledger.module,
    accounts.module,
    cards.module,
    funding.module,
    fiscal.module,
    ticketing.module,
    access.module,
    menu.module,
    till.module,
    orders.module,
    live.module,
    tracking.module,
    replay.module,
    books.module,
)
"""From the lowest to the highest."""

ROLES: Final = frozenset(joined("role", {module.name: dict.fromkeys(module.roles) for module in MODULES}))
"""The roles of people of the staff."""
REFUSALS: Final[Mapping[str, int]] = joined(
    "refusal code", {"platform": STATUS} | {module.name: module.refusals for module in MODULES}
)
"""The HTTP status of every refusal code."""

# Who is told, in this order, in the transaction of what happened. Each order gives the same state, because no handler
# reads what another wrote; `tests/app/test_order_of_handlers.py` runs them in every order.
EVENT_CANCELLED: Final[Sequence[EventCancelled]] = (refund_event,)
EVENT_MOVED: Final[Sequence[EventMoved]] = (write_event_moved,)
ENTRIES_TOLD: Final[Sequence[EntriesTold]] = (suggest_clips, tell_stats_at_once)

PHONE_ORDERS: Final[PhoneOrders] = phone_orders
EMPTY_CLOSED: Final[EmptyClosed] = empty_closed


def payment_handlers(config: Config) -> Handlers:
    """Return who gets the news of a payment, by its purpose."""
    return Handlers({ORDERS: OrderMoney(), PURSES: TopUpMoney(config.of(AccountSettings).purse_cents_max)})


def parts_of(process: Process) -> dict[str, Parts]:
    """Return what the domains add to a process, by the names of their modules."""
    provider, handlers = payments.provider_of(process.config), payment_handlers(process.config)
    catalogues = Catalogues(process.db)  # one of a process: versions never change, and are kept
    ground: Sequence[GroundSource] = (GateReadings(process.db), FoodReads(process.db, catalogues).readings)
    return {
        venue.module.name: venue.build(Delays(process.clock)),
        programme.module.name: programme.build(process, EVENT_CANCELLED, EVENT_MOVED),
        pages.module.name: pages.build(),
        people.module.name: people.build(
            process, composers=COMPOSERS, exports=PERSON_EXPORTS, erased=PERSON_ERASED, tickets_of=upcoming_of
        ),
        keys.module.name: keys.build(process),
        payments.module.name: payments.build(process, provider, handlers),
        cards.module.name: cards.build(process, EMPTY_CLOSED),
        funding.module.name: funding.build(process, provider, handlers, PAID_AT),
        fiscal.module.name: fiscal.build(process),
        ticketing.module.name: ticketing.build(process, lock_inside=lock_inside, inside_since=inside_since),
        access.module.name: access.build(process),
        menu.module.name: menu.build(process, catalogues),
        till.module.name: till.build(process, catalogues, PHONE_ORDERS),
        orders.module.name: orders.build(process, catalogues),
        live.module.name: live.build(process, attending=attending, ground=ground, entries_told=ENTRIES_TOLD),
        tracking.module.name: tracking.build(process),
        replay.module.name: replay.build(process),
        books.module.name: books.build(process),
    }
