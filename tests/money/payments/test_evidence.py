"""Evidence of a dispute: stored first, then sent to the bank once, and forgotten."""

from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from tests.money.payments.test_conformance import inbox, standin
from tests.money.payments.test_disputes import Disputed, disputed
from tests.money.payments.test_stripe import bank, own_shop
from virage.money.payments import acts, reads, store
from virage.money.payments.reads import EvidenceLine
from virage.money.payments.rules import Dispute, Evidence, EvidenceFields, EvidenceState
from virage.platform.data import journal
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

__all__ = ["bank", "disputed", "inbox", "own_shop", "standin"]  # fixtures of other files

FIELDS = EvidenceFields(
    "Two tickets, both used.", "Léa Martin", "lea@example.org", date(2026, 5, 10), "2026-05-09 18:00 UTC, a phone"
)
PDF = b"%PDF-1.7 the pack"
WHO = new_id()


class Case:
    """A dispute that waits for evidence, with its object at Stripe."""

    def __init__(self, disputed: Disputed, at_stripe: dict[str, Any], dispute: Dispute) -> None:
        self.shop, self.standin = disputed.shop, disputed.standin
        self.disputed, self.at_stripe, self.dispute = disputed, at_stripe, dispute

    async def ask(self, id_: UUID, pdf: bytes = PDF) -> Dispute | Refused:
        async with self.shop.db.transaction() as conn:
            return await acts.send_evidence(
                conn, self.dispute.id, Evidence(id_, pdf, FIELDS), WHO, self.shop.clock.now()
            )

    async def job(self) -> None:
        await self.shop.jobs.send_evidence(self.shop.db)

    async def line(self) -> EvidenceLine:
        async with self.shop.db.connection() as conn:
            (line,) = await reads.dispute_lines(conn, [self.dispute])
        assert line.evidence is not None
        return line.evidence

    async def stored(self) -> list[Any]:
        async with self.shop.db.connection() as conn:
            return await conn.fetch("select * from payments.evidence order by requested_at, id")

    async def facts(self) -> list[str]:
        async with self.shop.db.connection() as conn:
            entries = await journal.read_after(conn, "0-0")
        return [entry.what for entry in entries if entry.what.startswith("dispute_evidence")]

    @property
    def submissions(self) -> int:
        count: int = self.at_stripe["evidence_details"]["submission_count"]
        return count


@pytest.fixture
async def case(disputed: Disputed) -> Case:
    at_stripe = disputed.standin.dispute(str(disputed.asked.payment_id))
    await disputed.told()
    return Case(disputed, at_stripe, await disputed.stored())


async def test_evidence_reaches_stripe_with_its_fields_and_only_its_digest_stays(case: Case) -> None:
    id_ = new_id()
    assert await case.ask(id_) == case.dispute
    assert (await case.line()).state is EvidenceState.WAITING
    await case.job()
    said = case.at_stripe["evidence"]
    assert case.standin.content_of(said.pop("service_documentation")) == PDF
    assert said == {
        "uncategorized_text": "Two tickets, both used.",
        "customer_name": "Léa Martin",
        "customer_email_address": "lea@example.org",
        "service_date": "2026-05-10",
        "access_activity_log": "2026-05-09 18:00 UTC, a phone",
    }
    assert case.submissions == 1
    (row,) = await case.stored()
    assert (row["pdf"], row["fields"], row["sha256"]) == (None, None, sha256(PDF).digest())
    assert (await case.line()).state is EvidenceState.SENT
    assert await case.facts() == ["dispute_evidence_requested", "dispute_evidence_sent"]
    await case.disputed.told()
    assert (await case.disputed.stored()).state.value == "under_review"


async def test_a_repeated_request_is_one_evidence_and_another_one_is_refused(case: Case) -> None:
    id_ = new_id()
    for _ in range(2):
        assert await case.ask(id_) == case.dispute
    assert await case.ask(new_id()) == Refused("evidence_sent")
    for _ in range(2):
        await case.job()
    assert await case.ask(id_) == case.dispute
    assert await case.ask(new_id()) == Refused("evidence_sent")
    assert (case.submissions, len(await case.stored())) == (1, 1)


@pytest.mark.parametrize("address", ["/v1/files", "/v1/disputes"])
async def test_evidence_whose_answer_was_lost_is_submitted_once_even_a_day_later(case: Case, address: str) -> None:
    await case.ask(new_id())
    case.standin.answers_lost, case.standin.answers_lost_of = 1, address
    await case.job()
    assert case.standin.answers_lost == 0
    assert case.submissions == (1 if address == "/v1/disputes" else 0)
    assert (await case.line()).state is EvidenceState.WAITING
    case.shop.clock.advance(timedelta(days=2))
    case.standin.forget_keys()
    await case.job()
    assert ((await case.line()).state, case.submissions) == (EvidenceState.SENT, 1)


async def test_evidence_that_arrived_before_a_crash_is_found_and_not_submitted_again(case: Case) -> None:
    await case.ask(new_id())
    async with case.shop.db.connection() as conn:
        due = await store.due_evidence(conn, case.shop.clock.now())
    assert due is not None
    await case.shop.bank.provider.send_evidence(due)  # and the process dies before it stores the answer
    case.standin.forget_keys()
    await case.job()
    assert ((await case.line()).state, case.submissions) == (EvidenceState.SENT, 1)


async def test_evidence_waits_while_stripe_is_away(case: Case) -> None:
    await case.ask(new_id())
    case.standin.away = True
    await case.job()
    line = await case.line()
    assert (line.state, line.reason) == (EvidenceState.WAITING, "unreachable")
    case.standin.away = False
    await case.job()
    assert case.submissions == 0  # not due yet
    case.shop.clock.advance(timedelta(seconds=6))
    await case.job()
    assert case.submissions == 1


async def test_evidence_that_stripe_refuses_is_dropped_and_may_be_sent_again(case: Case) -> None:
    await case.ask(new_id(), b"no PDF")
    await case.job()
    line = await case.line()
    assert (line.state, line.reason) == (EvidenceState.FAILED, "invalid_request")
    assert [row["pdf"] for row in await case.stored()] == [None]
    await case.ask(new_id())
    await case.job()
    assert ((await case.line()).state, case.submissions) == (EvidenceState.SENT, 1)
    assert await case.facts() == [
        "dispute_evidence_requested",
        "dispute_evidence_failed",
        "dispute_evidence_requested",
        "dispute_evidence_sent",
    ]


@pytest.mark.parametrize(
    ("status", "code"), [("under_review", "evidence_sent"), ("won", "dispute_closed"), ("lost", "dispute_closed")]
)
async def test_a_dispute_that_is_answered_or_decided_takes_no_evidence(case: Case, status: str, code: str) -> None:
    case.standin.move_dispute(case.at_stripe, status)
    await case.disputed.told()
    refused = await case.ask(new_id())
    assert isinstance(refused, Refused)
    assert refused.reason == code
    assert await case.stored() == []


async def test_evidence_is_refused_after_the_due_date(case: Case) -> None:
    assert case.dispute.due_at is not None
    case.shop.clock.advance(case.dispute.due_at - case.shop.clock.now())
    assert await case.ask(new_id()) == Refused("evidence_late")
    case.shop.clock.advance(timedelta(seconds=-1))
    assert await case.ask(new_id()) == case.dispute


async def test_evidence_of_a_dispute_that_was_decided_meanwhile_fails(case: Case) -> None:
    await case.ask(new_id())
    case.standin.move_dispute(case.at_stripe, "lost")
    await case.job()
    line = await case.line()
    assert (line.state, line.reason) == (EvidenceState.FAILED, "lost")
    assert case.submissions == 0


async def test_evidence_of_an_unknown_dispute_is_not_found(case: Case) -> None:
    async with case.shop.db.transaction() as conn:
        refused = await acts.send_evidence(conn, new_id(), Evidence(new_id(), PDF, FIELDS), WHO, case.shop.clock.now())
    assert refused == Refused("not_found")
