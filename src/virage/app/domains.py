"""Every domain tied to the others, in the order of a match day. The only place that knows them all."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

from msgspec.structs import asdict

from virage.app.food import food
from virage.app.house import Domain, House
from virage.app.letters import COMPOSERS
from virage.app.persons import PAID_AT, PERSON_ERASED, PERSON_EXPORTS
from virage.control.books import routes as books_routes
from virage.control.books.jobs import FigureJobs
from virage.identity.keys import routes as keys_routes
from virage.identity.keys.acts import open_vault
from virage.identity.keys.jobs import KeyJobs
from virage.identity.keys.reads import device_keys
from virage.identity.people import routes as people_routes
from virage.identity.people.acts import PeopleAuthenticator
from virage.identity.people.jobs import PeopleJobs
from virage.identity.people.reads import gauges
from virage.identity.people.routes.browsers import Browsers
from virage.identity.people.rules.house import letterhead_of
from virage.identity.people.rules.webpush import Vapid
from virage.matchday.access import routes as access_routes
from virage.matchday.access.jobs import AccessJobs
from virage.matchday.access.reads.attending import attending
from virage.matchday.access.reads.board import Boards
from virage.matchday.access.reads.delays import Delays
from virage.matchday.access.reads.gate_readings import GateReadings
from virage.matchday.access.reads.inside import inside_since, lock_inside
from virage.matchday.access.reads.keyring import Keyring
from virage.matchday.access.reads.news import GateNews
from virage.matchday.access.reads.packs import Packs
from virage.matchday.access.routes.desk import GateDesk
from virage.matchday.food.menu.reads.catalogue import Catalogues
from virage.matchday.food.orders.reads.orders import FoodReads
from virage.media.live import routes as live_routes
from virage.media.live.acts.ground import GroundSource
from virage.media.live.acts.telling import EntriesTold
from virage.media.live.jobs.edge import Publisher
from virage.media.live.jobs.telling import LiveJobs
from virage.media.live.reads import Feeds, LiveTopic
from virage.media.live.sources import routes as sources
from virage.media.live.sources.acts import tell_stats_at_once
from virage.media.live.sources.reads import StatsBoard, StatsTopic
from virage.media.replay import routes as replay_routes
from virage.media.replay.acts.clips import entries_told as replays_told
from virage.media.replay.footage import Footage
from virage.media.replay.jobs.keeping import KeepingJobs
from virage.media.replay.jobs.moments import MomentJobs
from virage.media.replay.opening import Timelines
from virage.media.replay.reads import cameras, ladder
from virage.media.replay.routes.door import ClipDoor
from virage.media.replay.routes.sharing import SharePage
from virage.media.replay.routes.taps import TapCounter
from virage.media.replay.rules.media import MediaVault
from virage.media.tracking import routes as pitch_routes
from virage.media.tracking.reads import Pitches, PitchTopic
from virage.money.fiscal import routes as fiscal_routes
from virage.money.fiscal.acts.archives import Archives
from virage.money.fiscal.jobs import ClosingJobs
from virage.money.payments import reads as payments_reads
from virage.money.payments import routes as payments_routes
from virage.money.payments.checkout import Checkout
from virage.money.payments.handlers import Handlers
from virage.money.payments.jobs import PaymentJobs
from virage.money.payments.provider import NoProvider, PaymentProvider
from virage.money.payments.sandbox_provider import SandboxProvider
from virage.money.wallet.cards import routes as card_routes
from virage.money.wallet.cards.acts import cards as wallet_cards
from virage.money.wallet.cards.jobs import CardJobs
from virage.money.wallet.cards.routes.card_desk import CardDesk
from virage.money.wallet.funding import routes as funding_routes
from virage.money.wallet.funding.acts import top_ups
from virage.money.wallet.funding.acts.top_up_money import TopUpMoney
from virage.money.wallet.funding.jobs import WalletJobs
from virage.money.wallet.funding.rules.top_ups import PURPOSE as PURSES
from virage.platform.data.database import Connection
from virage.platform.data.gauges import Gauge
from virage.platform.settings.config import Config
from virage.platform.web.http import Lifespan
from virage.sale.ticketing import routes as ticketing_routes
from virage.sale.ticketing.acts import letters as order_letters
from virage.sale.ticketing.acts import paying, refunding
from virage.sale.ticketing.acts.tickets import rebind_desk
from virage.sale.ticketing.jobs import SeatReturns, TicketingJobs
from virage.sale.ticketing.reads import views as ticketing_views
from virage.sale.ticketing.reads.offers import offer_lines
from virage.sale.ticketing.reads.open_sales import OpenSales
from virage.sale.ticketing.reads.topics import AvailabilityTopic, OrderTopic
from virage.sale.ticketing.reads.watch import OrderWatch
from virage.sale.ticketing.routes.box_office import BoxOffice
from virage.sale.ticketing.routes.offers import OfferBoard
from virage.sale.ticketing.rules.places import seat_plan
from virage.site.pages import routes as pages
from virage.site.programme import routes as programme
from virage.site.programme.acts import EventCancelled, EventMoved
from virage.site.programme.reads import boards, public_events
from virage.site.venue import routes as venue

# --- venue ---------------------------------------------------------------------------------------------------------


def _venue(house: House) -> Domain:
    return Domain(routers=[venue.router], dependencies={"way_delays": Delays(house.clock)})


# --- programme -----------------------------------------------------------------------------------------------------


def _programme(house: House) -> Domain:
    event_cancelled: Sequence[EventCancelled] = (refunding.event_cancelled,)
    event_moved: Sequence[EventMoved] = (order_letters.event_moved,)
    finder = programme.EventFinder(partial(public_events, house.db))
    return Domain(
        pages=dict.fromkeys(("/events/:id", "/live/:id"), partial(programme.has_page, finder)),
        routers=[programme.public_router, programme.office_router],
        dependencies={
            "event_board": programme.EventBoard(partial(boards, house.db)),
            "event_finder": finder,
            "event_cancelled": event_cancelled,
            "event_moved": event_moved,
        },
    )


# --- pages ---------------------------------------------------------------------------------------------------------


def _pages(_house: House) -> Domain:
    return Domain(pages={"/pages/:kind": pages.has_page}, routers=[pages.public_router, pages.office_router])


# --- people --------------------------------------------------------------------------------------------------------


def _people(house: House) -> Domain:
    authenticator = PeopleAuthenticator(house.db, house.clock)
    return Domain(
        routers=[people_routes.router],
        dependencies={
            "letterhead": letterhead_of(house.config),
            "browsers": Browsers(house.config),
            "vapid": Vapid(house.config.secret),
            "person_exports": PERSON_EXPORTS,
            "person_erased": PERSON_ERASED,
            "person_tickets": ticketing_views.upcoming_of,
        },
        jobs=[PeopleJobs(house.db, house.config, house.clock, COMPOSERS).register],
        lifespan=[authenticator.lifespan],
        authenticator=authenticator,
        gauges=gauges(house.clock),
    )


# --- payments ------------------------------------------------------------------------------------------------------


def _payment_handlers(house: House) -> Handlers:
    """Who gets the news of a payment, by its purpose."""
    return Handlers({paying.PURPOSE: paying.OrderMoney(), PURSES: TopUpMoney(house.config.purse_cents_max)})


def _provider(config: Config) -> tuple[PaymentProvider, Lifespan]:
    """Whoever takes card payments, and what gives its connections back."""
    provider: PaymentProvider = NoProvider()
    if config.sandbox_url is not None:
        provider = SandboxProvider(config.sandbox_url, config.sandbox_key, config.sandbox_webhook_secret)

    @asynccontextmanager
    async def closing() -> AsyncIterator[None]:
        yield
        await provider.close()

    return provider, closing


def _payments(house: House) -> Domain:
    config, db = house.config, house.db
    provider, closing = _provider(config)
    handlers = _payment_handlers(house)
    checkout = Checkout(db, provider)

    async def overdue(conn: Connection) -> Mapping[str, float]:
        return asdict(await payments_reads.overdue(conn, house.clock.now()))

    return Domain(
        routers=[payments_routes.router],
        dependencies={
            "checkout": checkout,
            "checkout_pages": checkout.batcher,
            "payment_provider": provider,
            "payment_handlers": handlers,
        },
        jobs=[PaymentJobs(db, house.clock, provider, handlers).register],
        gauges=[Gauge("virage_payments_overdue", "What has had no end for too long.", "what", overdue)],
        lifespan=[closing],
    )


# --- keys ------------------------------------------------------------------------------------------------------------


def _keys(house: House) -> Domain:
    vault = open_vault(house.config)
    return Domain(
        routers=[keys_routes.router],
        dependencies={"vault": vault},
        jobs=[KeyJobs(house.db, vault).register],
    )


# --- cards ---------------------------------------------------------------------------------------------------------


def _cards(house: House) -> Domain:
    desk = CardDesk(house.db, house.clock, wallet_cards.open_card_secrets(house.config))
    empty_closed: wallet_cards.EmptyClosed = top_ups.empty_closed
    return Domain(
        routers=card_routes.routers,
        dependencies={"card_desk": desk, "card_taps": desk.taps, "empty_closed": empty_closed},
        jobs=[CardJobs(house.db, house.clock).register],
    )


# --- funding -------------------------------------------------------------------------------------------------------


def _funding(house: House) -> Domain:
    provider, closing = _provider(house.config)
    jobs = WalletJobs(house.db, house.config, house.clock, provider=provider, handlers=_payment_handlers(house))
    return Domain(
        routers=funding_routes.routers,
        dependencies={"paid_at": PAID_AT},
        jobs=[jobs.register],
        lifespan=[closing],
    )


# --- fiscal --------------------------------------------------------------------------------------------------------


def _fiscal(house: House) -> Domain:
    archives = Archives(house.config.objects_at)
    closing = ClosingJobs(house.db, house.clock, open_vault(house.config), archives)
    return Domain(routers=fiscal_routes.routers, jobs=[closing.register])


# --- ticketing -----------------------------------------------------------------------------------------------------


def _ticketing(house: House) -> Domain:
    config, db, clock = house.config, house.db, house.clock
    sales = OpenSales(db, house.tail, clock)
    watch = OrderWatch(db, house.tail)
    box_office = BoxOffice(db, clock, sales)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        seat_plan()  # computed before anybody waits for it
        yield
        watch.close()
        sales.close()

    return Domain(
        routers=ticketing_routes.routers,
        dependencies={
            "box_office": box_office,
            "offer_board": OfferBoard(partial(offer_lines, db, sales)),
            "holds": box_office.holds,
            "holds_again": box_office.holds_again,
            "pays": box_office.pays,
            "order_reads": box_office.orders,
            "order_watch": watch,
            "rebind_desk": rebind_desk(config.secret, letterhead_of(config)),
            "who_is_inside": lock_inside,
        },
        jobs=[TicketingJobs(db, clock).register, SeatReturns(db, clock, inside_since).register],
        topics=[AvailabilityTopic(sales), OrderTopic(db)],
        lifespan=[lifespan],
    )


# --- live ----------------------------------------------------------------------------------------------------------


ENTRIES_TOLD: Sequence[EntriesTold] = (replays_told, tell_stats_at_once)


def _live(house: House) -> Domain:
    db, clock = house.db, house.clock
    feeds = Feeds(db)
    board = StatsBoard(db)
    ground: Sequence[GroundSource] = (GateReadings(db), FoodReads(db, Catalogues(db)).readings)
    edge = house.config.edge_url
    edges = [] if edge is None else [Publisher(db, clock, feeds, edge).register]
    return Domain(
        routers=[*live_routes.routers, sources.router],
        dependencies={"feeds": feeds, "stats_board": board, "entries_told": ENTRIES_TOLD},
        jobs=[LiveJobs(db, clock, attending, ground, ENTRIES_TOLD).register, *edges],
        topics=[LiveTopic(feeds), StatsTopic(board)],
    )


# --- pitch ---------------------------------------------------------------------------------------------------------


def _pitch(house: House) -> Domain:
    pitches = Pitches(house.db)
    return Domain(routers=[pitch_routes.router], dependencies={"pitches": pitches}, topics=[PitchTopic(pitches)])


# --- replay --------------------------------------------------------------------------------------------------------


def _replay(house: House) -> Domain:
    config, db = house.config, house.db
    footage, vault = Footage(config.objects_at), MediaVault([config.secret, *config.secrets_previous])
    counter = TapCounter(db)
    return Domain(
        routers=replay_routes.routers,
        dependencies={
            "clip_door": ClipDoor(house.clock, config.edge_networks),
            "footage": footage,
            "timelines": Timelines(footage),
            "share_page": SharePage(config.club.name, config.public_url),
            "media_vault": vault,
            "tap_counter": counter,
            "taps": counter.taps,
        },
        jobs=[
            KeepingJobs(db, house.clock, footage, config.footage_hours).register,
            MomentJobs(db, house.clock, footage, vault).register,
        ],
        gauges=[*cameras.gauges(house.clock), *ladder.gauges(house.clock)],
    )


# --- access --------------------------------------------------------------------------------------------------------


def _access(house: House) -> Domain:
    keyring = Keyring(house.db, house.clock, device_keys)
    desk = GateDesk(house.db, house.clock, keyring)
    return Domain(
        routers=access_routes.routers,
        dependencies={
            "gate_desk": desk,
            "gate_scans": desk.scans,
            "gate_backlogs": desk.backlogs,
            "gate_news": GateNews(house.db),
            "gate_packs": Packs(house.db, house.clock),
            "gate_boards": Boards(house.db, house.clock),
        },
        jobs=[AccessJobs(house.db, house.clock).register],
    )


# --- books ---------------------------------------------------------------------------------------------------------


def _books(house: House) -> Domain:
    return Domain(routers=books_routes.routers, jobs=[FigureJobs(house.db).register])


# --- all of them ---------------------------------------------------------------------------------------------------

DOMAINS: Sequence[Callable[[House], Domain]] = (
    _venue,
    _programme,
    _pages,
    _people,
    _payments,
    _keys,
    _fiscal,
    _cards,
    _funding,
    _ticketing,
    _live,
    _access,
    food,
    _pitch,
    _replay,
    _books,
)
