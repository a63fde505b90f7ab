"""Issue, bind, print and revoke passes, for many at once, in the caller's transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from virage.identity.keys.api import ensure_keys
from virage.identity.keys.types import KeyVault
from virage.identity.passes import store
from virage.identity.passes.rules import binding
from virage.identity.passes.rules.binding import Issue, Pass
from virage.identity.passes.rules.claims import is_gate_group, sign_pass
from virage.identity.passes.rules.code import text_of
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.jwk import Jwk
from virage.platform.values.refusals import Refused

__all__ = [
    "BindingRequest",
    "BoundPass",
    "Handover",
    "Issue",
    "PaperPass",
    "PrintRequest",
    "Relocation",
    "UnseatedMove",
    "bind",
    "clear_entered",
    "hand_over",
    "issue",
    "mark_entered",
    "print_paper",
    "rebind",
    "reinstate",
    "relocate",
    "revoke",
    "suspend",
]


class BindingRequest(Struct, frozen=True):
    """A phone's public key for a pass; `who` is the person who asks."""

    subject: UUID
    key: Jwk
    who: UUID | None = None


class PrintRequest(Struct, frozen=True):
    """A pass to print on paper; `allowed` is the event's rule."""

    subject: UUID
    allowed: bool
    who: UUID | None = None


class Handover(Struct, frozen=True):
    """A pass that another person gets; `who` is the person who accepts it, or gives it back."""

    subject: UUID
    who: UUID | None = None


class BoundPass(Struct, frozen=True):
    """A pass for a phone. `text` is the signed pass from which the phone makes its rotating codes."""

    event_id: UUID
    number: int
    generation: int
    text: str
    not_before: datetime
    expires_at: datetime
    rebinds_left: int


class PaperPass(Struct, frozen=True):
    """A pass on paper. `text` is its whole QR code."""

    event_id: UUID
    number: int
    generation: int
    text: str
    not_before: datetime
    expires_at: datetime


class Relocation(Struct, frozen=True):
    """The place of a pass in another version of the venue; `gate_group` is None where it stays.

    `reissue`: its holder sits elsewhere, so that earlier phones and papers become invalid.
    """

    subject: UUID
    place: int
    gate_group: str | None
    reissue: bool = False


class UnseatedMove(Struct, frozen=True):
    """The place of an event's passes without a seat: from `from_place` on in the old version, then `to_place`."""

    event_id: UUID
    from_place: int
    to_place: int


PassRequest = TypeVar("PassRequest", BindingRequest, PrintRequest, Handover)
Decide = Callable[[Pass | None, PassRequest], Pass | Refused]


async def issue(conn: Connection, issues: Sequence[Issue], now: datetime) -> list[int]:
    """Issue passes and return their numbers in the order of the issues; nothing is signed yet.

    Each event's counter stays locked until the transaction ends, so call this late in it. A subject that already has a
    pass fails the transaction.
    """
    for group in {wanted.gate_group for wanted in issues}:
        if not is_gate_group(group):
            raise ValueError(f"No pass can carry the gate group {group!r}.")
    numbers = await store.issue(conn, issues) if issues else {}
    facts = [
        Fact("passes_issued", None, event_id, {"first": given.start, "count": len(given)})
        for event_id, given in numbers.items()
    ]
    await append(conn, facts, now)
    next_number = {event_id: iter(given) for event_id, given in numbers.items()}
    return [next(next_number[wanted.event_id]) for wanted in issues]


async def bind(
    conn: Connection, vault: KeyVault, bindings: Sequence[BindingRequest], now: datetime
) -> list[BoundPass | Refused]:
    """Bind passes to phones, from 72 hours before their validity; a repeated key gets the same answer."""
    decided = await _change(
        conn, bindings, "pass_bound", lambda held, request: binding.bind(held, request.key, now), now
    )
    return await _bound(conn, vault, decided, now)


async def rebind(
    conn: Connection, vault: KeyVault, bindings: Sequence[BindingRequest], now: datetime
) -> list[BoundPass | Refused]:
    """Move passes to other phones; the caller has verified their owners. Earlier phones and papers become invalid."""
    decided = await _change(
        conn, bindings, "pass_rebound", lambda held, request: binding.rebind(held, request.key, now), now
    )
    return await _bound(conn, vault, decided, now)


async def print_paper(
    conn: Connection, vault: KeyVault, printings: Sequence[PrintRequest], now: datetime
) -> list[PaperPass | Refused]:
    """Put passes on paper and invalidate the phone's pass. Render the page outside the transaction (`paper_pdf`)."""
    decided = await _change(
        conn,
        printings,
        "pass_printed",
        lambda held, request: binding.print_on_paper(held, now, allowed=request.allowed),
        now,
    )
    texts = await _signed(conn, vault, decided, now)
    return [
        outcome
        if isinstance(outcome, Refused)
        else PaperPass(
            outcome.event_id, outcome.number, outcome.generation, text, outcome.not_before, outcome.expires_at
        )
        for outcome, text in zip(decided, texts, strict=True)
    ]


async def hand_over(conn: Connection, handovers: Sequence[Handover], now: datetime) -> Refused | None:
    """Give passes to another person, all or none: roll back a refusal. Earlier phones and papers become invalid."""
    decided = await _change(conn, handovers, "pass_reissued", lambda held, _: binding.hand_over(held, now), now)
    return next((outcome for outcome in decided if isinstance(outcome, Refused)), None)


async def revoke(conn: Connection, subjects: Sequence[UUID], now: datetime, who: UUID | None = None) -> None:
    """Revoke passes after a refund or an erasure, and delete their phone keys; revoked ones stay so."""
    revoked = await store.revoke(conn, subjects, now)
    facts = [
        Fact("pass_revoked", who, subject, {"event_id": event_id, "number": number})
        for subject, event_id, number in revoked
    ]
    await append(conn, facts, now)


async def suspend(conn: Connection, subjects: Sequence[UUID], now: datetime, who: UUID | None = None) -> set[UUID]:
    """Revoke passes until they are reinstated; gates refuse them meanwhile. Return those that were valid."""
    suspended = await store.suspend(conn, subjects, now)
    facts = [
        Fact("pass_revoked", who, subject, {"event_id": event_id, "number": number})
        for subject, event_id, number in suspended
    ]
    await append(conn, facts, now)
    return {subject for subject, _, _ in suspended}


async def reinstate(conn: Connection, subjects: Sequence[UUID], now: datetime, who: UUID | None = None) -> set[UUID]:
    """Make suspended passes valid again, on the same phones and papers. Return those that were suspended."""
    reinstated = await store.reinstate(conn, subjects)
    facts = [
        Fact("pass_reinstated", who, subject, {"event_id": event_id, "number": number})
        for subject, event_id, number in reinstated
    ]
    await append(conn, facts, now)
    return {subject for subject, _, _ in reinstated}


async def relocate(
    conn: Connection, moves: Sequence[Relocation], unseated: UnseatedMove, now: datetime, who: UUID | None = None
) -> Refused | None:
    """Move passes to the places of another version of a venue; subjects without a pass are left out."""
    stored = await store.lock_passes(conn, [move.subject for move in moves])
    changed: list[Pass] = []
    facts: list[Fact] = []
    for move in moves:
        held = stored.get(move.subject)
        if held is None:
            continue
        moved = binding.relocate(held, move.place, move.gate_group or held.gate_group, reissue=move.reissue)
        if isinstance(moved, Refused):
            return moved
        if moved != held:
            changed.append(moved)
        if moved.generation != held.generation:
            data = {"event_id": moved.event_id, "number": moved.number, "generation": moved.generation}
            facts.append(Fact("pass_reissued", who, moved.subject, data))
    await store.relocate_unseated(conn, unseated.event_id, unseated.from_place, unseated.to_place)
    await store.relocate(conn, changed)
    await append(conn, facts, now)
    return None


async def mark_entered(conn: Connection, event_id: UUID, numbers: Sequence[int], at: datetime) -> None:
    """Store the first entry of passes; afterwards they can neither be rebound nor printed."""
    await store.mark_entered(conn, event_id, numbers, at)


async def clear_entered(conn: Connection, event_id: UUID, numbers: Sequence[int]) -> None:
    """Clear the first entry of passes whose scans were all withdrawn."""
    await store.clear_entered(conn, event_id, numbers)


async def _change(
    conn: Connection, request: Sequence[PassRequest], fact: str, decide: "Decide[PassRequest]", now: datetime
) -> list[Pass | Refused]:
    """Decide about each item in order, on the result of the previous ones, and write the changed passes."""
    stored = await store.lock_passes(conn, [item.subject for item in request])
    current = dict(stored)
    outcomes: list[Pass | Refused] = []
    facts: list[Fact] = []
    for item in request:
        outcome = decide(current.get(item.subject), item)
        outcomes.append(outcome)
        if isinstance(outcome, Pass) and outcome != current[item.subject]:
            current[item.subject] = outcome
            data = {"event_id": outcome.event_id, "number": outcome.number, "generation": outcome.generation}
            facts.append(Fact(fact, item.who, item.subject, data))
    if facts:
        await store.write_passes(conn, [held for subject, held in current.items() if held != stored[subject]])
        await append(conn, facts, now)
    return outcomes


async def _bound(
    conn: Connection, vault: KeyVault, decided: Sequence[Pass | Refused], now: datetime
) -> list[BoundPass | Refused]:
    texts = await _signed(conn, vault, decided, now)
    return [
        outcome
        if isinstance(outcome, Refused)
        else BoundPass(
            outcome.event_id,
            outcome.number,
            outcome.generation,
            text,
            outcome.not_before,
            outcome.expires_at,
            outcome.rebinds_left,
        )
        for outcome, text in zip(decided, texts, strict=True)
    ]


async def _signed(conn: Connection, vault: KeyVault, decided: Sequence[Pass | Refused], now: datetime) -> list[str]:
    """Return the text of each pass, signed by its event's key; empty for a refusal. Signatures are deterministic."""
    events = [held.event_id for held in decided if isinstance(held, Pass)]
    if not events:
        return [""] * len(decided)
    keys = await ensure_keys(conn, vault, events, now)
    opened: dict[UUID, Ed25519PrivateKey] = {event_id: vault.open(key) for event_id, key in keys.items()}
    return [
        ""
        if isinstance(held, Refused)
        else text_of(sign_pass(binding.claims(held), keys[held.event_id].kid, opened[held.event_id].sign))
        for held in decided
    ]
