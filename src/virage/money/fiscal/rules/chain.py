"""The chain of a till: numbers without a gap, each record naming the hash of the one before.

The till numbers, chains and signs; the server takes what continues the chain and says what it expects otherwise. What
arrives out of order in one upload is put in order; what leaves a gap is refused with the number that is expected, and
the till sends again from there. So no order, repetition or splitting of uploads gives another chain.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from virage.money.fiscal.rules.record import GENESIS, Reason, Stamp, Written, canonical, hash_of
from virage.platform.values.refusals import Refused


class Head(Struct, frozen=True):
    """The last record of a chain; of an empty one number 0 and 64 zeros."""

    number: int = 0
    hash: str = GENESIS


class Link(NamedTuple):
    """What a chain must know of a record."""

    id: UUID
    number: int
    previous: str
    hash: str


class Appended(Struct, frozen=True, tag="appended"):
    """The record is the new head of its chain."""

    number: int
    hash: str


class Known(Struct, frozen=True, tag="known"):
    """The same bytes have been in the chain before: nothing happens a second time."""

    number: int
    hash: str


Outcome = Appended | Known | Refused


def link_of(written: Written) -> Link:
    """What a chain must know of a record."""
    return Link(written.record.id, written.record.number, written.record.previous, written.hash)


def extend(
    head: Head, known: Mapping[int, str], links: Sequence[Link], used: AbstractSet[UUID] = frozenset()
) -> tuple[Head, list[Outcome]]:
    """Continue a chain; the new head, and one outcome a link in the order of the links.

    `known` has the hashes of the records in the chain under the numbers that the links name, `used` the ids of records
    of the same till. Refused with `chain_forked` (the number has other bytes), `chain_gap` and `chain_broken`
    (`expected`: number and previous), or `id_taken`.
    """
    hashes, taken = dict(known), set(used)
    outcomes: dict[int, Outcome] = {}
    for at in sorted(range(len(links)), key=lambda at: links[at].number):
        link = links[at]
        outcome = _judge(head, hashes, link, taken)
        if isinstance(outcome, Appended):
            head = Head(link.number, link.hash)
            hashes[link.number] = link.hash
            taken.add(link.id)
        outcomes[at] = outcome
    return head, [outcomes[at] for at in range(len(links))]


def _judge(head: Head, hashes: Mapping[int, str], link: Link, taken: AbstractSet[UUID]) -> Outcome:
    expected = {"expected": head.number + 1, "previous": head.hash}
    if link.number <= head.number:
        if hashes[link.number] == link.hash:
            return Known(link.number, link.hash)
        return Refused(Reason.CHAIN_FORKED, {"hash": hashes[link.number], **expected})
    if link.number > head.number + 1:
        return Refused(Reason.CHAIN_GAP, expected)
    if link.previous != head.hash:
        return Refused(Reason.CHAIN_BROKEN, expected)
    if link.id in taken:
        return Refused(Reason.ID_TAKEN, expected)
    return Appended(link.number, link.hash)


class Anchor(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the server knew of a till's head when: a row of its own, chained by hash, so that a cut tail shows."""

    till: UUID
    sequence: int
    number: int
    hash: str
    at: Stamp
    previous: str

    @property
    def own_hash(self) -> str:
        """What the next anchor has as `previous`."""
        return hash_of(canonical(self))


def anchor(till: UUID, head: Head, now: Stamp, before: Anchor | None) -> Anchor:
    """The anchor of a head, after the one before."""
    return Anchor(
        till=till,
        sequence=1 if before is None else before.sequence + 1,
        number=head.number,
        hash=head.hash,
        at=now,
        previous=GENESIS if before is None else before.own_hash,
    )
