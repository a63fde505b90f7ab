"""The endpoints: the public catalogue, the draft for the operator, the calendar for organisers,
stock for outlets.
"""

from hashlib import sha256
from typing import Any

import msgspec
import pytest

from tests.matchday.food.menu.board import (
    BEER,
    BOARD,
    COFFEE,
    COLA,
    CUP,
    FRIES,
    HERE,
    HOT_DOG,
    HOUR,
    MENU,
    NOW,
    THERE,
    a_product,
)
from tests.matchday.food.menu.photos import a_photo, a_png
from virage.matchday.food.menu.rules.pictures import BYTES_MAX
from virage.matchday.food.menu.store.catalogue import Publication
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

Counters = Any  # the class in conftest.py, which tests cannot import
OFFICE = "/api/office/food"
STOCK = "/api/food/stock"


def refusal_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def an_item(item: Any, **more: Any) -> dict[str, Any]:
    return {"item": msgspec.json.decode(msgspec.json.encode(item))} | more


# --- the public catalogue ------------------------------------------------------------------------------------------


async def test_the_menu_of_an_outlet_is_public_in_both_languages(counters: Counters, board: Publication) -> None:
    answer = await counters.ask("", "GET", f"/api/food/catalogue/{THERE}")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["version"], body["outlet"]) == (board.version, THERE)
    beer, _, coffee, _ = body["items"]
    assert (beer["item"]["name"], beer["cents"]) == ({"fr": "Beer", "en": "Beer"}, 800)
    assert (coffee["cents"], coffee["prices"]) == (
        300,
        [{"window": {"from_min": -120, "until_min": -30}, "cents": 200}],
    )
    assert [one["id"] for one in body["deposits"]] == [str(CUP.id)]


async def test_the_catalogue_is_downloaded_again_only_after_a_change(counters: Counters, board: Publication) -> None:
    first = await counters.ask("", "GET", f"/api/food/catalogue/{HERE}")
    tag = {"if-none-match": first.headers["etag"]}
    again = await counters.ask("", "GET", f"/api/food/catalogue/{HERE}", headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    prices = {"prices": [{"cents": 990}]}
    await counters.ask("finance", "PUT", f"{OFFICE}/items/{COFFEE.id}/prices", prices)
    unpublished = await counters.ask("", "GET", f"/api/food/catalogue/{HERE}", headers=tag)
    assert unpublished.status_code == 304
    draft = (await counters.ask("finance", "GET", f"{OFFICE}/draft")).json()
    assert (draft["in_force"], draft["defects"]) == (board.version, [])
    request = {"id": str(new_id()), "version": draft["version"]}
    assert (await counters.ask("finance", "POST", f"{OFFICE}/publications", request)).status_code == 200
    new = await counters.ask("", "GET", f"/api/food/catalogue/{HERE}", headers=tag)
    assert (new.status_code, new.json()["version"]) == (200, draft["version"])


async def test_an_unknown_outlet_or_one_before_the_first_catalogue_is_not_found(counters: Counters) -> None:
    for outlet in (HERE, "99", "%00"):
        assert refusal_of(await counters.ask("", "GET", f"/api/food/catalogue/{outlet}")) == (404, "not_found")


# --- the draft -----------------------------------------------------------------------------------------------------


async def test_an_item_goes_from_the_draft_to_the_till(counters: Counters) -> None:
    tea = a_product("Tea")
    written = await counters.ask("house", "PUT", f"{OFFICE}/items/{tea.id}", an_item(tea, revision=0))
    assert (written.status_code, written.json()) == (200, {"revision": 1})
    draft = (await counters.ask("house", "GET", f"{OFFICE}/draft")).json()
    assert draft["defects"] == [{"code": "base_price_missing", "at": f"items.{tea.id}"}]
    request = {"id": str(new_id()), "version": draft["version"]}
    refused = await counters.ask("house", "POST", f"{OFFICE}/publications", request)
    assert refusal_of(refused) == (409, "catalogue_incomplete")
    assert refused.json()["data"]["defects"] == draft["defects"]
    prices = {"prices": [{"cents": 300}]}
    await counters.ask("house", "PUT", f"{OFFICE}/items/{tea.id}/prices", prices)
    draft = (await counters.ask("house", "GET", f"{OFFICE}/draft")).json()
    request = {"id": str(new_id()), "version": draft["version"]}
    made = (await counters.ask("house", "POST", f"{OFFICE}/publications", request)).json()
    assert (made["number"], made["version"]) == (1, draft["version"])
    (shown,) = (await counters.ask("", "GET", f"/api/food/catalogue/{HERE}")).json()["items"]
    assert (shown["item"]["id"], shown["cents"]) == (str(tea.id), 300)
    listed = (await counters.ask("finance", "GET", f"{OFFICE}/publications")).json()
    assert [one["id"] for one in listed] == [request["id"]]
    whole = (await counters.ask("finance", "GET", f"{OFFICE}/versions/{draft['version']}")).json()
    assert whole["prices"] == {str(tea.id): [{"cents": 300, "outlet": None, "window": None}]}
    for unknown in ("0" * 32, "none", "%00"):
        assert refusal_of(await counters.ask("finance", "GET", f"{OFFICE}/versions/{unknown}")) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "source"),
    [
        (an_item(msgspec.structs.replace(COLA, outlets=("99",))), "outlets"),
        (an_item(msgspec.structs.replace(COLA, distilled=True)), "abv_permille"),
        (an_item(BEER), "item.id"),
    ],
)
async def test_invalid_input_is_refused_with_its_field(body: Any, source: str, counters: Counters) -> None:
    refused = await counters.ask("house", "PUT", f"{OFFICE}/items/{COLA.id}", body)
    assert refusal_of(refused) == (400, "invalid_input")
    assert [error["source"] for error in refused.json()["data"]["errors"]] == [source]


@pytest.mark.parametrize(
    "changes",
    [{"vat_permille": 1000}, {"allergens": ["gold"]}, {"station": "garage"}, {"kind": "thing"}, {"colour": "red"}],
)
async def test_invalid_product_fields_are_refused_with_their_place(changes: Any, counters: Counters) -> None:
    body = an_item(COFFEE)
    body["item"] |= changes
    refused = await counters.ask("house", "PUT", f"{OFFICE}/items/{COFFEE.id}", body)
    assert refusal_of(refused) == (400, "invalid")


DRAFT_DOORS: tuple[tuple[str, str, Any], ...] = (
    ("GET", f"{OFFICE}/draft", None),
    ("PUT", f"{OFFICE}/items/{COFFEE.id}", an_item(COFFEE)),
    ("DELETE", f"{OFFICE}/items/{COFFEE.id}", None),
    ("PUT", f"{OFFICE}/items/{COFFEE.id}/prices", {"prices": [{"cents": 1}]}),
    ("POST", f"{OFFICE}/publications", {"id": str(new_id()), "version": BOARD.version}),
    ("GET", f"{OFFICE}/publications", None),
    ("GET", f"{OFFICE}/versions/{BOARD.version}", None),
    ("POST", f"{OFFICE}/pictures", b"no picture"),
)


@pytest.mark.parametrize("who", ["club", "cashier", "fan", ""])
async def test_the_draft_is_visible_to_catalogue_roles_only(who: str, counters: Counters, board: Publication) -> None:
    before = await counters.everything()
    for method, path, body in DRAFT_DOORS:
        assert (await counters.ask(who, method, path, body)).status_code in (401, 403), (method, path)
    assert await counters.everything() == before


async def test_finance_edits_prices_but_not_products(counters: Counters, board: Publication) -> None:
    before = await counters.everything()
    for method, path, body in (*DRAFT_DOORS[1:3], DRAFT_DOORS[-1]):
        assert refusal_of(await counters.ask("finance", method, path, body)) == (403, "forbidden")
    assert await counters.everything() == before
    for method, path, body in (DRAFT_DOORS[0], *DRAFT_DOORS[5:7]):
        assert (await counters.ask("finance", method, path, body)).status_code == 200
    assert (await counters.ask("finance", *DRAFT_DOORS[3])).status_code == 200


async def test_prices_publications_and_permits_need_a_recent_sign_in(counters: Counters, board: Publication) -> None:
    counters.knows("yesterday", Grant("programme"), since=NOW - 24 * HOUR)
    before = await counters.everything()
    calendar = ("POST", f"{OFFICE}/alcohol-permits", a_permit(counters.club))
    for method, path, body in (*DRAFT_DOORS[3:5], calendar):
        assert refusal_of(await counters.ask("yesterday", method, path, body)) == (403, "step_up_required")
    assert await counters.everything() == before


async def test_an_item_is_removed_from_the_draft(counters: Counters, board: Publication) -> None:
    assert (await counters.ask("house", "DELETE", f"{OFFICE}/items/{FRIES.id}")).status_code == 204
    assert refusal_of(await counters.ask("house", "DELETE", f"{OFFICE}/items/{FRIES.id}")) == (404, "not_found")
    draft = (await counters.ask("house", "GET", f"{OFFICE}/draft")).json()
    assert draft["defects"] == [{"code": "unknown_product", "at": f"items.{MENU.id}.parts.side"}]


# --- pictures ------------------------------------------------------------------------------------------------------


async def test_an_uploaded_picture_is_stored_and_public(counters: Counters) -> None:
    answer = await counters.ask("house", "POST", f"{OFFICE}/pictures", a_photo("PNG"))
    assert answer.status_code == 200, answer.text
    name = answer.json()["picture"]
    again = await counters.ask("house", "POST", f"{OFFICE}/pictures", a_photo("PNG"))
    assert again.json() == {"picture": name}
    shown = await counters.ask("", "GET", f"/api/concessions/pictures/{name}")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/png")
    assert name == f"{sha256(shown.content).hexdigest()}.png"
    assert "immutable" in shown.headers["cache-control"]
    item = an_item(msgspec.structs.replace(COFFEE, picture=name))
    assert (await counters.ask("house", "PUT", f"{OFFICE}/items/{COFFEE.id}", item)).status_code == 200


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"<svg onload='alert(1)'/>", (415, "unsupported_media_type")),
        (b"", (415, "unsupported_media_type")),
        (a_png(30_000, 30_000), (409, "picture_too_large")),
        (a_png() + b"\0" * BYTES_MAX, (413, "too_large")),
    ],
)
async def test_invalid_and_too_large_pictures_are_refused(data: bytes, refusal: Any, counters: Counters) -> None:
    assert refusal_of(await counters.ask("house", "POST", f"{OFFICE}/pictures", data)) == refusal
    assert await counters.rows("select * from food_menu.picture") == []


async def test_only_names_of_pictures_are_served_from_the_object_store(counters: Counters) -> None:
    for name in ("0" * 64 + ".png", "..%2Fsecret", "a.png", "0" * 64 + ".svg"):
        assert refusal_of(await counters.ask("", "GET", f"/api/concessions/pictures/{name}")) == (404, "not_found")


# --- the calendar --------------------------------------------------------------------------------------------------


def a_permit(organiser: Any, **changes: Any) -> dict[str, Any]:
    times = {"starts_at": NOW.isoformat(), "ends_at": (NOW + 48 * HOUR).isoformat()}
    return {"id": str(new_id()), "organiser_id": str(organiser), "reference": "2026-17"} | times | changes


async def test_an_organiser_adds_and_withdraws_its_own_permits_only(counters: Counters) -> None:
    request = a_permit(counters.club)
    assert refusal_of(await counters.ask("promoter", "POST", f"{OFFICE}/alcohol-permits", request)) == (
        403,
        "forbidden",
    )
    entered = await counters.ask("club", "POST", f"{OFFICE}/alcohol-permits", request)
    assert (entered.status_code, entered.json()["withdrawn_at"]) == (200, None)
    assert (await counters.ask("club", "POST", f"{OFFICE}/alcohol-permits", request)).json() == entered.json()
    other = request | {"reference": "2026-18"}
    assert refusal_of(await counters.ask("club", "POST", f"{OFFICE}/alcohol-permits", other)) == (409, "id_taken")
    path = f"{OFFICE}/alcohol-permits/{request['id']}"
    assert refusal_of(await counters.ask("promoter", "DELETE", path)) == (404, "not_found")
    withdrawn = await counters.ask("club", "DELETE", path)
    assert (withdrawn.status_code, withdrawn.json()["withdrawn_at"]) == (200, NOW.isoformat().replace("+00:00", "Z"))
    assert (await counters.ask("club", "DELETE", path)).json() == withdrawn.json()
    seen = {
        who: (await counters.ask(who, "GET", f"{OFFICE}/alcohol-permits")).json()
        for who in ("club", "promoter", "house")
    }
    assert [len(seen[who]) for who in ("club", "promoter", "house")] == [1, 0, 1]


async def test_the_eleventh_permit_of_a_year_is_refused(counters: Counters) -> None:
    for _ in range(10):
        assert (
            await counters.ask("club", "POST", f"{OFFICE}/alcohol-permits", a_permit(counters.club))
        ).status_code == 200
    refused = await counters.ask("club", "POST", f"{OFFICE}/alcohol-permits", a_permit(counters.club))
    assert refusal_of(refused) == (409, "alcohol_permits_used_up")
    others = await counters.ask("promoter", "POST", f"{OFFICE}/alcohol-permits", a_permit(counters.promoter))
    assert others.status_code == 200


@pytest.mark.parametrize(
    ("changes", "source"),
    [
        ({"ends_at": (NOW + 49 * HOUR).isoformat()}, "ends_at"),
        ({"ends_at": NOW.isoformat()}, "ends_at"),
        ({"starts_at": "0001-01-01T00:00:00Z"}, "starts_at"),
    ],
)
async def test_an_invalid_permit_is_refused_with_its_field(changes: Any, source: str, counters: Counters) -> None:
    refused = await counters.ask("club", "POST", f"{OFFICE}/alcohol-permits", a_permit(counters.club, **changes))
    assert refusal_of(refused) == (400, "invalid_input")
    assert refused.json()["data"]["errors"][0]["source"] == source


async def test_a_permit_needs_an_existing_organiser(counters: Counters) -> None:
    refused = await counters.ask("house", "POST", f"{OFFICE}/alcohol-permits", a_permit(new_id()))
    assert refusal_of(refused) == (400, "invalid_input")


# --- stock ---------------------------------------------------------------------------------------------------------


def a_document(kind: str, quantity: int, **more: Any) -> dict[str, Any]:
    lines = [{"product_id": str(COLA.id), "quantity": quantity}]
    return {"id": str(new_id()), "kind": kind, "outlet": HERE, "lines": lines} | more


async def test_a_cashier_keeps_the_stock_of_their_outlet(counters: Counters, board: Publication) -> None:
    request = a_document("delivery", 12)
    moved = await counters.ask("cashier", "POST", STOCK, request)
    assert moved.status_code == 200, moved.text
    assert [(row["quantity"], row["at"]) for row in moved.json()] == [(12, "2026-05-09T18:00:00Z")]
    assert (await counters.ask("cashier", "POST", STOCK, request)).json() == moved.json()
    low = {"thresholds": [{"product_id": str(COLA.id), "low_at": 10}]}
    assert (await counters.ask("cashier", "PUT", f"{STOCK}/{HERE}/thresholds", low)).status_code == 204
    assert (await counters.ask("cashier", "GET", "/api/food/stock-alerts")).json() == []
    await counters.ask("cashier", "POST", STOCK, a_document("waste", 2))
    (alert,) = (await counters.ask("cashier", "GET", "/api/food/stock-alerts")).json()
    assert (alert["level"], alert["low_at"], alert["alarm"]) == (10, 10, "low")
    (level,) = (await counters.ask("cashier", "GET", f"{STOCK}/{HERE}")).json()
    assert level == {"outlet": HERE, "product_id": str(COLA.id), "level": 10, "low_at": 10}
    rows = (await counters.ask("cashier", "GET", f"{STOCK}/{HERE}/movements")).json()
    assert sorted((row["kind"], row["quantity"]) for row in rows) == [("delivery", 12), ("waste", -2)]
    before = f"{STOCK}/{HERE}/movements?before=2026-05-09T18:00:00Z"
    assert (await counters.ask("cashier", "GET", before)).json() == []
    assert refusal_of(await counters.ask("cashier", "POST", STOCK, a_document("waste", 11))) == (409, "stock_short")


async def test_stock_is_edited_by_roles_of_the_outlet_only(counters: Counters, board: Publication) -> None:
    await counters.ask("house", "POST", STOCK, a_document("delivery", 12))
    counters.knows("neighbour", Grant("cashier", "outlet", THERE))
    low = {"thresholds": [{"product_id": str(COLA.id), "low_at": 100}]}
    before = await counters.everything()
    for who in ("neighbour", "club", "fan", ""):
        for method, path, body in (
            ("POST", STOCK, a_document("delivery", 1)),
            ("PUT", f"{STOCK}/{HERE}/thresholds", low),
            ("GET", f"{STOCK}/{HERE}", None),
            ("GET", f"{STOCK}/{HERE}/movements", None),
        ):
            assert (await counters.ask(who, method, path, body)).status_code in (401, 403), (who, path)
    transfer = a_document("transfer", 1, to_outlet=THERE)
    for who in ("neighbour", "cashier"):
        assert refusal_of(await counters.ask(who, "POST", STOCK, transfer)) == (403, "forbidden")
    for method, path, body in (("POST", STOCK, a_document("delivery", 1)), ("PUT", f"{STOCK}/{HERE}/thresholds", low)):
        assert refusal_of(await counters.ask("finance", method, path, body)) == (403, "forbidden")
    assert await counters.everything() == before
    assert (await counters.ask("house", "POST", STOCK, transfer)).status_code == 200
    assert (await counters.ask("finance", "GET", f"{STOCK}/{HERE}")).json()[0]["level"] == 11


async def test_stock_alerts_are_those_of_the_own_outlets(counters: Counters, board: Publication) -> None:
    low = {"thresholds": [{"product_id": str(HOT_DOG.id), "low_at": 0}]}
    await counters.ask("house", "PUT", f"{STOCK}/{HERE}/thresholds", low)
    counters.knows("neighbour", Grant("cashier", "outlet", THERE))
    seen = {
        who: len((await counters.ask(who, "GET", "/api/food/stock-alerts")).json())
        for who in ("cashier", "neighbour", "finance")
    }
    assert seen == {"cashier": 1, "neighbour": 0, "finance": 1}


async def test_stock_of_unknown_outlets_and_uncounted_products_is_refused(
    counters: Counters, board: Publication
) -> None:
    assert refusal_of(await counters.ask("house", "GET", f"{STOCK}/99")) == (404, "not_found")
    refused = await counters.ask("house", "POST", STOCK, a_document("delivery", 1, outlet="99"))
    assert refusal_of(refused) == (400, "invalid_input")
    low = {"thresholds": [{"product_id": str(COFFEE.id), "low_at": 5}]}
    assert refusal_of(await counters.ask("house", "PUT", f"{STOCK}/{HERE}/thresholds", low)) == (400, "invalid_input")
    assert refusal_of(await counters.ask("house", "PUT", f"{STOCK}/99/thresholds", low)) == (400, "invalid_input")
