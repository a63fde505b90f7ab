"""Passes that are issued, bound, printed and revoked, in a real database."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from virage.identity.keys.acts import open_vault
from virage.identity.keys.reads import issuer_key, published_keys
from virage.identity.keys.rules.keys import IssuerKey
from virage.identity.keys.rules.vault import KeyVault
from virage.identity.passes import acts, reads
from virage.identity.passes.acts import (
    BindingRequest,
    BoundPass,
    Handover,
    PaperPass,
    PrintRequest,
    Relocation,
    UnseatedMove,
)
from virage.identity.passes.rules.binding import REBINDS_MAX, Issue
from virage.identity.passes.rules.claims import GENERATION_MAX
from virage.identity.passes.rules.code import bytes_of, rotating_code, step_at, text_of
from virage.identity.passes.rules.verification import Unverified, Verified, verify
from virage.platform.data.database import Connection, Database
from virage.platform.data.journal import read_after
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import Jwk
from virage.platform.values.refusals import Refused

NOW = datetime(2026, 5, 9, 18, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
WAITING = "select count(*) from pg_locks where not granted"


@pytest.fixture
def vault(config: Config) -> KeyVault:
    return open_vault(config)


def an_issue(event_id: UUID, **changes: Any) -> Issue:
    issue = Issue(new_id(), event_id, 41_207, "N2", NOW - 11 * HOUR, NOW + 5 * HOUR)
    return msgspec.structs.replace(issue, **changes)


async def issued(conn: Connection, count: int = 1, **changes: Any) -> list[Issue]:
    """Passes of one new event."""
    event_id = new_id()
    issues = [an_issue(event_id, place=place, **changes) for place in range(count)]
    await acts.issue(conn, issues, NOW)
    return issues


def jwk_of(phone: Any) -> Jwk:
    return msgspec.convert({key: value for key, value in phone.jwk().items() if key != "d"}, Jwk)


async def issuer_keys(conn: Connection, event_ids: Sequence[UUID]) -> dict[bytes, IssuerKey]:
    """The published keys of events, as a gate stores them."""
    published = [await published_keys(conn, event_id) for event_id in event_ids]
    keys = [issuer_key(one.event_id, jwk) for one in published if one is not None for jwk in one.keys]
    return {key.kid: key for key in keys}


async def bound(
    conn: Connection, vault: KeyVault, subject: UUID, phone: Any, now: datetime = NOW
) -> BoundPass | Refused:
    return (await acts.bind(conn, vault, [BindingRequest(subject, jwk_of(phone))], now))[0]


async def rebound(
    conn: Connection, vault: KeyVault, subject: UUID, phone: Any, now: datetime = NOW
) -> BoundPass | Refused:
    return (await acts.rebind(conn, vault, [BindingRequest(subject, jwk_of(phone))], now))[0]


async def printed(conn: Connection, vault: KeyVault, subject: UUID, *, allowed: bool = True) -> PaperPass | Refused:
    return (await acts.print_paper(conn, vault, [PrintRequest(subject, allowed)], NOW))[0]


def reason(outcome: object) -> str:
    assert isinstance(outcome, Refused), outcome
    return outcome.reason


async def facts(conn: Connection, subject: UUID) -> list[str]:
    return [entry.what for entry in await read_after(conn, "0-0") if entry.about == subject]


async def test_numbers_are_dense_in_each_event_and_follow_the_order_of_the_issues(conn: Connection) -> None:
    one, other = new_id(), new_id()
    batch = [an_issue(event_id) for event_id in (one, other, one, one, other)]
    assert await acts.issue(conn, batch, NOW) == [0, 0, 1, 2, 1]
    assert await acts.issue(conn, [an_issue(other), an_issue(one)], NOW) == [2, 3]
    states = await reads.states(conn, [issue.subject for issue in batch])
    assert [states[issue.subject].number for issue in batch] == [0, 0, 1, 2, 1]


async def test_concurrent_sales_leave_no_gap_and_use_no_number_twice(db: Database) -> None:
    event_id = new_id()

    async def sell(count: int) -> Sequence[int]:
        async with db.transaction() as conn:
            return await acts.issue(conn, [an_issue(event_id) for _ in range(count)], NOW)

    numbers = await asyncio.gather(*(sell(count) for count in (1, 7, 30, 2, 11, 5, 40, 4)))
    assert sorted(number for batch in numbers for number in batch) == list(range(100))


async def test_a_rolled_back_sale_releases_its_numbers(db: Database) -> None:
    event_id = new_id()
    doomed = [an_issue(event_id), an_issue(event_id)]
    async with db.connection() as conn:
        transaction = conn.transaction()
        await transaction.start()
        assert await acts.issue(conn, doomed, NOW) == [0, 1]
        await transaction.rollback()
    async with db.transaction() as conn:
        assert await acts.issue(conn, [an_issue(event_id)], NOW) == [0]


async def test_issuing_no_passes_changes_nothing(conn: Connection) -> None:
    assert await acts.issue(conn, [], NOW) == []
    assert await read_after(conn, "0-0") == []


async def test_a_subject_has_one_pass(conn: Connection) -> None:
    (issue,) = await issued(conn)
    with pytest.raises(asyncpg.UniqueViolationError):
        await acts.issue(conn, [issue], NOW)


async def test_a_gate_group_that_no_pass_can_carry_fails_the_sale(conn: Connection) -> None:
    with pytest.raises(ValueError, match="gate group"):
        await acts.issue(conn, [an_issue(new_id(), gate_group="NORTH-EAST")], NOW)


async def test_two_hundred_passes_run_as_many_statements_as_one(conn: Connection) -> None:
    await issued(conn)  # the driver learns the types of the parameters once a connection
    counted: list[list[str]] = []
    for count in (1, 200):
        queries: list[str] = []
        with conn.query_logger(lambda record, queries=queries: queries.append(record.query)):
            await acts.issue(conn, [an_issue(new_id()) for _ in range(count)], NOW)
            await asyncio.sleep(0)  # the driver calls its loggers in the next turn of the loop
        counted.append(queries)
    assert counted[0] == counted[1]
    assert len(counted[0]) == 2  # the passes, and their facts


@pytest.mark.parametrize("phone", ["ED25519", "P256"])
async def test_a_bound_phone_shows_codes_that_the_published_key_verifies(
    conn: Connection, vault: KeyVault, made: ModuleType, phone: str
) -> None:
    holder = getattr(made, phone)
    (issue,) = await issued(conn)
    outcome = await bound(conn, vault, issue.subject, holder)
    assert isinstance(outcome, BoundPass)
    cwt = bytes_of(outcome.text)
    assert cwt is not None
    code = text_of(rotating_code(cwt, step_at(NOW), holder.key, holder.sign))
    verdict = verify(code, await issuer_keys(conn, [issue.event_id]), NOW, issue.event_id)
    assert isinstance(verdict, Verified)
    assert (verdict.claims.place, verdict.claims.gate_group) == (issue.place, issue.gate_group)
    assert (verdict.claims.not_before, verdict.claims.expires_at) == (issue.not_before, issue.expires_at)


async def test_binding_the_same_phone_again_returns_the_same_pass_and_one_fact(
    conn: Connection, vault: KeyVault, made: ModuleType
) -> None:
    (issue,) = await issued(conn)
    first = await bound(conn, vault, issue.subject, made.ED25519)
    assert await bound(conn, vault, issue.subject, made.ED25519) == first
    assert await facts(conn, issue.subject) == ["pass_bound"]


async def test_two_phones_at_once_cannot_both_hold_a_pass(db: Database, vault: KeyVault, made: ModuleType) -> None:
    async with db.transaction() as conn:
        (issue,) = await issued(conn)

    async def try_to_bind(phone: Any) -> BoundPass | Refused:
        async with db.transaction() as conn:
            return await bound(conn, vault, issue.subject, phone)

    async with db.transaction() as conn:
        first = await bound(conn, vault, issue.subject, made.ED25519)
        second = asyncio.create_task(try_to_bind(made.P256))
        while not second.done() and not await conn.fetchval(WAITING):  # noqa: ASYNC110 - only the database knows
            await asyncio.sleep(0)
    assert isinstance(first, BoundPass)
    assert reason(await second) == "pass_bound_to_another_phone"


async def test_two_bindings_of_one_pass_in_one_batch_see_each_other(
    conn: Connection, vault: KeyVault, made: ModuleType
) -> None:
    (issue,) = await issued(conn)
    bindings = [BindingRequest(issue.subject, jwk_of(phone)) for phone in (made.ED25519, made.P256)]
    first, second = await acts.bind(conn, vault, bindings, NOW)
    assert isinstance(first, BoundPass)
    assert reason(second) == "pass_bound_to_another_phone"


async def test_a_key_is_bound_in_the_last_72_hours_only(conn: Connection, vault: KeyVault, made: ModuleType) -> None:
    (issue,) = await issued(conn)
    opens_at = issue.not_before - 72 * HOUR
    early = await bound(conn, vault, issue.subject, made.ED25519, opens_at - timedelta(seconds=1))
    assert early == Refused("pass_not_open_yet", {"opens_at": opens_at})
    assert reason(await bound(conn, vault, issue.subject, made.ED25519, issue.expires_at)) == "pass_expired"
    assert isinstance(await bound(conn, vault, issue.subject, made.ED25519, opens_at), BoundPass)


async def test_a_refused_binding_changes_nothing(conn: Connection, vault: KeyVault, made: ModuleType) -> None:
    (issue,) = await issued(conn)
    bad_key = Jwk("OKP", "Ed25519", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    (outcome, stranger) = await acts.bind(
        conn, vault, [BindingRequest(issue.subject, bad_key), BindingRequest(new_id(), jwk_of(made.P256))], NOW
    )
    assert outcome == Refused("unprocessable", {"field": "key"})
    assert reason(stranger) == "not_found"
    assert (await reads.states(conn, [issue.subject]))[issue.subject].form == "unbound"
    assert await facts(conn, issue.subject) == []


async def test_a_rebound_pass_is_a_new_generation_of_the_same_number(
    conn: Connection, vault: KeyVault, made: ModuleType
) -> None:
    (issue,) = await issued(conn)
    before = await bound(conn, vault, issue.subject, made.ED25519)
    after = await rebound(conn, vault, issue.subject, made.P256)
    assert isinstance(before, BoundPass)
    assert isinstance(after, BoundPass)
    assert (after.number, after.generation) == (before.number, before.generation + 1)
    assert after.rebinds_left == REBINDS_MAX - 1
    assert await rebound(conn, vault, issue.subject, made.P256) == after
    assert await facts(conn, issue.subject) == ["pass_bound", "pass_rebound"]


async def test_a_pass_that_is_handed_over_is_unbound_and_invalid_on_earlier_phones_and_papers(
    conn: Connection, vault: KeyVault, made: ModuleType
) -> None:
    unbound, on_phone, on_paper = await issued(conn, 3)
    before = await bound(conn, vault, on_phone.subject, made.ED25519)
    assert isinstance(before, BoundPass)
    await rebound(conn, vault, on_phone.subject, made.P256)
    await acts.print_paper(conn, vault, [PrintRequest(on_paper.subject, allowed=True)], NOW)
    subjects = [unbound.subject, on_phone.subject, on_paper.subject]
    assert await acts.hand_over(conn, [Handover(subject) for subject in subjects], NOW) is None
    states = await reads.states(conn, subjects)
    assert [(states[id_].form, states[id_].generation, states[id_].rebinds_left) for id_ in subjects] == [
        ("unbound", 0, REBINDS_MAX),
        ("unbound", 2, REBINDS_MAX),
        ("unbound", 2, REBINDS_MAX),
    ]
    assert await facts(conn, on_paper.subject) == ["pass_printed", "pass_reissued"]
    assert await facts(conn, unbound.subject) == [], "nothing was signed, so there is nothing to refuse"
    after = await bound(conn, vault, on_phone.subject, made.ED25519)
    assert isinstance(after, BoundPass)
    assert (after.number, after.generation) == (before.number, 2)


async def test_a_pass_is_not_handed_over_after_its_entry_or_revocation_or_too_often(
    conn: Connection, vault: KeyVault, made: ModuleType
) -> None:
    entered, revoked, often, fine = await issued(conn, 4)
    await acts.mark_entered(conn, entered.event_id, [0], NOW)
    await acts.revoke(conn, [revoked.subject], NOW)
    for _ in range(GENERATION_MAX):
        await bound(conn, vault, often.subject, made.ED25519)
        assert await acts.hand_over(conn, [Handover(often.subject)], NOW) is None
    await bound(conn, vault, often.subject, made.ED25519)
    for issue, why in (
        (entered, "pass_already_entered"),
        (revoked, "pass_revoked"),
        (often, "pass_rebinds_used_up"),
        (an_issue(new_id()), "not_found"),
    ):
        refusal = await acts.hand_over(conn, [Handover(fine.subject), Handover(issue.subject)], NOW)
        assert refusal is not None
        assert refusal.reason == why
    assert await acts.hand_over(conn, [Handover(fine.subject)], NOW + 6 * HOUR) == Refused("pass_expired")


async def test_rebinding_a_pass_is_limited(conn: Connection, vault: KeyVault, made: ModuleType) -> None:
    (issue,) = await issued(conn)
    await bound(conn, vault, issue.subject, made.ED25519)
    phones = [made.Ed25519Phone(f"phone {number}") for number in range(REBINDS_MAX + 1)]
    for phone in phones[:-1]:
        assert isinstance(await rebound(conn, vault, issue.subject, phone), BoundPass)
    assert reason(await rebound(conn, vault, issue.subject, phones[-1])) == "pass_rebinds_used_up"


async def test_a_pass_cannot_be_rebound_after_its_entry(conn: Connection, vault: KeyVault, made: ModuleType) -> None:
    (issue,) = await issued(conn)
    pass_bound = await bound(conn, vault, issue.subject, made.ED25519)
    await acts.mark_entered(conn, issue.event_id, [0], NOW)
    await acts.mark_entered(conn, issue.event_id, [0], NOW + HOUR)
    assert (await reads.states(conn, [issue.subject]))[issue.subject].entered_at == NOW
    assert reason(await rebound(conn, vault, issue.subject, made.P256)) == "pass_already_entered"
    assert reason(await printed(conn, vault, issue.subject)) == "pass_already_entered"
    assert await bound(conn, vault, issue.subject, made.ED25519) == pass_bound


async def test_an_unbound_pass_is_bound_and_not_rebound(conn: Connection, vault: KeyVault, made: ModuleType) -> None:
    (issue,) = await issued(conn)
    assert reason(await rebound(conn, vault, issue.subject, made.ED25519)) == "pass_not_bound"


async def test_printing_raises_the_generation_and_invalidates_the_phones_pass(
    conn: Connection, vault: KeyVault, made: ModuleType
) -> None:
    (issue,) = await issued(conn)
    await bound(conn, vault, issue.subject, made.ED25519)
    paper = await printed(conn, vault, issue.subject)
    assert isinstance(paper, PaperPass)
    assert paper.generation == 1
    verdict = verify(paper.text, await issuer_keys(conn, [issue.event_id]), NOW, issue.event_id)
    assert isinstance(verdict, Verified)
    assert verdict.paper
    assert (await reads.states(conn, [issue.subject]))[issue.subject].form == "paper"
    assert reason(await bound(conn, vault, issue.subject, made.ED25519)) == "pass_printed"
    assert await printed(conn, vault, issue.subject) == paper
    assert await facts(conn, issue.subject) == ["pass_bound", "pass_printed"]


async def test_binding_a_paper_pass_to_a_phone_counts_as_a_rebind(
    conn: Connection, vault: KeyVault, made: ModuleType
) -> None:
    (issue,) = await issued(conn)
    await printed(conn, vault, issue.subject)
    outcome = await rebound(conn, vault, issue.subject, made.ED25519)
    assert isinstance(outcome, BoundPass)
    assert (outcome.generation, outcome.rebinds_left) == (2, REBINDS_MAX - 1)


async def test_printing_and_rebinding_in_turns_is_limited(conn: Connection, vault: KeyVault, made: ModuleType) -> None:
    (issue,) = await issued(conn)
    outcomes: list[BoundPass | PaperPass | Refused] = []
    for _ in range(REBINDS_MAX + 1):
        outcomes.append(await printed(conn, vault, issue.subject))
        outcomes.append(await rebound(conn, vault, issue.subject, made.ED25519))
    assert reason(outcomes[-1]) == "pass_rebinds_used_up"
    assert not any(isinstance(outcome, Refused) for outcome in outcomes[:-1])


async def test_paper_needs_permission_by_the_event_rules(conn: Connection, vault: KeyVault) -> None:
    (issue,) = await issued(conn)
    assert reason(await printed(conn, vault, issue.subject, allowed=False)) == "paper_not_accepted"
    assert (await reads.states(conn, [issue.subject]))[issue.subject].generation == 0


async def test_a_revoked_pass_is_neither_bound_nor_printed(conn: Connection, vault: KeyVault, made: ModuleType) -> None:
    issues = await issued(conn, 20)
    await bound(conn, vault, issues[9].subject, made.ED25519)
    await acts.revoke(conn, [issues[9].subject, issues[17].subject, new_id()], NOW)
    await acts.revoke(conn, [issues[9].subject], NOW + HOUR)
    assert reason(await bound(conn, vault, issues[9].subject, made.ED25519)) == "pass_revoked"
    assert reason(await rebound(conn, vault, issues[9].subject, made.P256)) == "pass_revoked"
    assert reason(await printed(conn, vault, issues[17].subject)) == "pass_revoked"
    assert await facts(conn, issues[9].subject) == ["pass_bound", "pass_revoked"]
    states = await reads.states(conn, [issue.subject for issue in issues])
    assert [state.number for state in states.values() if state.revoked] == [9, 17]


async def test_a_suspended_pass_keeps_its_phone_and_one_revoked_meanwhile_is_not_reinstated(
    conn: Connection, vault: KeyVault, made: ModuleType
) -> None:
    issues = await issued(conn, 3)
    subjects = [issue.subject for issue in issues]
    await bound(conn, vault, subjects[0], made.ED25519)
    await acts.revoke(conn, subjects[2:], NOW)
    assert await acts.suspend(conn, subjects, NOW) == set(subjects[:2])
    states = await reads.states(conn, subjects)
    assert [states[subject].suspended for subject in subjects] == [True, True, False]
    assert all(state.revoked for state in states.values())
    assert reason(await bound(conn, vault, subjects[1], made.P256)) == "pass_revoked"
    await acts.revoke(conn, [subjects[1]], NOW + HOUR)
    assert await acts.reinstate(conn, subjects, NOW) == {subjects[0]}
    states = await reads.states(conn, subjects)
    assert [(states[subject].revoked, states[subject].suspended) for subject in subjects] == [
        (False, False),
        (True, False),
        (True, False),
    ]
    assert states[subjects[0]].form == "phone"
    assert await facts(conn, subjects[0]) == ["pass_bound", "pass_revoked", "pass_reinstated"]


async def test_a_revoked_pass_forgets_its_phone(conn: Connection, vault: KeyVault, made: ModuleType) -> None:
    (issue,) = await issued(conn)
    await bound(conn, vault, issue.subject, made.ED25519)
    await acts.revoke(conn, [issue.subject], NOW)
    assert await conn.fetchval("select holder from passes.pass") is None


async def test_the_key_of_another_event_verifies_no_pass(conn: Connection, vault: KeyVault, made: ModuleType) -> None:
    (one,), (other,) = await issued(conn), await issued(conn)
    paper = await printed(conn, vault, one.subject)
    await printed(conn, vault, other.subject)
    assert isinstance(paper, PaperPass)
    here, both = [other.event_id], [one.event_id, other.event_id]
    unknown = verify(paper.text, await issuer_keys(conn, here), NOW, other.event_id)
    elsewhere = verify(paper.text, await issuer_keys(conn, both), NOW, other.event_id)
    assert isinstance(unknown, Unverified)
    assert isinstance(elsewhere, Unverified)
    assert [unknown, elsewhere] == [Unverified(unknown.reason), Unverified(elsewhere.reason, elsewhere.claims)]
    assert (unknown.reason, elsewhere.reason) == ("unknown_key", "wrong_event")


async def test_a_moved_pass_keeps_its_generation_unless_its_holder_or_its_gate_changes(
    conn: Connection, vault: KeyVault, made: ModuleType
) -> None:
    same, elsewhere, other_gate, unsigned = [issue.subject for issue in await issued(conn, 4)]
    for subject in (same, elsewhere, other_gate):
        assert isinstance(await bound(conn, vault, subject, made.ED25519), BoundPass)
    event_id = await conn.fetchval("select event_id from passes.pass where subject = $1", same)
    moves = [
        Relocation(same, 70, "N2"),
        Relocation(elsewhere, 71, "N2", reissue=True),
        Relocation(other_gate, 72, "S"),
        Relocation(unsigned, 73, "S", reissue=True),
        Relocation(new_id(), 74, "S"),
    ]
    assert await acts.relocate(conn, moves, UnseatedMove(event_id, 60, 80), NOW) is None
    rows = await conn.fetch("select subject, place, gate_group, generation, holder is null as unbound from passes.pass")
    assert {row["subject"]: tuple(row)[1:] for row in rows} == {
        same: (70, "N2", 0, False),
        elsewhere: (71, "N2", 1, False),
        other_gate: (72, "S", 1, False),
        unsigned: (73, "S", 0, True),
    }
    again = await bound(conn, vault, elsewhere, made.ED25519)
    assert isinstance(again, BoundPass)
    assert again.generation == 1, "the same phone fetches the new text of its pass"


async def test_passes_without_a_seat_stand_after_all_places_of_the_new_version(conn: Connection) -> None:
    event_id = new_id()
    seated, unseated = an_issue(event_id, place=5), an_issue(event_id, place=100)
    other_event = an_issue(new_id(), place=100)
    await acts.issue(conn, [seated, unseated, other_event], NOW)
    await acts.relocate(conn, [Relocation(seated.subject, 101, "N2")], UnseatedMove(event_id, 100, 250), NOW)
    rows = await conn.fetch("select subject, place from passes.pass")
    assert {row["subject"]: row["place"] for row in rows} == {
        seated.subject: 101,
        unseated.subject: 250,
        other_event.subject: 100,
    }


async def test_a_pass_that_has_entered_is_not_reissued(conn: Connection, vault: KeyVault, made: ModuleType) -> None:
    (issue,) = await issued(conn)
    await bound(conn, vault, issue.subject, made.ED25519)
    await acts.mark_entered(conn, issue.event_id, [0], NOW)
    unseated = UnseatedMove(issue.event_id, 100, 100)
    assert await acts.relocate(conn, [Relocation(issue.subject, 9, "N2")], unseated, NOW) is None
    refused = await acts.relocate(conn, [Relocation(issue.subject, 9, "N2", reissue=True)], unseated, NOW)
    assert reason(refused) == "pass_already_entered"
