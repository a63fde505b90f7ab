"""Steps that a kitchen takes with an order, one transaction each: accept, decline, ready, hand over, refund.

Accepting an order captures its payment and writes its sale.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.identity.keys.api import ensure_keys, sign_document
from virage.identity.keys.types import KeyVault
from virage.identity.people import api as people
from virage.identity.people.api import send_push
from virage.identity.people.types import Locale
from virage.matchday.food.menu import api as menu
from virage.matchday.food.menu.api import Sold
from virage.matchday.food.menu.types import has_outlet
from virage.matchday.food.orders import store
from virage.matchday.food.orders.acts.ordering import order_fact, post_transfers, release_orders
from virage.matchday.food.orders.rules import order_money
from virage.matchday.food.orders.rules.orders import (
    CODE_TRIES_MAX,
    FACT,
    FoodState,
    KitchenCapacity,
    Order,
    Reason,
    kitchen_reason,
    limit_vouchers,
)
from virage.matchday.food.orders.rules.placing import products_of
from virage.matchday.food.orders.rules.sale_of_order import RecordPosition, ready_message, refund_of, sale_of
from virage.matchday.food.till import api as till
from virage.matchday.food.till import types as till_types
from virage.matchday.food.till.api import booking_rows, settle_early_refunds, write_early_refunds
from virage.matchday.food.till.types import key_of, remaining_by_payer
from virage.money.fiscal import api as fiscal
from virage.money.fiscal.api import Plan, lock_heads
from virage.money.fiscal.types import RECORD_PURPOSE, Appended, Record, VerifiedRecord, canonical
from virage.money.wallet.funding import api as funding
from virage.money.wallet.funding.types import BonusGrant, BonusReason, GrantedBonus
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.settings.config import LANGUAGES
from virage.platform.values.ids import named_id, new_id
from virage.platform.values.jwk import Jwk, base64url
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused
from virage.site.venue import api as venue

_TILLS: Final = UUID("c7f2a4be-6f8f-5c1e-8a51-7a5a3c0a9a41")
"""Namespace of the ids of order-ahead tills (UUIDv5), one for each outlet."""
_NOT_FOUND: Final = Refused(Reason.NOT_FOUND)
_MADE: Final = (FoodState.ACCEPTED, FoodState.READY, FoodState.HANDED_OVER, FoodState.DELIVERED)
_HANDED: Final = (FoodState.HANDED_OVER, FoodState.DELIVERED)


class Step(Struct, frozen=True):
    """An order of an outlet, and the staff member who acts on it."""

    outlet: str
    order_id: UUID
    who: UUID


async def set_capacity(
    conn: Connection, vault: KeyVault, outlet: str, capacity: KitchenCapacity, *, who: UUID | None, now: datetime
) -> KitchenCapacity | Refused:
    """Store the capacity of a kitchen. The first call creates the order-ahead till of the outlet."""
    if not has_outlet(await venue.venues(conn), outlet):
        return Refused(Reason.NOT_FOUND, {"outlet": outlet})
    till_id = named_id(_TILLS, outlet)
    if await store.insert_kitchen(conn, outlet, till_id, now):
        key = (await ensure_keys(conn, vault, [till_id], now))[till_id]
        jwk = Jwk("OKP", "Ed25519", base64url(key.public))
        await people.install_till(conn, till_id, f"Phone orders {outlet}", outlet, key=jwk, now=now)
    await store.lock_kitchens(conn, [outlet])
    await store.set_capacity(conn, outlet, capacity, who, now)
    said = {"outlet": outlet, "open": capacity.open, "stations": capacity.per_five_minutes}
    await append(conn, [Fact("kitchen_said", who, till_id, said)], now)
    return capacity


async def accept(conn: Connection, vault: KeyVault, step: Step, now: datetime) -> Order | Refused:
    """Accept an order: capture its payment, write its sale, deduct its stock. Idempotent."""
    order = await _lock(conn, step)
    if isinstance(order, Refused) or order.state in _MADE:
        return order
    if order.state is not FoodState.PLACED:
        return Refused(Reason.WRONG_STATE, {"state": order.state})
    entry = await _next(conn, order, step.who, now)
    signed = await _sign(conn, vault, sale_of(order, entry, await _locale_of(conn, order)), now)
    sale = signed.written[0].record
    early = await settle_early_refunds(conn, sale, order_money.parts_of(order.money, sale))
    await post_transfers(conn, [order_money.capture(order.money, sale), *([transfer] for transfer in early.moved)], now)
    await _book(conn, order.money, signed, now)
    await write_early_refunds(conn, sale, early, now)
    await store.accept(conn, order.id, now)
    taken = await _record_step(conn, order, FoodState.ACCEPTED, step.who, now)
    back = await end_refunded_orders(conn, [taken], early.refunds, now) if early.refunds else []
    await menu.record_sales(conn, [Sold(order.id, order.outlet, products_of(order.lines), now)])  # stock is locked last
    if not early.refunds:
        return taken
    await menu.record_sales(conn, back)
    return await _reload(conn, order.id)


async def _locale_of(conn: Connection, order: Order) -> Locale:
    """Return the language of the customer; the first of all if the person was erased."""
    person = None if order.person_id is None else await people.person(conn, order.person_id)
    return LANGUAGES[0] if person is None else person.locale


async def _next(conn: Connection, order: Order, who: UUID, now: datetime) -> RecordPosition:
    """Return the next position in the chain of the order-ahead till, which stays locked."""
    key = (order.till_id, False)
    return RecordPosition((await lock_heads(conn, [key]))[key], who, now)


async def _sign(conn: Connection, vault: KeyVault, record: Record, now: datetime) -> Plan:
    """Sign a record with the till's key from the vault. Nothing is stored yet."""
    body = canonical(record)
    _, signature = await sign_document(conn, vault, record.till, RECORD_PURPOSE + body, now)
    plan = await fiscal.plan_records(conn, [VerifiedRecord(record, body, signature)])
    outcome = plan.outcomes[0]
    if not isinstance(outcome, Appended):
        raise RuntimeError(f"The record {record.id} does not continue its chain: {outcome}")  # noqa: TRY004 - it is no type that is wrong
    return plan


async def _book(conn: Connection, money: order_money.OrderMoney, signed: Plan, now: datetime) -> None:
    record = signed.written[0].record
    await fiscal.write_records(conn, signed, now)
    parts = order_money.parts_of(money, record)
    await till.insert_bookings(conn, booking_rows(key_of(record), record, parts, offline=False), now)


async def decline(conn: Connection, step: Step, reason: str, now: datetime) -> Order | Refused:
    """Decline a waiting order. Idempotent."""
    order = await _lock(conn, step)
    if isinstance(order, Refused) or order.state is FoodState.DECLINED:
        return order
    if order.state is not FoodState.PLACED:
        return Refused(Reason.WRONG_STATE, {"state": order.state})
    await release_orders(conn, [order], FoodState.DECLINED, step.who, now, reason=reason)
    return await _reload(conn, order.id)


async def ready(conn: Connection, step: Step, late: timedelta, now: datetime) -> Order | Refused:
    """Mark an order as ready and notify the fan. Idempotent.

    An order in time needs no compensation; a late one is left to the job `compensate`.
    """
    order = await _lock(conn, step)
    if isinstance(order, Refused) or order.state in (FoodState.READY, FoodState.HANDED_OVER, FoodState.DELIVERED):
        return order
    if order.state is not FoodState.ACCEPTED:
        return Refused(Reason.WRONG_STATE, {"state": order.state})
    kept = order.is_judged or now < order.promised_at + late
    await store.ready(conn, order.id, now, is_judged=kept)
    if order.person_id is not None:
        await send_push(conn, ready_message(order, order.person_id, now), now)
    return await _record_step(conn, order, FoodState.READY, step.who, now)


async def hand_over(
    conn: Connection, step: Step, code: str | None, now: datetime, *, age_checked: bool
) -> Order | Refused:
    """Hand over a ready order against its code. With `code` None the caller vouches for the customer.

    Wrong codes are counted; after five, codes are refused.
    """
    order = await _lock(conn, step)
    if isinstance(order, Refused) or order.state is FoodState.HANDED_OVER:
        return order
    if order.state is not FoodState.READY:
        return Refused(Reason.WRONG_STATE, {"state": order.state})
    if code is not None and order.code_misses >= CODE_TRIES_MAX:
        return Refused(Reason.CODE_LOCKED)
    if code is not None and code != order.pick_up_code:
        await store.count_code_miss(conn, order.id)
        return Refused(Reason.WRONG_CODE, {"tries_left": CODE_TRIES_MAX - order.code_misses - 1}, commit=True)
    return await _end(conn, order, FoodState.HANDED_OVER, step.who, now, age_checked=age_checked)


async def delivered(conn: Connection, step: Step, now: datetime, *, age_checked: bool) -> Order | Refused:
    """Mark an order as delivered to its seat. Idempotent."""
    order = await _lock(conn, step)
    if isinstance(order, Refused) or order.state is FoodState.DELIVERED:
        return order
    if order.state is not FoodState.READY or order.deliver_to is None:
        return Refused(Reason.WRONG_STATE, {"state": order.state})
    return await _end(conn, order, FoodState.DELIVERED, step.who, now, age_checked=age_checked)


async def _end(
    conn: Connection, order: Order, state: FoodState, who: UUID, now: datetime, *, age_checked: bool
) -> Order | Refused:
    if order.age_limit and not age_checked:
        return Refused(Reason.AGE_CHECK, {"age": order.age_limit})
    await store.end_orders(conn, [order.id], state, now)
    return await _record_step(conn, order, state, who, now)


async def refund(conn: Connection, vault: KeyVault, step: Step, reason: str, now: datetime) -> Order | Refused:
    """Refund an accepted order to the accounts that paid it. Deposits of cups already handed over are excluded."""
    order = await _lock(conn, step)
    if isinstance(order, Refused) or order.state is FoodState.REFUNDED:
        return order
    if order.state not in _MADE:
        return Refused(Reason.WRONG_STATE, {"state": order.state})
    entry = await _next(conn, order, step.who, now)
    left = remaining_by_payer(order.money.key, await till.bookings_of(conn, [order.money.key]))
    if not order_money.is_unrefunded(order.money, left):  # a till has refunded a part of it
        return Refused(Reason.REFUND_EXCEEDS_SALE, {"left_cents": sum(left.values())})
    sale, *_ = await till.receipts_of(conn, [order.money.key])
    cups_are_out = order.state in _HANDED
    back = refund_of(order, new_id(), reason, entry, sale, cups_are_out=cups_are_out)
    signed = await _sign(conn, vault, back, now)
    money = order_money.without_cups(order.money) if cups_are_out else order.money
    await post_transfers(conn, [order_money.refund_transfers(money, back)], now)
    await _book(conn, money, signed, now)
    await menu.record_sales(conn, await _end_refunded(conn, order, reason, step.who, now))
    return await _reload(conn, order.id)


async def _end_refunded(conn: Connection, order: Order, reason: str, who: UUID, now: datetime) -> list[Sold]:
    """End a refunded order. Return the stock of an order that was not made yet."""
    await store.refund(conn, order.id, reason, now)
    await append(conn, [order_fact(order, FoodState.REFUNDED, who)], now)
    if order.state is not FoodState.ACCEPTED:
        return []
    await store.free_loads(conn, [order.id])
    unsold = {product_id: -pieces for product_id, pieces in products_of(order.lines).items()}
    return [Sold(named_id(order.id, "not made"), order.outlet, unsold, now)]


async def lock_refunded_orders(conn: Connection, refunds: Sequence[Record]) -> list[Order]:
    """Lock and return the orders that these refunds of tills refer to. Orders are locked before the chains of tills."""
    sales = {sale for record in refunds if (sale := till_types.sale_of(record)) is not None}
    locked = await store.lock_orders(conn, [sale.id for sale in sales]) if sales else []
    return [order for order in locked if order.money.key in sales]


async def end_refunded_orders(
    conn: Connection, orders: Sequence[Order], refunds: Sequence[Record], now: datetime
) -> list[Sold]:
    """End locked orders that these booked refunds of tills have refunded in full. Return what goes back to the stock.

    A partly refunded order stays open: the kitchen makes the rest.
    """
    unsold: list[Sold] = []
    for order in orders:
        mine = [record for record in refunds if till_types.sale_of(record) == order.money.key]
        left = remaining_by_payer(order.money.key, await till.bookings_of(conn, [order.money.key]))
        if mine and order.state in _MADE and sum(left.values()) <= 0 and mine[-1].refund_of is not None:
            reason = kitchen_reason(mine[-1].refund_of.reason)
            unsold += await _end_refunded(conn, order, reason, mine[-1].cashier, now)
    return unsold


async def compensate(conn: Connection, late: timedelta, cents: Cents, now: datetime, most: int) -> Sequence[Order]:
    """Grant the bonus for late orders, once for each order. Return the orders examined."""
    broken = await store.lock_late_orders(conn, now - late, most)
    paid = await till.bookings_of(conn, [order.money.key for order in broken])
    owed = {
        order.id: order_money.voucher(order.money, cents, remaining_by_payer(order.money.key, paid)) for order in broken
    }
    owing = [order for order in broken if owed[order.id] > 0]
    gifts = [
        BonusGrant(named_id(order.id, "late"), order.wallet_id, owed[order.id], BonusReason.LATE_ORDER)
        for order in limit_vouchers(owing, await store.vouchers_of(conn, owing))
    ]
    outcomes = await funding.give_bonus(conn, gifts, now) if gifts else []
    given = {outcome.id for outcome in outcomes if isinstance(outcome, GrantedBonus)}
    got = {order.id: owed[order.id] for order in broken if named_id(order.id, "late") in given}
    await store.compensate(conn, {order.id: got.get(order.id) for order in broken})
    await append(conn, [_voucher(order, got[order.id]) for order in broken if order.id in got], now)
    return broken


def _voucher(order: Order, cents: Cents) -> Fact:
    return Fact(f"{FACT}voucher", None, order.id, {"outlet": order.outlet, "person": order.person_id, "cents": cents})


async def _lock(conn: Connection, step: Step) -> Order | Refused:
    order = await store.lock_order(conn, step.order_id)
    if order is not None and order.outlet == step.outlet:
        return order
    known = has_outlet(await venue.venues(conn), step.outlet)
    return _NOT_FOUND if known else Refused(Reason.NOT_FOUND, {"outlet": step.outlet})


async def _reload(conn: Connection, order_id: UUID) -> Order:
    return (await store.orders(conn, [order_id]))[order_id]


async def _record_step(conn: Connection, order: Order, state: FoodState, who: UUID, now: datetime) -> Order:
    await append(conn, [order_fact(order, state, who)], now)
    return await _reload(conn, order.id)
