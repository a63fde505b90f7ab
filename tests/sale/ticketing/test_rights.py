"""A ticket that was passed on is its receiver's: its buyer neither sells it nor gives it back, also at that moment.

Acceptances run in a transaction that commits once the other request waits for its locks.
"""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.sale.ticketing.conftest import Box, System
from tests.sale.ticketing.test_exchange import (
    FACE,
    FEE,
    TERMS,
    ask_to_give_back,
    ask_to_hold,
    ask_to_list,
    claims,
    gold,
    held,
    listed,
    mine,
    open_refunds,
    paying,
    state_of,
)
from tests.sale.ticketing.test_locks import until_waiting
from tests.sale.ticketing.test_tickets import codes
from tests.sale.ticketing.test_transfers import FRIEND, accepted, ids_of, key_of, offered, person_of
from virage.identity.people.rules.people_config import people_config_of
from virage.matchday.access.api import is_banned
from virage.platform.settings.config import Config
from virage.platform.web.guard import Grant
from virage.sale.ticketing.acts import exchange, transfers
from virage.sale.ticketing.acts.transfers import Acceptance
from virage.sale.ticketing.rules.transfers import AcceptanceRequest, Transfer


@pytest.fixture
async def office(system: System) -> Box:
    """A box office that has opened the exchange of the match, and lets seats be given back."""
    staff = await system.staff(Grant("programme"), Grant("box_office"))
    path = f"/api/office/events/{system.event_id}/exchange"
    assert (await staff.ask("PUT", path, TERMS | {"give_back": True})).status_code == 200
    return staff


async def given_on(system: System, giver: Box, ticket_id: str, receiver: Box) -> dict[str, Any]:
    """A transfer of a ticket that was accepted."""
    sent = await offered(giver, [ticket_id])
    assert (await accepted(receiver, sent, key=key_of(sent))).status_code == 200
    return sent


@pytest.mark.parametrize("way", [ask_to_list, ask_to_give_back])
async def test_a_ticket_is_neither_listed_nor_given_back_by_its_giver_while_it_is_accepted(
    system: System, office: Box, config: Config, way: Any
) -> None:
    giver, friend = await system.fan(), await system.fan(FRIEND)
    first, _ = await gold(system, giver)
    sent, before = await offered(giver, [first]), await claims(system)
    service = transfers.transfer_service(config.secret, people_config_of(config), is_banned)
    request = AcceptanceRequest("Léa", "Martin", key_of(sent))
    acceptance = Acceptance(UUID(sent["id"]), request, await person_of(system, FRIEND))
    async with system.db.transaction() as conn:
        (done,) = await transfers.accept(conn, service, [acceptance], system.clock.now())
        asking = asyncio.create_task(way(giver, [first]))
        await until_waiting(system.db, asking)
    assert isinstance(done, Transfer)
    assert codes(await asking) == (404, "not_found")
    (got,) = (await friend.ask("GET", "/api/me/tickets")).json()
    assert (got["id"], got["refunded"], got["pass"]["revoked"]) == (first, False, False)
    assert (await mine(giver), await claims(system)) == ([], before)


async def test_a_listed_ticket_is_not_returned_to_another_person(system: System, office: Box) -> None:
    buyer, friend = await system.fan(), await system.fan(FRIEND)
    first, _ = await gold(system, buyer)
    await given_on(system, buyer, first, friend)
    back = await given_on(system, friend, first, buyer)
    await listed(buyer, [first])
    path = f"/api/transfers/{back['id']}/return"
    assert codes(await buyer.ask("POST", path, {"ticket_ids": [first]})) == (409, "ticket_listed")
    assert codes(await friend.ask("POST", path, {"ticket_ids": [first]})) == (404, "not_found")
    assert first in await ids_of(buyer)


async def test_a_listing_of_a_ticket_that_another_person_holds_is_lost_to_its_buyer_and_ends(
    system: System, office: Box
) -> None:
    """Listings of earlier versions may be of a ticket that was passed on."""
    seller, friend, buyer = await system.fan(), await system.fan(FRIEND), await system.fan("third@example.org")
    first, second = await gold(system, seller)
    listing, other = await listed(seller, [first]), await listed(seller, [second])
    order = await held(buyer, listing["id"])
    payment_id = await paying(buyer, order)
    await system.rows("update ticketing.ticket set holder_id = $1", await person_of(system, FRIEND))
    answer = await ask_to_hold(buyer, other["id"])
    assert (codes(answer), answer.json()["data"]) == ((409, "listing_unavailable"), {"listing_ids": [other["id"]]})
    await system.news(payment_id)
    assert await state_of(buyer, order) == ("released", FACE + FEE), "the buyer gets the money back"
    assert await open_refunds(system) == [FACE + FEE], "and the seller none"
    assert sorted(await ids_of(friend)) == sorted([first, second])
    states = {one["id"]: one["refunded"] for one in (await friend.ask("GET", "/api/me/tickets")).json()}
    assert states == {first: False, second: False}
    async with system.db.transaction() as conn:
        assert await exchange.end_over(conn, system.clock.now()) == 2
