"""Earning: a job follows the journal, so that gates and sales do no extra work.

A movement has an id made of its account, rule and event or order: what is read twice is earned once.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from virage.identity.passes import api as passes
from virage.platform.data.database import Connection
from virage.platform.data.journal import PAGE, Entry, position_key, read_after
from virage.platform.values.money import Cents
from virage.sale.points.acts.posting import post
from virage.sale.points.rules.earning import TIER_OF, Earning, by_entry, by_spend, movement_id, taken_back
from virage.sale.points.rules.terms import Account, Basis, Movement, Programme
from virage.sale.points.store import accounts as store
from virage.sale.points.store import programmes as programmes_store
from virage.sale.points.store.accounts import Stand
from virage.sale.ticketing import api as ticketing
from virage.site.programme import api as programme
from virage.site.programme.types import Event

CROSSED = "passes_crossed"
BOUGHT: Mapping[str, Basis] = {"order_paid": "tickets", "food_order_accepted": "food"}
REFUNDED: Mapping[str, Basis] = {"order_refunded": "tickets", "food_order_refunded": "food"}


class FoodSpent(Protocol):
    """What is left to the seller of an accepted food order."""

    @property
    def order_id(self) -> UUID:
        """The order."""
        ...

    @property
    def person_id(self) -> UUID | None:
        """Who ordered; None after their erasure."""
        ...

    @property
    def event_id(self) -> UUID:
        """The event."""
        ...

    @property
    def accepted_at(self) -> datetime:
        """When the kitchen accepted it."""
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

    async def __call__(self, conn: Connection, order_ids: Sequence[UUID]) -> Sequence[FoodSpent]:
        """Return what was spent."""
        ...


class Sources(Struct, frozen=True):
    """What `app/` connects: entries and food orders of domains above; one unit of the currency in cents."""

    first_entries: FirstEntries
    food_spends: FoodSpends
    unit_cents: Cents


class Spend(Struct, frozen=True):
    """What a person spent on an order of tickets or food, less refunds."""

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
    spend: Spend | None = None

    def earnings(self, unit_cents: Cents, earned: int) -> list[Earning]:
        """Return what its rules earn, in the tier of `earned` points in 12 months."""
        if self.spend is None:
            return by_entry(self.programme, self.event, self.at, earned)
        return by_spend(self.programme, self.event, self.basis, self.spend.cents, unit_cents=unit_cents, earned=earned)


async def earn(conn: Connection, sources: Sources, now: datetime) -> bool:
    """Earn the points of the next page of the journal, and take back those of refunds. Return whether there was any."""
    position = await store.lock_position(conn)
    if position is None:
        return False
    entries = await read_after(conn, str(position), PAGE)
    if not entries:
        return False
    candidates = await _candidates(conn, entries, sources)
    refunded = await _refunded(conn, entries, sources)
    earners = [one.account_id for one in await store.movements_of_sources(conn, sorted(refunded))] if refunded else []
    accounts = await store.lock_accounts(conn, [*(one.account.id for one in candidates), *earners])
    stands = await store.stands(conn, sorted(accounts), now - TIER_OF)
    movements = await _earned(conn, accounts, stands, candidates, sources.unit_cents, now)
    movements += await _taken_back(conn, accounts, stands, refunded, sources.unit_cents, now)
    await post(conn, accounts, movements, None, now)
    await store.put_position(conn, position_key(entries[-1].position))
    return True


async def _candidates(conn: Connection, entries: Sequence[Entry], sources: Sources) -> list[Candidate]:
    """Return the entries and purchases of people who take part, since they joined, at organisers with a programme."""
    crossed: dict[UUID, set[int]] = {}
    for entry in entries:
        if entry.what == CROSSED:
            crossed.setdefault(entry.about, set()).update(entry.data["numbers"])
    bought: dict[Basis, list[UUID]] = {}
    for entry in entries:
        if entry.what in BOUGHT:
            bought.setdefault(BOUGHT[entry.what], []).append(entry.about)
    spends = {basis: await _spends(conn, basis, ids, sources) for basis, ids in bought.items()}
    event_ids = crossed.keys() | {spend.event_id for found in spends.values() for spend in found}
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
        for basis, all_spends in spends.items():
            of_event = [spend for spend in all_spends if spend.event_id == event_id]
            persons = [spend.person_id for spend in of_event if spend.person_id is not None]
            accounts = await store.open_accounts_of(conn, event.organiser_id, persons) if persons else {}
            candidates += [
                Candidate(account, event, found, spend.id, spend.paid_at, basis, spend)
                for spend in of_event
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


async def _spends(conn: Connection, basis: Basis, ids: Sequence[UUID], sources: Sources) -> list[Spend]:
    """Return what was spent on orders of tickets or food, less refunds."""
    if basis == "food":
        return [
            Spend(one.order_id, one.person_id, one.event_id, one.accepted_at, one.cents)
            for one in await sources.food_spends(conn, ids)
        ]
    return [
        Spend(id_, order.owner_id, order.event_id, order.paid_at, order.total_cents - order.refunded_cents)
        for id_, (order, _) in (await ticketing.orders(conn, ids)).items()
        if order.paid_at is not None
    ]


async def _refunded(conn: Connection, entries: Sequence[Entry], sources: Sources) -> dict[UUID, Spend]:
    """Return what is left of purchases that were refunded, by order."""
    found: dict[Basis, list[UUID]] = {}
    for entry in entries:
        if entry.what in REFUNDED:
            found.setdefault(REFUNDED[entry.what], []).append(entry.about)
    return {spend.id: spend for basis, ids in found.items() for spend in await _spends(conn, basis, ids, sources)}


async def _earned(  # noqa: PLR0917 - the parts of one page
    conn: Connection,
    accounts: Mapping[UUID, Account],
    stands: dict[UUID, Stand],
    candidates: Sequence[Candidate],
    unit_cents: Cents,
    now: datetime,
) -> list[Movement]:
    """Return what candidates earn that is not stored yet. An earlier entry that arrives later adds to a later one."""
    possible = [
        (candidate, earning, movement_id(candidate.account.id, f"earned:{earning.rule.id}:{candidate.source}"))
        for candidate in candidates
        if accounts[candidate.account.id].closed_at is None
        for earning in candidate.earnings(unit_cents, stands[candidate.account.id].earned)
    ]
    known = await store.known_movements(conn, [id_ for _, _, id_ in possible])
    movements: dict[UUID, Movement] = {}
    for candidate, earning, id_ in possible:
        if id_ in known or id_ in movements:
            continue
        stand = stands[candidate.account.id]
        stands[candidate.account.id] = Stand(stand.last_number + 1, stand.balance + earning.points, stand.earned)
        movements[id_] = Movement(
            id=id_,
            account_id=candidate.account.id,
            number=stand.last_number + 1,
            kind="earned",
            at=now,
            points=earning.points,
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
    refunded: Mapping[UUID, Spend],
    unit_cents: Cents,
    now: datetime,
) -> list[Movement]:
    """Return what refunds take back, as far as the points are there; the rest is written off."""
    known = await store.movements_of_sources(conn, sorted(refunded)) if refunded else []
    movements: list[Movement] = []
    for earned in known:
        if earned.kind != "earned" or accounts[earned.account_id].closed_at is not None:
            continue
        before = [
            one
            for one in known
            if one.kind == "taken_back"
            and (one.account_id, one.rule_id, one.source) == (earned.account_id, earned.rule_id, earned.source)
        ]
        cents, stand = refunded[earned.source].cents, stands[earned.account_id]
        back = taken_back(earned, before, cents, unit_cents, stand.balance)
        if back is None:
            continue
        stands[earned.account_id] = Stand(stand.last_number + 1, stand.balance - back.points, stand.earned)
        movements.append(
            Movement(
                id=movement_id(earned.account_id, f"taken_back:{earned.rule_id}:{earned.source}:{len(before)}"),
                account_id=earned.account_id,
                number=stand.last_number + 1,
                kind="taken_back",
                at=now,
                points=-back.points,
                source=earned.source,
                written_off=back.written_off,
                rule_id=earned.rule_id,
                revision=earned.revision,
                rate=earned.rate,
                multiplier_permille=earned.multiplier_permille,
                event_id=earned.event_id,
                cents=cents,
            )
        )
    return movements
