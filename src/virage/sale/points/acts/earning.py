"""Earning: a job follows the journal, so that gates and sales do no extra work.

A movement has an id made of its account, rule and event or order: what is read twice is earned once.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from msgspec import Struct

from virage.identity.passes import api as passes
from virage.platform.data.database import Connection
from virage.platform.data.journal import PAGE, Entry, position_key, read_after
from virage.platform.values.money import Cents
from virage.sale.points.acts.posting import post
from virage.sale.points.rules.earning import (
    TIER_OF,
    Earning,
    by_entry,
    by_spend,
    earned_by_cents,
    is_still_earned,
    movement_id,
    taken_back,
)
from virage.sale.points.rules.terms import Account, Basis, Movement, Programme
from virage.sale.points.store import accounts as store
from virage.sale.points.store import programmes as programmes_store
from virage.sale.points.store.accounts import Stand
from virage.sale.ticketing import api as ticketing
from virage.site.programme import api as programme
from virage.site.programme.types import Event

CROSSED = "passes_crossed"
WITHDRAWN = "scans_withdrawn"
Purchase = Literal["tickets", "food_order", "till_sale"]
BOUGHT: Mapping[str, Purchase] = {
    "order_paid": "tickets",
    "food_order_accepted": "food_order",
    "till_sale_booked": "till_sale",
}
REFUNDED: Mapping[str, Purchase] = {
    "order_refunded": "tickets",
    "food_order_refunded": "food_order",
    "till_sale_refunded": "till_sale",
}
BASES: Mapping[Purchase, Basis] = {"tickets": "tickets", "food_order": "food", "till_sale": "food"}


class Spent(Protocol):
    """What a person spent on a food order or a sale of a till, less refunds."""

    @property
    def id(self) -> UUID:
        """The order, or the person's share of a sale."""
        ...

    @property
    def person_id(self) -> UUID | None:
        """Who paid; None after their erasure, and for a card of no person."""
        ...

    @property
    def event_id(self) -> UUID:
        """The event."""
        ...

    @property
    def paid_at(self) -> datetime:
        """When the kitchen accepted the order, or the till sold."""
        ...

    @property
    def cents(self) -> Cents:
        """The amount that earns points; 0 once it is refunded."""
        ...


class FirstEntries(Protocol):
    """When passes of an event entered first, by number; those that never entered are missing."""

    async def __call__(self, conn: Connection, event_id: UUID, numbers: Sequence[int]) -> Mapping[int, datetime]:
        """Return the first entries."""
        ...


class FoodSpends(Protocol):
    """What was spent on food orders; those that no kitchen accepted are missing."""

    async def __call__(self, conn: Connection, order_ids: Sequence[UUID]) -> Sequence[Spent]:
        """Return what was spent."""
        ...


class TillSpends(Protocol):
    """What the wallets of people paid of sales at tills, by till and record."""

    async def __call__(self, conn: Connection, sales: Sequence[tuple[UUID, UUID]]) -> Sequence[Spent]:
        """Return what was spent."""
        ...


class Sources(Struct, frozen=True):
    """What `app/` connects: entries and sales of domains above; one unit of the currency in cents."""

    first_entries: FirstEntries
    food_spends: FoodSpends
    till_spends: TillSpends
    unit_cents: Cents


class Spend(Struct, frozen=True):
    """What a person spent on an order of tickets, less refunds."""

    id: UUID
    person_id: UUID | None
    event_id: UUID
    paid_at: datetime
    cents: Cents


class Candidate(Struct, frozen=True):
    """An entry or a purchase that may earn points for an account; `spend` is None for an entry at `at`."""

    account: Account
    event: Event
    programme: Programme
    source: UUID
    at: datetime
    basis: Basis
    spend: Spent | None = None

    def earnings(self, unit_cents: Cents, earned: int) -> list[Earning]:
        """Return what its rules earn, in the tier of `earned` points in 12 months."""
        if self.spend is None:
            return by_entry(self.programme, self.event, self.at, earned)
        return by_spend(self.programme, self.event, self.basis, self.spend.cents, unit_cents=unit_cents, earned=earned)


async def earn(conn: Connection, sources: Sources, now: datetime) -> bool:
    """Earn the points of the next page of the journal, and take back those of refunds and withdrawn scans.

    Return whether there was any entry.
    """
    position = await store.lock_position(conn)
    if position is None:
        return False
    entries = await read_after(conn, str(position), PAGE)
    if not entries:
        return False
    candidates = await _candidates(conn, entries, sources)
    refunded = {spend.id: spend for _, spend in await _spends(conn, entries, REFUNDED, sources)}
    withdrawn = await _withdrawn(conn, entries, sources.first_entries)
    earners = [one.account_id for one in await store.movements_of_sources(conn, sorted(refunded))] if refunded else []
    ids = [*(one.account.id for one in candidates), *earners, *(account_id for account_id, _ in withdrawn)]
    accounts = await store.lock_accounts(conn, ids)
    stands = await store.stands(conn, sorted(accounts), now - TIER_OF)
    movements = await _earned(conn, accounts, stands, candidates, sources.unit_cents, now)
    movements += await _taken_back(conn, accounts, stands, refunded, withdrawn, sources.unit_cents, now)
    await post(conn, accounts, movements, None, now)
    await store.put_position(conn, position_key(entries[-1].position))
    return True


async def _candidates(conn: Connection, entries: Sequence[Entry], sources: Sources) -> list[Candidate]:
    """Return the entries and purchases of people who take part, since they joined, at organisers with a programme."""
    crossed: dict[UUID, set[int]] = {}
    for entry in entries:
        if entry.what == CROSSED:
            crossed.setdefault(entry.about, set()).update(entry.data["numbers"])
    spends = await _spends(conn, entries, BOUGHT, sources)
    event_ids = crossed.keys() | {spend.event_id for _, spend in spends}
    events = await programme.events(conn, sorted(event_ids))
    open_ones = {
        id_: found
        for id_, found in (
            await programmes_store.programmes(conn, sorted({event.organiser_id for event in events.values()}))
        ).items()
        if found.is_open
    }
    candidates: list[Candidate] = []
    for event_id, event in events.items():
        found = open_ones.get(event.organiser_id)
        if found is None:
            continue
        candidates += await _of_entries(conn, event, found, crossed.get(event_id, ()), sources.first_entries)
        of_event = [(basis, spend) for basis, spend in spends if spend.event_id == event_id]
        persons = sorted({spend.person_id for _, spend in of_event if spend.person_id is not None})
        accounts = await store.open_accounts_of(conn, event.organiser_id, persons) if persons else {}
        candidates += [
            Candidate(account, event, found, spend.id, spend.paid_at, basis, spend)
            for basis, spend in of_event
            if spend.person_id is not None and (account := accounts.get(spend.person_id)) is not None
        ]
    return [one for one in candidates if one.at >= one.account.joined_at]


async def _of_entries(
    conn: Connection, event: Event, found: Programme, numbers: Collection[int], first_entries: FirstEntries
) -> list[Candidate]:
    """Return the first entry of each person who takes part, with the tickets that they hold."""
    if not numbers or not any(rule.basis in {"entry", "early_entry"} for rule in found.rules):
        return []
    tickets = await passes.subjects(conn, event.id, sorted(numbers))
    holders = await ticketing.holders_of(conn, sorted(tickets.values()))
    accounts = await store.open_accounts_of(conn, event.organiser_id, sorted(set(holders.values())))
    of_account = {
        number: accounts[holders[ticket_id]]
        for number, ticket_id in tickets.items()
        if holders.get(ticket_id) in accounts
    }
    entered = await first_entries(conn, event.id, sorted(of_account)) if of_account else {}
    earliest: dict[UUID, Candidate] = {}
    for number, at in sorted(entered.items(), key=lambda item: item[1]):
        account = of_account[number]
        earliest.setdefault(account.id, Candidate(account, event, found, event.id, at, "entry"))
    return list(earliest.values())


async def _spends(
    conn: Connection, entries: Sequence[Entry], facts: Mapping[str, Purchase], sources: Sources
) -> list[tuple[Basis, Spent]]:
    """Return what was spent on the purchases that some facts are about, less refunds, with what it earns by."""
    found: dict[Purchase, list[Entry]] = {}
    for entry in entries:
        if entry.what in facts:
            found.setdefault(facts[entry.what], []).append(entry)
    spends: list[tuple[Basis, Spent]] = []
    for purchase, of_purchase in found.items():
        ids = [entry.about for entry in of_purchase]
        spent: Sequence[Spent]
        if purchase == "food_order":
            spent = await sources.food_spends(conn, ids)
        elif purchase == "till_sale":
            spent = await sources.till_spends(conn, [(UUID(entry.data["till"]), entry.about) for entry in of_purchase])
        else:
            spent = [
                Spend(id_, order.owner_id, order.event_id, order.paid_at, order.total_cents - order.refunded_cents)
                for id_, (order, _) in (await ticketing.orders(conn, ids)).items()
                if order.paid_at is not None
            ]
        spends += [(BASES[purchase], one) for one in spent]
    return spends


async def _withdrawn(
    conn: Connection, entries: Sequence[Entry], first_entries: FirstEntries
) -> dict[tuple[UUID, UUID], datetime | None]:
    """Return the first entry that is left to people whose scans were withdrawn, by account and event; None for none.

    An identity document that does not match takes an entry back, too. Every ticket that they hold for the event counts.
    """
    numbers: dict[UUID, set[int]] = {}
    for entry in entries:
        if entry.what == WITHDRAWN:
            numbers.setdefault(entry.about, set()).update(entry.data.get("numbers", ()))
        elif entry.what == CROSSED:
            absent = (
                number for number, gate in zip(entry.data["numbers"], entry.data["gates"], strict=True) if not gate
            )
            numbers.setdefault(entry.about, set()).update(absent)
    numbers = {event_id: of_event for event_id, of_event in numbers.items() if of_event}
    found: dict[tuple[UUID, UUID], datetime | None] = {}
    for event_id, event in (await programme.events(conn, sorted(numbers))).items():
        tickets = await passes.subjects(conn, event_id, sorted(numbers[event_id]))
        holders = await ticketing.holders_of(conn, sorted(tickets.values()))
        accounts = await store.open_accounts_of(conn, event.organiser_id, sorted(set(holders.values())))
        held = await ticketing.places_of_owners(conn, event_id, sorted(accounts)) if accounts else []
        states = await passes.states(conn, [ticket_id for _, ticket_id, _ in held])
        entered = await first_entries(conn, event_id, sorted(state.number for state in states.values()))
        for person_id, account in accounts.items():
            own = (
                states[ticket_id].number
                for owner_id, ticket_id, _ in held
                if owner_id == person_id and ticket_id in states
            )
            found[account.id, event_id] = min((entered[number] for number in own if number in entered), default=None)
    return found


async def _earned(  # noqa: PLR0917 - the parts of one page
    conn: Connection,
    accounts: Mapping[UUID, Account],
    stands: dict[UUID, Stand],
    candidates: Sequence[Candidate],
    unit_cents: Cents,
    now: datetime,
) -> list[Movement]:
    """Return what candidates earn that is not stored yet. An earlier entry that arrives later adds to a later one.

    An entry after a withdrawn one returns what was taken back.
    """
    came = {(one.account.id, one.source) for one in candidates if one.spend is None}
    before: dict[tuple[UUID, UUID | None, UUID], list[Movement]] = {}
    for one in await store.movements_by_entry(conn, came):
        before.setdefault((one.account_id, one.rule_id, one.source), []).append(one)
    possible = []
    for candidate in candidates:
        account_id = candidate.account.id
        if accounts[account_id].closed_at is not None:
            continue
        for earning in candidate.earnings(unit_cents, stands[account_id].earned):
            moved = before.get((account_id, earning.rule.id, candidate.source), [])
            times = sum(one.kind == "taken_back" for one in moved)
            points = earning.points - (sum(one.points for one in moved) if times else 0)
            what = f"returned:{times}" if times else "earned"
            if points > 0:
                possible.append(
                    (
                        candidate,
                        earning,
                        points,
                        times,
                        movement_id(account_id, f"{what}:{earning.rule.id}:{candidate.source}"),
                    )
                )
    known = await store.known_movements(conn, [id_ for *_, id_ in possible])
    movements: dict[UUID, Movement] = {}
    for candidate, earning, points, times, id_ in possible:
        if id_ in known or id_ in movements:
            continue
        stand = stands[candidate.account.id]
        stands[candidate.account.id] = Stand(stand.last_number + 1, stand.balance + points, stand.earned)
        movements[id_] = Movement(
            id=id_,
            account_id=candidate.account.id,
            number=stand.last_number + 1,
            kind="returned" if times else "earned",
            at=now,
            points=points,
            source=candidate.source,
            rule_id=earning.rule.id,
            revision=candidate.programme.revision,
            rate=earning.rule.points,
            multiplier_permille=earning.multiplier_permille,
            event_id=candidate.event.id,
            cents=None if candidate.spend is None else candidate.spend.cents,
        )
    return list(movements.values())


async def _taken_back(  # noqa: PLR0917 - the parts of one page
    conn: Connection,
    accounts: Mapping[UUID, Account],
    stands: dict[UUID, Stand],
    refunded: Mapping[UUID, Spent],
    withdrawn: Mapping[tuple[UUID, UUID], datetime | None],
    unit_cents: Cents,
    now: datetime,
) -> list[Movement]:
    """Return what refunds and withdrawn scans take back, as far as the points are there; the rest is written off."""
    known = await store.movements_of_sources(conn, sorted(refunded)) if refunded else []
    known += await store.movements_by_entry(conn, withdrawn.keys()) if withdrawn else []
    revisions = await programmes_store.revisions(
        conn, {(accounts[one.account_id].organiser_id, one.revision) for one in known if one.revision is not None}
    )
    events = await programme.events(conn, sorted({event_id for _, event_id in withdrawn}))
    by_earning: dict[tuple[UUID, UUID | None, UUID], list[Movement]] = {}
    for one in known:
        by_earning.setdefault((one.account_id, one.rule_id, one.source), []).append(one)
    movements: list[Movement] = []
    for (account_id, rule_id, source), moved in by_earning.items():
        if accounts[account_id].closed_at is not None:
            continue
        earned = next(one for one in moved if one.kind == "earned")
        cents: Cents | None = None
        if source in refunded:
            cents = refunded[source].cents
            deserved = earned_by_cents(earned, cents, unit_cents)
        else:
            rules = revisions[accounts[account_id].organiser_id, earned.revision or 0].rules
            basis = next(rule.basis for rule in rules if rule.id == rule_id)
            if is_still_earned(basis, withdrawn[account_id, source], events[source].starts_at):
                continue
            deserved = 0
        stand = stands[account_id]
        back = taken_back(moved, deserved, stand.balance)
        if back is None:
            continue
        stands[account_id] = Stand(stand.last_number + 1, stand.balance - back.points, stand.earned)
        times = sum(one.kind == "taken_back" for one in moved)
        movements.append(
            Movement(
                id=movement_id(account_id, f"taken_back:{rule_id}:{source}:{times}"),
                account_id=account_id,
                number=stand.last_number + 1,
                kind="taken_back",
                at=now,
                points=-back.points,
                source=source,
                written_off=back.written_off,
                rule_id=rule_id,
                revision=earned.revision,
                rate=earned.rate,
                multiplier_permille=earned.multiplier_permille,
                event_id=earned.event_id,
                cents=cents,
            )
        )
    return movements
