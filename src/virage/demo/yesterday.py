"""Yesterday's sales of three tills, so that the office has data: one counted shift each, and the day closed.

The tills write as they would have at the counter, and the server hears of it as of any till's evening without network.
"""

from datetime import datetime, time, timedelta
from random import Random
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from virage.app.domains import PHONE_ORDERS
from virage.control.books.api import StatisticsJob
from virage.demo.cards import FANS_CENTS, LINKED_AT, NOBODYS_CENTS, load_cards
from virage.demo.ids import demo_id
from virage.demo.people import CASHIER_PIN
from virage.demo.programme import done
from virage.demo.tills import POSTS, Till, install_tills
from virage.demo.venues.drawing import ZONE
from virage.identity.keys.api import open_vault
from virage.identity.people.api import new_verifier, set_pin
from virage.identity.people.types import PinVerifier
from virage.matchday.food.menu import api as menu
from virage.matchday.food.menu.api import Catalogues, levels, shown_at
from virage.matchday.food.menu.types import (
    Basket,
    BasketLine,
    Catalogue,
    PricedLine,
    Product,
    StockLine,
    StockRequest,
    price,
)
from virage.matchday.food.till.api import UploadedRecord, book_uploads
from virage.matchday.food.till.types import RefundReason, limits_of
from virage.money.fiscal.api import Archives, ClosingJobs
from virage.money.fiscal.types import Kind, Line, Record, RefundOf, TenderKind, VerifiedRecord, business_day
from virage.money.wallet.cards.api import open_card_secrets
from virage.money.wallet.cards.types import FANS, CardKeys, message_of, tapped, verify
from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused

OPENS: Final = time(18)
EVENING: Final = timedelta(hours=3, minutes=30)
SALES: Final = 80
"""Sales per till."""
FLOAT_CENTS: Final = 15_000
DIFFERENCES: Final = (-350, 0, 120)
"""Differences of the drawers at the count."""
REFUNDED: Final = {20: RefundReason.WRONG_ORDER, 55: RefundReason.WAITED_TOO_LONG}
"""Sales of the last till that are refunded, with the reason."""
BY_FANS_CARD_EVERY: Final = 16
"""Every so many sales of the first till are paid by the fan's card."""
QUANTITIES: Final = (1, 1, 1, 2, 3)
BY_TERMINAL: Final = 0.55
WASTED: Final = 2
MOVED: Final = 12
NEXT_DOOR: Final = "21"


def evening_before(now: datetime) -> datetime:
    """Return the opening time of the tills on the previous business day."""
    day = business_day(now, ZONE) - timedelta(days=1)
    return datetime.combine(day, OPENS, ZONE)


async def load_yesterday(db: Database, config: Config, clock: Clock, fan_id: UUID, cashier: UUID) -> None:
    """Install the tills, create and top up the cards, sell, and close the day; once."""
    begun = evening_before(clock.now())
    pin = await new_verifier(CASHIER_PIN)
    assert isinstance(pin, PinVerifier), pin  # noqa: S101 - the PIN is not too easy

    async def load(conn: Connection) -> bool | Refused:
        catalogue = await Catalogues(db).in_force(conn)
        if catalogue is None or not await install_tills(conn, config, begun):
            return False
        refusal = await set_pin(conn, cashier, pin, begun)
        if refusal is not None:
            return refusal
        await load_cards(conn, config, fan_id, cashier, begun + timedelta(minutes=1))
        secrets = open_card_secrets(config)
        tills = [Till(config, post, cashier, catalogue.version) for post in POSTS]
        for till, difference in zip(tills, DIFFERENCES, strict=True):
            counter = _Counter(
                till, catalogue, begun, None if secrets is None or till is not tills[0] else secrets.keys
            )
            counter.sell_all(difference)
        uploads = [
            [_sent(written, None if secrets is None else secrets.keys) for written in till.written] for till in tills
        ]
        answers = await book_uploads(
            conn, uploads, limits_of(config), PHONE_ORDERS, zone=config.time_zone, now=begun + EVENING
        )
        refused = [
            answer for of_till in answers for answer in of_till if answer.outcome != "booked" or answer.loss_cents
        ]
        if refused:
            raise RuntimeError(f"An act of the demo was refused: {refused[0]}")
        await _move_stock(conn, begun + EVENING)
        return True

    if not done(await db.transact(load)):
        return
    await StatisticsJob(db).keep_up()
    await ClosingJobs(db, clock, open_vault(config), Archives(config.objects_at)).close_due(db)


class _Counter:
    """The evening of a till. With `keys` the fan's card pays some sales, and cards are topped up."""

    def __init__(self, till: Till, catalogue: Catalogue, begun: datetime, keys: CardKeys | None) -> None:
        self._till = till
        self._catalogue = catalogue
        self._begun = begun
        self._keys = keys
        self._chance = Random(till.post.name)  # noqa: S311 - not a secret
        shown = shown_at(catalogue, till.post.outlet).items
        self._products = [
            entry.item for entry in shown if isinstance(entry.item, Product) and not entry.item.is_alcohol
        ]

    def sell_all(self, difference_cents: Cents) -> None:
        """Open the shift, sell, refund two sales, count and close."""
        till, chance = self._till, self._chance
        till.at = self._begun
        till.write(Kind.SHIFT_OPENED, cash_cents=FLOAT_CENTS)
        for number, part in enumerate(sorted(_moment(chance) for _ in range(SALES))):
            till.at = self._begun + EVENING * part
            sale = self._sell(number)
            if number in REFUNDED and till.post is POSTS[-1]:
                till.at += timedelta(seconds=5)
                self._give_back(sale, REFUNDED[number])
        loaded = 0 if self._keys is None else NOBODYS_CENTS + FANS_CENTS
        till.at = self._begun + EVENING
        till.write(Kind.SHIFT_COUNTED, cash_cents=FLOAT_CENTS + till.cash_cents + loaded + difference_cents)
        till.write(Kind.SHIFT_CLOSED)

    def _sell(self, number: int) -> Record:
        chance, till = self._chance, self._till
        turn, by_card = divmod(number, BY_FANS_CARD_EVERY)
        if self._keys is not None and by_card == 0:
            proof = tapped(FANS, LINKED_AT + 1 + turn, self._keys)
            return till.write(Kind.SALE, lines=self._lines(1, 1), by=TenderKind.CARD, proof=proof)
        lines = self._lines(chance.choice((1, 2, 2, 3)), chance.choice(QUANTITIES))
        if chance.random() < BY_TERMINAL:
            return till.write(Kind.SALE, lines=lines, by=TenderKind.TERMINAL, proof=f"{number + 1:06}")
        return till.write(Kind.SALE, lines=lines)

    def _give_back(self, sale: Record, reason: RefundReason) -> None:
        """Refund a whole sale to its tender."""
        lines = [replace(line, quantity=-line.quantity) for line in sale.lines]
        of = RefundOf(sale.till, sale.id, reason.value)
        self._till.write(Kind.REFUND, lines=lines, by=sale.tenders[0].kind, refund_of=of)

    def _lines(self, products: int, quantity: int) -> list[Line]:
        """Return receipt lines of so many products, at catalogue prices."""
        chosen = self._chance.sample(self._products, products)
        wishes = [BasketLine(product.id, quantity, options=self._options(product)) for product in chosen]
        basket = Basket(self._catalogue.version, wishes)
        priced = done(price(basket, self._catalogue, self._till.post.outlet, self._till.at, event=None))
        return [self._line(line) for line in priced.lines]

    def _options(self, product: Product) -> dict[str, str]:
        return {option.code: self._chance.choice(option.choices).code for option in product.options}

    def _line(self, line: PricedLine) -> Line:
        product = None if line.kind == "deposit" else self._catalogue.product(line.item_id)
        options = () if product is None else product.options
        names = [
            choice.name["fr"]
            for option in options
            for choice in option.choices
            if line.options.get(option.code) == choice.code
        ]
        is_deposit = line.kind == "deposit"
        return Line(
            line.item_id, line.name["fr"], line.quantity, line.unit_cents, line.vat_permille, names, deposit=is_deposit
        )


def _moment(chance: Random) -> float:
    """Return a time of the evening: a third before kick-off, a third at half-time, the rest at any time."""
    around = chance.choice((chance.gauss(0.3, 0.08), chance.gauss(0.66, 0.05), chance.random()))
    return min(0.98, max(0.02, around))


def _sent(written: VerifiedRecord, keys: CardKeys | None) -> UploadedRecord:
    """Return a record as verified by the server, with what its cards proved."""
    seen = {}
    for at, tender in enumerate(written.record.tenders):
        message = message_of(f"?{tender.proof}") if tender.kind is TenderKind.CARD else None
        if message is not None and keys is not None:
            seen[at] = verify(message, keys)
    return UploadedRecord(written, offline=True, seen=seen)


async def _move_stock(conn: Connection, now: datetime) -> None:
    """Book waste, and a transfer to a neighbouring outlet, after the evening."""
    at = POSTS[-1].outlet
    beside = {level.product_id for level in await levels(conn, [NEXT_DOOR])}
    moved = [
        level.product_id for level in await levels(conn, [at]) if level.level >= MOVED and level.product_id in beside
    ]
    thrown = StockRequest(
        demo_id("waste", now), "waste", at, [StockLine(product_id, WASTED) for product_id in moved[:2]]
    )
    carried = [StockLine(product_id, MOVED) for product_id in moved[2:4]]
    brought = StockRequest(demo_id("transfer", now), "transfer", at, carried, NEXT_DOOR)
    for wish in (thrown, brought):
        if wish.lines:
            done(await menu.record_stock(conn, wish, None, now))
