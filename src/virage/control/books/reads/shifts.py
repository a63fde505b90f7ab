"""Shifts, cash drawers and tills for the office."""

from collections.abc import Sequence
from typing import Final

from virage.control.books.rules.shifts import (
    OfficeTill,
    OpenedShift,
    Shift,
    ShiftTotals,
    drawer,
    tenders,
    terminal,
)
from virage.control.books.store import shifts as store
from virage.control.books.store.sales_statistics import SalesFilter
from virage.identity.people import api as people
from virage.identity.people.types import DeviceKind
from virage.matchday.food.orders import api as orders
from virage.money.fiscal import api as fiscal
from virage.money.fiscal.types import PeriodKind, Subject
from virage.platform.data.database import Connection
from virage.platform.web.guard import Principal

SHIFTS_MAX: Final = 500


async def shifts(conn: Connection, wanted: SalesFilter) -> list[Shift]:
    """Return the shifts opened in a period or at an event, latest first; at most `SHIFTS_MAX`."""
    return await _shifts(conn, await store.opened(conn, wanted, SHIFTS_MAX))


async def tills(conn: Connection, principal: Principal) -> list[OfficeTill]:
    """Return the tills at outlets where the caller has the finance role; revoked ones last."""
    devices = [device for device in await people.office_devices(conn, principal) if device.kind is DeviceKind.TILL]
    ids = [device.id for device in devices]
    heads = await store.till_heads(conn, ids)
    subjects = [Subject("till", str(till)) for till in ids]
    closed = await fiscal.last_closings(conn, subjects, PeriodKind.DAY)
    open_now = {shift.till: shift for shift in await _shifts(conn, await store.still_open(conn, ids))}
    of_kitchens = {kitchen.till_id for kitchen in (await orders.kitchens(conn)).values()}
    found = []
    for device, subject in zip(devices, subjects, strict=True):
        head, anchor = heads.get(device.id, (None, None))
        done = closed[subject].ranges[-1].last if subject in closed else 0
        found.append(
            OfficeTill(
                device.id,
                device.name,
                device.posts,
                device.last_seen_at,
                device.revoked_at,
                head,
                anchor,
                0 if head is None else head.number - done,
                open_now.get(device.id),
                device.id in of_kitchens,
            )
        )
    return found


async def _shifts(conn: Connection, opened: Sequence[OpenedShift]) -> list[Shift]:
    """Return shifts with totals. Top-ups and payouts are matched by server time to the till's times of the shift."""
    if not opened:
        return []
    counted = await store.counts(conn, opened)
    receipts = await store.receipts(conn, opened)
    money = await store.money(conn, opened, counted)
    by_reader = await store.card_payments(conn, opened)
    ids = sorted({shift.till for shift in opened})
    devices = await people.devices(conn, ids)
    persons = await people.persons_by_id(conn, sorted({shift.cashier for shift in opened}))
    desk = await store.desk_movements(conn, ids, min(shift.at for shift in opened))
    found = []
    for shift in opened:
        mine = [
            movement
            for movement in desk.get(shift.till, ())
            if shift.at <= movement.at and (shift.end_at is None or movement.at <= shift.end_at)
        ]
        told = receipts.get(shift.key, ShiftTotals())
        taken = money.get(shift.key, [])
        person, device = persons.get(shift.cashier), devices.get(shift.till)
        found.append(
            Shift(
                id=shift.id,
                till=shift.till,
                till_name=None if device is None else device.name,
                outlet=shift.outlet,
                event_id=shift.event_id,
                cashier=shift.cashier,
                cashier_name=None if person is None else person.name,
                opened_at=shift.at,
                closed_at=shift.end_at if shift.closes else None,
                ended_at=shift.end_at,
                first=shift.number,
                last=shift.last,
                sales=told.sales,
                refunds=told.refunds,
                total_cents=told.total_cents,
                tip_cents=told.tip_cents,
                tenders=tenders(taken),
                card_reader_cents=by_reader.get(shift.key, 0),
                drawer=drawer(shift, counted.get(shift.key), taken, mine),
                terminal=terminal(mine),
            )
        )
    return found
