"""Rules of the import of existing members from a CSV file: every defect at once."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from io import StringIO
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.identity.people.types import mailbox, normalise_address
from virage.sale.membership.rules.joining import overlap
from virage.sale.membership.rules.terms import Member, MembershipRow, Tier

COLUMNS: Final = ("number", "email", "tier")
NUMBER_MAX: Final = 999_999_999
ROWS_MAX: Final = 20_000
FILE_BYTES_MAX: Final = 2_000_000
DEFECTS_MAX: Final = 500
SHOWN_MAX: Final = 60
DELIMITERS: Final = (";", ",", "\t")


class ImportDefect(Struct, frozen=True):
    """A defect of a line, counted from 1: a stable code and the text that it is about."""

    line: int
    code: str
    text: str = ""


class ImportRow(Struct, frozen=True):
    """A member of a file; `email` is in its stored spelling."""

    line: int
    number: int
    email: str
    tier: Tier

    @property
    def mailbox(self) -> str:
        """The form in which addresses are compared."""
        return mailbox(self.email)


class KnownMembers(Struct, frozen=True):
    """What is stored about the numbers and addresses of a file.

    `persons` are people with accounts and `by_address` members, both by mailbox. `memberships` are those of all these
    members.
    """

    persons: Mapping[str, UUID]
    by_number: Mapping[int, Member]
    by_address: Mapping[str, Member]
    memberships: Sequence[MembershipRow]


class PlannedMember(Struct, frozen=True):
    """A row to store: the known member that it is about, or None, and the person with its address, or None.

    `merged` is a member of this person without a number, whose memberships move to `member`; None without one.
    """

    row: ImportRow
    member: Member | None
    person_id: UUID | None
    merged: Member | None = None


def read_rows(raw: bytes, tiers: Sequence[Tier], today: date) -> tuple[list[ImportRow], list[ImportDefect]]:
    """Return the members of a CSV file (UTF-8, columns `number`, `email` and `tier` in any order), and its defects.

    A tier is named in any of its languages. Of several tiers with this name, the one whose term runs today is meant.
    """
    lines = _lines(raw)
    if isinstance(lines, ImportDefect):
        return [], [lines]
    header = [cell.casefold() for cell in lines[0][1]] if lines else []
    missing = [ImportDefect(1, "column_missing", column) for column in COLUMNS if column not in header]
    if missing:
        return [], missing
    at = [header.index(column) for column in COLUMNS]
    rows: list[ImportRow] = []
    found: list[ImportDefect] = []
    for line, cells in lines[1:]:
        number, email, tier_name = (cells[column] if column < len(cells) else "" for column in at)
        address = normalise_address(email)
        tier = _tier_named(tier_name, tiers, today)
        is_number = number.isascii() and number.isdigit() and 0 < int(number[:20]) <= NUMBER_MAX
        if not is_number:
            found.append(ImportDefect(line, "number_invalid", number[:SHOWN_MAX]))
        if address is None:
            found.append(ImportDefect(line, "email_invalid", email[:SHOWN_MAX]))
        if isinstance(tier, str):
            found.append(ImportDefect(line, tier, tier_name[:SHOWN_MAX]))
        elif is_number and address is not None:
            rows.append(ImportRow(line, int(number), address, tier))
    return rows, found


def _lines(raw: bytes) -> list[tuple[int, list[str]]] | ImportDefect:
    """Return the lines of a file that are not empty, the header included, with their numbers."""
    try:
        text = raw.decode("utf-8-sig")
        delimiter = max(DELIMITERS, key=text.partition("\n")[0].count)
        reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(map(str.strip, cells))]
    except (UnicodeDecodeError, csv.Error):
        return ImportDefect(1, "not_utf_8")
    if len(lines) > ROWS_MAX + 1:
        return ImportDefect(lines[ROWS_MAX + 1][0], "too_many_rows", str(ROWS_MAX))
    return lines


def _tier_named(name: str, tiers: Sequence[Tier], today: date) -> Tier | str:
    """Return the tier with a name whose term is not over, or the code of the defect."""
    wanted = name.casefold()
    named = [
        tier
        for tier in tiers
        if tier.ends_on >= today and any(text.strip().casefold() == wanted for text in tier.name.values())
    ]
    meant = named if len(named) == 1 else [tier for tier in named if tier.starts_on <= today]
    if len(meant) == 1:
        return meant[0]
    return "tier_ambiguous" if named else "tier_unknown"


def plan(rows: Sequence[ImportRow], known: KnownMembers) -> tuple[list[PlannedMember], list[ImportDefect]]:
    """Return what to store, and every row that contradicts another one or what is stored.

    A member who has the membership already is left out, so that a file can be imported again.
    """
    numbers = Counter(row.number for row in rows)
    addresses = Counter(row.mailbox for row in rows)
    of_member: dict[UUID, list[MembershipRow]] = {}
    for membership in known.memberships:
        of_member.setdefault(membership.member_id, []).append(membership)
    planned: list[PlannedMember] = []
    found: list[ImportDefect] = []
    for row in rows:
        person_id = known.persons.get(row.mailbox)
        holder, addressee = known.by_number.get(row.number), known.by_address.get(row.mailbox)
        member = holder or addressee
        held = [] if member is None else [one for one in of_member.get(member.id, ()) if one.state == "active"]
        conflict = next((one for one in held if overlap(one, row.tier)), None)
        defects = {
            "number_twice": numbers[row.number] > 1,
            "address_twice": addresses[row.mailbox] > 1,
            "number_taken": holder is not None and holder != addressee and not _is_free(holder),
            "other_number": addressee is not None and addressee.number not in {None, row.number},
            "other_tier": conflict is not None and conflict.tier_id != row.tier.id,
        }
        found += [ImportDefect(row.line, code, row.email) for code, there in defects.items() if there]
        if not any(defects.values()) and conflict is None:
            merged = None if holder is None or holder == addressee else addressee
            planned.append(PlannedMember(row, member, person_id, merged))
    return planned, found


def _is_free(holder: Member) -> bool:
    """Return whether a known number belongs to no account and no address: its imported address was deleted in time."""
    return holder.person_id is None and holder.mailbox is None and not holder.is_erased
