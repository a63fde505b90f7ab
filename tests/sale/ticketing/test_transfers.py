"""Transfers: tickets change hands once, with their passes, and each person sees what concerns them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from tests.conftest import FakeClock
from tests.sale.ticketing.conftest import HOUR, Box, System, named
from tests.sale.ticketing.test_disputes import dispute
from tests.sale.ticketing.test_tickets import a_phone, codes
from virage.identity.passes import acts as passes
from virage.identity.passes.rules.claims import GENERATION_MAX
from virage.identity.people.rules.people_config import people_config_of
from virage.identity.people.store import emails
from virage.matchday.access.api import is_banned
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant
from virage.sale.ticketing.acts import emails as email_acts
from virage.sale.ticketing.acts import transfers
from virage.sale.ticketing.acts.transfers import Acceptance, Offer, TransferService
from virage.sale.ticketing.reads.transfers import TransferView
from virage.sale.ticketing.routes.transfer_batches import TransferBatches
from virage.sale.ticketing.rules.transfers import OFFERS_MAX, AcceptanceRequest, Transfer, TransferRequest

FRIEND = "friend@example.org"
NAME = {"given_name": "Léa", "family_name": "Martin"}
TIMES = 8


async def ids_of(box: Box) -> list[str]:
    return [ticket["id"] for ticket in (await box.ask("GET", "/api/me/tickets")).json()]


async def offered(box: Box, ticket_ids: list[str], to_email: str | None = None) -> dict[str, Any]:
    body = {"id": str(new_id()), "ticket_ids": ticket_ids, "to_email": to_email}
    answer = await box.ask("POST", "/api/transfers", body)
    assert answer.status_code == 201, answer.text
    transfer: dict[str, Any] = answer.json()
    return transfer


async def accepted(box: Box, transfer: dict[str, Any], **more: Any) -> Any:
    return await box.ask("POST", f"/api/transfers/{transfer['id']}/accept", NAME | more)


def key_of(transfer: dict[str, Any]) -> str:
    """The key in the link of an offer, as its giver has it."""
    link: str = transfer["link"]
    path, _, key = link.partition("#")
    assert path == f"/transfers/{transfer['id']}"
    return key


async def letters(system: System) -> list[str]:
    rows = await system.rows("select kind from people.letter order by id")
    return [row["kind"] for row in rows if row["kind"] != "order_paid"]


async def key_in_the_email(system: System, config: Config) -> tuple[str, str]:
    """The recipient and the key of the last offer by email."""
    newest = (await system.rows("select id from people.letter where kind = 'transfer_offered' order by id desc"))[0]
    async with system.db.connection() as conn:
        email = (await emails.waiting_emails(conn, [people_config_of(config).keys], [newest["id"]]))[newest["id"]]
    assert email is not None
    return email.to, email.secret["key"]


async def enter(system: System, ticket_id: str) -> None:
    """The pass of a ticket enters, as a gate's scan stores it."""
    (row,) = await system.rows("select event_id, number from passes.pass where subject = $1", UUID(ticket_id))
    async with system.db.transaction() as conn:
        await passes.mark_entered(conn, row["event_id"], [row["number"]], system.clock.now())


async def use_up(system: System, ticket_id: str) -> None:
    """The pass of a ticket was moved to other phones and people as often as its signed form allows."""
    await system.rows(
        "update passes.pass set generation = $2, printed = true where subject = $1", UUID(ticket_id), GENERATION_MAX
    )


async def test_a_ticket_sent_to_an_address_is_its_owners_once_they_accept(system: System, config: Config) -> None:
    giver = await system.fan()
    first, second = [line["ticket_id"] for line in (await system.bought(giver))["lines"]]
    sent = await offered(giver, [first], FRIEND)
    assert (sent["direction"], sent["state"], sent["other"], sent["link"]) == ("given", "offered", FRIEND, None)
    assert sorted(await ids_of(giver)) == sorted([first, second]), "it is the giver's until it is accepted"

    to, key = await key_in_the_email(system, config)
    shown = (await system.browser().ask("POST", f"/api/transfers/{sent['id']}/read", {"key": key})).json()
    assert (to, shown["to"], shown["state"], shown["may_accept"]) == (FRIEND, "f•••@example.org", "offered", None)
    friend = await system.fan(FRIEND)
    (waiting,) = (await friend.ask("GET", "/api/transfers")).json()
    assert (waiting["id"], waiting["direction"], waiting["link"]) == (sent["id"], "received", None)

    done = await accepted(friend, sent)
    assert (done.status_code, done.json()["state"]) == (200, "accepted")
    assert (await ids_of(friend), await ids_of(giver)) == ([first], [second])
    (ticket,) = (await friend.ask("GET", "/api/me/tickets")).json()
    assert (ticket["holder_name"], ticket["received"]) == ("Léa Martin", True)
    (given,) = (await giver.ask("GET", "/api/transfers")).json()
    assert (given["state"], given["other"]) == ("accepted", "Léa Martin")
    assert await letters(system) == ["transfer_offered", "transfer_accepted", "tickets_received"]
    assert [row["to_email"] for row in await system.rows("select to_email from ticketing.transfer")] == [None]


async def test_a_party_goes_by_one_link_which_serves_once(system: System) -> None:
    giver = await system.fan()
    party = [line["ticket_id"] for line in (await system.bought(giver, full=4))["lines"]]
    sent = await offered(giver, party)
    link = {"key": key_of(sent)}
    friend, other = await system.fan(FRIEND), await system.fan("other@example.org")
    assert (await accepted(friend, sent, **link)).status_code == 200
    held = (await friend.ask("GET", "/api/me/tickets")).json()
    assert [ticket["holder_name"] for ticket in held] == ["Léa Martin", None, None, None]
    assert (await ids_of(giver), sorted(await ids_of(friend))) == ([], sorted(party))
    assert (await accepted(friend, sent, **link)).json()["state"] == "accepted", (
        "the answer was lost and is asked again"
    )
    assert codes(await accepted(other, sent, **link)) == (409, "transfer_ended")


async def test_only_the_key_of_the_link_opens_an_offer(system: System) -> None:
    giver, friend = await system.fan(), await system.fan(FRIEND)
    (ticket_id, _) = await ids_after_purchase(system, giver)
    sent = await offered(giver, [ticket_id])
    key = key_of(sent)
    for wrong in (None, "", "x" * 22, key[:-1], key + "A", "é"):
        assert codes(await accepted(friend, sent, key=wrong)) == (404, "not_found"), wrong
        read = await friend.ask("POST", f"/api/transfers/{sent['id']}/read", {"key": wrong})
        assert codes(read) == (404, "not_found"), wrong
    another = await offered(giver, [(await ids_of(giver))[1]])
    assert codes(await accepted(friend, another, key=key)) == (404, "not_found"), "each offer has a key of its own"
    assert codes(await accepted(giver, sent, key=key)) == (409, "transfer_to_yourself")
    assert sorted(await ids_of(friend)) == []


async def test_a_link_that_has_served_shows_names_and_seats_to_giver_and_receiver_alone(system: System) -> None:
    await system.open(rules=named())
    giver, friend, other = await system.fan(), await system.fan(FRIEND), await system.fan("other@example.org")
    await giver.ask("PATCH", "/api/me", {"name": "Alex Moreau"})
    party = await ids_after_purchase(system, giver)
    await giver.ask("PATCH", f"/api/tickets/{party[1]}", {"holder_name": "A Child"})
    sent = await offered(giver, party)

    async def read(box: Box) -> dict[str, Any]:
        shown = await box.ask("POST", f"/api/transfers/{sent['id']}/read", {"key": key_of(sent)})
        assert shown.status_code == 200
        offer: dict[str, Any] = shown.json()
        return offer

    assert [len((await read(box))["tickets"]) for box in (giver, system.browser(), other)] == [2, 2, 2]
    assert (await accepted(friend, sent, key=key_of(sent))).status_code == 200
    for box in (giver, friend):
        offer = await read(box)
        assert {one["holder_name"] for one in offer["tickets"]} == {"Léa Martin", "A Child"}
        assert offer["giver"] == "Alex M."
    for box in (system.browser(), other):
        offer = await read(box)
        assert (offer["state"], offer["tickets"], offer["giver"], offer["to"]) == ("accepted", [], None, None)


@pytest.mark.parametrize("end", ["cancelled", "expired"])
async def test_an_offer_that_has_ended_shows_no_seats_and_no_address_to_others(
    system: System, config: Config, clock: FakeClock, end: str
) -> None:
    giver = await system.fan()
    sent = await offered(giver, await ids_after_purchase(system, giver), FRIEND)
    _, key = await key_in_the_email(system, config)
    if end == "cancelled":
        assert (await giver.ask("POST", f"/api/transfers/{sent['id']}/cancel")).status_code == 200
    else:
        clock.advance(timedelta(hours=72))
    offer = (await system.browser().ask("POST", f"/api/transfers/{sent['id']}/read", {"key": key})).json()
    assert (offer["state"], offer["tickets"], offer["giver"], offer["to"]) == (end, [], None, None)
    offer = (await (await system.fan()).ask("POST", f"/api/transfers/{sent['id']}/read", {"key": key})).json()
    assert len(offer["tickets"]) == 2, "the giver sees what was offered"


async def ids_after_purchase(system: System, box: Box) -> list[str]:
    return [line["ticket_id"] for line in (await system.bought(box))["lines"]]


async def test_an_offer_to_an_address_is_of_no_use_to_another_person(system: System, config: Config) -> None:
    giver, other = await system.fan(), await system.fan("other@example.org")
    ticket_id, _ = await ids_after_purchase(system, giver)
    sent = await offered(giver, [ticket_id], FRIEND)
    _, key = await key_in_the_email(system, config)
    assert codes(await accepted(other, sent)) == (404, "not_found")
    assert codes(await accepted(other, sent, key=key)) == (409, "transfer_to_another_address")
    shown = (await other.ask("POST", f"/api/transfers/{sent['id']}/read", {"key": key})).json()
    assert (shown["may_accept"], shown["to"]) == (False, "f•••@example.org")


@pytest.mark.parametrize(
    ("written", "account"),
    [
        (" Friend@Example.ORG ", "friend@example.org"),
        ("lea.martin@gmail.com", "leamartin@gmail.com"),
        ("l.e.a+match@googlemail.com", "lea@gmail.com"),
    ],
)
async def test_spellings_of_one_mailbox_are_one_receiver(system: System, written: str, account: str) -> None:
    giver, friend = await system.fan(), await system.fan(account)
    ticket_id, _ = await ids_after_purchase(system, giver)
    sent = await offered(giver, [ticket_id], written)
    assert [one["id"] for one in (await friend.ask("GET", "/api/transfers")).json()] == [sent["id"]]
    assert (await accepted(friend, sent)).status_code == 200


async def test_the_givers_phone_and_paper_are_invalid_with_the_acceptance(system: System) -> None:
    giver, friend = await system.fan(), await system.fan(FRIEND)
    on_phone, on_paper = await ids_after_purchase(system, giver)
    phone = a_phone()
    bound = (await giver.ask("POST", f"/api/tickets/{on_phone}/pass", {"key": phone})).json()
    assert (await giver.ask("POST", f"/api/tickets/{on_paper}/paper")).status_code == 200
    sent = await offered(giver, [on_phone, on_paper], FRIEND)
    assert (await accepted(friend, sent)).status_code == 200
    for id_ in (on_phone, on_paper):
        for door, body in {"pass": {"key": phone}, "paper": None, "rebind-code": None}.items():
            assert codes(await giver.ask("POST", f"/api/tickets/{id_}/{door}", body)) == (404, "not_found"), door
    mine = (await friend.ask("POST", f"/api/tickets/{on_phone}/pass", {"key": a_phone()})).json()
    assert (mine["number"], mine["generation"]) == (bound["number"], bound["generation"] + 1)
    states = {one["id"]: one["pass"] for one in (await friend.ask("GET", "/api/me/tickets")).json()}
    assert (states[on_paper]["form"], states[on_paper]["rebinds_left"]) == ("unbound", 5)
    reissued = await system.rows("select from kernel.journal where what = 'pass_reissued'")
    assert len(reissued) == 2, "gates read it"


async def test_an_offer_ends_after_72_hours_and_its_giver_is_told(system: System, clock: FakeClock) -> None:
    await system.open(starts_at=clock.now() + timedelta(days=9), ends_at=clock.now() + timedelta(days=9, hours=2))
    giver, friend = await system.fan(), await system.fan(FRIEND)
    ticket_id, _ = await ids_after_purchase(system, giver)
    sent = await offered(giver, [ticket_id])
    clock.advance(timedelta(hours=72))
    answer = await accepted(friend, sent, key=key_of(sent))
    assert (codes(answer), answer.json()["data"]) == ((409, "transfer_ended"), {"state": "expired"})
    assert [one["state"] for one in (await giver.ask("GET", "/api/transfers")).json()] == ["expired"]
    async with system.db.transaction() as conn:
        assert await transfers.expire(conn, clock.now()) == 1
    async with system.db.transaction() as conn:
        assert await transfers.expire(conn, clock.now()) == 0
    assert await letters(system) == ["transfer_expired"]
    assert (await offered(giver, [ticket_id]))["state"] == "offered"


async def test_an_offer_that_is_over_is_no_obstacle_before_the_job_ends_it(system: System, clock: FakeClock) -> None:
    await system.open(starts_at=clock.now() + timedelta(days=9), ends_at=clock.now() + timedelta(days=9, hours=2))
    giver = await system.fan()
    ticket_id, _ = await ids_after_purchase(system, giver)
    first = await offered(giver, [ticket_id])
    clock.advance(timedelta(hours=73))
    second = await offered(giver, [ticket_id])
    states = {one["id"]: one["state"] for one in (await giver.ask("GET", "/api/transfers")).json()}
    assert states == {first["id"]: "expired", second["id"]: "offered"}


async def test_an_offer_lasts_no_longer_than_its_event(system: System, clock: FakeClock) -> None:
    giver, friend = await system.fan(), await system.fan(FRIEND)
    first, second = await ids_after_purchase(system, giver)
    sent = await offered(giver, [first], FRIEND)
    (event,) = await system.rows("select ends_at from programme.event where id = $1", system.event_id)
    assert sent["expires_at"] == event["ends_at"].strftime("%Y-%m-%dT%H:%M:%SZ")
    clock.set(event["ends_at"])
    assert codes(await accepted(friend, sent)) == (409, "transfer_ended")
    body = {"id": str(new_id()), "ticket_ids": [second], "to_email": FRIEND}
    assert codes(await giver.ask("POST", "/api/transfers", body)) == (409, "event_over")


async def test_the_giver_cancels_an_offer_until_it_is_accepted(system: System) -> None:
    giver, friend = await system.fan(), await system.fan(FRIEND)
    first, second = await ids_after_purchase(system, giver)
    sent = await offered(giver, [first], FRIEND)
    assert codes(await friend.ask("POST", f"/api/transfers/{sent['id']}/cancel")) == (404, "not_found")
    for _ in range(2):
        done = await giver.ask("POST", f"/api/transfers/{sent['id']}/cancel")
        assert (done.status_code, done.json()["state"]) == (200, "cancelled")
    assert codes(await accepted(friend, sent)) == (404, "not_found")
    assert (await friend.ask("GET", "/api/transfers")).json() == []
    assert await letters(system) == ["transfer_offered", "transfer_cancelled"]
    again = await offered(giver, [first, second], FRIEND)
    assert (await accepted(friend, again)).status_code == 200
    answer = await giver.ask("POST", f"/api/transfers/{again['id']}/cancel")
    assert (codes(answer), answer.json()["data"]) == ((409, "transfer_ended"), {"state": "accepted"})


async def test_a_received_ticket_goes_back_to_its_giver_until_it_is_scanned(system: System) -> None:
    giver, friend = await system.fan(), await system.fan(FRIEND)
    first, second = await ids_after_purchase(system, giver)
    sent = await offered(giver, [first, second], FRIEND)
    await accepted(friend, sent)
    path = f"/api/transfers/{sent['id']}/return"
    await friend.ask("POST", f"/api/tickets/{first}/pass", {"key": a_phone()})
    for _ in range(2):
        back = await friend.ask("POST", path, {"ticket_ids": [first]})
        assert (back.status_code, [one["returned"] for one in back.json()["tickets"]]) == (200, [True, False])
    assert (await ids_of(giver), await ids_of(friend)) == ([first], [second])
    (mine,) = (await giver.ask("GET", "/api/me/tickets")).json()
    assert (mine["holder_name"], mine["received"], mine["pass"]["form"]) == (None, False, "unbound")
    await enter(system, second)
    assert codes(await friend.ask("POST", path, {"ticket_ids": [second]})) == (409, "pass_already_entered")
    assert codes(await giver.ask("POST", path, {"ticket_ids": [second]})) == (404, "not_found")
    assert (await letters(system))[-1] == "tickets_returned"
    holders = await system.rows("select holder_id from ticketing.ticket where id = $1", UUID(first))
    assert holders[0]["holder_id"] is None, "a ticket that is back with its buyer is as if it had never left"


async def test_a_ticket_that_was_passed_on_twice_goes_back_step_by_step(system: System) -> None:
    giver, friend, third = await system.fan(), await system.fan(FRIEND), await system.fan("third@example.org")
    ticket_id, _ = await ids_after_purchase(system, giver)
    first = await offered(giver, [ticket_id], FRIEND)
    await accepted(friend, first)
    second = await offered(friend, [ticket_id], "third@example.org")
    assert codes(await friend.ask("POST", f"/api/transfers/{first['id']}/return", {"ticket_ids": [ticket_id]})) == (
        409,
        "ticket_offered",
    )
    await accepted(third, second)
    assert codes(await friend.ask("POST", f"/api/transfers/{first['id']}/return", {"ticket_ids": [ticket_id]})) == (
        404,
        "not_found",
    )
    for box, transfer in ((third, second), (friend, first)):
        back = await box.ask("POST", f"/api/transfers/{transfer['id']}/return", {"ticket_ids": [ticket_id]})
        assert back.status_code == 200, back.text
    assert ticket_id in await ids_of(giver)


async def test_what_is_used_or_not_ones_own_is_not_offered(system: System) -> None:
    giver, other = await system.fan(), await system.fan("other@example.org")
    first, second = await ids_after_purchase(system, giver)
    foreign, _ = await ids_after_purchase(system, other)

    async def refusal(*ticket_ids: str, to: str | None = FRIEND, **more: Any) -> tuple[int, str]:
        body = {"id": str(new_id()), "ticket_ids": list(ticket_ids), "to_email": to} | more
        return codes(await giver.ask("POST", "/api/transfers", body))

    assert await refusal(foreign) == (404, "not_found")
    assert await refusal(first, foreign) == (404, "not_found")
    assert await refusal(str(new_id())) == (404, "not_found")
    assert await refusal(first, to="fan@example.org") == (409, "transfer_to_yourself")
    assert await refusal(first, to="no address") == (400, "invalid_input")
    sent = await offered(giver, [first, first, second], FRIEND)
    assert len(sent["tickets"]) == 2
    assert await refusal(second, to=None) == (409, "ticket_offered")
    assert await refusal(second, id=sent["id"]) == (409, "id_reused")
    await giver.ask("POST", f"/api/transfers/{sent['id']}/cancel")
    await enter(system, first)
    assert await refusal(first) == (409, "pass_already_entered")


async def test_tickets_of_two_events_are_two_offers(system: System) -> None:
    giver = await system.fan()
    first, _ = await ids_after_purchase(system, giver)
    giver.event_id = await system.open()
    second, _ = await ids_after_purchase(system, giver)
    body = {"id": str(new_id()), "ticket_ids": [first, second]}
    assert codes(await giver.ask("POST", "/api/transfers", body)) == (400, "invalid_input")


async def test_a_person_makes_at_most_30_offers_a_day(system: System, clock: FakeClock) -> None:
    giver = await system.fan()
    ticket_id, _ = await ids_after_purchase(system, giver)
    for number in range(OFFERS_MAX):
        if number % 10 == 0:
            giver = await system.fan()  # another session, below the general limit of requests
        sent = await offered(giver, [ticket_id])
        await giver.ask("POST", f"/api/transfers/{sent['id']}/cancel")
        clock.advance(timedelta(minutes=1))
    body = {"id": str(new_id()), "ticket_ids": [ticket_id]}
    assert codes(await giver.ask("POST", "/api/transfers", body)) == (429, "rate_limited")


async def test_a_receiver_gives_a_first_and_a_last_name(system: System) -> None:
    giver, friend = await system.fan(), await system.fan(FRIEND)
    ticket_id, _ = await ids_after_purchase(system, giver)
    sent = await offered(giver, [ticket_id], FRIEND)
    for wrong in ({"given_name": " "}, {"family_name": "\u200b"}, {"given_name": ""}, {"family_name": "a\nb"}):
        assert (await accepted(friend, sent, **wrong)).status_code == 400, wrong
    assert (await accepted(friend, sent, given_name="  Ana  Lucía ", family_name="de la Cruz")).status_code == 200
    (ticket,) = (await friend.ask("GET", "/api/me/tickets")).json()
    assert ticket["holder_name"] == "Ana Lucía de la Cruz"


async def test_names_that_the_giver_wrote_stay_on_the_other_tickets(system: System) -> None:
    await system.open(rules=named())
    giver, friend = await system.fan(), await system.fan(FRIEND)
    party = [line["ticket_id"] for line in (await system.bought(giver, full=3))["lines"]]
    await giver.ask("PATCH", f"/api/tickets/{party[0]}", {"holder_name": "A Child"})
    sent = await offered(giver, party, FRIEND)
    await accepted(friend, sent)
    held = (await friend.ask("GET", "/api/me/tickets")).json()
    assert [ticket["holder_name"] for ticket in held] == ["A Child", "Léa Martin", None]


async def test_a_refund_ends_the_offer_and_tells_who_received_the_ticket(system: System) -> None:
    giver, friend = await system.fan(), await system.fan(FRIEND)
    office = await system.staff(Grant("box_office"))
    order = await system.bought(giver)
    first, second = [line["ticket_id"] for line in order["lines"]]
    await accepted(friend, await offered(giver, [first], FRIEND))
    waiting = await offered(giver, [second], "other@example.org")
    body = {"refund_id": str(new_id()), "reason": "asked"}
    answer = await office.ask("POST", f"/api/office/orders/{order['id']}/refund", body)
    assert answer.status_code in (200, 201), answer.text
    states = {one["id"]: one["state"] for one in (await giver.ask("GET", "/api/transfers")).json()}
    assert states[waiting["id"]] == "cancelled"
    assert (await letters(system))[-2:] == ["refund", "received_refunded"]
    (ticket,) = (await friend.ask("GET", "/api/me/tickets")).json()
    assert (ticket["refunded"], ticket["pass"]["revoked"]) == (True, True)


async def test_a_dispute_suspends_only_what_the_buyer_still_holds(system: System) -> None:
    giver, friend = await system.fan(), await system.fan(FRIEND)
    order = await system.bought(giver, full=3)
    first, second, third = [line["ticket_id"] for line in order["lines"]]
    await accepted(friend, await offered(giver, [first], FRIEND))
    waiting = await offered(giver, [second], FRIEND)
    await dispute(system, order)
    (mine,) = (await friend.ask("GET", "/api/me/tickets")).json()
    assert mine["pass"]["suspended"] is False
    assert [one["pass"]["suspended"] for one in (await giver.ask("GET", "/api/me/tickets")).json()] == [True, True]
    assert codes(await accepted(friend, waiting)) == (409, "pass_revoked"), "a dispute is not evaded by a transfer"
    body = {"id": str(new_id()), "ticket_ids": [third]}
    assert codes(await giver.ask("POST", "/api/transfers", body)) == (409, "pass_revoked")


async def with_ban(system: System) -> tuple[Box, dict[str, str]]:
    """A supervisor, and a national ban of the friend's name."""
    supervisor = await system.staff(Grant("supervisor"))
    ban = {"id": str(new_id()), "name": "MARTIN Lea", "expires_at": "2027-05-09T18:00:00Z"}
    assert (await supervisor.ask("POST", "/api/access/bans/national", ban)).status_code == 200
    return supervisor, ban


async def reviews(supervisor: Box) -> list[dict[str, Any]]:
    return [one["review"] for one in (await supervisor.ask("GET", "/api/access/ban-reviews")).json()]


async def decide(supervisor: Box, review: dict[str, Any], *, allow: bool) -> None:
    path = f"/api/access/ban-reviews/{review['subject']}/{review['person_id']}"
    assert (await supervisor.ask("POST", path, {"allow": allow})).status_code == 204


async def test_a_banned_person_receives_nothing_until_a_supervisor_decides(system: System, clock: FakeClock) -> None:
    giver, friend = await system.fan(), await system.fan(FRIEND)
    supervisor, _ = await with_ban(system)
    of_a_gate = await system.staff(Grant("supervisor", "gate", "A"), email="gate@example.org")
    ticket_id, other = await ids_after_purchase(system, giver)
    sent = await offered(giver, [ticket_id], FRIEND)
    for _ in range(2):
        assert codes(await accepted(friend, sent)) == (409, "transfer_not_possible")
    (given,) = (await giver.ask("GET", "/api/transfers")).json()
    assert (given["state"], given["other"]) == ("offered", FRIEND), "the giver learns nothing of the ban"
    ((found, event, by),) = [
        (one["review"], one["event"]["en"], one["decided_by_name"])
        for one in (await supervisor.ask("GET", "/api/access/ban-reviews")).json()
    ]
    assert (found["name"], found["ban_name"], found["file"], event, by) == (
        *("Léa Martin", "MARTIN Lea", "national", "Virage against Visitors"),
        None,
    )
    path = f"/api/access/ban-reviews/{found['subject']}/{found['person_id']}"
    assert codes(await of_a_gate.ask("POST", path, {"allow": True})) == (403, "forbidden")
    assert codes(await of_a_gate.ask("GET", "/api/access/ban-reviews")) == (403, "forbidden")
    assert (await supervisor.ask("POST", path, {"allow": False})).status_code == 204
    assert codes(await accepted(friend, sent)) == (409, "transfer_not_possible")
    assert (await supervisor.ask("POST", path, {"allow": True})).status_code == 204
    assert (await accepted(friend, sent)).status_code == 200
    again = await offered(giver, [other], FRIEND)
    assert codes(await accepted(friend, again)) == (409, "transfer_not_possible"), "each transfer is decided apart"
    assert codes(await supervisor.ask("POST", f"/api/access/ban-reviews/{new_id()}/{new_id()}", {"allow": True})) == (
        404,
        "not_found",
    )
    clock.advance(HOUR)
    assert codes(await supervisor.ask("POST", path, {"allow": True})) == (403, "step_up_required")
    opened = await system.rows("select from kernel.journal where what = 'ban_review_opened'")
    assert len(opened) == 2, "each hit is logged once"


@pytest.mark.parametrize("decided", [False, True])
async def test_a_review_is_not_avoided_by_another_spelling_of_the_name(system: System, *, decided: bool) -> None:
    giver, friend = await system.fan(), await system.fan(FRIEND)
    supervisor, ban = await with_ban(system)
    ticket_id, _ = await ids_after_purchase(system, giver)
    sent = await offered(giver, [ticket_id], FRIEND)
    assert codes(await accepted(friend, sent)) == (409, "transfer_not_possible")
    if decided:
        (found,) = await reviews(supervisor)
        await decide(supervisor, found, allow=False)
    assert codes(await accepted(friend, sent, given_name="Lea Marie")) == (409, "transfer_not_possible")
    opened = await system.rows("select from kernel.journal where what = 'ban_review_opened'")
    assert len(opened) == 1, "it is the same review"
    assert (await supervisor.ask("DELETE", f"/api/access/bans/national/{ban['id']}")).status_code == 204
    (kept,) = await reviews(supervisor)
    assert (kept["ban_name"], kept["name"]) == (None, None), "the names are erased with the ban"
    assert (await accepted(friend, sent, given_name="Lea Marie")).status_code == 200, "no ban is in force any more"


async def test_an_allowed_review_lets_the_person_spell_their_name_as_they_like(system: System) -> None:
    giver, friend = await system.fan(), await system.fan(FRIEND)
    supervisor, _ = await with_ban(system)
    ticket_id, _ = await ids_after_purchase(system, giver)
    sent = await offered(giver, [ticket_id], FRIEND)
    assert codes(await accepted(friend, sent)) == (409, "transfer_not_possible")
    (found,) = await reviews(supervisor)
    await decide(supervisor, found, allow=True)
    assert (await accepted(friend, sent, given_name="Lea Marie")).status_code == 200


Use = Callable[[System, FakeClock, Box, Box, dict[str, Any]], Awaitable[Any]]


async def expires(_system: System, clock: FakeClock, _giver: Box, _friend: Box, sent: dict[str, Any]) -> None:
    clock.advance(timedelta(hours=72))


async def is_withdrawn(_system: System, _clock: FakeClock, giver: Box, _friend: Box, sent: dict[str, Any]) -> None:
    assert (await giver.ask("POST", f"/api/transfers/{sent['id']}/cancel")).status_code == 200


async def is_spent(_system: System, _clock: FakeClock, _giver: Box, friend: Box, sent: dict[str, Any]) -> None:
    assert (await accepted(friend, sent, given_name="Ana", key=key_of(sent))).status_code == 200


async def is_scanned(system: System, _clock: FakeClock, _giver: Box, _friend: Box, sent: dict[str, Any]) -> None:
    await enter(system, sent["tickets"][0]["ticket_id"])


async def was_rebound_too_often(
    system: System, _clock: FakeClock, _giver: Box, _friend: Box, sent: dict[str, Any]
) -> None:
    await use_up(system, sent["tickets"][0]["ticket_id"])


@pytest.mark.parametrize(
    ("use", "reason"),
    [
        (expires, "transfer_ended"),
        (is_withdrawn, "transfer_ended"),
        (is_spent, "transfer_ended"),
        (is_scanned, "pass_already_entered"),
        (was_rebound_too_often, "pass_rebinds_used_up"),
    ],
)
async def test_a_link_that_cannot_be_accepted_tells_nothing_of_bans(
    system: System, clock: FakeClock, use: Use, reason: str
) -> None:
    giver, friend = await system.fan(), await system.fan(FRIEND)
    await with_ban(system)
    ticket_id, _ = await ids_after_purchase(system, giver)
    sent = await offered(giver, [ticket_id])
    await use(system, clock, giver, friend, sent)
    third = await system.fan("third@example.org")
    banned = await accepted(third, sent, key=key_of(sent))
    other = await accepted(third, sent, key=key_of(sent), given_name="Ana")
    shown = ("status", "code", "data")
    assert [banned.json().get(key) for key in shown] == [other.json().get(key) for key in shown]
    assert codes(banned)[1] == reason
    assert await system.rows("select from access.ban_review") == []
    assert await system.rows("select from kernel.journal where what like 'ban_review%'") == []


async def test_a_review_holds_when_the_ticket_is_offered_to_the_person_anew(system: System) -> None:
    giver, friend = await system.fan(), await system.fan(FRIEND)
    supervisor, _ = await with_ban(system)
    first, second = await ids_after_purchase(system, giver)

    async def offered_anew(*ticket_ids: str, **name: str) -> Any:
        """What the friend reads who accepts an offer of these tickets, which is then withdrawn."""
        sent = await offered(giver, [*ticket_ids], FRIEND)
        answer = await accepted(friend, sent, **name)
        await giver.ask("POST", f"/api/transfers/{sent['id']}/cancel")
        return answer

    stopped = (409, "transfer_not_possible")
    for _ in range(2):
        assert codes(await offered_anew(first)) == stopped
    (asked,) = await reviews(supervisor)
    assert codes(await offered_anew(first, given_name="Lea Marie")) == stopped, "while it is pending, under every name"
    assert codes(await offered_anew(first, second)) == stopped
    await decide(supervisor, asked, allow=False)
    assert codes(await offered_anew(first)) == stopped, "a refusal holds"
    assert len(await reviews(supervisor)) == 1, "it is one question"
    await decide(supervisor, asked, allow=True)
    assert codes(await offered_anew(first, second)) == stopped, "the other ticket is a question of its own"
    allowed = {one["subject"]: one["allowed"] for one in await reviews(supervisor)}
    assert (allowed.pop(asked["subject"]), [*allowed.values()]) == (True, [False])
    assert (await offered_anew(first)).status_code == 200, "what was allowed holds"
    opened = await system.rows("select from kernel.journal where what = 'ban_review_opened'")
    assert len(opened) == 2


async def test_a_review_holds_for_its_person_and_ban_alone(system: System) -> None:
    giver, friend, third = await system.fan(), await system.fan(FRIEND), await system.fan("third@example.org")
    supervisor, ban = await with_ban(system)
    ticket_id, _ = await ids_after_purchase(system, giver)
    sent = await offered(giver, [ticket_id], FRIEND)
    assert codes(await accepted(friend, sent)) == (409, "transfer_not_possible")
    (asked,) = await reviews(supervisor)
    await decide(supervisor, asked, allow=True)
    await giver.ask("POST", f"/api/transfers/{sent['id']}/cancel")
    to_third = await offered(giver, [ticket_id], "third@example.org")
    assert codes(await accepted(third, to_third)) == (409, "transfer_not_possible"), "another person"
    await giver.ask("POST", f"/api/transfers/{to_third['id']}/cancel")
    another = {"id": str(new_id()), "email": FRIEND, "expires_at": "2027-05-09T18:00:00Z"}
    assert (await supervisor.ask("POST", "/api/access/bans/club", another)).status_code == 200
    again = await offered(giver, [ticket_id], FRIEND)
    assert codes(await accepted(friend, again)) == (409, "transfer_not_possible"), "another ban"
    found = await reviews(supervisor)
    assert {one["ban_id"] for one in found if not one["decided_at"]} == {another["id"], ban["id"]}


async def test_an_erased_giver_offers_nothing_and_an_erased_receiver_has_nothing(system: System) -> None:
    giver, friend = await system.fan(), await system.fan(FRIEND)
    first, second = await ids_after_purchase(system, giver)
    await accepted(friend, await offered(giver, [first], FRIEND))
    waiting = await offered(giver, [second])
    assert (await giver.ask("DELETE", "/api/me?give_up_tickets=true")).status_code == 204
    assert codes(await accepted(friend, waiting, key=key_of(waiting))) == (409, "transfer_ended")
    rows = await system.rows("select id, holder_name from ticketing.ticket order by place")
    assert {str(row["id"]): row["holder_name"] for row in rows} == {first: "Léa Martin", second: None}
    states = await system.rows("select subject, revoked_at is null as live from passes.pass")
    assert {str(row["subject"]): row["live"] for row in states} == {first: True, second: False}
    assert (await friend.ask("DELETE", "/api/me?give_up_tickets=true")).status_code == 204
    assert [row["holder_name"] for row in await system.rows("select holder_name from ticketing.ticket")] == [None, None]


async def test_of_many_who_accept_one_link_at_once_one_gets_the_ticket(system: System) -> None:
    giver = await system.fan()
    ticket_id, _ = await ids_after_purchase(system, giver)
    sent = await offered(giver, [ticket_id])
    friends = [await system.fan(f"friend{number}@example.org") for number in range(TIMES)]
    answers = await asyncio.gather(*(accepted(friend, sent, key=key_of(sent)) for friend in friends))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * (TIMES - 1)
    held = [await ids_of(friend) for friend in friends]
    assert sorted(held) == [[]] * (TIMES - 1) + [[ticket_id]]


@pytest.fixture
def service(config: Config) -> TransferService:
    """The service of transfers, as the application has it."""
    return transfers.transfer_service(config.secret, people_config_of(config), is_banned)


async def person_of(system: System, email: str) -> UUID:
    person_id: UUID = (await system.rows("select id from people.person where email = $1", email))[0]["id"]
    return person_id


async def test_offers_of_one_batch_are_decided_in_their_order(system: System, service: TransferService) -> None:
    giver = await system.fan()
    await system.bought(giver)
    first, second = map(UUID, await ids_of(giver))
    giver_id = await person_of(system, "fan@example.org")
    other = Offer(TransferRequest(new_id(), [second]), giver_id)
    both = Offer(TransferRequest(new_id(), [first, second]), giver_id)
    async with system.db.transaction() as conn:
        batch = [other, both, other, Offer(TransferRequest(new_id(), [first]), new_id())]
        made, refused, again, foreign = await transfers.offer(conn, service, batch, system.clock.now())
    assert isinstance(made, Transfer)
    assert (made.ticket_ids, again) == ([second], made), "a repeated id is one offer"
    assert refused == Refused("ticket_offered", {"transfer_id": made.id})
    assert foreign == Refused("unauthenticated")
    assert [str(row["ticket_id"]) for row in await system.rows("select ticket_id from ticketing.offered_ticket")] == [
        str(second)
    ]


async def test_a_person_makes_no_more_offers_in_one_batch_than_in_a_day(
    system: System, service: TransferService
) -> None:
    giver = await system.fan()
    await system.bought(giver)
    first, second = map(UUID, await ids_of(giver))
    giver_id = await person_of(system, "fan@example.org")
    await system.rows(
        "insert into ticketing.transfer (id, event_id, from_id, offered_at, expires_at, ended_at, state, by_link, "
        "ticket_ids) select gen_random_uuid(), $1, $2, $3, $3, $3, 'cancelled', true, '{}' from generate_series(1, $4)",
        system.event_id,
        giver_id,
        system.clock.now(),
        OFFERS_MAX - 1,
    )
    batch = [Offer(TransferRequest(new_id(), [id_]), giver_id) for id_ in (first, second)]
    async with system.db.transaction() as conn:
        made, refused = await transfers.offer(conn, service, batch, system.clock.now())
    assert (isinstance(made, Transfer), refused) == (True, Refused("rate_limited"))


async def test_of_one_batch_the_first_acceptance_gets_the_ticket(system: System, service: TransferService) -> None:
    giver = await system.fan()
    await system.fan("friend@example.org")
    await system.fan("third@example.org")
    await system.bought(giver)
    transfer = await offered(giver, (await ids_of(giver))[:1])
    request = AcceptanceRequest("Léa", "Martin", key_of(transfer))
    friend, third = await person_of(system, "friend@example.org"), await person_of(system, "third@example.org")
    batch = [Acceptance(UUID(transfer["id"]), request, id_) for id_ in (friend, third, friend)]
    async with system.db.transaction() as conn:
        got, late, again = await transfers.accept(conn, service, batch, system.clock.now())
    assert isinstance(got, Transfer)
    assert (got.to_id, late, again) == (friend, Refused("transfer_ended", {"state": "accepted"}), got)
    assert await letters(system) == ["transfer_accepted", "tickets_received"]


async def test_a_refused_pass_does_not_fail_the_other_acceptances_of_its_batch(
    system: System, service: TransferService
) -> None:
    giver = await system.fan()
    await system.fan(FRIEND)
    await system.bought(giver)
    used_up, *good = await ids_of(giver)
    offers = [await offered(giver, [id_], FRIEND) for id_ in (used_up, *good)]

    async def rebound_meanwhile(_conn: object, _event_id: UUID, subject: UUID, _person: object, **_: object) -> bool:
        """No ban matches. While the bans are read, the phone of one ticket is changed for the last time."""
        if str(subject) == offers[0]["id"]:
            await use_up(system, used_up)
        return False

    service = replace(service, is_banned=rebound_meanwhile)
    batches, friend = TransferBatches(system.db, system.clock, service), await person_of(system, FRIEND)
    request = AcceptanceRequest("Léa", "Martin")
    # The first item runs alone; those that come meanwhile are one batch.
    alone = Acceptance(new_id(), request, friend)
    batch = [alone, *(Acceptance(UUID(offer["id"]), request, friend) for offer in offers)]
    _, refused, accepted_ = await asyncio.gather(*(batches.acceptances.submit(one) for one in batch))
    assert isinstance(refused, Refused)
    assert (refused.reason, isinstance(accepted_, TransferView)) == ("pass_rebinds_used_up", True)
    rows = await system.rows("select id from ticketing.ticket where holder_id is not null")
    assert [str(row["id"]) for row in rows] == good


async def test_an_offer_that_is_cancelled_while_the_bans_are_read_is_not_accepted(
    system: System, service: TransferService
) -> None:
    giver, friend = await system.fan(), await system.fan(FRIEND)
    ticket_id, _ = await ids_after_purchase(system, giver)
    sent = await offered(giver, [ticket_id], FRIEND)

    async def cancelled_meanwhile(*_: object, **__: object) -> bool:
        """No ban matches. While the bans are read, the giver cancels."""
        assert (await giver.ask("POST", f"/api/transfers/{sent['id']}/cancel")).status_code == 200
        return False

    request = Acceptance(UUID(sent["id"]), AcceptanceRequest("Léa", "Martin"), await person_of(system, FRIEND))
    async with system.db.transaction() as conn:
        service = replace(service, is_banned=cancelled_meanwhile)
        (late,) = await transfers.accept(conn, service, [request], system.clock.now())
    assert late == Refused("transfer_ended", {"state": "cancelled"})
    assert await ids_of(friend) == []


async def test_an_acceptance_and_a_cancellation_at_once_have_one_outcome(system: System) -> None:
    giver, friend = await system.fan(), await system.fan(FRIEND)
    ticket_id, _ = await ids_after_purchase(system, giver)
    for _ in range(TIMES):
        sent = await offered(giver, [ticket_id], FRIEND)
        taken, cancelled = await asyncio.gather(
            accepted(friend, sent), giver.ask("POST", f"/api/transfers/{sent['id']}/cancel")
        )
        assert (taken.status_code == 200) != (cancelled.status_code == 200)
        assert (ticket_id in await ids_of(friend)) == (taken.status_code == 200)
        if taken.status_code == 200:
            await friend.ask("POST", f"/api/transfers/{sent['id']}/return", {"ticket_ids": [ticket_id]})


async def test_a_phone_of_the_giver_that_binds_at_once_has_no_valid_pass(system: System) -> None:
    giver, friend = await system.fan(), await system.fan(FRIEND)
    ticket_id, _ = await ids_after_purchase(system, giver)
    for _ in range(TIMES):
        sent = await offered(giver, [ticket_id], FRIEND)
        taken, bound = await asyncio.gather(
            accepted(friend, sent), giver.ask("POST", f"/api/tickets/{ticket_id}/pass", {"key": a_phone()})
        )
        assert taken.status_code == 200
        (state,) = await system.rows("select generation, holder from passes.pass where subject = $1", UUID(ticket_id))
        assert state["holder"] is None
        assert bound.status_code == 404 or bound.json()["generation"] < state["generation"]
        await friend.ask("POST", f"/api/transfers/{sent['id']}/return", {"ticket_ids": [ticket_id]})


async def test_who_received_a_ticket_is_told_of_a_new_time(system: System) -> None:
    giver, friend = await system.fan(), await system.fan(FRIEND)
    ticket_id, _ = await ids_after_purchase(system, giver)
    await accepted(friend, await offered(giver, [ticket_id], FRIEND))
    async with system.db.transaction() as conn:
        moved = email_acts.EventMovedJob(new_id(), system.event_id, system.clock.now() + HOUR)
        assert await email_acts.notify_moved(conn, moved, system.clock.now()) == 2
        assert await email_acts.notify_moved(conn, moved, system.clock.now()) == 0
