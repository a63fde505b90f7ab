"""The draft and its versions: defects are listed, and a published version never changes."""

import asyncio
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.matchday.food.menu.board import (
    BEER,
    BOARD,
    COFFEE,
    COLA,
    CUP,
    EARLY,
    FRIES,
    HERE,
    HOT_DOG,
    HOUR,
    ITEMS,
    MENU,
    NOW,
    PRICES,
    SAUCE,
    THERE,
    a_catalogue,
    a_match,
    a_product,
    basket,
    both,
    line,
)
from virage.demo.venues.drawing import stadium
from virage.matchday.food.menu.acts import alcohol_permits
from virage.matchday.food.menu.acts import catalogue as acts
from virage.matchday.food.menu.acts.catalogue import Reason
from virage.matchday.food.menu.reads import catalogue as reads
from virage.matchday.food.menu.reads.catalogue import Catalogues
from virage.matchday.food.menu.rules.alcohol import AlcoholPermitRequest
from virage.matchday.food.menu.rules.catalogue import (
    Allergen,
    Choice,
    Item,
    Price,
    Window,
    content_of,
    normal,
    outlet_codes,
    version_of,
)
from virage.matchday.food.menu.rules.defects import CatalogueDefect, DefectCode, check_item, check_prices, defects
from virage.matchday.food.menu.rules.pricing import Priced, price
from virage.matchday.food.menu.store.catalogue import Publication
from virage.platform.data.database import Connection, Database
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.site.programme import acts as programme
from virage.site.programme.rules import NewEvent, Organiser

OUTLETS = outlet_codes([stadium()])


def sources(refused: Refused | None) -> list[str]:
    return [] if refused is None else [error["source"] for error in refused.data["errors"]]


# --- single items --------------------------------------------------------------------------------------------------


def test_the_fourteen_allergens_of_the_regulation_are_known() -> None:
    assert len(Allergen) == 14


@pytest.mark.parametrize("item", ITEMS)
def test_the_small_board_has_no_error(item: Item) -> None:
    assert check_item(item, OUTLETS) is None


@pytest.mark.parametrize(
    ("item", "source"),
    [
        (replace(COLA, name={"fr": "Cola", "en": " "}), "name.en"),
        (replace(CUP, name={"fr": "", "en": "Cup"}), "name.fr"),
        (replace(COLA, description={"fr": "Frais", "en": ""}), "description"),
        (replace(COLA, outlets=("01", "99")), "outlets"),
        (replace(COLA, distilled=True), "abv_permille"),
        (a_product(diet="vegan", allergens=(Allergen.MILK,)), "diet"),
        (a_product(diet="vegetarian", allergens=(Allergen.FISH,)), "diet"),
        (replace(HOT_DOG, options=(SAUCE, SAUCE)), "options"),
        (replace(HOT_DOG, options=(replace(SAUCE, name={}),)), "options.sauce.name.fr"),
        (
            replace(HOT_DOG, options=(replace(SAUCE, choices=(Choice("a", both("A")), Choice("a", both("B")))),)),
            "options.sauce.choices",
        ),
        (replace(HOT_DOG, options=(SAUCE,) * 9), "options"),
        (replace(HOT_DOG, options=(replace(SAUCE, choices=()),)), "options.sauce.choices"),
        (replace(MENU, parts=()), "parts"),
        (replace(MENU, parts=(replace(MENU.parts[0], products=()),)), "parts.dish.products"),
        (replace(MENU, parts=(MENU.parts[0], MENU.parts[0])), "parts"),
        (replace(MENU, parts=(replace(MENU.parts[0], products=(COLA.id, COLA.id)),)), "parts.dish.products"),
    ],
)
def test_an_invalid_item_is_refused_with_its_field(item: Item, source: str) -> None:
    assert source in sources(check_item(item, OUTLETS, ("fr", "en")))


def test_a_vegetarian_dish_may_hold_milk_and_eggs() -> None:
    assert check_item(a_product(diet="vegetarian", allergens=(Allergen.MILK, Allergen.EGGS)), OUTLETS) is None


@pytest.mark.parametrize(
    "prices",
    [
        (Price(1), Price(2)),
        (Price(1), Price(2, HERE), Price(3, HERE)),
        (Price(1), Price(2, "99")),
        (Price(1), Price(2, None, Window(0, 0))),
        (Price(1), Price(2, None, EARLY), Price(3, None, Window(-31, 0))),
    ],
)
def test_ambiguous_prices_are_refused(prices: tuple[Price, ...]) -> None:
    assert sources(check_prices(prices, OUTLETS)) == ["prices"]


# --- whole drafts --------------------------------------------------------------------------------------------------


def test_a_complete_venue_has_no_defects() -> None:
    assert defects(BOARD.content) == []


@pytest.mark.parametrize(
    ("items", "prices", "code", "at"),
    [
        ((), {}, DefectCode.EMPTY, "items"),
        ((CUP,), {}, DefectCode.EMPTY, "items"),
        ((COFFEE,), {}, DefectCode.NO_BASE_PRICE, f"items.{COFFEE.id}"),
        ((COFFEE,), {COFFEE.id: (Price(1, HERE),)}, DefectCode.NO_BASE_PRICE, f"items.{COFFEE.id}"),
        ((COFFEE,), {COFFEE.id: (Price(1, None, EARLY),)}, DefectCode.NO_BASE_PRICE, f"items.{COFFEE.id}"),
        ((COLA,), PRICES, DefectCode.NO_DEPOSIT, f"items.{COLA.id}"),
        ((replace(COLA, deposit_id=BEER.id), BEER, CUP), PRICES, DefectCode.NO_DEPOSIT, f"items.{COLA.id}"),
        ((HOT_DOG, COLA, BEER, CUP, MENU), PRICES, DefectCode.NO_PRODUCT, f"items.{MENU.id}.parts.side"),
    ],
)
def test_the_defects_of_a_draft_are_listed(items: tuple[Item, ...], prices: Any, code: DefectCode, at: str) -> None:
    assert CatalogueDefect(code, at) in defects(content_of(items, prices))


@given(st.permutations(ITEMS), st.permutations(PRICES[COFFEE.id]), st.permutations(list(Allergen)[:4]))
def test_the_version_of_a_catalogue_does_not_depend_on_the_order_of_its_content(
    items: list[Item], prices: list[Price], allergens: list[Allergen]
) -> None:
    def named(allergens: list[Allergen]) -> tuple[Item, ...]:
        return tuple(normal(replace(i, allergens=tuple(allergens)) if i == COFFEE else i) for i in items)

    first = version_of(content_of(named(allergens), PRICES))
    second = version_of(content_of(named(sorted(allergens)), PRICES | {COFFEE.id: tuple(prices)}))
    assert first == second


@pytest.mark.parametrize(
    "other",
    [
        a_catalogue((*ITEMS[:-1], replace(MENU, description=both("New")))),
        a_catalogue(prices=PRICES | {COFFEE.id: (Price(251),)}),
        a_catalogue(prices=PRICES | {COFFEE.id: (Price(250),)}),
    ],
)
def test_different_catalogues_have_different_versions(other: Any) -> None:
    assert other.version != BOARD.version


# --- the draft and its versions ------------------------------------------------------------------------------------


async def publish(conn: Connection) -> Publication:
    made = await acts.publish(conn, new_id(), (await reads.draft_view(conn)).version, None, NOW)
    assert isinstance(made, Publication)
    return made


async def test_a_version_is_read_back_as_published(conn: Connection, db: Database, board: Publication) -> None:
    found = await Catalogues(db).in_force(conn)
    assert found is not None
    assert (found.version, found.content) == (BOARD.version, BOARD.content)
    assert version_of(found.content) == board.version


async def test_an_earlier_sale_is_checked_against_the_version_it_names(
    conn: Connection, db: Database, board: Publication
) -> None:
    await acts.set_prices(conn, COFFEE.id, [Price(990)], None, NOW)
    new = await publish(conn)
    assert new.number == board.number + 1
    found = await Catalogues(db).of(conn, [board.version, new.version, "0" * 32])
    assert set(found) == {board.version, new.version}
    for version, cents in ((board.version, 250), (new.version, 990)):
        wanted = basket(line(COFFEE), version=version)
        sold = price(wanted, found[version], HERE, NOW - HOUR, event=None)
        assert isinstance(sold, Priced)
        assert sold.total_cents == cents


async def test_nothing_is_for_sale_before_it_is_published(conn: Connection, db: Database, board: Publication) -> None:
    await acts.put_item(conn, a_product("New"), None, NOW)
    found = await Catalogues(db).in_force(conn)
    assert found is not None
    assert found.version == board.version


async def test_republishing_the_same_content_stores_no_new_rows(conn: Connection, board: Publication) -> None:
    await acts.set_prices(conn, COFFEE.id, [Price(990)], None, NOW)
    await publish(conn)
    await acts.set_prices(conn, COFFEE.id, PRICES[COFFEE.id], None, NOW)
    again = await publish(conn)
    assert (again.version, again.number) == (board.version, 3)
    assert await conn.fetchval("select count(*) from food_menu.version") == 2


async def test_a_draft_is_published_only_after_review(conn: Connection, board: Publication) -> None:
    seen = (await reads.draft_view(conn)).version
    await acts.set_prices(conn, COFFEE.id, [Price(1)], None, NOW)
    refused = await acts.publish(conn, new_id(), seen, None, NOW)
    assert isinstance(refused, Refused)
    assert refused.reason == Reason.CHANGED
    assert refused.data == {"version": (await reads.draft_view(conn)).version}


async def test_a_repeated_publication_is_one(conn: Connection, board: Publication) -> None:
    again = await acts.publish(conn, board.id, board.version, None, NOW + HOUR)
    assert again == board
    other = await acts.publish(conn, board.id, "0" * 32, None, NOW)
    assert isinstance(other, Refused)
    assert other.reason == Reason.ID_TAKEN


async def test_concurrent_publications_are_serialised(db: Database, conn: Connection, board: Publication) -> None:
    async def again() -> Publication | Refused:
        async with db.transaction() as own:
            return await acts.publish(own, new_id(), board.version, None, NOW)

    made = await asyncio.gather(*(again() for _ in range(4)))
    assert {one.version for one in made if isinstance(one, Publication)} == {board.version}
    rows = await conn.fetch("select number from food_menu.publication order by number")
    assert [row["number"] for row in rows] == [1, 2, 3, 4, 5]


async def test_an_incomplete_draft_is_not_published_and_nothing_changes(conn: Connection) -> None:
    await acts.put_item(conn, COFFEE, None, NOW)
    view = await reads.draft_view(conn)
    refused = await acts.publish(conn, new_id(), view.version, None, NOW)
    assert isinstance(refused, Refused)
    assert refused.reason == Reason.INCOMPLETE
    assert (
        refused.data["defects"]
        == list(view.defects)
        == [CatalogueDefect(DefectCode.NO_BASE_PRICE, f"items.{COFFEE.id}")]
    )
    assert await conn.fetchval("select count(*) from food_menu.publication") == 0


async def test_a_removed_item_is_gone_from_the_draft_and_stays_in_its_versions(
    conn: Connection, db: Database, board: Publication
) -> None:
    assert await acts.remove_item(conn, FRIES.id, None, NOW) is None
    assert isinstance(await acts.remove_item(conn, FRIES.id, None, NOW), Refused)
    view = await reads.draft_view(conn)
    assert FRIES.id not in {one.item.id for one in view.items}
    assert view.defects == (CatalogueDefect(DefectCode.NO_PRODUCT, f"items.{MENU.id}.parts.side"),)
    assert FRIES.id in (await Catalogues(db).of(conn, [board.version]))[board.version].items


@pytest.mark.parametrize("table", ["version", "version_item", "version_price", "publication", "movement"])
async def test_published_versions_and_movements_are_immutable(conn: Connection, table: str) -> None:
    for change in (f"delete from food_menu.{table}", f"truncate food_menu.{table} cascade"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.execute(change)


async def test_an_item_is_saved_only_over_the_version_that_was_read(conn: Connection) -> None:
    first, second, third = (replace(COFFEE, position=position) for position in range(3))
    assert await acts.put_item(conn, first, None, NOW, revision=0) == 1
    assert await acts.put_item(conn, second, None, NOW, revision=1) == 2
    for seen in (0, 1, 3):
        refused = await acts.put_item(conn, third, None, NOW, revision=seen)
        assert refused == Refused(Reason.CHANGED, {"revision": 2})
    assert await acts.put_item(conn, third, None, NOW) == 3


async def test_an_item_whose_answer_got_lost_is_written_once(conn: Connection) -> None:
    for _ in range(2):
        assert await acts.put_item(conn, HOT_DOG, None, NOW, revision=0) == 1
    assert await conn.fetchval("select count(*) from kernel.journal where what = 'item_changed'") == 1


async def test_a_deposit_has_no_other_price_than_its_own(conn: Connection, board: Publication) -> None:
    assert sources(as_refused(await acts.set_prices(conn, CUP.id, [Price(1)], None, NOW))) == ["prices"]
    assert as_refused(await acts.set_prices(conn, new_id(), [Price(1)], None, NOW)).reason == Reason.NOT_FOUND


async def test_a_picture_is_stored_before_an_item_can_use_it(conn: Connection) -> None:
    shown = replace(COFFEE, picture="0" * 64 + ".png")
    assert sources(as_refused(await acts.put_item(conn, shown, None, NOW))) == ["picture"]
    await acts.note_picture(conn, "0" * 64 + ".png", None, NOW)
    assert await acts.put_item(conn, shown, None, NOW) == 1


async def test_each_process_keeps_a_bounded_number_of_versions(
    conn: Connection, db: Database, board: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "VERSIONS_KEPT", 1)
    await acts.set_prices(conn, COFFEE.id, [Price(990)], None, NOW)
    new = await publish(conn)
    kept = Catalogues(db)
    for version in (board.version, new.version, board.version):
        assert (await kept.of(conn, [version]))[version].version == version
    (shown,) = await kept.shown([HERE])
    assert shown is not None
    assert shown.tag.startswith(new.version)


def as_refused(outcome: Any) -> Refused:
    assert isinstance(outcome, Refused)
    return outcome


# --- the state at a moment -----------------------------------------------------------------------------------------


async def test_a_sale_is_checked_against_the_state_at_its_time(db: Database) -> None:
    match = a_match()
    content = {name: getattr(match, name) for name in NewEvent.__struct_fields__}
    async with db.transaction() as conn:
        await programme.add_organiser(conn, Organiser(match.organiser_id, "The club"), None, NOW)
        await programme.create(conn, NewEvent(**content), None, NOW)
        await programme.publish(conn, match.id, None, NOW)
        wish = AlcoholPermitRequest(new_id(), match.organiser_id, match.doors_at, match.ends_at, "2026-17")
        await alcohol_permits.enter(conn, wish, None, NOW)
        await alcohol_permits.withdraw(conn, wish.id, None, NOW + HOUR)
        inside = await reads.terms_at(conn, HERE, NOW)
        assert inside.event is not None
        assert inside.event.id == match.id
        assert [one.covers(NOW) for one in inside.permits] == [True]
        assert [one.covers(NOW + HOUR) for one in (await reads.terms_at(conn, HERE, NOW + HOUR)).permits] == [False]
        for moment in (match.doors_at - HOUR, match.ends_at):
            assert await reads.terms_at(conn, HERE, moment) == reads.Terms(None, ())


def test_a_menu_is_not_sold_where_one_of_its_parts_is_not() -> None:
    shown = {one.item.id for one in reads.shown_at(BOARD, THERE).items}
    assert shown == {BEER.id, COLA.id, HOT_DOG.id, COFFEE.id}
    assert reads.shown_at(BOARD, THERE).deposits == (CUP,)
