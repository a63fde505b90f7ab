"""Every kind of damage of an archive is found and located."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.money.fiscal.archives import Lines, at, body_changed, changed, swapped, without
from tests.money.fiscal.till import NOW, Till, beer
from virage.identity.keys.acts import ensure_keys
from virage.identity.keys.rules.vault import KeyVault
from virage.money.fiscal.rules.archive import HEADER_PURPOSE, Signed, record_line
from virage.money.fiscal.rules.closing import CLOSING_PURPOSE, FISCAL_KEY
from virage.money.fiscal.rules.record import Kind
from virage.money.fiscal.rules.verifying import Damage, Finding, NotAnArchive, Report, verify
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import base64url, bytes_of_base64url

# Line n of the file is lines[n - 1]: the header is line 1, record n is line n + 1, anchor n is line n + 13.
DAMAGES: dict[str, tuple[Callable[[Lines], Lines], set[Finding]]] = {
    "a changed price": (
        lambda lines: at(lines, 5, body_changed(lines[5], '"unit_cents":700', '"unit_cents":100')),
        {Finding(6, Damage.RECORD_CHANGED, 5)},
    ),
    "a changed signature": (
        lambda lines: at(lines, 5, changed(lines[5], signature=json.loads(lines[6])["signature"])),
        {Finding(6, Damage.RECORD_CHANGED, 5)},
    ),
    "a record under another number": (
        lambda lines: at(lines, 5, changed(lines[5], number=99)),
        {
            Finding(6, Damage.RECORD_CHANGED, 99),
            Finding(6, Damage.RECORD_MISPLACED, 99),
            Finding(7, Damage.RECORD_MISSING, 5),
        },
    ),
    "a record left out": (lambda lines: without(lines, 5), {Finding(6, Damage.RECORD_MISSING, 5)}),
    "some records left out": (
        lambda lines: without(lines, 5, 6, 7),
        {Finding(6, Damage.RECORD_MISSING, 5, 7)},
    ),
    "the first record left out": (lambda lines: without(lines, 1), {Finding(2, Damage.RECORD_MISSING, 1)}),
    "the last record left out": (lambda lines: without(lines, 12), {Finding(13, Damage.RECORD_MISSING, 12)}),
    "all records left out": (
        lambda lines: without(lines, *range(1, 13)),
        {Finding(2, Damage.RECORD_MISSING, 1, 12)},
    ),
    "records in another order": (
        lambda lines: swapped(lines, 5, 6),
        {Finding(7, Damage.RECORD_MISPLACED, 5)},
    ),
    "a record twice": (
        lambda lines: [*lines[:6], lines[5], *lines[6:]],
        {Finding(7, Damage.RECORD_REPEATED, 5)},
    ),
    "a line of no sense": (
        lambda lines: [*lines[:6], b"{}", *lines[6:]],
        {Finding(7, Damage.LINE_UNREADABLE)},
    ),
    "a line spelled another way": (
        lambda lines: at(lines, 5, lines[5].replace(b":", b": ", 1)),
        {Finding(6, Damage.LINE_UNREADABLE), Finding(7, Damage.RECORD_MISSING, 5)},
    ),
    "a cut tail": (
        lambda lines: lines[:10],
        {
            Finding(11, Damage.SEAL_MISSING),
            Finding(11, Damage.RECORD_MISSING, 10, 12),
            Finding(11, Damage.ANCHOR_MISSING, 1, 8),
            Finding(11, Damage.CLOSING_MISSING, 1, 3),
            Finding(11, Damage.CLOSING_MISSING, 1, 2),
            Finding(11, Damage.CLOSING_MISSING, 1),
        },
    ),
    "the seal left out": (lambda lines: lines[:-1], {Finding(28, Damage.SEAL_MISSING)}),
    "a changed seal": (
        lambda lines: at(lines, 27, body_changed(lines[27], '"lines":27', '"lines":26')),
        {Finding(28, Damage.SEAL_CHANGED)},
    ),
    "a line after the seal": (
        lambda lines: [*lines, lines[5]],
        {Finding(29, Damage.LINE_MISPLACED), Finding(29, Damage.RECORD_REPEATED, 5)},
    ),
    "a changed header": (
        lambda lines: at(lines, 0, body_changed(lines[0], '"last":12', '"last":11')),
        {Finding(1, Damage.HEADER_CHANGED)},
    ),
    "the header left out": (lambda lines: lines[1:], {Finding(1, Damage.HEADER_MISSING)}),
    "a changed anchor": (
        lambda lines: at(lines, 14, lines[14].replace(b'"number":3', b'"number":2')),
        {Finding(15, Damage.ANCHOR_CHANGED, 2)},
    ),
    "the last anchor changed": (
        lambda lines: at(lines, 20, lines[20].replace(b"T21:", b"T22:")),
        {Finding(21, Damage.ANCHOR_CHANGED, 8)},
    ),
    "an anchor left out": (lambda lines: without(lines, 14), {Finding(15, Damage.ANCHOR_MISSING, 2)}),
    "the last anchor left out": (lambda lines: without(lines, 20), {Finding(21, Damage.ANCHOR_MISSING, 8)}),
    "anchors in another order": (lambda lines: swapped(lines, 14, 15), {Finding(16, Damage.ANCHOR_MISPLACED, 2)}),
    "a changed closing": (
        lambda lines: at(lines, 22, body_changed(lines[22], '"sequence":2', '"sequence":3')),
        {Finding(23, Damage.CLOSING_CHANGED), Finding(24, Damage.CLOSING_MISSING, 2)},
    ),
    "a closing left out": (lambda lines: without(lines, 22), {Finding(23, Damage.CLOSING_MISSING, 2)}),
    "the closing of a month among those of days": (
        lambda lines: [*lines[:22], lines[24], *lines[22:24], *lines[25:]],
        {Finding(24, Damage.LINE_MISPLACED)},
    ),
    "the closing of the year left out": (lambda lines: without(lines, 26), {Finding(27, Damage.CLOSING_MISSING, 1)}),
    "an anchor among the records": (
        lambda lines: [*lines[:5], lines[14], *lines[5:14], *lines[15:]],
        {Finding(line, Damage.LINE_MISPLACED) for line in range(7, 15)} | {Finding(15, Damage.ANCHOR_MISPLACED, 1)},
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_every_kind_of_damage_is_found_where_it_is(lines: Lines, damage: str) -> None:
    apply, findings = DAMAGES[damage]
    damaged = apply(lines)
    assert damaged != lines
    assert set(verify(damaged).findings) == findings


async def test_a_record_that_the_till_signed_a_second_time_breaks_the_chain(till: Till, lines: Lines) -> None:
    """The till's own key cannot change anchored records."""
    fifth = [one for one in till.written if not one.record.training][4].record
    again = till.sign(till.record(number=5, previous=fifth.previous, id=fifth.id, lines=[beer(1)]))
    damaged = at(lines, 5, record_line(5, Signed(again.body, again.signature)))
    assert Finding(7, Damage.CHAIN_BROKEN, 6) in verify(damaged).findings


async def test_a_truncated_tail_signed_again_by_the_till_is_detected_by_the_signed_head(
    till: Till, lines: Lines
) -> None:
    last = [one for one in till.written if not one.record.training][-1].record
    again = till.sign(till.record(Kind.SHIFT_CLOSED, number=12, previous=last.previous, id=new_id()))
    findings = set(verify(at(lines, 12, record_line(12, Signed(again.body, again.signature)))).findings)
    assert findings == {Finding(13, Damage.CHAIN_BROKEN, 12), Finding(21, Damage.ANCHOR_CHANGED, 8)}


async def test_signed_lines_that_disagree_are_found(db: Database, vault: KeyVault, lines: Lines) -> None:
    """The server's key cannot make closings and headers fit changed records."""
    async with db.transaction() as conn:
        private = vault.open((await ensure_keys(conn, vault, [FISCAL_KEY], NOW))[FISCAL_KEY])

    def resigned(index: int, purpose: bytes, before: str, after: str) -> Lines:
        line = body_changed(lines[index], before, after)
        assert line != lines[index], before
        body = bytes_of_base64url(json.loads(line)["body"]) or b""
        return at(lines, index, changed(line, signature=base64url(private.sign(purpose + body))))

    second = 22
    for before, after in (
        ('"total_cents":700', '"total_cents":600'),
        ('"perpetual_cents":1400', '"perpetual_cents":1300'),
        ('"first":4', '"first":5'),
        ('"closed_at":"2026', '"closed_at":"2025'),
    ):
        findings = verify(resigned(second, CLOSING_PURPOSE, before, after)).findings
        assert Damage.CLOSING_WRONG in {finding.damage for finding in findings}, before
    month = verify(resigned(25, CLOSING_PURPOSE, '"last_part":3', '"last_part":2')).findings
    assert Finding(26, Damage.CLOSING_WRONG, 2) in month
    header = verify(resigned(0, HEADER_PURPOSE, '"previous":"00', '"previous":"ff')).findings
    assert header == (Finding(2, Damage.CHAIN_BROKEN, 1),)


def single_damage(draw: st.DrawFn, lines: Lines) -> tuple[Lines, int, int]:
    """The lines after one random damage, and the first and the last damaged line."""
    hit = draw(st.integers(0, len(lines) - 1))
    line, rest = lines[hit], without(lines, hit)
    place = draw(st.integers(0, len(line) - 1))
    other = draw(st.integers(0, len(lines) - 1).filter(lambda other: other != hit))
    flipped = line[:place] + bytes([line[place] ^ (1 << draw(st.integers(0, 7)))]) + line[place + 1 :]
    inserted = line[:place] + draw(st.binary(min_size=1, max_size=3)) + line[place:]
    damages = [
        (at(lines, hit, flipped), hit, hit),
        (at(lines, hit, line[:place]), hit, hit),
        (at(lines, hit, inserted), hit, hit),
        (rest, hit, hit),
        ([*lines[: hit + 1], *lines[hit:]], hit, hit + 1),
        ([*rest[:other], line, *rest[other:]], min(hit, other), max(hit, other)),
        (lines[:hit] or [b""], hit, hit),
    ]
    damaged, first, last = draw(st.sampled_from(damages))
    return damaged, first + 1, last + 1


def found(lines: Lines) -> Report | None:
    try:
        return verify(lines)
    except NotAnArchive:
        return None


async def test_any_single_damage_is_found(lines: Lines) -> None:
    damages = st.composite(lambda draw: single_damage(draw, lines))()

    @settings(max_examples=400, deadline=None)
    @given(damages)
    def is_found(damage: tuple[Lines, int, int]) -> None:
        damaged, first, last = damage
        report = found(damaged)
        assert report is None or report.findings
        if report is not None:
            assert any(first <= finding.line <= last + 1 for finding in report.findings), report.findings

    is_found()


def test_a_file_that_is_no_archive_is_distinguished() -> None:
    with pytest.raises(NotAnArchive):
        verify([b"{}", b"a cake recipe"])
    with pytest.raises(NotAnArchive):
        verify([])
