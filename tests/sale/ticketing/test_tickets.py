import asyncio
import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pypdf
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.conftest import FakeClock
from tests.sale.ticketing.conftest import AREA, System, named
from virage.demo.venues.drawing import stadium
from virage.identity.keys.acts import open_vault
from virage.identity.passes.acts import BindingRequest, BoundPass
from virage.identity.people.rules.people_config import people_config_of
from virage.identity.people.store import emails
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import Jwk, base64url
from virage.platform.web.guard import Grant
from virage.sale.ticketing import api
from virage.sale.ticketing.acts import refunding
from virage.sale.ticketing.acts import tickets as acts
from virage.site.programme.rules import EventRules

WAITING = "select count(*) from pg_locks where not granted"


def a_phone() -> dict[str, Any]:
    raw = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "x": base64url(raw)}


def codes(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def the_code(system: System, config: Config) -> str:
    """The code in the last email."""
    newest = (await system.rows("select id from people.letter where kind = 'phone_code' order by id desc"))[0]["id"]
    async with system.db.connection() as conn:
        email = (await emails.waiting_emails(conn, [people_config_of(config).keys], [newest]))[newest]
    assert email is not None
    return email.secret["code"]


async def test_a_ticket_has_place_times_and_pass_state(system: System) -> None:
    fan = await system.fan()
    order = await system.bought(fan)
    ticket = (await fan.ask("GET", "/api/me/tickets")).json()[0]
    assert ticket["order_id"] == order["id"]
    assert ticket["event"]["title"]["en"] == "Virage against Visitors"
    assert ticket["label"]["block"] == "113"
    assert (ticket["pass"]["form"], ticket["pass"]["revoked"]) == ("unbound", False)


async def test_only_the_owner_opens_a_ticket(system: System) -> None:
    order = await system.bought(await system.fan())
    ticket_id = order["lines"][0]["ticket_id"]
    other = await system.fan("other@example.org")
    key = a_phone()
    doors = {
        "pass": {"key": key},
        "rebind-code": None,
        "rebind": {"code": "123456", "key": key},
        "paper": None,
    }
    for door, body in doors.items():
        assert codes(await other.ask("POST", f"/api/tickets/{ticket_id}/{door}", body)) == (404, "not_found"), door
    assert codes(await other.ask("PATCH", f"/api/tickets/{ticket_id}", {"holder_name": "A"})) == (404, "not_found")


async def test_another_phone_needs_the_code_from_the_email(system: System, config: Config) -> None:
    fan = await system.fan()
    path = f"/api/tickets/{(await system.bought(fan))['lines'][0]['ticket_id']}"
    first = (await fan.ask("POST", f"{path}/pass", {"key": a_phone()})).json()
    other_phone = a_phone()
    assert codes(await fan.ask("POST", f"{path}/pass", {"key": other_phone})) == (409, "pass_bound_to_another_phone")
    assert (await fan.ask("POST", f"{path}/rebind-code")).status_code == 202
    code = await the_code(system, config)
    wrong = "000000" if code != "000000" else "111111"
    refused = await fan.ask("POST", f"{path}/rebind", {"code": wrong, "key": other_phone})
    assert codes(refused) == (409, "code_wrong")
    assert refused.json()["data"] == {"tries_left": 4}
    bound = await fan.ask("POST", f"{path}/rebind", {"code": code, "key": other_phone})
    assert bound.json()["generation"] == first["generation"] + 1
    assert codes(await fan.ask("POST", f"{path}/rebind", {"code": code, "key": a_phone()})) == (409, "code_wrong")


async def test_a_correct_code_is_consumed_only_by_a_successful_rebind(system: System, config: Config) -> None:
    fan = await system.fan()
    path = f"/api/tickets/{(await system.bought(fan))['lines'][0]['ticket_id']}"
    await fan.ask("POST", f"{path}/pass", {"key": a_phone()})
    await fan.ask("POST", f"{path}/rebind-code")
    code, other_phone = await the_code(system, config), a_phone()
    off_the_curve = {"kty": "EC", "crv": "P-256", "x": other_phone["x"], "y": other_phone["x"]}
    for _ in range(6):
        refused = await fan.ask("POST", f"{path}/rebind", {"code": code, "key": off_the_curve})
        assert codes(refused) == (422, "unprocessable")
    assert (await fan.ask("POST", f"{path}/rebind", {"code": code, "key": other_phone})).status_code == 200


async def test_a_code_has_five_tries_and_ten_minutes(system: System, config: Config, clock: FakeClock) -> None:
    fan = await system.fan()
    path = f"/api/tickets/{(await system.bought(fan))['lines'][0]['ticket_id']}"
    await fan.ask("POST", f"{path}/pass", {"key": a_phone()})
    await fan.ask("POST", f"{path}/rebind-code")
    code = await the_code(system, config)
    wrong = {"code": "000000" if code != "000000" else "111111", "key": a_phone()}
    for _ in range(5):
        assert codes(await fan.ask("POST", f"{path}/rebind", wrong)) == (409, "code_wrong")
    right = {"code": code, "key": a_phone()}
    assert codes(await fan.ask("POST", f"{path}/rebind", right)) == (429, "too_many_attempts")
    clock.advance(timedelta(minutes=2))
    await fan.ask("POST", f"{path}/rebind-code")
    fresh = {"code": await the_code(system, config), "key": a_phone()}
    clock.advance(timedelta(minutes=10))
    assert codes(await fan.ask("POST", f"{path}/rebind", fresh)) == (409, "code_wrong")


async def test_codes_are_sent_at_most_once_a_minute(system: System) -> None:
    fan = await system.fan()
    path = f"/api/tickets/{(await system.bought(fan))['lines'][0]['ticket_id']}/rebind-code"
    assert (await fan.ask("POST", path)).status_code == 202
    assert codes(await fan.ask("POST", path)) == (429, "rate_limited")


async def test_a_ticket_has_five_codes_an_hour_used_or_not(system: System, config: Config, clock: FakeClock) -> None:
    fan = await system.fan()
    path = f"/api/tickets/{(await system.bought(fan))['lines'][0]['ticket_id']}"
    await fan.ask("POST", f"{path}/pass", {"key": a_phone()})
    for _ in range(5):
        assert (await fan.ask("POST", f"{path}/rebind-code")).status_code == 202
        clock.advance(timedelta(minutes=1))
    right = {"code": await the_code(system, config), "key": a_phone()}
    assert (await fan.ask("POST", f"{path}/rebind", right)).status_code == 200
    assert codes(await fan.ask("POST", f"{path}/rebind-code")) == (429, "rate_limited")
    clock.advance(timedelta(minutes=54, seconds=59))
    assert codes(await fan.ask("POST", f"{path}/rebind-code")) == (429, "rate_limited")
    clock.advance(timedelta(seconds=1))
    assert (await fan.ask("POST", f"{path}/rebind-code")).status_code == 202
    clock.advance(timedelta(seconds=59))
    assert codes(await fan.ask("POST", f"{path}/rebind-code")) == (429, "rate_limited")


async def test_a_paper_ticket_shows_the_place_and_revokes_the_phone(system: System) -> None:
    fan = await system.fan()
    order = await system.bought(fan)
    path = f"/api/tickets/{order['lines'][0]['ticket_id']}"
    await fan.ask("POST", f"{path}/pass", {"key": a_phone()})
    answer = await fan.ask("POST", f"{path}/paper")
    assert answer.headers["content-type"] == "application/pdf"
    page = "".join(
        pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].extract_text().split()
    )  # kerning looks like spaces
    code = order["code"]
    for said in (
        stadium().name,
        "Virage contre Visiteurs",
        "Virage against Visitors",
        "Dimanche 10 mai 2026",
        "DOORS 18:00",
        "START 20:00",
        "BLOC / BLOCK 113",
        "Plein tarif",
        "80,00 €",
        f"{code[:4]}-{code[4:]} 1/2",
        "Toute sortie est définitive.",
    ):
        assert "".join(said.split()) in page
    assert (await fan.ask("GET", "/api/me/tickets")).json()[0]["pass"]["form"] == "paper"


async def test_a_paper_ticket_states_the_event_rules(empty_system: System) -> None:
    await empty_system.open(rules=EventRules(paper_identity_check=True, reentry=True, named_tickets=True))
    fan = await empty_system.fan()
    path = f"/api/tickets/{(await empty_system.bought(fan))['lines'][0]['ticket_id']}"
    await fan.ask("PATCH", path, {"holder_name": "Other Holder"})
    await fan.ask("PATCH", "/api/me", {"locale": "en"})
    answer = await fan.ask("POST", f"{path}/paper")
    page = " ".join(pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].extract_text().split())
    for said in ("Bring photo ID", "Re-entry is allowed.", "NAME / NOM Other Holder", "€80.00"):
        assert said in page


async def test_printing_a_ticket_on_a_phone_needs_a_recent_sign_in(system: System, clock: FakeClock) -> None:
    fan = await system.fan()
    path = f"/api/tickets/{(await system.bought(fan))['lines'][0]['ticket_id']}"
    await fan.ask("POST", f"{path}/pass", {"key": a_phone()})
    clock.advance(timedelta(minutes=16))
    assert codes(await fan.ask("POST", f"{path}/paper")) == (403, "step_up_required")
    assert (await fan.ask("GET", "/api/me/tickets")).json()[0]["pass"]["form"] == "phone"
    again = await system.fan()
    assert (await again.ask("POST", f"{path}/paper")).status_code == 200


async def test_a_phone_that_binds_during_printing_keeps_its_pass(
    system: System, config: Config, clock: FakeClock
) -> None:
    fan = await system.fan()
    ticket_id = (await system.bought(fan))["lines"][0]["ticket_id"]
    owner = (await system.rows("select owner_id from ticketing.orders"))[0]["owner_id"]
    clock.advance(timedelta(minutes=16))
    binding = BindingRequest(UUID(ticket_id), msgspec.convert(a_phone(), Jwk), owner)
    async with system.db.transaction() as conn:
        bound = await acts.bind(conn, open_vault(config), binding, owner, clock.now())
        printing = asyncio.create_task(fan.ask("POST", f"/api/tickets/{ticket_id}/paper"))
        while not printing.done() and not await conn.fetchval(WAITING):  # noqa: ASYNC110 - only the database knows
            await asyncio.sleep(0)
    assert isinstance(bound, BoundPass)
    assert codes(await printing) == (403, "step_up_required")
    assert (await fan.ask("GET", "/api/me/tickets")).json()[0]["pass"]["form"] == "phone"


async def test_printing_an_unbound_ticket_needs_no_recent_sign_in(system: System, clock: FakeClock) -> None:
    fan = await system.fan()
    path = f"/api/tickets/{(await system.bought(fan))['lines'][0]['ticket_id']}"
    clock.advance(timedelta(minutes=16))
    assert (await fan.ask("POST", f"{path}/paper")).status_code == 200


async def test_a_standing_place_has_the_name_of_its_area(system: System) -> None:
    fan = await system.fan()
    held = await fan.hold({"kind": "standing", "area": AREA, "party": {"full": 1}})
    name = {"fr": "Pelouse", "en": "Standing pitch", "de": "Stehplatz Rasen"}
    assert held.json()["lines"][0]["label"]["area_name"] == name


async def test_paper_is_refused_where_the_event_rules_forbid_it(empty_system: System) -> None:
    await empty_system.open(rules=EventRules(paper_accepted=False))
    fan = await empty_system.fan()
    ticket_id = (await empty_system.bought(fan))["lines"][0]["ticket_id"]
    assert codes(await fan.ask("POST", f"/api/tickets/{ticket_id}/paper")) == (409, "paper_not_accepted")


async def test_tickets_have_names_where_the_event_rules_ask_for_them(empty_system: System) -> None:
    await empty_system.open(rules=named())
    fan = await empty_system.fan()
    ticket_id = (await empty_system.bought(fan))["lines"][0]["ticket_id"]
    answer = await fan.ask("PATCH", f"/api/tickets/{ticket_id}", {"holder_name": "Other Holder"})
    assert answer.json()["holder_name"] == "Other Holder"
    cleared = await fan.ask("PATCH", f"/api/tickets/{ticket_id}", {"holder_name": None})
    assert cleared.json()["holder_name"] is None


async def test_tickets_have_no_names_elsewhere(system: System) -> None:
    fan = await system.fan()
    ticket_id = (await system.bought(fan))["lines"][0]["ticket_id"]
    answer = await fan.ask("PATCH", f"/api/tickets/{ticket_id}", {"holder_name": "Other Holder"})
    assert codes(answer) == (409, "tickets_not_named")


async def test_a_persons_tickets_are_exported_and_erased(empty_system: System, clock: FakeClock) -> None:
    system = empty_system
    await system.open(rules=named())
    fan = await system.fan()
    ticket_id = (await system.bought(fan))["lines"][0]["ticket_id"]
    await fan.ask("PATCH", f"/api/tickets/{ticket_id}", {"holder_name": "Other Holder"})
    person_id = (await system.rows("select owner_id from ticketing.orders"))[0]["owner_id"]
    async with system.db.transaction() as conn:
        exported = await api.export_tickets(conn, person_id)
        assert await refunding.erased(conn, person_id, clock.now()) is None
    assert (len(exported["orders"]), len(exported["tickets"])) == (1, 2)
    assert [row["holder_name"] for row in await system.rows("select holder_name from ticketing.ticket")] == [None, None]


async def test_an_account_with_upcoming_tickets_is_erased_only_after_giving_them_up(system: System) -> None:
    fan = await system.fan()
    await system.bought(fan)
    (upcoming,) = (await fan.ask("GET", "/api/me/erasure")).json()["upcoming"]
    assert (upcoming["event_id"], upcoming["tickets"]) == (str(system.event_id), 2)
    assert codes(await fan.ask("DELETE", "/api/me")) == (409, "has_upcoming_tickets")
    assert (await fan.ask("GET", "/api/me")).json()["kind"] == "fan"
    assert await system.rows("select from passes.pass where revoked_at is not null") == [], "nothing changed"
    assert (await fan.ask("DELETE", "/api/me?give_up_tickets=true")).status_code == 204
    revoked = await system.rows("select from passes.pass where revoked_at is not null")
    assert len(revoked) == 2
    assert await system.rows("select from payments.refund") == []


async def test_erasure_after_the_event_needs_no_confirmation(system: System, clock: FakeClock) -> None:
    fan = await system.fan()
    await system.bought(fan)
    clock.advance(timedelta(days=30))
    fan = await system.fan()
    assert (await fan.ask("GET", "/api/me/erasure")).json() == {"upcoming": [], "holds_roles": False}
    assert (await fan.ask("DELETE", "/api/me")).status_code == 204


async def test_a_payment_after_an_erasure_is_returned(system: System, clock: FakeClock) -> None:
    fan = await system.fan()
    paying, payment_id = await fan.best(), new_id()
    assert (await fan.pay(paying["id"], payment_id)).status_code == 200
    held = await fan.best()
    assert (await fan.ask("DELETE", "/api/me")).status_code == 204
    await system.news(payment_id)
    states = {str(row["id"]): row["state"] for row in await system.rows("select id, state from ticketing.orders")}
    assert states == {paying["id"]: "released", held["id"]: "released"}
    assert await system.rows("select from ticketing.claim") == []
    assert await system.rows("select from ticketing.ticket") == []
    refunds = await system.rows("select payment_id, amount_cents from payments.refund")
    assert [tuple(row) for row in refunds] == [(payment_id, paying["total_cents"])]


async def test_an_unknown_ticket_is_not_found(system: System) -> None:
    fan = await system.fan()
    answer = await fan.ask("POST", f"/api/tickets/{new_id()}/pass", {"key": a_phone()})
    assert codes(answer) == (404, "not_found")


async def test_a_ticket_is_not_named_after_a_banned_person_until_a_supervisor_decides(system: System) -> None:
    await system.open(rules=named())
    fan, supervisor = await system.fan(), await system.staff(Grant("supervisor"))
    ban = {"id": str(new_id()), "name": "MARTIN Lea", "expires_at": "2027-05-09T18:00:00Z"}
    assert (await supervisor.ask("POST", "/api/access/bans/national", ban)).status_code == 200
    ticket_id = (await system.bought(fan))["lines"][0]["ticket_id"]
    name = {"holder_name": "Léa Martin"}
    assert codes(await fan.ask("PATCH", f"/api/tickets/{ticket_id}", name)) == (409, "transfer_not_possible")
    assert (await fan.ask("PATCH", f"/api/tickets/{ticket_id}", {"holder_name": "Léo Morin"})).status_code == 200
    assert (await fan.ask("PATCH", f"/api/tickets/{ticket_id}", {"holder_name": None})).status_code == 200
    (found,) = [one["review"] for one in (await supervisor.ask("GET", "/api/access/ban-reviews")).json()]
    path = f"/api/access/ban-reviews/{found['subject']}/{found['person_id']}"
    assert (await supervisor.ask("POST", path, {"allow": True})).status_code == 204
    assert (await fan.ask("PATCH", f"/api/tickets/{ticket_id}", name)).json()["holder_name"] == "Léa Martin"
