"""Lots: the points of an account by the time they were earned, the oldest spent first, and when they lapse."""

from bisect import insort
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from virage.sale.points.rules.terms import Movement

TOLD_BEFORE: Final = timedelta(days=30)
"""Points lapse no sooner than this after the email that says so."""
LOOKED_AHEAD: Final = timedelta(days=31)
"""A day more, so that a job that runs late tells people in time."""


class Lot(Struct, frozen=True, order=True):
    """Points that are left of one earning; `number` is that of its movement."""

    earned_at: datetime
    number: int
    source: UUID
    points: int


def open_lots(movements: Sequence[Movement]) -> list[Lot]:
    """Return the points that are left by what earned them, the oldest first. Their sum is the balance.

    Redeemed and lapsed points are the oldest ones. A refund takes back the points of its own purchase first. Points
    that a cancelled reward returns are as old as before.
    """
    lots: list[Lot] = []
    spent: dict[UUID, list[Lot]] = {}
    for movement in sorted(movements, key=lambda one: one.number):
        if movement.kind == "earned" or (movement.kind == "returned" and movement.rule_id is not None):
            insort(lots, Lot(movement.at, movement.number, movement.source, movement.points))
        elif movement.kind == "returned":
            for lot in spent.pop(movement.source):
                same = next((one for one in lots if one.number == lot.number), None)
                if same is not None:
                    lots.remove(same)
                insort(lots, Lot(lot.earned_at, lot.number, lot.source, lot.points + (same.points if same else 0)))
        else:
            own = [lot for lot in lots if movement.kind == "taken_back" and lot.source == movement.source]
            taken = _take(own, -movement.points)
            taken += _take([lot for lot in lots if lot not in own], -movement.points - sum(lot.points for lot in taken))
            left = {lot.number: lot.points for lot in taken}
            lots = [
                Lot(lot.earned_at, lot.number, lot.source, lot.points - left.get(lot.number, 0))
                for lot in lots
                if lot.points > left.get(lot.number, 0)
            ]
            if movement.kind == "redeemed":
                spent[movement.source] = taken
    return lots


def _take(lots: Sequence[Lot], points: int) -> list[Lot]:
    """Return the parts of lots, the oldest first, that make up a number of points, as far as there are any."""
    taken: list[Lot] = []
    for lot in lots:
        part = min(lot.points, points)
        if part:
            taken.append(Lot(lot.earned_at, lot.number, lot.source, part))
            points -= part
    return taken


def lapses_at(earned_at: datetime, months: int, zone: ZoneInfo) -> datetime:
    """Return when points lapse: at the end of the month that is `months` after the month of earning."""
    earned = earned_at.astimezone(zone)
    return _month_start(earned.year, earned.month + months + 1, zone)


def _month_start(year: int, month: int, zone: ZoneInfo) -> datetime:
    """Return the first instant of a month in UTC; months after December belong to later years."""
    return datetime(year + (month - 1) // 12, (month - 1) % 12 + 1, 1, tzinfo=zone).astimezone(UTC)


def due_at(lots: Sequence[Lot], months: int | None, zone: ZoneInfo, moment: datetime) -> int:
    """Return how many points lapse until a moment by their age alone."""
    if months is None:
        return 0
    return sum(lot.points for lot in lots if lapses_at(lot.earned_at, months, zone) <= moment)


class Notice(Struct, frozen=True):
    """Points that lapse at a moment, of which the person must be told."""

    lapses_at: datetime
    points: int


def still_told(lots: Sequence[Lot], told: Sequence[Notice], months: int | None, zone: ZoneInfo) -> list[Notice]:
    """Return notices that have not come due with the points of each that are left, the earliest first."""
    found: list[Notice] = []
    covered = 0
    for notice in sorted(told, key=lambda notice: notice.lapses_at):
        points = min(notice.points, due_at(lots, months, zone, notice.lapses_at) - covered)
        if points > 0:
            found.append(Notice(notice.lapses_at, points))
            covered += points
    return found


def due_notices(
    lots: Sequence[Lot], told: Sequence[Notice], months: int | None, zone: ZoneInfo, now: datetime
) -> list[Notice]:
    """Return what a person must be told now: points that lapse within 31 days, by moment.

    `told` are the notices that have not come due. Points for which 30 days' notice is too late, because the programme
    was changed or a cancelled reward returned them, lapse at the first end of a month that leaves 30 days.
    """
    first = (now + TOLD_BEFORE).astimezone(zone)
    earliest = _month_start(first.year, first.month + 1, zone)
    found: dict[datetime, int] = {}
    for notice in _untold(lots, told, months, zone):
        if notice.lapses_at <= now + LOOKED_AHEAD:
            moment = earliest if notice.lapses_at < now + TOLD_BEFORE else notice.lapses_at
            found[moment] = found.get(moment, 0) + notice.points
    return [Notice(moment, points) for moment, points in sorted(found.items())]


def upcoming(lots: Sequence[Lot], told: Sequence[Notice], months: int | None, zone: ZoneInfo) -> list[Notice]:
    """Return what lapses when, the earliest first: as was told, and the rest by its age."""
    found: dict[datetime, int] = {}
    for notice in (*still_told(lots, told, months, zone), *_untold(lots, told, months, zone)):
        found[notice.lapses_at] = found.get(notice.lapses_at, 0) + notice.points
    return [Notice(moment, points) for moment, points in sorted(found.items())]


def _untold(lots: Sequence[Lot], told: Sequence[Notice], months: int | None, zone: ZoneInfo) -> list[Notice]:
    """Return when the points of each lot lapse by their age, without those that notices announce: the oldest ones."""
    if months is None:
        return []
    covered = sum(notice.points for notice in still_told(lots, told, months, zone))
    found: list[Notice] = []
    for lot in lots:
        part = max(0, lot.points - covered)
        covered = max(0, covered - lot.points)
        if part:
            found.append(Notice(lapses_at(lot.earned_at, months, zone), part))
    return found
