"""Owned things are private: every route that names a thing, requested with another owner's id."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import Struct, to_builtins

from tests.app.draws import close, content, draw_of
from tests.app.emails import LETTERS, LETTERS_ELSEWHERE
from tests.app.food import FOOD, food_of
from tests.app.gates import GATES, accreditation, ban
from tests.app.members import member_of, tier
from tests.app.paying import FRESH_CHIP, card_codes, card_of, phone_of
from tests.app.pitch import PITCH, names_of
from tests.app.points import points_of, programme, reward
from tests.identity.people.authenticator import Authenticator
from tests.venues import ARENA, arena, install
from virage.demo.venues.drawing import stadium
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.platform.web.http import Application
from virage.platform.web.limits import RATES, Rate

if TYPE_CHECKING:
    from tests.app.conftest import World

SECRET = "a secret of the tests, long enough"  # the secret of the fixture `config`
HOLDER_KEY = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
ITEM = "019e0e5c-0000-7000-8000-000000000001"
OTHER_VENUE = "all roles of the other venue"
OFFICE = ("programme", "box_office", "finance", "match_desk", "media_desk", "moderator", "describer", "admin")
ALL_ROLES = (*OFFICE, "steward", "supervisor", "cashier", "kitchen")


class Case(Struct, frozen=True):
    """One request for a thing of ours. `owner` may do it; `strangers` may not, and learn nothing by
    trying. Nor may the staff of another venue, with all roles there.
    """

    door: str
    owner: str
    strangers: tuple[str, ...]
    body: Callable[["World"], Any] | None = None


def event_body(world: "World") -> dict[str, Any]:
    content: dict[str, Any] = to_builtins(world.new_event(new_id(), world.ours))
    return content | {"revision": 1}


def new_event(world: "World") -> Any:
    return to_builtins(world.new_event(new_id(), world.ours)) | {"venue_code": "stadium"}


def invitation(world: "World", email: str = "new@example.org") -> dict[str, Any]:
    return {"email": email, "role": "steward", "scope": "organiser", "scope_id": str(world.ours)}


def token(world: "World") -> dict[str, Any]:
    grant = {"role": "box_office", "scope": "organiser", "scope_id": str(world.ours)}
    return {"name": "x", "grants": [grant], "expires_at": (world.clock.now() + timedelta(hours=1)).isoformat()}


def gift(world: "World") -> dict[str, Any]:
    return {"id": str(new_id()), "wallet_id": world.ids["wallet_id"], "cents": 500, "reason": "goodwill"}


def item(_: "World") -> dict[str, Any]:
    name = {"fr": "Thé", "en": "Tea"}
    tea = {"kind": "product", "id": ITEM, "name": name, "category": "hot_drinks", "station": "coffee"}
    return {"item": tea | {"vat_permille": 100, "preparation_s": 20}}


def prices(_: "World") -> dict[str, Any]:
    return {"prices": [{"cents": 300}]}


def derogation(world: "World") -> dict[str, Any]:
    now = world.clock.now()
    times = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(hours=1)).isoformat()}
    return {"id": str(new_id()), "organiser_id": str(world.ours), "reference": "2026-17"} | times


def delivery(_: "World") -> dict[str, Any]:
    lines = [{"product_id": ITEM, "quantity": 1}]
    return {"id": str(new_id()), "kind": "delivery", "outlet": "01", "lines": lines}


RECEIVER = {"given_name": "A", "family_name": "Friend"}


def given_back(world: "World") -> dict[str, Any]:
    return {"ticket_ids": [world.ids["given_ticket_id"]]}


def thresholds(_: "World") -> dict[str, Any]:
    return {"thresholds": [{"product_id": ITEM, "low_at": 5}]}


def concessionaire(_: "World") -> dict[str, Any]:
    return {"name": "Buvettes"}


def terms(_: "World") -> dict[str, Any]:
    return {"outlet": "01", "starts_on": "2026-05-01", "ends_on": None, "commission_permille": 300}


MEMBERS = "/api/office/membership/members?organiser_id={organiser_id}"
REDEMPTIONS = "/api/office/points/redemptions?organiser_id={organiser_id}"
WAITING = "/api/office/points/redemptions/waiting?organiser_id={organiser_id}"
CONCESSIONAIRE = "/api/office/food/concessionaires/{concessionaire_id}"
MOVE = "GET /api/office/events/{event_id}/move"
MAY = "from=2026-05-01&to=2026-05-31"
CASHIERS = ("cashier of 02", "our office")
NEIGHBOURS = ("their office", "their event's office", "friend")
CASES = (
    Case("GET /api/office/events/{event_id}", "our office", NEIGHBOURS),
    Case("PUT /api/office/events/{event_id}", "our office", NEIGHBOURS, event_body),
    Case("POST /api/office/events/{event_id}/publish", "our office", NEIGHBOURS),
    Case("GET /api/office/events/{event_id}/exchange", "our office", NEIGHBOURS),
    Case("PUT /api/office/events/{event_id}/exchange", "our office", NEIGHBOURS, lambda _: {"open": False}),
    Case("GET /api/office/events/{event_id}/pricing", "our office", NEIGHBOURS),
    Case(
        "PUT /api/office/events/{event_id}/pricing",
        "our office",
        NEIGHBOURS,
        lambda _: {"categories": [], "blocks": {}, "accept_sold": True},
    ),
    Case("GET /api/office/events/{event_id}/windows", "our office", NEIGHBOURS),
    Case(
        "PUT /api/office/events/{event_id}/windows", "our office", NEIGHBOURS, lambda _: {"windows": [], "revision": 0}
    ),
    Case("GET /api/office/events/{event_id}/draw", "our office", NEIGHBOURS),
    Case("PUT /api/office/events/{event_id}/draw", "our office", NEIGHBOURS, content),
    Case("POST /api/office/events/{event_id}/draw/steps", "our office", NEIGHBOURS, close),
    Case("GET /api/office/events/{event_id}/draw/entries", "our office", NEIGHBOURS),
    Case("GET /api/office/events/{event_id}/draw/entries.csv", "our office", NEIGHBOURS),
    Case("PUT /api/office/membership/tiers/{tier_id}", "our office", NEIGHBOURS, tier),
    Case(f"GET {MEMBERS}", "our office", NEIGHBOURS),
    Case("PUT /api/office/points/programmes/{organiser_id}", "our office", NEIGHBOURS, programme),
    Case("PUT /api/office/points/rewards/{reward_id}", "our office", NEIGHBOURS, reward),
    Case(f"GET {REDEMPTIONS}", "our office", NEIGHBOURS),
    Case(f"GET {WAITING}", "our office", NEIGHBOURS),
    Case(
        "POST /api/office/points/redemptions/{redemption_id}/state",
        "our office",
        NEIGHBOURS,
        lambda _: {"state": "ready"},
    ),
    Case("GET /api/points/accounts/{account_id}/movements", "fan", ("friend", "our office")),
    Case("POST /api/points/accounts/{account_id}/close", "fan", ("friend", "our office")),
    Case(
        "POST /api/office/membership/{membership_id}/cancel",
        "our office",
        NEIGHBOURS,
        lambda _: {"reason": "Asked", "refund_id": None},
    ),
    Case(f"{MOVE}?venue_version={stadium().version}", "our office", NEIGHBOURS),
    Case("GET /api/office/events/{event_id}/sales", "our office", NEIGHBOURS),
    Case("GET /api/office/events/{event_id}/names", "our office", NEIGHBOURS),
    Case("POST /api/office/events", "our office", NEIGHBOURS, new_event),
    Case(
        "POST /api/office/series",
        "our office",
        NEIGHBOURS,
        lambda world: {"id": str(new_id()), "organiser_id": str(world.ours), "title": {"fr": "S", "en": "S"}},
    ),
    Case(
        "POST /api/office/organisers",
        "administrator",
        ("our office", *NEIGHBOURS),
        lambda _: {"id": str(new_id()), "name": "New"},
    ),
    Case("GET /api/office/orders/{order_id}", "our office", NEIGHBOURS),
    Case("PUT /api/office/orders/{order_id}/suspension", "our office", NEIGHBOURS),
    Case("DELETE /api/office/orders/{order_id}/suspension", "our office", NEIGHBOURS),
    Case(
        "POST /api/office/orders/{spare_id}/refund",
        "our office",
        NEIGHBOURS,
        lambda _: {"refund_id": str(new_id()), "reason": "asked"},
    ),
    Case("POST /api/office/events/{event_id}/cancel", "our office", NEIGHBOURS),
    Case("POST /api/office/invitations", "our office", NEIGHBOURS, invitation),
    Case("DELETE /api/office/invitations/{invitation_id}", "our office", NEIGHBOURS),
    Case("POST /api/office/tokens", "our office", NEIGHBOURS, token),
    Case("DELETE /api/office/tokens/{token_id}", "administrator", ("our office", *NEIGHBOURS)),
    Case("DELETE /api/office/grants/{grant_id}", "our office", NEIGHBOURS),
    Case("POST /api/office/food/alcohol-permits", "our office", NEIGHBOURS, derogation),
    Case("DELETE /api/office/food/alcohol-permits/{permit_id}", "our office", NEIGHBOURS),
    Case("POST /api/food/stock", "cashier of 01", CASHIERS, delivery),
    Case("GET /api/food/stock/{outlet}", "cashier of 01", CASHIERS),
    Case("GET /api/food/stock/{outlet}/movements", "cashier of 01", CASHIERS),
    Case("PUT /api/food/stock/{outlet}/thresholds", "cashier of 01", CASHIERS, thresholds),
    *(Case(*one) for one in FOOD),
    Case("PUT /api/office/food/items/{item_id}", "administrator", ("our office", *NEIGHBOURS), item),
    Case("PUT /api/office/food/items/{item_id}/prices", "administrator", ("our office", *NEIGHBOURS), prices),
    Case("DELETE /api/office/food/items/{item_id}", "administrator", ("our office", *NEIGHBOURS)),
    Case(f"PUT {CONCESSIONAIRE}", "administrator", ("our office", *NEIGHBOURS), concessionaire),
    Case(f"PUT {CONCESSIONAIRE}/terms/{{terms_id}}", "administrator", ("our office", *NEIGHBOURS), terms),
    Case(f"GET {CONCESSIONAIRE}/statement?{MAY}", "finance of 01", ("finance of 02", "our office", *NEIGHBOURS)),
    Case(f"GET {CONCESSIONAIRE}/statement.csv?{MAY}", "finance of 01", ("finance of 02", "our office", *NEIGHBOURS)),
    Case(f"GET {CONCESSIONAIRE}/statement.pdf?{MAY}", "finance of 01", ("finance of 02", "our office", *NEIGHBOURS)),
    Case(f"DELETE {CONCESSIONAIRE}/terms/{{terms_id}}", "administrator", ("finance of 01", "our office", *NEIGHBOURS)),
    Case(f"DELETE {CONCESSIONAIRE}", "administrator", ("finance of 01", "our office", *NEIGHBOURS)),
    *(Case(*one) for one in (*GATES, *PITCH, *LETTERS)),
    Case("GET /api/orders/{order_id}", "fan", ("friend", "guest", "our office")),
    Case("GET /api/orders/{order_id}/refunds", "fan", ("friend", "guest", "our office")),
    Case("DELETE /api/orders/{held_id}", "fan", ("friend", "guest", "our office")),
    Case("POST /api/orders/{other_held_id}/payment", "fan", ("friend",), lambda _: {"payment_id": str(new_id())}),
    Case("PATCH /api/tickets/{ticket_id}", "fan", ("friend", "our office"), lambda _: {"holder_name": "Holder"}),
    Case("POST /api/tickets/{ticket_id}/pass", "fan", ("friend", "our office"), lambda _: {"key": HOLDER_KEY}),
    Case("POST /api/tickets/{ticket_id}/rebind-code", "fan", ("friend", "our office")),
    Case("POST /api/tickets/{ticket_id}/paper", "fan", ("friend", "our office")),
    Case("POST /api/transfers/{other_transfer_id}/cancel", "friend", ("fan", "our office")),
    Case("POST /api/transfers/{transfer_id}/accept", "fan", ("our office", "supervisor of A"), lambda _: RECEIVER),
    Case("POST /api/transfers/{transfer_id}/return", "fan", ("friend", "our office"), given_back),
    Case("GET /api/wallet/top-ups/{top_up_id}", "fan", ("friend", "guest", "our office")),
    Case("PATCH /api/me/sessions/{session_id}", "fan", ("friend", "our office"), lambda _: {"name": "Phone"}),
    Case("DELETE /api/me/sessions/{session_id}", "fan", ("friend", "our office")),
    Case("PATCH /api/me/passkeys/{passkey_id}", "fan", ("friend", "our office"), lambda _: {"name": "Phone"}),
    Case("DELETE /api/me/passkeys/{passkey_id}", "fan", ("friend", "our office")),
    Case("GET /api/wallet/proofs/{record_id}", "fan", ("friend", "guest", "our office", "administrator")),
    Case("GET /api/till/proofs/{record_id}", "till", ("fan", "friend", "administrator")),
    Case("DELETE /api/me/virtual-card/{key_id}", "fan", ("friend", "our office", "administrator")),
    Case("POST /api/office/wallet/bonus", "administrator", ("our office", *NEIGHBOURS), gift),
    Case("PUT /api/me/cards/{card_id}/block", "fan", ("friend", "our office", "administrator")),
    Case("DELETE /api/me/cards/{card_id}/block", "fan", ("friend", "our office", "administrator")),
    Case(
        "PUT /api/me/cards/{card_id}/daily-limit",
        "fan",
        ("friend", "our office", "administrator"),
        lambda _: {"daily_limit_cents": 1_000},
    ),
    Case(
        "PUT /api/me/cards/{card_id}/pin", "fan", ("friend", "our office", "administrator"), lambda _: {"pin": "482915"}
    ),
    Case(
        "POST /api/wallet/cards/{card_id}/block",
        "administrator",
        ("our office", *NEIGHBOURS),
        lambda _: {"reason": "lost"},
    ),
    Case(
        "POST /api/wallet/cards/{card_id}/replacement",
        "administrator",
        ("our office", *NEIGHBOURS),
        lambda _: {"code": card_codes(SECRET).printed(FRESH_CHIP)},
    ),
)
# Only a code mailed to its owner opens it; the test of passes sends one. A gate device serves every
# event of the venue: its gates limit it, and the tests of access try other gates. A till's archive
# holds its sales; the tests of closings try it at every outlet.
ELSEWHERE = {
    "POST /api/office/events/{event_id}/move",  # the tests of moves
    # the tests of the office's venues try another venue's
    "GET /api/office/events/{event_id}/closures",
    "PUT /api/office/events/{event_id}/closures/{part}/{code}",
    "POST /api/tickets/{ticket_id}/rebind",
    # the tests of packages try another fan, and the office of another club
    "GET /api/subscriptions/{subscription_id}",
    "POST /api/subscriptions/{subscription_id}/payment",
    "POST /api/subscriptions/{subscription_id}/card",
    "DELETE /api/subscriptions/{subscription_id}",
    "POST /api/packages/{package_id}/subscriptions",
    "PUT /api/office/packages/{package_id}",
    "GET /api/office/packages/{package_id}/subscriptions",
    "GET /api/office/packages/{package_id}/subscriptions.csv",
    # the tests of renewals try another fan, and the office of another club
    "GET /api/renewals/{renewal_id}",
    "PUT /api/renewals/{renewal_id}/seats",
    "PUT /api/renewals/{renewal_id}/wishes",
    "DELETE /api/renewals/{renewal_id}",
    "PUT /api/office/seasons/{campaign_id}",
    "POST /api/office/seasons/{campaign_id}/preview",
    "POST /api/office/seasons/{campaign_id}/steps",
    "GET /api/office/seasons/{campaign_id}/renewals",
    "GET /api/office/seasons/{campaign_id}/round.csv",
    "POST /api/office/renewals/{renewal_id}/decision",
    "GET /api/attendance/{subscription_id}",
    "GET /api/office/attendance/{package_id}",
    "PUT /api/office/attendance/{package_id}",
    "GET /api/office/attendance/{package_id}/holders.csv",
    "POST /api/membership/{membership_id}/upgrade",  # the tests of upgrades try another fan
    # an entry is found by its event and the person who asks
    "PUT /api/events/{event_id}/draw/entry",
    "DELETE /api/events/{event_id}/draw/entry",
    # each has an entry of their own: the tests of the waiting list have several fans
    "GET /api/exchange/waiting/{event_id}",
    "PUT /api/exchange/waiting/{event_id}",
    "DELETE /api/exchange/waiting/{event_id}",
    # the tests of the exchange try another fan, and another event
    "POST /api/exchange/listings/{listing_id}/withdraw",
    "POST /api/office/events/{event_id}/exchange/{listing_id}",
    "POST /api/access/ban-reviews/{subject_id}/{person_id}",  # the tests of transfers try the supervisor of a gate
    "GET /api/access/pack/{event_id}",
    "GET /api/access/holders/{event_id}",
    "PUT /api/me/push-subscriptions/{subscription_id}",  # the tests of push try another fan's
    "DELETE /api/me/push-subscriptions/{subscription_id}",
    # a fan's own notification settings of an event
    "PUT /api/me/notifications/events/{event_id}",
    "DELETE /api/me/notifications/events/{event_id}",
    "GET /api/office/food/tills/{till_id}/archive",
    # Card readers and their payments: tests/money/card_readers/test_card_readers.py tries other tills and outlets.
    "GET /api/till/card-payments/{payment_id}",
    "POST /api/till/card-payments/{payment_id}/cancel",
    "POST /api/till/card-payments/{payment_id}/return",
    "PUT /api/office/card-readers/{reader_id}/till",
    "DELETE /api/office/card-readers/{reader_id}",
    "POST /api/replay/events/{event_id}/taps",  # a replay of a public event may be requested by every fan
    # only once a clip has settled: the tests of films try another event's
    "PUT /api/replay/clips/{clip_id}/descriptions/{locale}",
    # incidents and logs: tests/control/safety/test_incidents.py tries a controller of another event
    "GET /api/control/events/{event_id}/incidents",
    "POST /api/control/events/{event_id}/incidents",
    "GET /api/control/events/{event_id}/log",
    "GET /api/control/incidents/{incident_id}",
    "POST /api/control/incidents/{incident_id}/entries",
    # teams and reports: tests/control/safety/test_teams.py tries a controller of another event, and other stewards
    "GET /api/control/events/{event_id}/teams",
    "POST /api/control/events/{event_id}/teams",
    "POST /api/control/teams/{team_id}/changes",
    "GET /api/control/incidents/{incident_id}/teams",
    "POST /api/control/incidents/{incident_id}/teams",
    "POST /api/control/assignments/{assignment_id}/steps",
    "GET /api/safety/events/{event_id}/duty",
    "POST /api/safety/events/{event_id}/reports",
    "POST /api/safety/reports/{incident_id}/entries",
    "POST /api/safety/assignments/{assignment_id}/steps",
    # requests of fans: tests/control/safety/test_requests.py tries other fans, and a controller of another event
    "GET /api/safety/events/{event_id}/requests",
    "POST /api/safety/events/{event_id}/requests",
    "POST /api/safety/requests/{request_id}/texts",
    "POST /api/safety/requests/{request_id}/withdrawal",
    "POST /api/safety/requests/{request_id}/hiding",
    "GET /api/control/incidents/{incident_id}/requests",
    "POST /api/control/incidents/{incident_id}/answers",
    "POST /api/control/requests/{request_id}/false",
    # reports: tests/control/safety/test_report.py tries a controller of another event
    "GET /api/control/events/{event_id}/report.pdf",
    "GET /api/control/events/{event_id}/counts.csv",
    # the picture: tests/control/safety/test_picture.py tries a controller of another event
    "GET /api/control/events/{event_id}/picture",
    "GET /api/control/events/{event_id}/clearing",
    "GET /api/control/events/{event_id}/entry",
    # instructions: tests/control/safety/test_instructions.py tries a controller of another event
    "GET /api/control/events/{event_id}/instructions",
    "POST /api/control/events/{event_id}/instructions",
    # messages: tests/control/safety/test_broadcasts.py tries a controller of another event
    "GET /api/control/events/{event_id}/broadcasts",
    "POST /api/control/events/{event_id}/broadcasts",
    "GET /api/control/broadcasts/{broadcast_id}/cap.xml",
    # alerts: tests/control/safety/test_alerts.py tries a controller of another event
    "GET /api/control/events/{event_id}/alerts",
    "POST /api/control/alerts/{alert_id}/entries",
    "GET /api/control/events/{event_id}/thresholds",
    "POST /api/control/events/{event_id}/thresholds",
    # procedures: tests/control/safety/test_procedures.py tries a controller of another event
    "GET /api/control/events/{event_id}/procedures",
    "POST /api/control/events/{event_id}/procedures",
    "POST /api/control/procedures/{procedure_id}/entries",
    "GET /api/broadcasts/{event_id}/staff",
    "POST /api/broadcasts/{broadcast_id}/receipts",
    # refunds and payments belong to the deployment: the tests of its office try them with finance of a part
    "PUT /api/office/disputes/{dispute_id}/assignee",
    "GET /api/office/disputes/{dispute_id}/evidence",
    "POST /api/office/disputes/{dispute_id}/evidence",
    "POST /api/office/payments/accounts/{organiser_id}/onboarding",
    "POST /api/office/payments/accounts/{organiser_id}/refresh",
    "POST /api/office/payments/accounts/{organiser_id}/replacement",
    "PUT /api/office/payments/accounts/{organiser_id}/fee",
    "PUT /api/office/refunds/{refund_id}/assignee",
    "POST /api/office/refunds/{refund_id}/retry",
    "POST /api/office/refunds/{refund_id}/payment",
    "GET /api/office/payments/{payment_id}",
    "GET /api/office/payments/payouts/{payout_id}",
    "PUT /api/office/payments/payouts/{payout_id}/line",
    "GET /api/office/payments/payouts/{payout_id}/entries",
    "GET /api/office/payments/payouts/{payout_id}/entries.csv",
    "PUT /api/office/payments/items/{item_id}/assignee",
    "POST /api/office/payments/items/{item_id}/notes",
    "PUT /api/office/payments/items/{item_id}/resolution",
}


def test_every_route_with_an_id_is_tried_as_another_owner(app: Application) -> None:
    named = {
        f"{one.endpoint.method} {one.endpoint.template}"
        for one in app.served
        if ":uuid}" in one.endpoint.path and not one.endpoint.public
    }
    tried = {
        re.sub(r"(other_held|held|spare|food|ready_food|declined_food|waiting_food)_id", "order_id", case.door)
        for case in CASES
    }
    tried = {
        re.sub(r"{(zone|group)}", "{code}", door)
        .replace("pass_number", "number")
        .replace("other_transfer_id", "transfer_id")
        .partition("?")[0]
        for door in tried
    }
    assert named <= tried | ELSEWHERE | LETTERS_ELSEWHERE


class Cast(Struct, frozen=True):
    """The principals, and the ids of our things."""

    headers: dict[str, dict[str, str]]
    ids: dict[str, str]


def grants_of(world: "World") -> dict[str, list[Grant]]:
    """The staff and their grants."""
    return {
        "our office": [Grant(role, "organiser", world.ours) for role in OFFICE],
        "their office": [Grant(role, "organiser", world.theirs) for role in OFFICE],
        "their event's office": [Grant(role, "event", world.their_event) for role in OFFICE],
        "administrator": [Grant("admin")],
        OTHER_VENUE: [Grant(role, "venue", ARENA) for role in ALL_ROLES],
        "supervisor of A": [Grant("supervisor", "gate", "A")],
        "cashier of 01": [Grant("cashier", "outlet", "01")],
        "cashier of 02": [Grant("cashier", "outlet", "02")],
        "kitchen of 01": [Grant("kitchen", "outlet", "01")],
        "kitchen of 02": [Grant("kitchen", "outlet", "02")],
        "finance of 01": [Grant("finance", "outlet", "01")],
        "finance of 02": [Grant("finance", "outlet", "02")],
        "supervisor of B": [Grant("supervisor", "gate", "B"), Grant("steward", "gate", "A")],
    }


async def passkey_of(world: "World", headers: dict[str, str]) -> str:
    """A passkey of a person, made in this browser."""
    options = await world.ask(headers, "POST", "/api/me/passkeys/options")
    browser = options.headers["set-cookie"].partition(";")[0]
    made = {"credential": Authenticator().create(options.json())}
    mine = headers | {"cookie": f"{headers['cookie']}; {browser}"}
    return str((await world.ask(mine, "POST", "/api/me/passkeys", made)).json()["id"])


@pytest.fixture
async def cast(world: "World") -> Cast:
    headers = {
        name: await world.signed_in(f"cast{number}@example.org", *grants)
        for number, (name, grants) in enumerate(grants_of(world).items())
    }
    headers |= {
        "fan": await world.signed_in("fan@example.org"),
        "friend": await world.signed_in("friend@example.org"),
        "guest": await world.guest(),
    }
    paid, spare, given = [await world.buy(headers[one]) for one in ("fan", "fan", "friend")]
    held = [await world.buy(headers["fan"], paid=False) for _ in range(2)]
    await world.ask(headers["our office"], "POST", "/api/office/invitations", invitation(world, "invited@example.org"))
    await world.api_client("box_office")
    await world.person("steward@example.org", Grant("steward", "organiser", world.ours))
    await world.signed_in("fan@example.org")
    offers = [
        {"id": str(new_id()), "ticket_ids": [line["ticket_id"]], "to_email": "fan@example.org"}
        for line in given["lines"]
    ]
    for offer in offers:
        assert (await world.ask(headers["friend"], "POST", "/api/transfers", offer)).status_code == 201
    world.ids["given_ticket_id"] = given["lines"][0]["ticket_id"]
    top_up = {"id": str(new_id()), "payment_id": str(new_id()), "cents": 2000}
    await world.ask(headers["fan"], "POST", "/api/wallet/top-ups", top_up)  # it is stored before the provider is called
    headers["till"], till_id = await world.till("01"), world.ids["device_id"]
    await world.device("A1")
    await draw_of(world)
    key_id, record_id = await phone_of(world, headers["fan"], till_id)
    entry = (await world.ask(headers["administrator"], "POST", "/api/access/bans/club", ban(world))).json()
    accredited = await world.ask(headers["our office"], "POST", "/api/access/accreditations", accreditation(world))
    await world.ask(headers["administrator"], "PUT", f"/api/office/food/items/{ITEM}", item(world))
    beer = await world.ask(headers["our office"], "POST", "/api/office/food/alcohol-permits", derogation(world))
    staff = (await world.ask(headers["our office"], "GET", "/api/office/staff")).json()
    sessions = (await world.ask(headers["fan"], "GET", "/api/me/sessions")).json()
    ids = {
        "event_id": str(world.event),
        **await member_of(world, headers["our office"], headers["fan"]),
        **await points_of(world, headers["our office"], headers["fan"]),
        **await names_of(world, headers["our office"], SECRET),
        "order_id": paid["id"],
        "spare_id": spare["id"],
        "held_id": held[0]["id"],
        "other_held_id": held[1]["id"],
        "ticket_id": paid["lines"][0]["ticket_id"],
        "transfer_id": offers[0]["id"],
        "other_transfer_id": offers[1]["id"],
        "top_up_id": top_up["id"],
        "token_id": world.ids["token_id"],
        "device_id": world.ids["device_id"],
        "ban_id": entry["id"],
        "accreditation_id": accredited.json()["id"],
        "item_id": ITEM,
        "permit_id": beer.json()["id"],
        "concessionaire_id": str(new_id()),
        "terms_id": str(new_id()),
        "outlet": "01",
        "file": "club",
        "code": "A1",
        "zone": "N",
        "pass_number": (await world.rows("select min(number)::text as number from passes.pass"))[0]["number"],
        "group": "PRESS",
        "kind": "press",
        "invitation_id": staff["invitations"][0]["id"],
        "grant_id": next(grant["id"] for grant in staff["grants"] if grant["email"] == "steward@example.org"),
        "card_id": await card_of(world, "fan@example.org", SECRET),
        "key_id": key_id,
        "record_id": record_id,
        "passkey_id": await passkey_of(world, headers["fan"]),
        "session_id": next(session["id"] for session in sessions if not session["current"]),
    }
    return Cast(headers, ids | await food_of(world, "fan@example.org", SECRET))


async def test_personal_data_is_refused_to_other_people(
    world: "World", cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    await install(world.db, monkeypatch, arena())
    monkeypatch.setitem(RATES, "write", Rate(per_s=1_000, burst=1_000))  # one office requests all things here
    for case in (
        *(case for case in CASES if "cancel" not in case.door),
        *(case for case in CASES if "cancel" in case.door),
    ):
        method, path = case.door.split()
        path = path.format(**cast.ids)
        for stranger in (*case.strangers, OTHER_VENUE):
            before = await facts(world)
            answer = await world.ask(cast.headers[stranger], method, path, case.body and case.body(world))
            assert answer.status_code in (401, 403, 404), (case.door, stranger, answer.text)
            assert await facts(world) == before, (case.door, stranger, "a refused action changes nothing")
        answer = await world.ask(cast.headers[case.owner], method, path, case.body and case.body(world))
        assert answer.status_code < 300, (case.door, case.owner, answer.text)


async def facts(world: "World") -> int:
    (row,) = await world.rows("select count(*) as n from kernel.journal")
    count: int = row["n"]
    return count


async def test_personal_topics_are_streamed_to_their_owner_only(
    world: "World", cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    await install(world.db, monkeypatch, arena())
    for topic, strangers in (
        ("order:{order_id}", ("friend", "guest", "our office")),
        ("food_orders:{person_id}", ("friend", "guest", "our office", "kitchen of 01")),
        ("kitchen:01", ("fan", "guest", "our office", "kitchen of 02", "cashier of 02")),
    ):
        for stranger in (*strangers, OTHER_VENUE):
            path = f"/api/stream?topics={topic.format(**cast.ids)}"
            answer = await world.ask(cast.headers[stranger], "GET", path)
            assert answer.status_code in (401, 403, 404), (topic, stranger)
