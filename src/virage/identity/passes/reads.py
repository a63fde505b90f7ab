"""Reads of passes for screens, gates and other domains."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.passes import store
from virage.identity.passes.rules import binding
from virage.identity.passes.rules.binding import Form, Pass
from virage.platform.data.database import Connection
from virage.platform.values.refusals import Refused


class PassState(Struct, frozen=True):
    """State of a pass for its owner. A phone may bind its key from `opens_at` on.

    `suspended`: it is revoked until it is reinstated.
    """

    event_id: UUID
    number: int
    generation: int
    form: Form
    opens_at: datetime
    not_before: datetime
    expires_at: datetime
    rebinds_left: int
    revoked: bool
    entered_at: datetime | None
    suspended: bool = False


async def states(conn: Connection, subjects: Sequence[UUID]) -> dict[UUID, PassState]:
    """Return the state of each pass by subject; subjects without a pass are missing."""
    held = await store.passes_of(conn, subjects)
    return {subject: _state(pass_) for subject, pass_ in held.items()}


async def handover_refusals(conn: Connection, subjects: Sequence[UUID], now: datetime) -> dict[UUID, Refused]:
    """Return why passes cannot be given to another person, by subject; those that can, or are missing, are left out."""
    held = await store.passes_of(conn, subjects)
    decided = {subject: binding.hand_over(pass_, now) for subject, pass_ in held.items()}
    return {subject: outcome for subject, outcome in decided.items() if isinstance(outcome, Refused)}


class GatePass(Struct, frozen=True):
    """State of a pass for a gate, beyond the content of its code."""

    event_id: UUID
    number: int
    place: int
    gate_group: str
    generation: int
    revoked: bool


async def at_gate(conn: Connection, wanted: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], GatePass]:
    """Return passes by (event, number); numbers that were never issued are missing."""
    found = [GatePass(*row) for row in await store.passes_at_gate(conn, wanted)]
    return {(pass_.event_id, pass_.number): pass_ for pass_ in found}


async def subjects(conn: Connection, event_id: UUID, numbers: Sequence[int]) -> dict[int, UUID]:
    """Return the subjects of passes of an event by number; numbers that were never issued are missing."""
    return await store.subjects(conn, event_id, numbers)


class ChangedPasses(Struct, frozen=True):
    """Passes of an event for offline gates: the number issued, and differences from their issue."""

    issued: int
    revoked: tuple[int, ...]
    generations: tuple[tuple[int, int], ...]


async def changed(conn: Connection, event_id: UUID) -> ChangedPasses:
    """Return what differs from the issue of the event's passes."""
    rows = await store.changed_passes(conn, event_id)
    return ChangedPasses(
        await store.issued(conn, event_id),
        tuple(number for number, _, revoked in rows if revoked),
        tuple((number, generation) for number, generation, _ in rows if generation),
    )


async def of_groups(conn: Connection, event_id: UUID, groups: Sequence[str]) -> list[tuple[UUID, int, int]]:
    """Return (subject, number, place) of the live passes that enter through some gate groups, by number."""
    return await store.passes_of_groups(conn, event_id, groups)


async def at_places(conn: Connection, event_id: UUID, places: Sequence[int]) -> dict[int, int]:
    """Return the numbers of the live passes of some places, by place."""
    return {place: number for number, place in await store.passes_at_places(conn, event_id, places)}


async def counts_by_part(conn: Connection, event_id: UUID, firsts: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return (live, entered) passes by part of the venue; part n begins at the n-th of `firsts`, which ascend."""
    return await store.counts_by_part(conn, event_id, firsts)


async def counts_by_group(conn: Connection, event_id: UUID) -> dict[str, int]:
    """Return the passes that are live or have entered, by group of gates."""
    return await store.counts_by_group(conn, event_id)


def _state(held: Pass) -> PassState:
    return PassState(
        event_id=held.event_id,
        number=held.number,
        generation=held.generation,
        form=held.form,
        opens_at=held.opens_at,
        not_before=held.not_before,
        expires_at=held.expires_at,
        rebinds_left=held.rebinds_left,
        revoked=held.revoked_at is not None,
        entered_at=held.entered_at,
        suspended=held.suspended,
    )
