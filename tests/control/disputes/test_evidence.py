"""Evidence of a disputed payment: everything that is recorded, nothing that is not, as a document and to the bank."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from msgspec.structs import replace
from pypdf import PdfReader

from tests.conftest import FakeClock
from tests.sale.ticketing.conftest import (
    NOW,
    Box,
    System,
    app,
    counters,
    empty_system,
    gates,
    named,
    provider,
    system,
)
from tests.sale.ticketing.test_accepted_terms import pay, terms
from virage.app.emails import COMPOSERS
from virage.control.disputes.reads import dispute_facts
from virage.control.disputes.rules.evidence_paper import LOG_CHARS_MAX, evidence_fields, evidence_pdf, file_name
from virage.control.disputes.rules.facts import (
    BuyerFacts,
    DisputeFacts,
    EmailFacts,
    MoveFacts,
    OrderFacts,
    ScanFacts,
    SignInFacts,
    TermsFacts,
    TicketFacts,
    TopUpFacts,
)
from virage.identity.people.acts.erase import erase
from virage.identity.people.jobs.email_sender import EmailSender
from virage.identity.people.rules.emails import EmailJob, EmailKind
from virage.identity.people.rules.people_config import people_config_of
from virage.identity.people.rules.secrets import people_keys
from virage.identity.people.store import persons
from virage.money.payments import acts as payments
from virage.money.payments.handlers import Handlers
from virage.money.payments.rules import Dispute, DisputeNotice, DisputeState, Payment, PaymentState, Refund
from virage.money.wallet.funding.acts.top_up_money import TopUpMoney
from virage.money.wallet.funding.rules.top_ups import PURPOSE as WALLETS
from virage.money.wallet.ledger import acts as ledger
from virage.money.wallet.ledger.rules import AccountKind, Transfer, account, wallet_account
from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Club, Config
from virage.platform.values.ids import new_id
from virage.platform.values.localised import LocalisedText
from virage.platform.web.guard import Grant
from virage.sale.ticketing import api as ticketing
from virage.sale.ticketing.acts.paying import PURPOSE as ORDERS
from virage.sale.ticketing.acts.paying import OrderMoney
from virage.sale.ticketing.api import Purchase
from virage.site.venue.types import PlaceLabel

__all__ = ["app", "counters", "empty_system", "gates", "provider", "system"]  # fixtures of other files

PARIS = ZoneInfo("Europe/Paris")
LANGUAGES = ("fr", "en", "de")


def words(pdf: bytes) -> str:
    """The text of a PDF on one line, without the places where long words may break."""
    pages = [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]
    return re.sub(r"\s+", " ", " ".join(pages).replace("\u200b", "").replace("\u202f", " ").replace("\xa0", " "))


async def dispute(
    system: System, payment_id: str, cents: int, state: DisputeState = DisputeState.NEEDS_RESPONSE
) -> UUID:
    """A dispute of a payment, as a webhook tells it; its id."""
    now = system.clock.now()
    notice = DisputeNotice(
        UUID(payment_id), f"dp_{payment_id}", cents, "fraudulent", state, False, NOW, now + timedelta(days=7)
    )
    handlers = Handlers({ORDERS: OrderMoney(25_000), WALLETS: TopUpMoney(100_000)})
    async with system.db.transaction() as conn:
        await payments.record_disputes(conn, [notice], now, handlers)
    (row,) = await system.rows("select id from payments.dispute where payment_id = $1", UUID(payment_id))
    return UUID(str(row["id"]))


async def scanned(system: System, ticket_id: str, gate: str, at: datetime, kind: str, **more: Any) -> None:
    """A scan of a ticket's pass, as a gate uploaded it."""
    (row,) = await system.rows("select event_id, number from passes.pass where subject = $1", UUID(ticket_id))
    values = {"outcome": kind, "reason": None, "training": False} | more
    async with system.db.transaction() as conn:
        await conn.execute(
            """insert into access.scan (device_id, number, event_id, gate, kind, at, received_at, pass_number, outcome,
                reason, offline, training, answer) values ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9, false, $10, '{}')""",
            new_id(),
            1,
            row["event_id"],
            gate,
            kind,
            at,
            row["number"],
            values["outcome"],
            values["reason"],
            values["training"],
        )


async def send_emails(system: System, db: Database, config: Config) -> None:
    for row in await system.rows("select id from people.letter where state = 'queued'"):
        await EmailSender(db, config, system.clock, COMPOSERS)(EmailJob(row["id"]))


async def finance(system: System) -> Box:
    return await system.staff(Grant("finance"), email="finance@example.org")


class Bought(msgspec.Struct):
    """A paid order of two named tickets, one of them used, whose payment is disputed."""

    order: dict[str, Any]
    dispute_id: UUID
    office: Box

    @property
    def door(self) -> str:
        return f"/api/office/disputes/{self.dispute_id}/evidence"

    async def text(self) -> str:
        answer = await self.office.ask("GET", self.door)
        assert answer.status_code == 200, answer.text
        return words(answer.content)


async def bought(system: System, db: Database, config: Config, box: Box) -> Bought:
    async with db.transaction() as conn:
        version = await terms(conn, "# Article 1\n\nUn billet acheté n’est pas repris.\n\n# Article 2\n\nFin.")
    order = await box.best(full=2)
    answer = await pay(box, order["id"], version)
    assert answer.status_code == 200
    order = (await box.ask("GET", f"/api/orders/{order['id']}")).json()
    await system.news(UUID(order["payment_id"]))
    order = (await box.ask("GET", f"/api/orders/{order['id']}")).json()
    await send_emails(system, db, config)
    dispute_id = await dispute(system, order["payment_id"], order["total_cents"])
    return Bought(order, dispute_id, await finance(system))


@pytest.fixture
async def case(empty_system: System, db: Database, config: Config) -> Bought:
    await empty_system.open(rules=named())
    box = await empty_system.fan("lea.martin@example.org")
    await box.ask("PATCH", "/api/me", {"name": "Léa Martin"})
    made = await bought(empty_system, db, config, box)
    ticket = made.order["lines"][0]["ticket_id"]
    assert (await box.ask("PATCH", f"/api/tickets/{ticket}", {"holder_name": "Noé Petit"})).status_code == 200
    start = NOW + timedelta(days=1)
    await scanned(empty_system, ticket, "A", start - timedelta(minutes=70), "refused", reason="too_early")
    await scanned(empty_system, ticket, "A", start - timedelta(minutes=40), "admitted")
    await scanned(empty_system, ticket, "B", start - timedelta(minutes=90), "admitted", training=True)
    return made


async def test_the_document_has_the_order_its_people_scans_emails_terms_and_sign_ins(case: Bought) -> None:
    answer = await case.office.ask("GET", case.door)
    assert answer.headers["content-type"] == "application/pdf"
    number = f"{case.order['code'][:4]}-{case.order['code'][4:]}"
    assert answer.headers["content-disposition"] == f'attachment; filename="evidence-{number}.pdf"'
    text = words(answer.content)
    line = case.order["lines"][0]["label"]
    place = f"Bloc {line['block']}, rang {line['row']}, place {line['seat']}"
    for part in (
        f"Commande {number} : Virage contre Visiteurs",
        "le titulaire de la carte n’a pas autorisé le paiement",
        "163,00 €",
        f"dp_{case.order['payment_id']}",
        case.order["payment_id"],
        "9 mai 2026, 20:00:00 UTC+02:00",  # ordered, paid and accepted at 18:00 UTC
        f"{place} Plein tarif Noé Petit non ouvert, suspendu 80,00 €",
        "Léa Martin",
        "lea.martin@example.org",
        f"10 mai 2026, 18:50:00 UTC+02:00 {place} A refusé (trop tôt)",
        f"10 mai 2026, 19:20:00 UTC+02:00 {place} A admis",
        "distribué confirmation et reçu Vos billets : Virage contre Visiteurs",
        "Conditions, version 1 (fr)",
        "Annexe : conditions",
        "Article 1 Un billet acheté n’est pas repris.",
        "Billets : 2. Utilisés à une porte : 1.",
        "La transmission d’un billet à une autre personne n’est pas enregistrée.",
        "Les adresses IP ne sont pas enregistrées.",
    ):
        assert part in text, part
    assert text.count(" A admis") == 1
    assert " B admis" not in text


async def test_the_same_facts_give_the_same_bytes_and_readers_find_the_structure(case: Bought) -> None:
    first, second = [await case.office.ask("GET", case.door) for _ in range(2)]
    assert first.content == second.content
    assert b"/Marked true" in first.content


async def test_what_is_not_recorded_is_said_to_be_so(system: System) -> None:
    order = await system.bought(await system.fan())
    await system.rows("delete from people.session where person_id = (select owner_id from ticketing.orders)")
    dispute_id = await dispute(system, order["payment_id"], order["total_cents"])
    text = await Bought(order, dispute_id, await finance(system)).text()
    for part in (
        "Nom non enregistré",
        "Aucun contrôle de ces billets n’est enregistré.",
        "Aucun e-mail n’est enregistré.",
        "L’acceptation de conditions n’est pas enregistrée pour cette commande.",
        "Aucune connexion n’est enregistrée.",
        "Référence du service de paiement non enregistré",
        "Aucun remboursement n’a été effectué.",
        "Billets : 2. Utilisés à une porte : 0.",
    ):
        assert part in text, part
    assert "Annexe" not in text


async def test_an_erased_buyer_is_in_no_part_of_the_document(
    case: Bought, empty_system: System, db: Database, config: Config
) -> None:
    (row,) = await empty_system.rows("select owner_id from ticketing.orders")
    async with db.transaction() as conn:
        assert await erase(conn, people_keys(config.secret), row["owner_id"], (), upcoming=None, now=NOW) is None
    text = await case.text()
    assert "Léa" not in text
    assert "lea.martin" not in text
    assert "Nom non enregistré Adresse e-mail non enregistré" in text
    assert "Vos billets : Virage contre Visiteurs" in text


async def test_a_refunded_ticket_and_its_refund_are_in_the_document(case: Bought, empty_system: System) -> None:
    box_office = await empty_system.staff(Grant("box_office"))
    body = {"refund_id": str(new_id()), "reason": "asked", "ticket_ids": [case.order["lines"][1]["ticket_id"]]}
    assert (await box_office.ask("POST", f"/api/office/orders/{case.order['id']}/refund", body)).status_code == 200
    text = await case.text()
    assert "non ouvert, remboursé 80,00 €" in text
    assert "en cours -81,50 €" in text


async def test_evidence_is_stored_with_its_fields_once_and_who_sent_it(case: Bought, empty_system: System) -> None:
    body = {"id": str(new_id())}
    for _ in range(2):
        answer = await case.office.ask("POST", case.door, body)
        assert (answer.status_code, answer.json()["evidence"]["state"]) == (202, "waiting")
    (row,) = await empty_system.rows("select pdf, fields from payments.evidence")
    assert row["pdf"] == (await case.office.ask("GET", case.door)).content
    fields = row["fields"]
    assert (fields["customer_name"], fields["customer_email"]) == ("Léa Martin", "lea.martin@example.org")
    assert fields["service_on"] == "2026-05-10"
    assert fields["summary"].endswith("Chaque fait ci-dessous provient de nos enregistrements.")
    assert fields["access_log"].splitlines()[1].startswith("10 mai 2026, 19:20:00 UTC+02:00: Bloc ")
    other = await case.office.ask("POST", case.door, {"id": str(new_id())})
    assert (other.status_code, other.json()["code"]) == (409, "evidence_sent")


async def test_evidence_is_sent_only_by_a_freshly_signed_in_member_of_finance(
    case: Bought, empty_system: System, clock: FakeClock
) -> None:
    body = {"id": str(new_id())}
    for grant in (Grant("box_office"), Grant("finance", "organiser", str(empty_system.organiser_id))):
        other = await empty_system.staff(grant, email=f"{grant.role}@example.com")
        for method in ("GET", "POST"):
            answer = await other.ask(method, case.door, body if method == "POST" else None)
            assert answer.status_code == 403
    clock.advance(timedelta(minutes=16))
    assert (await case.office.ask("POST", case.door, body)).json()["code"] == "step_up_required"
    assert (await case.office.ask("GET", case.door)).status_code == 200
    assert await empty_system.rows("select id from payments.evidence") == []


@pytest.mark.parametrize(
    ("state", "code"), [(DisputeState.WON, "dispute_closed"), (DisputeState.UNDER_REVIEW, "evidence_sent")]
)
async def test_a_decided_or_answered_dispute_takes_no_evidence_and_keeps_its_document(
    case: Bought, empty_system: System, state: DisputeState, code: str
) -> None:
    await dispute(empty_system, case.order["payment_id"], case.order["total_cents"], state)
    answer = await case.office.ask("POST", case.door, {"id": str(new_id())})
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert (await case.office.ask("GET", case.door)).status_code == 200


async def test_evidence_is_late_after_the_due_date(case: Bought, empty_system: System, clock: FakeClock) -> None:
    clock.advance(timedelta(days=7))
    office = await finance(empty_system)
    answer = await office.ask("POST", case.door, {"id": str(new_id())})
    assert (answer.status_code, answer.json()["code"]) == (409, "evidence_late")


async def test_an_unknown_dispute_has_no_evidence(case: Bought) -> None:
    door = f"/api/office/disputes/{new_id()}/evidence"
    assert (await case.office.ask("GET", door)).status_code == 404
    assert (await case.office.ask("POST", door, {"id": str(new_id())})).status_code == 404


async def bar(conn: Connection, subjects: Sequence[UUID]) -> Mapping[UUID, LocalisedText]:
    assert not conn.is_closed()
    return {subject: {"fr": "Buvette Nord"} for subject in subjects}


async def test_a_disputed_top_up_shows_what_was_spent_since_and_where(
    system: System, db: Database, config: Config, clock: FakeClock
) -> None:
    fan = await system.fan()
    payment_id = str(new_id())
    top_up = {"id": str(new_id()), "payment_id": payment_id, "cents": 5000}
    assert (await fan.ask("POST", "/api/wallet/top-ups", top_up)).status_code == 200
    await system.news(UUID(payment_id))
    wallet_id = UUID((await fan.ask("GET", "/api/wallet")).json()["id"])
    clock.advance(timedelta(hours=1))
    revenue = account(AccountKind.REVENUE, "01:200")
    sale = Transfer(new_id(), wallet_account(wallet_id), revenue, 650, "sale", new_id())
    beers = [Transfer(new_id(), wallet_account(wallet_id), revenue, 10, "sale", new_id()) for _ in range(60)]
    for sold in ([sale], *([beer] for beer in beers)):
        clock.advance(timedelta(seconds=1))
        async with db.transaction() as conn:
            await ledger.post(conn, [sold], clock.now())
    dispute_id = await dispute(system, payment_id, 5000)
    people_config = people_config_of(config)
    async with db.connection() as conn:
        facts = await dispute_facts(conn, dispute_id, people_config, [bar], clock.now())
    assert facts is not None
    assert file_name(facts) == "evidence-top-up-2026-05-09.pdf"
    text = words(evidence_pdf(facts, config))
    assert "Rechargement de 50,00 € du portefeuille" in text
    assert "9 mai 2026, 21:00:01 UTC+02:00 achat Buvette Nord -6,50 €" in text
    assert "Depuis, 12,50 € ont été dépensés" in text
    assert "Contrôles aux portes" not in text
    assert evidence_fields(facts, config).service_on is None
    office = await finance(system)
    answer = await office.ask("GET", f"/api/office/disputes/{dispute_id}/evidence")
    assert answer.status_code == 200
    async with db.connection() as conn:  # as if a card reader had taken it
        by_reader = "update payments.payment set purpose = 'card_reader', subject = id where id = $1"
        await conn.execute(by_reader, UUID(payment_id))
    answer = await office.ask("GET", f"/api/office/disputes/{dispute_id}/evidence")
    assert (answer.status_code, answer.json()["code"]) == (409, "evidence_unavailable")


# --- the paper alone -------------------------------------------------------------------------------------------------

LABEL = PlaceLabel("A", "Tribune Nord", "113", "12", 14)
STRANGE = "\x00\x07\u202e\u200bΩ أحمد 张伟 🦁 \ud7ff <b>&\"'#[x]$y$ \\ " + "W" * 300


def facts(**changes: Any) -> DisputeFacts:
    """A dispute of one ticket with everything recorded."""
    order = OrderFacts(
        "ABCDEFGH",
        NOW,
        NOW,
        {"fr": "Σ", "en": "Σ", "de": "Σ"},
        NOW + timedelta(days=1),
        "Stade",
        PARIS,
        [TicketFacts(LABEL, "full", 8000, "Noé Petit", "phone", refunded=False, suspended=False)],
        150,
        8150,
        [ScanFacts(NOW + timedelta(days=1), 0, "A", "admitted", None, withdrawn=False)],
        TermsFacts(NOW, "Conditions", "fr", 1, NOW, "# Un\n\nTexte."),
    )
    payment = Payment(new_id(), "ticketing", new_id(), 8150, PaymentState.CAPTURED, NOW, NOW, 8150, provider_ref="pi_1")
    made = DisputeFacts(
        Dispute(
            id=new_id(),
            payment_id=payment.id,
            provider_ref="dp_1",
            amount_cents=8150,
            reason="fraudulent",
            state=DisputeState.NEEDS_RESPONSE,
            is_inquiry=False,
            opened_at=NOW,
            due_at=NOW,
        ),
        replace(payment, settled_at=NOW),
        [Refund(new_id(), payment.id, 100, 1, NOW, NOW, done_at=NOW)],
        BuyerFacts("Léa Martin", "lea@example.org"),
        order,
        [EmailFacts(NOW, EmailKind.ORDER_PAID, "Vos billets", "lea@example.org", "delivered")],
        [SignInFacts(NOW, NOW, "Firefox")],
    )
    return replace(made, **changes)


def config_in(language: str) -> Config:
    return Config(secret="a secret of the tests, long enough", club=Club(locale=language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_all_its_words(language: str) -> None:
    order = facts().purchase
    assert isinstance(order, OrderFacts)
    kinds = [EmailFacts(NOW, kind, None, None, state) for kind in COMPOSERS for state in ("sent", "bounced")]
    everything = replace(
        order,
        tickets=[
            TicketFacts(LABEL, "full", 0, None, form, refunded=True, suspended=True)
            for form in (None, "unbound", "paper")
        ],
        scans=[
            ScanFacts(NOW, 0, "A", result, "already_inside", withdrawn=True)
            for result in ("ask", "passed", "left", "refused")
        ],
    )
    shown = words(evidence_pdf(facts(purchase=everything, emails=kinds), config_in(language)))
    assert "_" not in shown.replace("dp_1", "").replace("pi_1", "").replace("open_sign", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_with_every_character_make_a_document(language: str) -> None:
    order = facts().purchase
    assert isinstance(order, OrderFacts)
    strange = replace(
        order,
        event={language: STRANGE},
        venue=STRANGE,
        tickets=[replace(order.tickets[0], holder_name=STRANGE)],
        terms=TermsFacts(NOW, STRANGE, "fr", 1, NOW, "\x00" + STRANGE + "\r\n\r\n#" + STRANGE),
    )
    case = facts(
        purchase=strange,
        buyer=BuyerFacts(STRANGE, STRANGE),
        emails=[EmailFacts(NOW, EmailKind.REFUND, STRANGE, STRANGE, "sent")],
        sign_ins=[SignInFacts(NOW, NOW, STRANGE)],
    )
    case = replace(case, dispute=replace(case.dispute, reason=STRANGE, provider_ref=STRANGE))
    text = words(evidence_pdf(case, config_in(language)))
    assert "<b>&\"'#[x]$y$ \\" in text
    assert "W" * 40 in text.replace(" ", "")


def test_an_order_of_two_hundred_seats_with_all_their_scans_fits_the_limits_of_a_bank() -> None:
    order = facts().purchase
    assert isinstance(order, OrderFacts)
    tickets = [
        replace(order.tickets[0], label=PlaceLabel("A", "Nord", "113", str(1 + seat // 20), 1 + seat % 20))
        for seat in range(200)
    ]
    scans = [
        ScanFacts(NOW + timedelta(seconds=seat * 3 + step), seat, "A", result, None, withdrawn=False)
        for seat in range(200)
        for step, result in enumerate(("admitted", "passed", "left"))
    ]
    large = facts(purchase=replace(order, tickets=tickets, scans=scans))
    pdf = evidence_pdf(large, config_in("fr"))
    text = words(pdf)
    assert len(pdf) < 2_000_000
    assert text.count("rang 10, place 20") == 4
    assert "Billets : 200. Utilisés à une porte : 200." in text
    log = evidence_fields(large, config_in("fr")).access_log
    assert log is not None
    assert 0 < len(log) <= LOG_CHARS_MAX
    assert not log.endswith(",")


def test_a_wallet_with_more_moves_lists_the_latest_and_adds_up_all() -> None:
    moves = [MoveFacts(NOW, "sale", -100, None) for _ in range(501)]
    text = words(evidence_pdf(facts(purchase=TopUpFacts(moves)), config_in("en")))
    assert "Only the latest movements are listed." in text
    assert text.count("sale not recorded") == 500
    assert "€501.00 were spent or paid out" in text
    assert "sale not recorded" in text


def test_times_are_in_the_zone_of_the_venue_also_on_the_night_when_clocks_change() -> None:
    order = facts().purchase
    assert isinstance(order, OrderFacts)
    scans = [
        ScanFacts(datetime(2026, 10, 25, hour, 30, tzinfo=UTC), 0, "A", "admitted", None, withdrawn=False)
        for hour in (0, 1)
    ]
    text = words(evidence_pdf(facts(purchase=replace(order, scans=scans)), config_in("en")))
    assert re.findall(r"25 Oct 2026, 02:30:00 UTC(\+\d\d:\d\d)", text) == ["+02:00", "+01:00"]


async def test_the_facts_are_of_one_moment(
    case: Bought, db: Database, empty_system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is committed while the facts are read is in none of them."""
    (row,) = await empty_system.rows("select owner_id from ticketing.orders")
    read = ticketing.purchase

    async def read_later(conn: Connection, order_id: UUID) -> Purchase | None:
        async with db.transaction() as other:
            await persons.change_person(other, row["owner_id"], "Another Name", "fr")
        return await read(conn, order_id)

    monkeypatch.setattr(ticketing, "purchase", read_later)
    assert "Nom Léa Martin" in await case.text()
    monkeypatch.setattr(ticketing, "purchase", read)
    assert "Nom Another Name" in await case.text()
