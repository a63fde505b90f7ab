"""Hash chain of a till: numbers without gaps, each record with the hash of the previous one.

The till numbers, chains and signs. The server appends what continues the chain. Records of one upload are sorted; a gap
is refused with the expected number, and the till uploads again from there. So the order, repetition or splitting of
uploads cannot change the chain.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from virage.money.fiscal.rules.record import GENESIS, FiscalRefusal, Stamp, VerifiedRecord, canonical, hash_of
from virage.platform.values.refusals import Refused


class Head(Struct, frozen=True):
    """Last record of a chain; number 0 and 64 zeros if it is empty."""

    number: int = 0
    hash: str = GENESIS


class Link(NamedTuple):
    """Chaining data of a record."""

    id: UUID
    number: int
    previous: str
    hash: str


class Appended(Struct, frozen=True, tag="appended"):
    """The record was appended and is the new head."""

    number: int
    hash: str


class Known(Struct, frozen=True, tag="known"):
    """The same bytes are in the chain already; nothing changes."""

    number: int
    hash: str


Outcome = Appended | Known | Refused


def link_of(written: VerifiedRecord) -> Link:
    """Return the chaining data of a record."""
    return Link(written.record.id, written.record.number, written.record.previous, written.hash)


def extend(
    head: Head, known: Mapping[int, str], links: Sequence[Link], used: AbstractSet[UUID] = frozenset()
) -> tuple[Head, list[Outcome]]:
    """Extend a chain; return the new head and one outcome per link, in the order of the links.

    `known` are the hashes of stored records by number, `used` the ids of records of the same till. Refusals:
    `chain_forked` (the number has other bytes), `chain_gap`, `chain_broken` (`expected`: number and previous),
    `id_taken`.
    """
    hashes, taken = dict(known), set(used)
    outcomes: dict[int, Outcome] = {}
    for at in sorted(range(len(links)), key=lambda at: links[at].number):
        link = links[at]
        outcome = _outcome(head, hashes, link, taken)
        if isinstance(outcome, Appended):
            head = Head(link.number, link.hash)
            hashes[link.number] = link.hash
            taken.add(link.id)
        outcomes[at] = outcome
    return head, [outcomes[at] for at in range(len(links))]


def _outcome(head: Head, hashes: Mapping[int, str], link: Link, taken: AbstractSet[UUID]) -> Outcome:
    expected = {"expected": head.number + 1, "previous": head.hash}
    if link.number <= head.number:
        if hashes[link.number] == link.hash:
            return Known(link.number, link.hash)
        return Refused(FiscalRefusal.CHAIN_FORKED, {"hash": hashes[link.number], **expected})
    if link.number > head.number + 1:
        return Refused(FiscalRefusal.CHAIN_GAP, expected)
    if link.previous != head.hash:
        return Refused(FiscalRefusal.CHAIN_BROKEN, expected)
    if link.id in taken:
        return Refused(FiscalRefusal.ID_TAKEN, expected)
    return Appended(link.number, link.hash)


class Anchor(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Server-side anchor of a till's head. Anchors form their own hash chain, which reveals a truncated till chain."""

    till: UUID
    sequence: int
    number: int
    hash: str
    at: Stamp
    previous: str

    @property
    def own_hash(self) -> str:
        """`previous` of the next anchor."""
        return hash_of(canonical(self))


def anchor(till: UUID, head: Head, now: Stamp, previous: Anchor | None) -> Anchor:
    """Return the next anchor of a head."""
    return Anchor(
        till=till,
        sequence=1 if previous is None else previous.sequence + 1,
        number=head.number,
        hash=head.hash,
        at=now,
        previous=GENESIS if previous is None else previous.own_hash,
    )
