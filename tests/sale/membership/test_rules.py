"""Rules of membership: numbers, places, terms and imported files."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sale.membership.conftest import NEXT_TERM, TERM, a_tier
from virage.platform.values.ids import new_id
from virage.sale.membership.rules.importing import (
    ImportDefect,
    ImportRow,
    KnownMembers,
    plan,
    read_rows,
)
from virage.sale.membership.rules.joining import decide, overlap
from virage.sale.membership.rules.terms import Member, MembershipRow, Tier, TierContent

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
TODAY = NOW.date()
CLUB = new_id()


def tier(**changes: Any) -> Tier:
    content = a_tier(**changes)
    fields = {name: getattr(content, name) for name in TierContent.__struct_fields__}
    return Tier(**fields, id=new_id(), organiser_id=CLUB, revision=1)


def membership(of: Tier, member_id: UUID, **changes: Any) -> MembershipRow:
    content: dict[str, Any] = {
        "id": new_id(),
        "tier_id": of.id,
        "organiser_id": CLUB,
        "member_id": member_id,
        "number": None,
        "person_id": new_id(),
        "state": "paying",
        "is_new": True,
        "is_imported": False,
        "price_cents": of.price_cents,
        "vat_permille": of.vat_permille,
        "starts_on": of.starts_on,
        "ends_on": of.ends_on,
        "payment_id": new_id(),
        "asked_at": NOW,
        "pays_until": NOW + timedelta(minutes=15),
        "began_at": None,
        "cancelled_at": None,
        "refund_id": None,
        "refunded_cents": 0,
        "returned_cents": 0,
    }
    return MembershipRow(**(content | changes))


@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 2), st.sampled_from(["paying", "failed"])), max_size=24),
    st.integers(0, 6) | st.none(),
    st.integers(0, 50),
)
def test_captured_money_gives_each_member_one_number_without_gaps_and_no_place_too_many(
    asked: list[tuple[int, int, Any]], places: int | None, last: int
) -> None:
    """Members ask for up to three tiers, two of one term; any number of payments arrives in one batch."""
    tiers = [tier(new_members_max=places), tier(new_members_max=places), tier(new_members_max=places, **NEXT_TERM)]
    members = [new_id() for _ in range(8)]
    rows = [membership(tiers[at], members[who], state=state) for who, at, state in asked]
    taken = {one.id: sum(1 for row in rows if row.tier_id == one.id and row.occupies(NOW)) for one in tiers}
    decided = decide(rows, rows, {one.id: one for one in tiers}, taken, {CLUB: last}, now=NOW, today=TODAY)
    assert {row.id for row in decided.begun} | {row.id for row in decided.returned} == {row.id for row in rows}
    assert len(decided.begun) + len(decided.returned) == len(rows)
    numbers = {row.member_id: row.number or 0 for row in decided.begun}
    assert sorted(numbers.values()) == list(range(last + 1, last + 1 + len(numbers)))
    assert decided.last_numbers[CLUB] == last + len(numbers)
    for at, begun_row in enumerate(decided.begun):
        later = decided.begun[at + 1 :]
        assert not any(row.member_id == begun_row.member_id and overlap(begun_row, row) for row in later)
    for one in tiers:
        begun = sum(1 for row in decided.begun if row.tier_id == one.id)
        assert places is None or begun <= max(places, taken[one.id])


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "cancelled"},
        {"state": "active", "began_at": NOW},
        {"person_id": None},
        {"ends_on": TODAY - timedelta(days=1)},
    ],
)
def test_money_of_a_membership_that_cannot_begin_is_returned(changes: dict[str, Any]) -> None:
    gold = tier(ends_on=changes.get("ends_on", TERM["ends_on"]))
    row = membership(gold, new_id(), **changes)
    decided = decide([row], [row], {gold.id: gold}, {}, {CLUB: 0}, now=NOW, today=TODAY)
    assert (decided.begun, [one.id for one in decided.returned]) == ([], [row.id])


GOLD, BLUE = tier(), tier(name={"fr": "Bleu", "en": "Blue"})
TIERS = [
    GOLD,
    BLUE,
    tier(name={"fr": "Bleu", "en": "Blue"}, **NEXT_TERM),
    tier(name={"en": "Old"}, ends_on=date(2026, 5, 8)),
]


def test_a_file_is_read_with_any_delimiter_and_order_of_columns() -> None:
    raw = "\ufeffTier;Number;Email\r\nOr;7;Fan@Example.org\r\n\r\nblue;12; b@example.org \r\n".encode()
    rows, defects = read_rows(raw, TIERS, TODAY)
    assert defects == []
    assert [(row.line, row.number, row.email, row.tier.id) for row in rows] == [
        (2, 7, "fan@example.org", GOLD.id),
        (4, 12, "b@example.org", BLUE.id),
    ]


def test_every_defect_of_a_file_is_told_at_once() -> None:
    raw = b"number,email,tier\n0,a@example.org,Gold\nx,b@,Nothing\n9999999999,c@example.org,Old\n4,d@example.org\n"
    rows, defects = read_rows(raw, TIERS, TODAY)
    assert rows == []
    assert [(defect.line, defect.code) for defect in defects] == [
        (2, "number_invalid"),
        (3, "number_invalid"),
        (3, "email_invalid"),
        (3, "tier_unknown"),
        (4, "number_invalid"),
        (4, "tier_unknown"),
        (5, "tier_unknown"),
    ]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "column_missing"),
        (b"number;email\n1;a@example.org", "column_missing"),
        (b"\xff\xfe\x00", "not_utf_8"),
        (b"number,email,tier\n" + b"1,a@example.org,Gold\n" * 20_001, "too_many_rows"),
    ],
)
def test_a_file_that_is_no_list_of_members_is_refused_whole(raw: bytes, code: str) -> None:
    rows, defects = read_rows(raw, TIERS, TODAY)
    assert rows == []
    assert code in {defect.code for defect in defects}


def test_of_two_terms_of_a_tier_the_running_one_is_meant_and_two_running_ones_are_ambiguous() -> None:
    raw = b"number,email,tier\n1,a@example.org,Blue"
    (row,), _ = read_rows(raw, TIERS, TODAY)
    assert row.tier == BLUE
    _, defects = read_rows(raw, [*TIERS, tier(name={"en": "Blue"})], TODAY)
    assert defects == [ImportDefect(2, "tier_ambiguous", "Blue")]


def row_of(number: int, email: str, line: int = 2, of: Tier = GOLD) -> ImportRow:
    return ImportRow(line, number, email, of)


def known(*members: Member, held: list[MembershipRow] | None = None, **persons: UUID) -> KnownMembers:
    """Members that are stored, by number and mailbox; `persons` are accounts by the local part of their address."""
    by_mailbox = {f"{name}@example.org": id_ for name, id_ in persons.items()}
    of_person = {id_: address for address, id_ in by_mailbox.items()}
    return KnownMembers(
        persons=by_mailbox,
        by_number={one.number: one for one in members if one.number is not None},
        by_address={
            address: one
            for one in members
            if (address := one.mailbox or (of_person.get(one.person_id) if one.person_id else None)) is not None
        },
        memberships=held or [],
    )


def test_a_row_contradicts_another_row_or_a_known_member() -> None:
    person = new_id()
    mine = Member(new_id(), CLUB, 5, person)
    imported = Member(new_id(), CLUB, 6, None, "b@example.org")
    erased = Member(new_id(), CLUB, 8, None, is_erased=True)
    rows = [
        row_of(1, "x@example.org", 2),
        row_of(1, "y@example.org", 3),
        row_of(2, "z.z@gmail.com", 4),
        row_of(3, "zz+club@googlemail.com", 5),
        row_of(5, "b@example.org", 6),
        row_of(7, "a@example.org", 7),
        row_of(8, "new@example.org", 8),
    ]
    planned, defects = plan(rows, known(mine, imported, erased, a=person))
    assert planned == []
    assert sorted((defect.line, defect.code) for defect in defects) == [
        (2, "number_twice"),
        (3, "number_twice"),
        (4, "address_twice"),
        (5, "address_twice"),
        (6, "number_taken"),
        (6, "other_number"),
        (7, "other_number"),
        (8, "number_taken"),
    ]


def test_a_known_member_gets_the_next_term_and_a_second_import_changes_nothing() -> None:
    person = new_id()
    mine = Member(new_id(), CLUB, 5, person)
    held = [membership(GOLD, mine.id, number=5, state="active", began_at=NOW)]
    following = tier(**NEXT_TERM)
    planned, defects = plan([row_of(5, "a@example.org", of=following)], known(mine, held=held, a=person))
    assert (defects, [one.member for one in planned]) == ([], [mine])
    assert plan([row_of(5, "a@example.org")], known(mine, held=held, a=person)) == ([], [])
    _, defects = plan([row_of(5, "a@example.org", of=BLUE)], known(mine, held=held, a=person))
    assert [defect.code for defect in defects] == ["other_tier"]


def test_a_number_whose_imported_address_was_deleted_is_given_back_to_its_member() -> None:
    forgotten = Member(new_id(), CLUB, 5, None)
    (planned,), defects = plan([row_of(5, "a@example.org")], known(forgotten))
    assert (planned.member, defects) == (forgotten, [])


def test_a_person_without_a_number_is_merged_into_the_member_whose_number_a_file_gives_them() -> None:
    person = new_id()
    forgotten, mine = Member(new_id(), CLUB, 5, None), Member(new_id(), CLUB, None, person)
    (planned,), defects = plan([row_of(5, "a@example.org")], known(forgotten, mine, a=person))
    assert (planned.member, planned.merged, planned.person_id, defects) == (forgotten, mine, person, [])
    (planned,), defects = plan([row_of(6, "a@example.org")], known(forgotten, mine, a=person))
    assert (planned.member, planned.merged, defects) == (mine, None, [])
