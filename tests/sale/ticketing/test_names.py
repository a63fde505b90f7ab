"""Names on tickets: a party is named at once, until a date and so often; holders are reminded once."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.conftest import FakeClock
from tests.sale.ticketing.conftest import HOUR, NOW, Box, System
from tests.sale.ticketing.test_locks import until_waiting
from tests.sale.ticketing.test_tickets import codes
from tests.sale.ticketing.test_transfers import accepted, ids_of, key_of, offered, person_of
from virage.identity.people.rules.people_config import people_config_of
from virage.matchday.access.api import is_banned
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.sale.ticketing.acts.names import name_holders
from virage.sale.ticketing.jobs import HolderEmails
from virage.sale.ticketing.settings import ReminderSettings
from virage.site.programme.rules import EventRules

STARTS = NOW + timedelta(days=10)
TIMES: dict[str, Any] = {
    "doors_at": STARTS - 2 * HOUR,
    "starts_at": STARTS,
    "ends_at": STARTS + 2 * HOUR,
    "sale_closes_at": STARTS,
}
DUE_H = 48
RULES = EventRules(named_tickets=True, names_by=DUE_H, name_changes_max=1)


async def give(box: Box, names: dict[str, str | None]) -> Any:
    """Name a party."""
    body = {"names": [{"ticket_id": id_, "holder_name": name} for id_, name in names.items()]}
    return await box.ask("PUT", "/api/tickets/names", body)


async def names_of(box: Box) -> list[str | None]:
    """The names on a fan's tickets."""
    return [ticket["holder_name"] for ticket in (await box.ask("GET", "/api/me/tickets")).json()]


def emails_of_holders(system: System, config: Config) -> HolderEmails:
    """The jobs that write to holders of tickets."""
    return HolderEmails(system.db, system.clock, people_config_of(config), ReminderSettings())


async def told(system: System, kind: str) -> list[str]:
    """The addresses that got an email of this kind, in order."""
    rows = await system.rows(
        "select email from people.letter join people.person on person.id = letter.person_id where kind = $1", kind
    )
    return sorted(row["email"] for row in rows)


async def test_a_party_is_named_at_once_and_each_name_is_a_fact(empty_system: System) -> None:
    system = empty_system
    await system.open(rules=RULES, **TIMES)
    fan = await system.fan()
    await system.bought(fan)
    first, second = await ids_of(fan)
    answer = await give(fan, {first: " Ana  López ", second: "Léo Morin"})
    assert [ticket["holder_name"] for ticket in answer.json()] == ["Ana López", "Léo Morin"]
    facts = await system.rows("select about from kernel.journal where what = 'ticket_named'")
    assert {str(row["about"]) for row in facts} == {first, second}


async def test_a_party_with_one_ticket_of_another_fan_is_not_named_at_all(empty_system: System) -> None:
    system = empty_system
    await system.open(rules=RULES, **TIMES)
    fan, other = await system.fan(), await system.fan("other@example.org")
    await system.bought(fan)
    await system.bought(other)
    mine, theirs = (await ids_of(fan))[0], (await ids_of(other))[0]
    assert codes(await give(fan, {mine: "Ana López", theirs: "Ana López"})) == (404, "not_found")
    assert [*await names_of(fan), *await names_of(other)] == [None] * 4


async def test_a_party_with_one_banned_name_is_not_named_at_all_and_the_match_is_reviewed(empty_system: System) -> None:
    system = empty_system
    await system.open(rules=RULES, **TIMES)
    fan, supervisor = await system.fan(), await system.staff(Grant("supervisor"))
    ban = {"id": str(new_id()), "name": "MARTIN Lea", "expires_at": "2027-05-09T18:00:00Z"}
    assert (await supervisor.ask("POST", "/api/access/bans/national", ban)).status_code == 200
    await system.bought(fan)
    first, second = await ids_of(fan)
    answer = await give(fan, {first: "Ana López", second: "Léa Martin"})
    assert (codes(answer), "data" in answer.json()) == ((409, "transfer_not_possible"), False)
    assert await names_of(fan) == [None, None]
    (review,) = (await supervisor.ask("GET", "/api/access/ban-reviews")).json()
    assert review["review"]["subject"] == second


async def test_a_name_changes_as_often_as_the_rules_allow(empty_system: System) -> None:
    system = empty_system
    await system.open(rules=RULES, **TIMES)
    fan = await system.fan()
    await system.bought(fan)
    first, second = await ids_of(fan)
    assert (await give(fan, {first: "Ana López"})).status_code == 200
    assert (await give(fan, {first: "Ana López"})).json()[0]["name_changes"] == 0, "the same name is no change"
    assert (await give(fan, {first: None})).json()[0]["name_changes"] == 1
    assert (await give(fan, {first: "Léo Morin"})).json()[0]["name_changes"] == 1, "a ticket without a name gets one"
    answer = await give(fan, {second: "Noé Petit", first: "Ana López"})
    assert (codes(answer), answer.json()["data"]) == ((409, "name_changes_used_up"), {"ticket_id": first, "most": 1})
    assert sorted(map(str, await names_of(fan))) == ["Léo Morin", "None"]


async def test_a_ticket_that_comes_back_has_the_name_that_its_giver_gave_it(
    empty_system: System, clock: FakeClock
) -> None:
    system = empty_system
    await system.open(rules=RULES, **TIMES)
    fan, friend = await system.fan(), await system.fan("friend@example.org")
    await system.bought(fan)
    first, second = await ids_of(fan)
    await give(fan, {first: "Ana López"})
    clock.advance(STARTS - timedelta(hours=DUE_H) - clock.now())
    fan, friend = await system.fan(), await system.fan("friend@example.org")
    transfer = await offered(fan, [second, first])
    assert (await accepted(friend, transfer, key=key_of(transfer))).status_code == 200
    third = await system.fan("third@example.org")
    onwards = await offered(friend, [second])
    assert (
        await accepted(third, onwards, key=key_of(onwards), given_name="Noé", family_name="Petit")
    ).status_code == 200
    for box, sent, party in ((third, onwards, [second]), (friend, transfer, [first, second])):
        held = {ticket["id"]: ticket["holder_name"] for ticket in (await box.ask("GET", "/api/me/tickets")).json()}
        assert "Noé Petit" in held.values() if box is third else held == {first: "Ana López", second: "Léa Martin"}
        back = await box.ask("POST", f"/api/transfers/{sent['id']}/return", {"ticket_ids": party})
        assert back.status_code == 200
    held = {ticket["id"]: ticket["holder_name"] for ticket in (await fan.ask("GET", "/api/me/tickets")).json()}
    assert held == {first: "Ana López", second: None}
    assert codes(await give(fan, {first: "Léo Morin"})) == (409, "names_closed"), "a return is no way around the date"
    (kept,) = (await fan.ask("GET", "/api/me/export")).json()["ticketing"]["transfers"]
    assert dict(zip(kept["ticket_ids"], kept["given_names"], strict=True)) == held


async def test_a_return_gives_no_further_change_of_a_name(empty_system: System) -> None:
    system = empty_system
    await system.open(rules=RULES, **TIMES)
    fan, friend = await system.fan(), await system.fan("friend@example.org")
    await system.bought(fan, full=1)
    (only,) = await ids_of(fan)
    await give(fan, {only: "Ana López"})
    await give(fan, {only: "Léo Morin"})
    transfer = await offered(fan, [only])
    assert (await accepted(friend, transfer, key=key_of(transfer))).status_code == 200
    assert await names_of(friend) == ["Léa Martin"]
    path = f"/api/transfers/{transfer['id']}/return"
    assert (await friend.ask("POST", path, {"ticket_ids": [only]})).status_code == 200
    assert await names_of(fan) == ["Léo Morin"]
    assert codes(await give(fan, {only: "Ana López"})) == (409, "name_changes_used_up")
    assert (await fan.ask("DELETE", "/api/me?give_up_tickets=true")).status_code == 204
    assert [row["given_names"] for row in await system.rows("select given_names from ticketing.transfer")] == [None]


async def banned(system: System, name: str) -> Box:
    """A supervisor, who has banned a person of this name."""
    supervisor = await system.staff(Grant("supervisor"), email="supervisor@example.org")
    ban = {"id": str(new_id()), "name": name, "expires_at": "2027-05-09T18:00:00Z"}
    assert (await supervisor.ask("POST", "/api/access/bans/national", ban)).status_code == 200
    return supervisor


async def test_a_name_that_may_not_change_is_not_compared_with_the_bans(empty_system: System, clock: FakeClock) -> None:
    system = empty_system
    await system.open(rules=RULES, **TIMES)
    fan, supervisor = await system.fan(), await banned(system, "MARTIN Lea")
    await system.bought(fan)
    first, second = await ids_of(fan)
    await give(fan, {first: "Ana López", second: "Noé Petit"})
    await give(fan, {first: "Léo Morin"})
    assert codes(await give(fan, {first: "Léa Martin"})) == (409, "name_changes_used_up")
    assert codes(await give(fan, {second: "Léa Martin", first: "Ana López"})) == (409, "name_changes_used_up")
    clock.advance(STARTS - timedelta(hours=DUE_H) - clock.now())
    fan = await system.fan()
    assert codes(await give(fan, {second: "Léa Martin"})) == (409, "names_closed")
    supervisor = await system.staff(Grant("supervisor"), email="supervisor@example.org")
    assert (await supervisor.ask("GET", "/api/access/ban-reviews")).json() == []


async def test_of_two_names_at_once_for_the_last_change_one_is_compared_with_the_bans(empty_system: System) -> None:
    system = empty_system
    await system.open(rules=RULES, **TIMES)
    fan, supervisor = await system.fan(), await banned(system, "MARTIN Lea")
    await system.bought(fan)
    first, _ = await ids_of(fan)
    await give(fan, {first: "Ana López"})
    fan_id = await person_of(system, "fan@example.org")
    async with system.db.transaction() as conn:
        done = await name_holders(conn, is_banned, {UUID(first): "Léo Morin"}, fan_id, system.clock.now())
        asking = asyncio.create_task(give(fan, {first: "Léa Martin"}))
        await until_waiting(system.db, asking)
    assert done is None
    assert codes(await asking) == (409, "name_changes_used_up")
    assert (await supervisor.ask("GET", "/api/access/ban-reviews")).json() == []


async def test_a_person_gives_only_some_names_at_once(empty_system: System) -> None:
    system = empty_system
    await system.open(rules=EventRules(named_tickets=True), **TIMES)
    fan = await system.fan()
    await system.bought(fan)
    first, _ = await ids_of(fan)
    one_by_one = [await fan.ask("PATCH", f"/api/tickets/{first}", {"holder_name": f"Ana {n}"}) for n in range(20)]
    assert (one_by_one[0].status_code, codes(one_by_one[-1])) == (200, (429, "rate_limited"))
    assert codes(await give(fan, {first: "Léo Morin"})) == (429, "rate_limited")


async def test_names_are_fixed_once_they_are_due_but_a_missing_one_can_still_be_given(
    empty_system: System, clock: FakeClock
) -> None:
    system = empty_system
    await system.open(rules=RULES, **TIMES)
    fan = await system.fan()
    await system.bought(fan)
    first, second = await ids_of(fan)
    await give(fan, {first: "Ana López"})
    clock.advance(STARTS - timedelta(hours=DUE_H) - clock.now())
    fan = await system.fan()
    answer = await fan.ask("PATCH", f"/api/tickets/{first}", {"holder_name": "Léo Morin"})
    assert codes(answer) == (409, "names_closed")
    assert (await give(fan, {second: "Léo Morin"})).status_code == 200
    assert sorted(map(str, await names_of(fan))) == ["Ana López", "Léo Morin"]


async def test_the_office_sees_how_many_tickets_are_named(empty_system: System) -> None:
    system = empty_system
    await system.open(rules=RULES, **TIMES)
    fan, office = await system.fan(), await system.staff(Grant("box_office"))
    await system.bought(fan)
    await give(fan, {(await ids_of(fan))[0]: "Ana López"})
    found = (await office.ask("GET", f"/api/office/events/{system.event_id}/names")).json()
    assert found == {"tickets": 2, "named": 1, "due_at": "2026-05-17T18:00:00Z"}


async def test_holders_of_unnamed_tickets_are_reminded_once_before_names_are_due(
    empty_system: System, clock: FakeClock, config: Config
) -> None:
    system = empty_system
    await system.open(rules=RULES, **TIMES)
    jobs = emails_of_holders(system, config)
    buyer, named_buyer, friend = (
        await system.fan(),
        await system.fan("named@example.org"),
        await system.fan("friend@example.org"),
    )
    await system.bought(buyer)
    await system.bought(named_buyer)
    await give(named_buyer, dict.fromkeys(await ids_of(named_buyer), "Ana López"))
    (given, _) = await ids_of(buyer)
    transfer = await offered(buyer, [given])
    assert (await accepted(friend, transfer, key=key_of(transfer))).status_code == 200
    await give(await system.fan("friend@example.org"), {given: None})
    clock.advance(STARTS - timedelta(hours=DUE_H + 72) - clock.now() - HOUR)
    await jobs.remind()
    assert await told(system, "names_missing") == []
    clock.advance(2 * HOUR)
    await jobs.remind()
    await jobs.remind()
    assert await told(system, "names_missing") == ["fan@example.org", "friend@example.org"]


async def test_holders_are_reminded_of_the_event_once_unless_they_refuse(
    empty_system: System, clock: FakeClock, config: Config
) -> None:
    system = empty_system
    await system.open(**TIMES)
    jobs = emails_of_holders(system, config)
    fan, quiet = await system.fan(), await system.fan("quiet@example.org")
    await system.bought(fan)
    await system.bought(quiet)
    assert (await quiet.ask("GET", "/api/tickets/reminders")).json() == {"wanted": True}
    assert (await quiet.ask("PUT", "/api/tickets/reminders", {"wanted": False})).json() == {"wanted": False}
    assert (await quiet.ask("GET", "/api/tickets/reminders")).json() == {"wanted": False}
    exported = (await quiet.ask("GET", "/api/me/export")).json()["ticketing"]["emails"]
    assert exported == [{"event_reminders": False}]
    await jobs.remind()
    assert await told(system, "event_reminder") == []
    clock.advance(STARTS - clock.now() - 12 * HOUR)
    await jobs.remind()
    await jobs.remind()
    assert await told(system, "event_reminder") == ["fan@example.org"]
    clock.advance(24 * HOUR)
    await jobs.remind()
    assert await system.rows("select from ticketing.reminder") == [], "forgotten once the event is over"


async def test_an_erased_person_is_in_no_list_of_reminders(
    empty_system: System, clock: FakeClock, config: Config
) -> None:
    system = empty_system
    await system.open(rules=RULES, **TIMES)
    fan = await system.fan()
    await system.bought(fan)
    await fan.ask("PUT", "/api/tickets/reminders", {"wanted": False})
    clock.advance(STARTS - timedelta(hours=DUE_H + 1) - clock.now())
    await emails_of_holders(system, config).remind()
    assert len(await system.rows("select from ticketing.reminder")) == 1
    fan = await system.fan()
    assert (await fan.ask("DELETE", "/api/me?give_up_tickets=true")).status_code == 204
    for table in ("reminder", "unreminded"):
        assert await system.rows(f"select from ticketing.{table}") == [], table


async def test_a_refund_ends_an_offer_and_tells_both_sides(system: System, config: Config) -> None:
    fan, office = await system.fan(), await system.staff(Grant("box_office"))
    order = await system.bought(fan)
    await offered(fan, await ids_of(fan), "friend@example.org")
    body = {"refund_id": str(new_id()), "reason": "goodwill"}
    assert (await office.ask("POST", f"/api/office/orders/{order['id']}/refund", body)).status_code == 200
    assert await told(system, "transfer_ended") == ["fan@example.org"]
    await emails_of_holders(system, config).tell_withdrawn()
    await emails_of_holders(system, config).tell_withdrawn()
    (stored,) = await system.rows("select person_id, locale from people.letter where kind = 'transfer_withdrawn'")
    assert stored["person_id"] is None
    assert await system.rows("select from ticketing.withdrawn_offer") == [], "the address is forgotten"


async def test_an_erased_giver_is_not_told_but_the_address_of_the_offer_is(system: System, config: Config) -> None:
    fan = await system.fan()
    await system.bought(fan)
    await offered(fan, await ids_of(fan), "friend@example.org")
    assert (await fan.ask("DELETE", "/api/me?give_up_tickets=true")).status_code == 204
    await emails_of_holders(system, config).tell_withdrawn()
    kinds = [row["kind"] for row in await system.rows("select kind from people.letter")]
    assert ("transfer_ended" in kinds, kinds.count("transfer_withdrawn")) == (False, 1)


async def test_a_giver_is_told_when_the_account_of_the_receiver_is_erased(system: System, config: Config) -> None:
    fan, friend = await system.fan(), await system.fan("friend@example.org")
    await system.bought(fan)
    await offered(fan, await ids_of(fan), "friend@example.org")
    assert (await friend.ask("DELETE", "/api/me")).status_code == 204
    await emails_of_holders(system, config).tell_withdrawn()
    kinds = [row["kind"] for row in await system.rows("select kind from people.letter")]
    assert (await told(system, "transfer_ended"), "transfer_withdrawn" in kinds) == (["fan@example.org"], False)
