"""The endpoints of cards: their roles, and the data in their responses."""

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from msgspec import to_builtins

from tests.money.wallet.cards.chip import shown
from tests.money.wallet.cards.test_sun import flipped
from tests.money.wallet.conftest import HOUR, MINUTE, SECOND
from virage.app.application import create_app
from virage.money.wallet.cards import routes
from virage.money.wallet.cards.routes.card_desk import CardDesk
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

if TYPE_CHECKING:
    from tests.money.wallet.conftest import Held, Wallets
    from virage.money.wallet.cards.rules.sun import SunMessage

PIN = "482915"


def page(message: "SunMessage") -> str:
    return f"/api/wallet/tap?uid={message.uid}&ctr={message.ctr}&cmac={message.cmac}"


def link_body(held: "Held", message: "SunMessage | None" = None, **more: Any) -> dict[str, Any]:
    return {"tap": to_builtins(message or held.tap()), "code": held.code} | more


# --- the page that a tap opens ---------------------------------------------------------------------------------------


async def test_the_page_of_a_tap_shows_the_card_but_not_the_whole_wallet_number(wallets: "Wallets") -> None:
    held = await wallets.card(label="Léa's card")
    answer = await wallets.ask("", "GET", page(held.tap()))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "card_id": None,
        "linked": False,
        "label": "Léa's card",
        "blocked": None,
        "wallet": f"…{held.wallet_id.hex[-4:]}",
        "available_cents": 0,
        "taken_at": "2026-05-09T18:00:00Z",
    }
    assert str(held.wallet_id) not in answer.text


async def test_the_page_consumes_the_tap_and_can_be_reloaded_for_five_minutes(wallets: "Wallets") -> None:
    held = await wallets.card()
    message = held.tap()
    assert (await wallets.ask("", "GET", page(message))).status_code == 200
    (outcome,) = await wallets.take(wallets.read(message))
    assert getattr(outcome, "reason", None) == "tap_replayed", "no till accepts the tap any more"
    wallets.clock.advance(5 * MINUTE)
    assert (await wallets.ask("", "GET", page(message))).status_code == 200
    wallets.clock.advance(SECOND)
    over = await wallets.ask("", "GET", page(message))
    assert (over.status_code, over.json()["code"]) == (409, "tap_replayed"), "a browser keeps addresses in its history"


async def test_a_tap_that_paid_opens_no_page(wallets: "Wallets") -> None:
    held = await wallets.card()
    message = held.tap()
    await wallets.take(wallets.read(message))
    answer = await wallets.ask("", "GET", page(message))
    assert answer.json()["code"] == "tap_replayed"


async def test_forged_unknown_and_blocked_cards_have_different_codes(wallets: "Wallets") -> None:
    held, unknown = await wallets.card(), wallets.chip()
    message = held.tap()
    forged = f"/api/wallet/tap?uid={message.uid}&ctr={message.ctr}&cmac={flipped(message.cmac, 5)}"
    assert (await wallets.ask("", "GET", forged)).json()["code"] == "tap_forged"
    assert (await wallets.ask("", "GET", page(unknown.tap()))).json()["code"] == "card_unknown"
    wallets.knows("desk", "staff", Grant("cashier"))
    await wallets.ask("desk", "POST", f"/api/wallet/cards/{held.id}/block", {"reason": "stolen"})
    answer = await wallets.ask("", "GET", page(message))
    assert answer.json()["code"] == "card_blocked"
    assert answer.json()["data"]["reason"] == "stolen"


async def test_only_the_owner_learns_which_card_was_refused(wallets: "Wallets") -> None:
    held = await wallets.card(wallets.knows("owner"))
    wallets.knows("stranger")
    used, fresh = held.tap(), held.tap()
    await wallets.take(wallets.read(used))
    assert (await wallets.ask("owner", "PUT", f"/api/me/cards/{held.id}/block")).status_code == 204
    for message, code, of_all in ((used, "tap_replayed", set()), (fresh, "card_blocked", {"reason"})):
        link = {"tap": shown(message), "code": held.code}
        for who in ("", "stranger", "owner"):
            asked = [await wallets.ask(who, "GET", page(message))]
            asked += [await wallets.ask(who, "POST", "/api/me/cards", link)] if who else []
            for answer in asked:
                said = answer.json()
                assert (answer.status_code, said["code"]) == (409, code)
                if who == "owner":
                    assert said["data"]["card_id"] == str(held.id)
                else:
                    assert set(said.get("data", {})) == of_all


@pytest.mark.parametrize(
    "query",
    [
        "",
        "picc_data=00",
        f"picc_data={'0' * 32}&cmac={'0' * 15}",
        f"picc_data={'a' * 32}&cmac={'0' * 16}",
        f"picc_data={'0' * 32}&cmac={'0' * 16}&enc=00",
        f"picc_data={'0' * 32}&cmac={'0' * 16}&enc={'0' * 20_000}",
        f"picc_data={'0' * 32}%0A&cmac={'0' * 16}",
        f"cmac={'0' * 16}",
        f"uid={'0' * 14}&cmac={'0' * 16}",
        f"uid={'0' * 14}&ctr={'0' * 6}&picc_data={'0' * 32}&cmac={'0' * 16}",
    ],
)
async def test_malformed_taps_are_refused_before_any_query(wallets: "Wallets", query: str) -> None:
    answer = await wallets.ask("", "GET", f"/api/wallet/tap?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


async def test_requests_per_card_are_limited(wallets: "Wallets") -> None:
    held, other = await wallets.card(), await wallets.card()
    message = held.tap()
    answers = [await wallets.ask("", "GET", page(message)) for _ in range(12)]
    assert [answer.status_code for answer in answers[:10]] == [200] * 10
    assert answers[-1].json()["code"] == "rate_limited"
    assert "retry-after" in answers[-1].headers
    assert (await wallets.ask("", "GET", page(other.tap()))).status_code == 200, "another card has its own rate"


async def test_forged_taps_are_limited_and_do_not_lock_out_valid_cards(wallets: "Wallets") -> None:
    held = await wallets.card()
    wallets.knows("fan")

    async def forge(who: str) -> str:
        answer = await wallets.ask(who, "GET", f"/api/wallet/tap?uid={'0' * 14}&ctr={'0' * 6}&cmac={'0' * 16}")
        return str(answer.json()["code"])

    unsigned, fan = [await forge("") for _ in range(150)], [await forge("fan") for _ in range(15)]
    for codes, burst in ((unsigned, 100), (fan, 10)):
        assert set(codes[:burst]) == {"tap_forged"}
        assert "rate_limited" in codes[burst:]
    assert (await wallets.ask("", "GET", page(held.tap()))).status_code == 200
    assert (await wallets.ask("fan", "GET", page(held.tap()))).status_code == 200


async def test_a_card_that_hides_its_number_opens_its_page_too(wallets: "Wallets") -> None:
    held = await wallets.card()
    message = held.chip.hidden(1)
    hidden = f"/api/wallet/tap?picc_data={message.picc_data}&cmac={message.cmac}"
    assert (await wallets.ask("", "GET", hidden)).status_code == 200
    assert (await wallets.ask("", "GET", page(held.chip.mirrored(1)))).json()["code"] == "tap_replayed"


async def test_a_deployment_without_a_key_takes_no_card(wallets: "Wallets", config: Config) -> None:
    held = await wallets.card()
    off = CardDesk(wallets.db, wallets.clock, None)
    app = create_app(
        routes.routers,
        config=config,
        db=wallets.db,
        clock=wallets.clock,
        authenticator=_anonymous,
        dependencies={"card_desk": off, "card_taps": off.taps},
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://virage.local") as browser:
        answer = await browser.get(page(held.tap()))
    assert answer.json()["code"] == "cards_off"


async def _anonymous(credentials: Any) -> Any:
    return [None for _ in credentials]


# --- a fan's cards ---------------------------------------------------------------------------------------------------


async def test_a_fan_links_limits_blocks_and_unblocks_their_card(wallets: "Wallets") -> None:
    wallets.knows("fan")
    held = await wallets.card()
    linked = await wallets.ask("fan", "POST", "/api/me/cards", link_body(held, label=" Léa ", code=held.code.lower()))
    assert linked.status_code == 200, linked.text
    assert (linked.json()["id"], linked.json()["label"]) == (str(held.id), "Léa")
    mine = f"/api/me/cards/{held.id}"
    assert (await wallets.ask("fan", "PUT", f"{mine}/daily-limit", {"daily_limit_cents": 1_500})).status_code == 204
    assert (await wallets.ask("fan", "PUT", f"{mine}/pin", {"pin": PIN})).status_code == 204
    assert (await wallets.ask("fan", "PUT", f"{mine}/block")).status_code == 204
    (card,) = (await wallets.ask("fan", "GET", "/api/me/cards")).json()
    assert (card["blocked"], card["daily_limit_cents"], card["has_pin"]) == ("owner", 1_500, True)
    assert (await wallets.ask("fan", "DELETE", f"{mine}/block")).status_code == 204
    assert (await wallets.ask("fan", "PUT", f"{mine}/daily-limit", {"daily_limit_cents": None})).status_code == 204
    (card,) = (await wallets.ask("fan", "GET", "/api/me/cards")).json()
    assert (card["blocked"], card["daily_limit_cents"], card["spent_today_cents"]) == (None, None, 0)
    assert await wallets.desk.confirm(held.id, PIN) is None


async def test_the_tap_that_opened_the_page_links_the_card(wallets: "Wallets") -> None:
    wallets.knows("fan")
    held = await wallets.card()
    message = held.tap()
    await wallets.ask("", "GET", page(message))
    answer = await wallets.ask("fan", "POST", "/api/me/cards", link_body(held, message))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"code": "2222222222"}, 409, "code_wrong"),
        ({"code": "?"}, 409, "code_wrong"),
        ({"label": "x" * 101}, 400, "invalid_input"),
        ({"tap": {"picc_data": "0" * 32, "cmac": "0" * 16}}, 409, "tap_forged"),
        ({"tap": {"picc_data": "0", "cmac": "0"}}, 400, "invalid"),
    ],
)
async def test_an_invalid_link_is_refused_with_its_reason_and_changes_nothing(
    wallets: "Wallets", changes: Any, status: int, code: str
) -> None:
    wallets.knows("fan")
    held = await wallets.card()
    before = await wallets.facts()
    answer = await wallets.ask("fan", "POST", "/api/me/cards", link_body(held) | changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await wallets.facts() == before
    assert await wallets.rows("select 1 from wallet_cards.tap") == []


async def test_a_card_of_another_person_is_not_found_on_any_route(wallets: "Wallets") -> None:
    held = await wallets.card(wallets.knows("fan"))
    wallets.knows("stranger")
    mine = f"/api/me/cards/{held.id}"
    before = await wallets.facts()
    for method, path, body in (
        ("PUT", f"{mine}/block", None),
        ("DELETE", f"{mine}/block", None),
        ("PUT", f"{mine}/daily-limit", {"daily_limit_cents": 1}),
        ("PUT", f"{mine}/pin", {"pin": PIN}),
    ):
        assert (await wallets.ask("stranger", method, path, body)).status_code == 404, path
    assert (await wallets.ask("stranger", "GET", "/api/me/cards")).json() == []
    assert await wallets.facts() == before


async def test_a_pin_and_an_unblock_need_a_recent_sign_in_and_a_block_does_not(wallets: "Wallets") -> None:
    held = await wallets.card(wallets.knows("fan"))
    mine = f"/api/me/cards/{held.id}"
    wallets.clock.advance(HOUR)
    assert (await wallets.ask("fan", "PUT", f"{mine}/block")).status_code == 204
    for method, path, body in (("DELETE", f"{mine}/block", None), ("PUT", f"{mine}/pin", {"pin": PIN})):
        answer = await wallets.ask("fan", method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")


@pytest.mark.parametrize(
    ("pin", "code"), [("12", "invalid_input"), ("123456", "pin_trivial"), ("x" * 6, "invalid_input")]
)
async def test_a_trivial_pin_is_refused(wallets: "Wallets", pin: str, code: str) -> None:
    held = await wallets.card(wallets.knows("fan"))
    answer = await wallets.ask("fan", "PUT", f"/api/me/cards/{held.id}/pin", {"pin": pin})
    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_a_limit_is_lowered_at_once_and_raised_after_a_recent_sign_in(wallets: "Wallets") -> None:
    held = await wallets.card(wallets.knows("fan"))
    path = f"/api/me/cards/{held.id}/daily-limit"

    async def limit(cents: int | None) -> int:
        return (await wallets.ask("fan", "PUT", path, {"daily_limit_cents": cents})).status_code

    wallets.clock.advance(HOUR)
    assert [await limit(cents) for cents in (2_000, 1_500, 1_500)] == [204] * 3
    assert [await limit(cents) for cents in (1_501, None)] == [403, 403]
    (card,) = (await wallets.ask("fan", "GET", "/api/me/cards")).json()
    assert card["daily_limit_cents"] == 1_500
    wallets.clock.advance(-HOUR)
    assert [await limit(cents) for cents in (1_501, None)] == [204, 204]


@pytest.mark.parametrize("cents", [-1, 1_000_001, 1.5, "1"])
async def test_a_limit_is_an_amount_of_cents(wallets: "Wallets", cents: Any) -> None:
    held = await wallets.card(wallets.knows("fan"))
    answer = await wallets.ask("fan", "PUT", f"/api/me/cards/{held.id}/daily-limit", {"daily_limit_cents": cents})
    assert answer.status_code == 400


# --- the desk --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["cashier", "finance", "admin"])
async def test_the_desk_finds_a_card_by_its_code_blocks_it_and_hands_out_another(wallets: "Wallets", role: str) -> None:
    desk = wallets.knows("desk", "staff", Grant(role))
    old, new = await wallets.card(), await wallets.card()
    found = await wallets.ask("desk", "POST", "/api/wallet/cards/find", {"code": f"{old.code[:5]}-{old.code[5:]}"})
    assert found.status_code == 200, found.text
    assert (found.json()["id"], found.json()["linked"]) == (str(old.id), False)
    path = f"/api/wallet/cards/{old.id}"
    assert (await wallets.ask("desk", "POST", f"{path}/block", {"reason": "lost"})).status_code == 204
    replaced = await wallets.ask("desk", "POST", f"{path}/replacement", {"code": new.code})
    assert (replaced.json()["id"], replaced.json()["wallet_id"]) == (str(new.id), str(old.wallet_id))
    again = await wallets.ask("desk", "POST", f"{path}/replacement", {"code": new.code})
    assert again.json() == replaced.json(), "a request is repeated after a lost answer"
    facts = await wallets.facts()
    assert [fact["who"] for fact in facts if fact["what"] in ("card_blocked", "card_replaced")] == [desk, desk]
    assert (await wallets.ask("desk", "POST", "/api/wallet/cards/find", {"code": "2" * 10})).status_code == 404


async def test_only_cashiers_and_finance_of_the_whole_venue_use_the_card_desk(wallets: "Wallets") -> None:
    held, new = await wallets.card(), await wallets.card()
    wallets.knows("fan")
    wallets.knows("steward", "staff", Grant("steward"), Grant("box_office"), Grant("supervisor"))
    wallets.knows("outlet", "staff", Grant("cashier", "outlet", "B12"))
    wallets.knows("device", "device", Grant("cashier"))
    path = f"/api/wallet/cards/{held.id}"
    for who, status in (("", 401), ("fan", 403), ("steward", 403), ("outlet", 403), ("device", 403)):
        for door, body in (
            ("/api/wallet/cards/find", {"code": held.code}),
            (f"{path}/block", {"reason": "lost"}),
            (f"{path}/replacement", {"code": new.code}),
        ):
            assert (await wallets.ask(who, "POST", door, body)).status_code == status, (who, door)
    assert await wallets.facts("card_blocked") == []


async def test_a_replacement_needs_a_recent_sign_in_and_staff_have_their_own_reasons(wallets: "Wallets") -> None:
    wallets.knows("desk", "staff", Grant("cashier"))
    held, new = await wallets.card(), await wallets.card()
    path = f"/api/wallet/cards/{held.id}"
    for reason in ("owner", "pin", "replaced", "because"):
        assert (await wallets.ask("desk", "POST", f"{path}/block", {"reason": reason})).status_code == 400
    missing = await wallets.ask("desk", "POST", f"/api/wallet/cards/{new_id()}/block", {"reason": "lost"})
    assert missing.status_code == 404
    wallets.clock.advance(HOUR)
    late = await wallets.ask("desk", "POST", f"{path}/replacement", {"code": new.code})
    assert late.json()["code"] == "step_up_required"


async def test_answers_contain_no_key_chip_number_or_code(wallets: "Wallets") -> None:
    held = await wallets.card(wallets.knows("fan"))
    wallets.knows("desk", "staff", Grant("cashier"))
    answers = [
        await wallets.ask("", "GET", page(held.tap())),
        await wallets.ask("fan", "GET", "/api/me/cards"),
        await wallets.ask("desk", "POST", "/api/wallet/cards/find", {"code": held.code}),
    ]
    for answer in answers:
        assert answer.status_code == 200
        text = answer.text.lower()
        assert held.chip.uid.hex() not in text
        assert held.code.lower() not in text
        assert all(wallets.secrets.keys.of(held.chip.uid, number).hex() not in text for number in range(5))


@pytest.mark.parametrize("before", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00", "2026-05-09T18:00:00"])
async def test_a_history_before_an_invalid_time_is_refused(wallets: "Wallets", before: str) -> None:
    await wallets.card(wallets.knows("fan"))
    answer = await wallets.ask("fan", "GET", f"/api/wallet?before={before}")
    assert (answer.status_code, answer.json()["code"]) in {(400, "invalid"), (400, "invalid_input")}
