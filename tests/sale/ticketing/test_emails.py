"""Emails to buyers: queued with the act, composed when sent, sent again on request."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tests.conftest import FakeClock
from tests.sale.ticketing.conftest import BLUE_BLOCK, GOLD_BLOCK, NOW, Box, System, a_match, block_seats
from tests.sale.ticketing.test_moves import bought_seats
from tests.sale.ticketing.venues import arena, arranged
from tests.venues import install
from virage.app.emails import COMPOSERS
from virage.demo.venues.drawing import stadium
from virage.identity.people.acts.emails import write
from virage.identity.people.jobs.email_sender import EmailSender
from virage.identity.people.rules.emails import EmailJob
from virage.money.payments import acts as payments
from virage.money.payments.handlers import Handlers
from virage.money.payments.rules import PaymentState, RefundAnswer, RefundState
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.sale.ticketing.acts import emails, paying, refunding
from virage.sale.ticketing.jobs import TicketingJobs
from virage.sale.ticketing.rules.reseating import BestEqual, GiveBack, MoveChoice
from virage.site.programme import acts as programme
from virage.site.programme.rules import content_of
from virage.site.venue.types import Venue

OFFICE = (Grant("box_office"), Grant("programme"))


class Post:
    """Delivers the pending emails to the demo's mailbox."""

    def __init__(self, system: System, config: Config) -> None:
        self._system = system
        self._email_sender = EmailSender(system.db, config, system.clock, COMPOSERS)

    async def kinds(self) -> list[str]:
        """The kinds of pending emails, in the order of writing."""
        rows = await self._system.rows("select kind from people.letter where state = 'queued' order by id")
        return [row["kind"] for row in rows]

    async def read(self) -> list[Any]:
        """Deliver the pending emails; return the content of the mailbox, the oldest first."""
        for row in await self._system.rows("select id from people.letter where state = 'queued' order by id"):
            await self._email_sender(EmailJob(row["id"]))
        rows = await self._system.rows("select recipient, subject, body from people.mailbox order by id")
        return [{name: " ".join(text.split()) for name, text in row.items()} for row in rows]


@pytest.fixture
def post(system: System, config: Config) -> Post:
    return Post(system, config)


def without(gone: Sequence[int]) -> Venue:
    """The next version of the stadium, without some seats."""
    return arranged(stadium(), [seat for seat in range(stadium().seats) if seat not in set(gone)], version="next")


async def emails_of(box: Box, order_id: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await box.ask("GET", f"/api/me/emails?about={order_id}")).json()
    return listed


async def sent_again(box: Box, order_id: str, email_id: str, id_: UUID | None = None) -> int:
    body = {"id": str(id_ or new_id())}
    return (await box.ask("POST", f"/api/me/emails/{order_id}/{email_id}/resend", body)).status_code


async def test_a_paid_order_is_confirmed_by_email_with_receipt_and_instructions(system: System, post: Post) -> None:
    fan = await system.fan()
    order = await system.bought(fan)
    ((waiting),) = await emails_of(fan, order["id"])
    assert (waiting["kind"], waiting["state"], waiting["to"]) == ("order_paid", "queued", "fan@example.org")
    (message,) = await post.read()
    assert message["recipient"] == "fan@example.org"
    for text in ("Virage contre Visiteurs", "113", f"{order['code'][:4]}-{order['code'][4:]}", "/tickets"):
        assert text in message["body"], text
    files = await system.rows("select name, media_type, content from people.mailbox_file")
    assert [(file["media_type"], file["content"][:5]) for file in files] == [("application/pdf", b"%PDF-")]
    ((sent),) = await emails_of(fan, order["id"])
    assert (sent["state"], sent["to"]) == ("delivered", "fan@example.org")


async def test_a_free_order_is_confirmed_without_a_receipt(system: System, post: Post) -> None:
    fan = await system.fan()
    await system.bought(fan, full=0, party={"child": 0, "full": 1})
    (message,) = await post.read()
    assert "Total TTC" in message["body"]


async def test_a_payment_notified_twice_is_confirmed_once(system: System, post: Post) -> None:
    fan = await system.fan()
    order = await system.bought(fan)
    await system.news(UUID(order["payment_id"]))
    assert await post.kinds() == ["order_paid"]


async def test_a_double_payment_is_announced_as_returned_by_email(system: System, post: Post) -> None:
    fan = await system.fan()
    order = await fan.best()
    first, second = new_id(), new_id()
    assert (await fan.pay(order["id"], second)).status_code == 200
    await system.news(second, PaymentState.DECLINED)
    assert (await fan.pay(order["id"], first)).status_code == 200
    await system.news(first)
    await system.news(second)
    _, message = await post.read()
    assert "deux fois" in message["body"]
    assert "163,00" in message["subject"]


async def test_a_late_payment_is_announced_as_returned_by_email(system: System, post: Post, clock: FakeClock) -> None:
    late, quick = await system.fan(), await system.fan("other@example.org")
    order = await late.best(full=2)
    payment_id = new_id()
    await late.pay(order["id"], payment_id)
    clock.advance(timedelta(hours=1))
    await TicketingJobs(system.db, clock).expire_old()
    system.forget()
    places = [{"place": line["place"], "tariff": "full"} for line in order["lines"]]
    assert (await quick.hold({"kind": "chosen", "places": places})).status_code == 201
    await system.news(payment_id)
    (message,) = await post.read()
    assert message["recipient"] == "fan@example.org"
    assert "trop tard" in message["body"]


async def test_a_failed_payment_sends_no_email(system: System, post: Post) -> None:
    fan = await system.fan()
    order = await fan.best()
    payment_id = new_id()
    await fan.pay(order["id"], payment_id)
    await system.news(payment_id, PaymentState.DECLINED, 0)
    assert await post.kinds() == []


async def test_a_refund_is_emailed_once_with_its_tickets(system: System, post: Post) -> None:
    fan, office = await system.fan(), await system.staff(*OFFICE)
    order = await system.bought(fan)
    body = {"refund_id": str(new_id()), "reason": "asked", "ticket_ids": [order["lines"][0]["ticket_id"]]}
    for _ in range(2):
        assert (await office.ask("POST", f"/api/office/orders/{order['id']}/refund", body)).status_code == 200
    assert await post.kinds() == ["order_paid", "refund"]
    _, message = await post.read()
    assert "81,50" in message["subject"]
    assert f"place {order['lines'][0]['label']['seat']}" in message["body"]
    assert f"place {order['lines'][1]['label']['seat']}" not in message["body"]


async def test_the_buyer_is_told_that_the_bank_returned_a_refund_and_sees_how_far_it_is(
    system: System, post: Post
) -> None:
    fan, office, stranger = await system.fan(), await system.staff(*OFFICE), await system.fan("other@example.org")
    order = await system.bought(fan)
    refund_id = new_id()
    body = {"refund_id": str(refund_id), "reason": "asked", "ticket_ids": [order["lines"][0]["ticket_id"]]}
    assert (await office.ask("POST", f"/api/office/orders/{order['id']}/refund", body)).status_code == 200
    path = f"/api/orders/{order['id']}/refunds"
    (underway,) = (await fan.ask("GET", path)).json()
    assert (underway["amount_cents"], underway["done_at"], underway["failed_at"]) == (8150, None, None)
    for _ in range(2):
        async with system.db.transaction() as conn:
            said = RefundAnswer(refund_id, RefundState.FAILED, "lost_or_stolen_card")
            await payments.record_refunds(
                conn, [said], system.clock.now(), Handlers({paying.PURPOSE: paying.OrderMoney(25_000)})
            )
    assert await post.kinds() == ["order_paid", "refund", "refund_failed"]
    message = (await post.read())[-1]
    assert "81,50" in message["subject"]
    assert "virement" in message["body"]
    (failed,) = (await fan.ask("GET", path)).json()
    assert failed["failed_at"] is not None
    assert (await stranger.ask("GET", path)).status_code == 404
    (listed,) = (await office.ask("GET", f"/api/office/orders/{order['id']}")).json()["refunds"]
    assert (listed["done_at"], listed["failure"]) == (None, "lost_or_stolen_card")
    assert listed["failed_at"] == failed["failed_at"]


async def test_a_cancelled_event_stores_its_emails_with_one_statement_per_batch(
    system: System, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    fans = [await system.fan(f"fan{number}@example.org") for number in range(5)]
    for fan in fans:
        await system.bought(fan)
    await post.read()
    batches: list[int] = []

    async def counted(conn: Any, new: Any, now: Any) -> Any:
        batches.append(len(new))
        return await write(conn, new, now)

    monkeypatch.setattr(emails, "queue_emails", counted)
    office = await system.staff(*OFFICE)
    assert (await office.ask("POST", f"/api/office/events/{system.event_id}/cancel")).status_code == 200
    await TicketingJobs(system.db, system.clock).refund_cancelled(refunding.EventCancelledJob(system.event_id))
    assert batches == [5]
    assert await post.kinds() == ["event_cancelled"] * 5
    cancellations = (await post.read())[5:]
    assert {message["recipient"] for message in cancellations} == {f"fan{number}@example.org" for number in range(5)}
    assert all("annulé" in message["subject"].lower() and "163,00" in message["body"] for message in cancellations)


async def test_a_changed_kick_off_is_emailed_once_even_if_its_job_repeats(
    system: System, post: Post, clock: FakeClock
) -> None:
    fan, office = await system.fan(), await system.staff(*OFFICE)
    await system.bought(fan)
    await (await system.fan("other@example.org")).best()
    event = (await office.ask("GET", f"/api/office/events/{system.event_id}")).json()["event"]
    content = {
        name: event[name]
        for name in ("kind", "title", "subtitle", "doors_at", "starts_at", "ends_at", "sale_opens_at", "sale_closes_at")
    }
    later = (NOW + timedelta(days=1, hours=1)).isoformat()
    moved = content | {"starts_at": later}
    for body in (content | {"subtitle": {"fr": "Finale", "en": "Final"}}, moved, moved):
        answer = await office.ask("PUT", f"/api/office/events/{system.event_id}", body)
        assert answer.status_code == 200, answer.text
    jobs = await system.rows("select payload from kernel.job where entrypoint = 'ticketing_event_moved'")
    assert len(jobs) == 1
    due = emails.EventMovedJob(new_id(), system.event_id, NOW + timedelta(days=1))
    for _ in range(2):
        await TicketingJobs(system.db, clock).notify_moved(due)
    assert await post.kinds() == ["order_paid", "event_moved"]
    _, message = await post.read()
    assert message["recipient"] == "fan@example.org"
    assert "Nouvel horaire : dimanche 10 mai 2026 à 21:00" in message["body"]
    assert "Ancien horaire : dimanche 10 mai 2026 à 20:00" in message["body"]


async def test_moving_a_draft_sends_no_email(system: System) -> None:
    new = a_match(system.organiser_id)
    later = msgspec.structs.replace(content_of(new), starts_at=new.starts_at + timedelta(hours=1))
    async with system.db.transaction() as conn:
        await programme.create(conn, new, None, NOW)
        await programme.amend(conn, new.id, later, None, NOW, moved=(emails.event_moved,))
    assert await system.rows("select 1 from kernel.job where entrypoint = 'ticketing_event_moved'") == []


async def moved(system: System, new: Venue, choices: dict[str, MoveChoice]) -> int:
    """Move the event at the office; the status of the answer."""
    office = await system.staff(*OFFICE)
    body = {"from_version": stadium().version, "venue_version": new.version}
    chosen = {"choices": msgspec.to_builtins(choices)}
    return (await office.ask("POST", f"/api/office/events/{system.event_id}/move", body | chosen)).status_code


async def test_a_move_to_another_version_is_emailed_once_per_order_with_former_and_new_seats_or_the_refund(
    system: System, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = block_seats(GOLD_BLOCK)[:4]
    new = without(gone)
    await install(system.db, monkeypatch, stadium(), new)
    pair = await bought_seats(system, await system.fan(), gone[0], gone[1], block_seats(GOLD_BLOCK)[9])
    alone = await bought_seats(system, await system.fan("alone@example.org"), gone[2])
    kept = await bought_seats(system, await system.fan("kept@example.org"), block_seats(GOLD_BLOCK)[12])
    await post.read()
    best, back = BestEqual(), GiveBack()
    tickets = [line["ticket_id"] for line in pair["lines"]]
    choices: dict[str, MoveChoice] = {tickets[0]: best, tickets[1]: back, alone["lines"][0]["ticket_id"]: back}
    assert [await moved(system, new, choices) for _ in range(2)] == [200, 409]
    assert await post.kinds() == ["seats_changed"] * 2, f"the unchanged order {kept['code']} gets no email"
    messages = {message["recipient"]: message for message in (await post.read())[3:]}
    system.forget()
    fan = await system.fan()
    after = (await fan.ask("GET", f"/api/orders/{pair['id']}")).json()
    body = messages["fan@example.org"]["body"]
    was, now = pair["lines"][0]["label"], after["lines"][0]["label"]
    assert (
        f"rang {was['row']}, place {was['seat']} → Bloc {now['block']}, rang {now['row']}, place {now['seat']}" in body
    )
    assert f"place {pair['lines'][1]['label']['seat']} · Plein tarif Remboursé" in body.replace(" :", "")
    assert "81,50" in body
    assert "Vos autres billets restent valables." in body
    refund = messages["alone@example.org"]
    assert "Remboursement" in refund["subject"]
    assert "Votre remboursement est en route" in refund["body"]
    assert "→" not in refund["body"]


async def test_buyers_whose_seats_get_another_entrance_are_told_so(
    system: System, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, blue = block_seats(GOLD_BLOCK)[0], block_seats(BLUE_BLOCK)
    new = without([gone])
    blocks = tuple(
        msgspec.structs.replace(block, gate_group="Z") if block.code == BLUE_BLOCK else block for block in new.blocks
    )
    new = msgspec.structs.replace(new, blocks=blocks)
    await install(system.db, monkeypatch, stadium(), new)
    await bought_seats(system, await system.fan(), blue[5])
    both = await bought_seats(system, await system.fan("both@example.org"), gone, blue[6])
    await bought_seats(system, await system.fan("kept@example.org"), block_seats(GOLD_BLOCK)[12])
    await post.read()
    assert await moved(system, new, {both["lines"][0]["ticket_id"]: BestEqual()}) == 200
    assert await post.kinds() == ["seats_changed"] * 2
    messages = {message["recipient"]: message for message in (await post.read())[3:]}
    assert "Nouvelle entrée" in messages["fan@example.org"]["subject"]
    body = messages["fan@example.org"]["body"]
    assert "Vos places restent les mêmes, mais leur entrée change." in body
    assert "Porte Z" in body
    assert "ne sont plus disponibles" not in body
    assert "imprimez-les à nouveau" in body
    assert "→" not in body
    two = messages["both@example.org"]
    assert "Nouvelles places" in two["subject"]
    assert "Certaines de vos places restent les mêmes, mais leur entrée change." in two["body"]
    assert ("→" in two["body"], "Porte Z" in two["body"]) == (True, True)


async def test_the_email_about_new_seats_has_the_time_at_the_venue_in_the_buyers_language(
    empty_system: System, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, there = empty_system, arena()
    await install(system.db, monkeypatch, stadium(), there)
    await system.open(venue=there)
    order = await system.bought(await system.fan(), full=1)
    await system.rows("update people.person set locale = 'de' where email = 'fan@example.org'")
    seat = order["lines"][0]["place"]
    new = arranged(there, [place for place in range(there.seats) if place != seat], version="next")
    await install(system.db, monkeypatch, stadium(), there, new)
    await post.read()
    office = await system.staff(*OFFICE)
    body = {
        "from_version": there.version,
        "venue_version": new.version,
        "choices": {order["lines"][0]["ticket_id"]: {"kind": "best"}},
    }
    assert (await office.ask("POST", f"/api/office/events/{system.event_id}/move", body)).status_code == 200
    message = (await post.read())[-1]
    assert "Neue Plätze" in message["subject"]
    assert "14:00 Uhr (New York)" in message["body"]
    assert "Harbour Arena" in message["body"]


async def test_a_seat_refunded_after_the_move_is_not_announced(
    system: System, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = without(block_seats(GOLD_BLOCK)[:2])
    await install(system.db, monkeypatch, stadium(), new)
    order = await bought_seats(system, await system.fan(), block_seats(GOLD_BLOCK)[0])
    await post.read()
    assert await moved(system, new, {order["lines"][0]["ticket_id"]: BestEqual()}) == 200
    office = await system.staff(*OFFICE)
    back = {"refund_id": str(new_id()), "reason": "asked"}
    assert (await office.ask("POST", f"/api/office/orders/{order['id']}/refund", back)).status_code == 200
    assert await post.kinds() == ["seats_changed", "refund"]
    assert ["Remboursement" in message["subject"] for message in (await post.read())[1:]] == [True]


async def test_an_email_is_resent_once_a_minute_and_five_times_an_hour(
    system: System, post: Post, clock: FakeClock
) -> None:
    fan = await system.fan()
    order = await system.bought(fan)
    (message,) = await emails_of(fan, order["id"])
    assert await sent_again(fan, order["id"], message["id"]) == 429, "the first email was sent just now"
    clock.advance(timedelta(minutes=2))
    again = new_id()
    for _ in range(2):
        assert await sent_again(fan, order["id"], message["id"], again) == 202
    assert await post.kinds() == ["order_paid"] * 2
    assert await sent_again(fan, order["id"], message["id"]) == 429
    for _ in range(3):
        clock.advance(timedelta(minutes=2))
        assert await sent_again(fan, order["id"], message["id"]) == 202
    clock.advance(timedelta(minutes=2))
    assert await sent_again(fan, order["id"], message["id"]) == 429
    clock.advance(timedelta(hours=1))
    assert await sent_again(fan, order["id"], message["id"]) == 202
    assert {one["recipient"] for one in await post.read()} == {"fan@example.org"}


async def test_only_the_fan_sees_and_resends_emails_of_an_order(system: System, post: Post, clock: FakeClock) -> None:
    fan, other = await system.fan(), await system.fan("other@example.org")
    order = await system.bought(fan)
    (message,) = await emails_of(fan, order["id"])
    clock.advance(timedelta(minutes=2))
    assert await emails_of(other, order["id"]) == []
    assert await sent_again(other, order["id"], message["id"]) == 404
    assert await sent_again(fan, str(new_id()), message["id"]) == 404
    path = f"/api/office/orders/{order['id']}/emails"
    assert (await fan.ask("GET", path)).status_code == 403
    far = await system.staff(Grant("box_office", "event", str(new_id())), email="far@example.org")
    assert (await far.ask("GET", path)).status_code in (403, 404)
    assert (await far.ask("POST", f"{path}/{message['id']}/resend", {"id": str(new_id())})).status_code in (403, 404)
    assert await post.kinds() == ["order_paid"]


async def test_the_office_resends_an_email_to_the_buyers_address(system: System, post: Post, clock: FakeClock) -> None:
    fan, office = await system.fan(), await system.staff(*OFFICE)
    order = await system.bought(fan)
    await post.read()
    clock.advance(timedelta(minutes=2))
    path = f"/api/office/orders/{order['id']}/emails"
    (message,) = (await office.ask("GET", path)).json()
    assert (message["state"], message["to"]) == ("delivered", "fan@example.org")
    assert (await office.ask("POST", f"{path}/{message['id']}/resend", {"id": str(new_id())})).status_code == 202
    assert [one["recipient"] for one in await post.read()] == ["fan@example.org"] * 2
    facts = await system.rows("select data from kernel.journal where what = 'letter_resent'")
    assert len(facts) == 1


async def test_an_export_lists_emails_without_their_content(system: System, post: Post) -> None:
    fan = await system.fan()
    order = await system.bought(fan)
    await post.read()
    (message,) = (await fan.ask("GET", "/api/me/export")).json()["letters"]
    assert (message["kind"], message["about_id"], message["state"]) == ("order_paid", order["id"], "delivered")


async def test_a_rebind_code_cannot_be_resent(system: System, post: Post, clock: FakeClock) -> None:
    fan = await system.fan()
    order = await system.bought(fan)
    ticket = order["lines"][0]["ticket_id"]
    assert (await fan.ask("POST", f"/api/tickets/{ticket}/rebind-code")).status_code < 300
    (code,) = await system.rows("select id from people.letter where kind = 'phone_code'")
    clock.advance(timedelta(minutes=2))
    for about in (order["id"], ticket):
        assert await sent_again(fan, about, str(code["id"])) == 404
