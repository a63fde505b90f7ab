"""A draw for the office: what it offers, entries by wish, results, charges and the waiting order."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.people import api as people
from virage.platform.data.database import Connection
from virage.platform.values.localised import LocalisedText
from virage.platform.values.tables import Cell, table
from virage.sale.draws.reads.fans import DrawQuota, quotas_of
from virage.sale.draws.rules.setup import free_of
from virage.sale.draws.rules.terms import DrawState, EntryRow, EntryState, QuotaRequest
from virage.sale.draws.store import draws as store
from virage.sale.draws.store import entries as entries_store
from virage.sale.draws.store.entries import WishCount
from virage.sale.ticketing import api as ticketing
from virage.sale.ticketing.types import Party
from virage.site.programme.types import Event

LISTED_MAX = 100
CSV_PAGE = 5_000


class DrawCategory(Struct, frozen=True):
    """A category of the event: what is free of it, what the draw offers, and who wishes for it and has won it."""

    category_id: UUID
    name: LocalisedText
    free_places: int
    free_spaces: int
    quota: QuotaRequest | None
    left_places: int | None
    left_spaces: int | None
    wishes: list[WishCount]
    won: dict[EntryState, int]


class OfficeDraw(Struct, frozen=True):
    """A draw as the office set it. `states` counts the confirmed entries; `unconfirmed` have no saved card yet."""

    id: UUID
    state: DrawState
    revision: int
    closes_at: datetime
    draws_at: datetime
    ends_at: datetime
    pay_hours: int
    public_value_name: str | None
    public_value: str | None
    commitment: str | None
    entries_sha256: str | None
    seed: str | None
    frozen_at: datetime | None
    drawn_at: datetime | None
    is_applied: bool
    quotas: list[DrawQuota]
    states: dict[EntryState, int]
    unconfirmed: int


class OfficeDrawPage(Struct, frozen=True):
    """The draw of an event, None before one is set, and its categories."""

    draw: OfficeDraw | None
    categories: list[DrawCategory]
    sale_opens_at: datetime
    starts_at: datetime


class OfficeEntry(Struct, frozen=True):
    """An entry for the office; `name` is None once its person was erased, and empty if they gave none."""

    id: UUID
    code: str
    name: str | None
    number: int | None
    state: EntryState
    party: Party
    wheelchair: bool
    wishes: list[UUID]
    any_other: bool
    category_id: UUID | None
    order_id: UUID | None
    pays_until: datetime | None
    reason: str | None


class OfficeEntries(Struct, frozen=True):
    """Entries in the order of the draw, at most 100; `more` continues after the last one."""

    entries: list[OfficeEntry]
    more: bool


async def office_draw(conn: Connection, event: Event) -> OfficeDrawPage:
    """Return the draw of an event with its categories and counts."""
    draw = await store.draw_of_event(conn, event.id)
    sale = await ticketing.load_sale(conn, event.id, drafts=True)
    if sale is None:
        return OfficeDrawPage(None, [], event.sale_opens_at, event.starts_at)
    offered = {} if draw is None else {quota.category_id: at for at, quota in enumerate(draw.quotas)}
    wishes = {} if draw is None else await entries_store.count_wishes(conn, draw.id)
    counts = [] if draw is None else await entries_store.count_by_state(conn, draw.id)
    everything = [QuotaRequest(category.id) for category in sale.pricing.categories]
    categories = []
    for category, (places, spaces) in zip(sale.pricing.categories, free_of(sale, everything), strict=True):
        at = offered.get(category.id)
        drawn = draw is not None and at is not None and draw.drawn_at is not None
        categories.append(
            DrawCategory(
                category.id,
                category.name,
                places,
                spaces,
                None if draw is None or at is None else draw.quotas[at],
                draw.left_places[at] if draw is not None and at is not None and drawn else None,
                draw.left_spaces[at] if draw is not None and at is not None and drawn else None,
                [] if at is None else wishes.get(at, []),
                {one.state: one.entries for one in counts if one.category == at is not None},
            )
        )
    if draw is None:
        return OfficeDrawPage(None, categories, event.sale_opens_at, event.starts_at)
    states: Counter[EntryState] = Counter()
    for one in counts:
        if one.is_confirmed:
            states[one.state] += one.entries
    shown = OfficeDraw(
        id=draw.id,
        state=draw.state,
        revision=draw.revision,
        closes_at=draw.closes_at,
        draws_at=draw.draws_at,
        ends_at=draw.ends_at,
        pay_hours=draw.pay_hours,
        public_value_name=draw.public_value_name,
        public_value=draw.public_value,
        commitment=None if draw.commitment is None else draw.commitment.hex(),
        entries_sha256=None if draw.entries_sha256 is None else draw.entries_sha256.hex(),
        seed=None if draw.seed is None else draw.seed.hex(),
        frozen_at=draw.frozen_at,
        drawn_at=draw.drawn_at,
        is_applied=draw.applied_at is not None,
        quotas=quotas_of(draw, sale.pricing),
        states=dict(states),
        unconfirmed=sum(one.entries for one in counts if not one.is_confirmed),
    )
    return OfficeDrawPage(shown, categories, event.sale_opens_at, event.starts_at)


async def office_entries(conn: Connection, draw_id: UUID, after: tuple[int, str]) -> OfficeEntries:
    """Return entries in the order of the draw, or of their codes before it, after a number and a code."""
    draw = (await store.draws(conn, [draw_id]))[draw_id]
    rows = await entries_store.office_entries(conn, draw_id, after, LISTED_MAX + 1)
    shown = rows[:LISTED_MAX]
    names = await _names(conn, shown)
    categories = [quota.category_id for quota in draw.quotas]
    entries = [
        OfficeEntry(
            row.id,
            row.code,
            names[row.id],
            row.number,
            row.state,
            row.party,
            row.wheelchair,
            [categories[position] for position in row.wishes],
            row.any_other,
            None if row.category is None else categories[row.category],
            row.order_id,
            row.pays_until,
            row.reason,
        )
        for row in shown
    ]
    return OfficeEntries(entries, len(rows) > LISTED_MAX)


async def _names(conn: Connection, rows: Sequence[EntryRow]) -> dict[UUID, str | None]:
    found = await people.names_by_id(conn, [row.person_id for row in rows if row.person_id is not None])
    return {row.id: None if row.person_id is None else found.get(row.person_id, "") for row in rows}


async def entries_table(conn: Connection, draw_id: UUID) -> bytes:
    """Return all entries as CSV, without names: the order of the draw, states, and amounts are found by order."""
    draw = (await store.draws(conn, [draw_id]))[draw_id]
    listed: list[Sequence[Cell]] = []
    categories = [str(quota.category_id) for quota in draw.quotas]
    after = (-1, "")
    while rows := await entries_store.office_entries(conn, draw_id, after, CSV_PAGE):
        for row in rows:
            wishes = " ".join([categories[position] for position in row.wishes] + ["any"] * row.any_other)
            category = "" if row.category is None else categories[row.category]
            order_id = None if row.order_id is None else str(row.order_id)
            listed.append(
                [row.number, row.code, row.state, row.size, row.wheelchair, wishes, category, order_id, row.reason]
            )
        after = (rows[-1].number or 0, rows[-1].code)
    header = ("number", "code", "state", "size", "wheelchair", "wishes", "category_id", "order_id", "reason")
    return table(header, listed)
