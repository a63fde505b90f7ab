"""The handlers of an event in different orders: the orders that give the same state, and the
effects of wrong ones.
"""

import random
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import pytest

from tests.app.draws import draw_of
from tests.app.food import food_of
from tests.app.gates import accreditation
from tests.app.members import member_of
from tests.app.paying import card_of, phone_of
from tests.app.pitch import counts, seen
from tests.app.points import points_of
from tests.locking import Watch
from virage.app.domains import ENTRIES_PUBLISHED, EVENT_CANCELLED, EVENT_MOVED
from virage.app.persons import PAID_AT, PERSON_ERASED, PERSON_EXPORTS
from virage.control.safety.acts.requests import ask
from virage.control.safety.rules.requests import AskedRequest, DescribedPlace, HelpRequest, RequestKind
from virage.control.safety.rules.teams import Team, TeamKind
from virage.control.safety.store.log import lock_log
from virage.control.safety.store.teams import insert_team
from virage.identity.keys.rules.vault import PURPOSE, KeyVault
from virage.identity.people.acts.erase import PersonErased, erase
from virage.identity.people.rules.secrets import people_keys
from virage.identity.people.types import Person
from virage.matchday.access.api import is_banned
from virage.matchday.food.orders.api import forget_orders, lock_orders_of_erased
from virage.media.live.acts.notifications import set_preferences
from virage.media.live.acts.publishing import publish
from virage.media.live.rules.entries import EntryRequest, FeedEntry, Goal, KickOff, Period, Side
from virage.media.live.rules.notifications import NotificationKind, NotificationPreferences
from virage.money.wallet.cards.api import forget_cards, forget_phones
from virage.money.wallet.funding.api import forget_auto_top_up, forget_wallet
from virage.platform.data.database import Connection
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant
from virage.sale.packages.rules.terms import SubscriptionRow
from virage.sale.packages.store.packages import insert_subscriptions

if TYPE_CHECKING:
    from tests.app.conftest import World

Item = TypeVar("Item")
Act = Callable[[Connection], Awaitable[Any]]
SECRET = "a secret of the tests, long enough"  # the secret of the fixture `config`
EMAIL = "fan@example.org"
NEEDS_THE_WALLET = (forget_cards, forget_phones, forget_auto_top_up, forget_orders)
"""What must come before `forget_wallet`."""
RANDOM_ORDERS = 30
UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture(autouse=True)
def _other_orders_lock_otherwise(lock_watch: Watch) -> Iterator[None]:
    """Ignore lock-order faults: trials run alone, one after the other."""
    yield
    lock_watch.faults.clear()


class _RolledBackError(Exception):
    """Ends a trial."""


def orders_of(handlers: Sequence[Item]) -> Iterator[list[Item]]:
    """Every order of a few handlers; of many all rotations, forwards and backwards, and some
    others.
    """
    whole = list(handlers)
    for some in (whole, whole[::-1]):
        for at in range(len(some)):
            yield some[at:] + some[:at]
    chance = random.Random(14)  # noqa: S311 - the same orders each time
    for _ in range(RANDOM_ORDERS if len(whole) > 2 else 0):
        yield chance.sample(whole, len(whole))


class Trials:
    """Acts on the same rows, each in a transaction of its own that is rolled back."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self._known: frozenset[str] = frozenset()

    async def prepare(self) -> None:
        """Note the ids that exist before any trial; new ids differ each time and compare as equal."""
        self._known = frozenset(UUIDS.findall(str(await self._with(_nothing))))

    async def run(self, act: Act) -> tuple[Any, dict[str, list[str]]]:
        """Run an act; return its result, and the rows of every table afterwards."""
        answer, tables = await self._with(act)
        return answer, {
            table: sorted(UUIDS.sub(lambda one: one[0] if one[0] in self._known else "new", row) for row in rows)
            for table, rows in tables.items()
        }

    async def _with(self, act: Act) -> tuple[Any, dict[str, list[str]]]:
        answer, tables = None, dict[str, list[str]]()
        try:
            async with self.world.db.transaction() as conn:
                answer = await act(conn)
                tables = await everything(conn)
                raise _RolledBackError  # noqa: TRY301 - the transaction ends with it
        except _RolledBackError:
            return answer, tables


async def _nothing(conn: Connection) -> None:
    """The act that changes nothing."""


async def everything(conn: Connection) -> dict[str, list[str]]:
    """The rows of every table, without values from a sequence, the clock or the transaction, and
    without sealed values.
    """
    tables = await conn.fetch(
        """
        select columns.table_schema as schema, columns.table_name as name,
            string_agg(
                format(case when udt_name = 'bytea' then 'encode(%I, ''escape'')' else '%I' end, column_name), ', '
                order by column_name
            ) as names
        from information_schema.columns inner join information_schema.tables using (table_schema, table_name)
        where columns.table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'
            and udt_name <> 'xid8' and is_identity = 'NO'
            and not (columns.table_name = 'letter' and column_name in ('recipient', 'secret'))
            and coalesce(column_default, '') !~ 'nextval|now\\(|clock_timestamp'
        group by 1, 2
        """
    )
    return {
        f"{schema}.{name}": [
            row["said"] for row in await conn.fetch(f'select row({names})::text as said from "{schema}"."{name}"')
        ]
        for schema, name, names in tables
    }


def differing(left: dict[str, list[str]], right: dict[str, list[str]]) -> set[str]:
    return {table for table in left if left[table] != right[table]}


class Erasure(Trials):
    """The erasure of one person, by handlers in any order."""

    def __init__(self, world: "World", person_id: UUID) -> None:
        super().__init__(world)
        self.person_id = person_id

    async def by(self, handlers: Sequence[PersonErased]) -> tuple[Refused | None, dict[str, list[str]]]:
        async def erased(conn: Connection) -> Refused | None:
            keys, now = people_keys(SECRET), self.world.clock.now()
            return await erase(conn, keys, self.person_id, handlers, upcoming=None, now=now)

        return await self.run(erased)


@pytest.fixture
async def erasure(world: "World") -> Erasure:
    """A fan with data in every domain: seats, a transfer, waiting food, cards, a phone, a rule, a press
    badge, a matched ban, notifications.
    """
    fan = await world.signed_in(EMAIL)
    await world.buy(fan)
    await world.buy(fan, paid=False)
    await world.till("01")
    await phone_of(world, fan, world.ids["device_id"])
    card_id = UUID(await card_of(world, EMAIL, SECRET))
    person_id = UUID((await food_of(world, EMAIL, SECRET))["person_id"])
    admin = await world.signed_in("admin@example.org", Grant("admin"))
    badge = accreditation(world) | {"email": EMAIL}
    assert (await world.ask(admin, "POST", "/api/access/accreditations", badge)).status_code < 300
    (ticket, *_) = (await world.ask(fan, "GET", "/api/me/tickets")).json()
    offer = {"id": str(new_id()), "ticket_ids": [ticket["id"]], "to_email": "friend@example.org"}
    assert (await world.ask(fan, "POST", "/api/transfers", offer)).status_code == 201
    office = await world.signed_in("office@example.org", Grant("programme", "organiser", world.ours))
    await member_of(world, office, fan)
    await points_of(world, office, fan)
    await draw_of(world, EMAIL)
    ban = {"id": str(new_id()), "email": EMAIL, "expires_at": "2027-05-09T18:00:00Z"}
    supervisor = await world.signed_in("supervisor@example.org", Grant("supervisor"))
    assert (await world.ask(supervisor, "POST", "/api/access/bans/club", ban)).status_code == 200
    now, wallet_id, method_id = world.clock.now(), UUID(world.ids["wallet_id"]), new_id()
    async with world.db.transaction() as conn:
        await conn.execute(
            "update wallet_cards.card set label = 'Mine', daily_limit_cents = 900 where id = $1", card_id
        )
        await conn.execute(
            "insert into payments.method (id, subject, state, return_url, begun_at) values ($1, $2, 'saved', '/', $3)",
            method_id,
            person_id,
            now,
        )
        await conn.execute(
            """
            insert into wallet_funding.auto_top_up
                (purse_id, method_id, below_cents, add_cents, day_max_cents, consented_at, state)
            values ($1, $2, 500, 1000, 5000, $3, 'on')
            """,
            wallet_id,
            method_id,
            now,
        )
        package_id = new_id()
        await conn.execute(
            """
            insert into packages.package
                (id, organiser_id, kind, name, event_ids, discount_permille, family_permille, opens_at, closes_at,
                is_open, revision, created_at)
            values ($1, $2, 'pack', '{}', $3, 0, 0, $4, $5, true, 1, $4)
            """,
            package_id,
            world.ours,
            [new_id(), new_id()],
            now,
            now + timedelta(days=1),
        )
        await lock_log(conn, world.event)
        team = Team(
            id=new_id(),
            event_id=world.event,
            code="1",
            name="Team 1",
            kind=TeamKind.STEWARDS,
            post=None,
            on_duty=True,
            members=(person_id,),
        )
        await insert_team(conn, team, now)
        asked = HelpRequest(id=new_id(), kind=RequestKind.DANGER, place=DescribedPlace("Here"), text="Help")
        vault = KeyVault(derive(SECRET, PURPOSE))
        assert await ask(conn, world.event, [AskedRequest(world.event, person_id, asked)], vault=vault, now=now) == [
            None
        ]
        await insert_subscriptions(conn, [SubscriptionRow(new_id(), package_id, person_id, 0, [], now, {})])
        campaign_id = new_id()
        await conn.execute(
            """
            with campaign as (
                insert into seasons.campaign
                    (id, organiser_id, from_package_id, to_package_id, opens_at, until, remind_days, state, revision,
                    seed, created_at)
                values ($1, $2, $3, $1, $4, $5, 0, 'open', 1, sha256('seed'), $4)
            )
            insert into seasons.renewal (
                id, campaign_id, from_id, person_id, years, size, lost, begun_at, wishes, wheelchairs, needs
            )
            values ($3, $1, $3, $6, 1, 2, 0, $4, '[{}]', 1, '{quiet}')
            """,
            campaign_id,
            world.ours,
            package_id,
            now,
            now + timedelta(days=1),
            person_id,
        )
        person = Person(person_id, EMAIL, None, "en")
        assert await is_banned(conn, UUID(ticket["event"]["id"]), new_id(), person, name="A Fan", now=now)
        await set_preferences(conn, person_id, None, NotificationPreferences([NotificationKind.GOALS]))
    found = Erasure(world, person_id)
    await found.prepare()
    return found


async def test_a_person_is_erased_by_handlers_in_any_order_that_closes_the_wallet_last(erasure: "Erasure") -> None:
    refused, expected = await erasure.by(PERSON_ERASED)
    assert refused is None
    before = (await erasure.run(_nothing))[1]
    assert len(differing(before, expected)) > 15, "each handler has data to erase"
    tried = 0
    for order in orders_of(PERSON_ERASED):
        allowed = all(order.index(one) < order.index(forget_wallet) for one in NEEDS_THE_WALLET)
        if allowed:
            tried += 1
            refused, found = await erasure.by(order)
            assert refused is None
            assert differing(found, expected) == set(), order
    assert tried >= 10
    for handler in PERSON_ERASED:
        if handler is not lock_orders_of_erased:
            rest = [one for one in PERSON_ERASED if one is not handler]
            refused, found = await erasure.by(rest)
            assert refused or differing(found, expected), f"no trace of {handler}"


async def test_data_found_by_the_wallet_is_erased_before_the_wallet_is_closed(erasure: "Erasure") -> None:
    _, expected = await erasure.by(PERSON_ERASED)
    for handler in NEEDS_THE_WALLET:
        order: list[PersonErased] = [one for one in PERSON_ERASED if one is not handler]
        order.insert(order.index(forget_wallet) + 1, handler)
        refused, found = await erasure.by(order)
        if handler is forget_orders:
            assert refused is not None
            assert refused.reason == "wallet_not_empty", "a pending order holds money of the wallet"
        else:
            assert differing(found, expected), f"{handler} cannot find data of a closed wallet"


async def test_orders_of_an_erased_person_are_locked_before_cards_and_wallets(erasure: "Erasure") -> None:
    async def locked(handlers: Sequence[PersonErased]) -> list[str]:
        """The tables of food, cards and accounts whose rows are locked or written, in this order."""
        asked: list[str] = []

        async def erased(conn: Connection) -> None:
            with conn.query_logger(lambda one: asked.append(one.query)):
                for handler in handlers:
                    assert await handler(conn, erasure.person_id, erasure.world.clock.now()) is None

        await erasure.run(erased)
        taking = [query for query in asked if re.search(r"for (no key )?update|^\s*(--.*\s*)*update", query)]
        tables = [re.search(r"food_orders|wallet_(cards|accounts|ledger)", query) for query in taking]
        return [table[0] for table in tables if table is not None]

    def first_three(tables: Sequence[str]) -> list[str]:
        return list(dict.fromkeys(tables))[:3]

    right = ["food_orders", "wallet_cards", "wallet_accounts"]
    assert first_three(await locked(PERSON_ERASED)) == right
    assert first_three(await locked(PERSON_ERASED[1:])) != right, "without the first handler a card comes first"
    swapped = [forget_phones, *(one for one in PERSON_ERASED[1:] if one is not forget_phones)]
    assert first_three(await locked([PERSON_ERASED[0], *swapped])) != right, "phones before cards lock the wallet first"


async def test_the_sections_of_an_export_are_the_same_in_any_order(erasure: "Erasure") -> None:
    async def exported(conn: Connection, names: Sequence[str]) -> dict[str, Any]:
        return {name: await PERSON_EXPORTS[name](conn, erasure.person_id) for name in names}

    async with erasure.world.db.transaction() as conn:
        expected = await exported(conn, list(PERSON_EXPORTS))
        assert all(expected.values()), "each domain has data to export"
        for order in orders_of(list(PERSON_EXPORTS)):
            assert await exported(conn, order) == expected


async def test_new_entries_of_a_match_are_handled_in_any_order(world: "World") -> None:
    async with world.db.transaction() as conn:
        await conn.execute(
            """
            update programme.event set doors_at = doors_at - interval '1 day',
                starts_at = starts_at - interval '1 day', ends_at = ends_at - interval '1 day'
            where id = $1
            """,
            world.event,
        )
    await seen(world)
    desk = await world.signed_in("desk@example.org", Grant("match_desk", "organiser", str(world.ours)))
    now = world.clock.now()
    begun, goal = EntryRequest(new_id(), now - timedelta(minutes=9), KickOff(Period.FIRST_HALF)), Goal(Side.HOME)
    async with world.db.transaction() as conn:
        await publish(conn, world.event, [begun], None, now - timedelta(minutes=9))
    assert (await world.ask(desk, "POST", f"/api/live/{world.event}/counts", counts(world))).status_code < 300
    assert (await world.ask(desk, "POST", f"/api/live/{world.event}/counts", counts(world))).status_code < 300
    trials = Trials(world)
    await trials.prepare()
    scored = EntryRequest(new_id(), now - timedelta(seconds=5), goal)

    async def left_by(handlers: Sequence[Any]) -> dict[str, list[str]]:
        async def publish_goal(conn: Connection) -> None:
            (entry,) = await publish(conn, world.event, [scored], None, now, handlers=handlers)
            assert isinstance(entry, FeedEntry), entry

        return (await trials.run(publish_goal))[1]

    expected = await left_by(ENTRIES_PUBLISHED)
    for order in orders_of(ENTRIES_PUBLISHED):
        assert differing(await left_by(order), expected) == set(), order
    for handler in ENTRIES_PUBLISHED:
        assert differing(await left_by([one for one in ENTRIES_PUBLISHED if one is not handler]), expected), handler


def test_the_other_events_have_one_handler_each() -> None:
    """A second handler needs a test that runs both in either order."""
    assert [len(handlers) for handlers in (EVENT_CANCELLED, EVENT_MOVED, PAID_AT)] == [1, 1, 1]
