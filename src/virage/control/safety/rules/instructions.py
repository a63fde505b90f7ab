"""Evacuation instructions by block: which exit of the approved plan, and where people wait who cannot use stairs.

All is computed from codes of blocks and standing areas: nothing about a person is read. See docs/instructions.md.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import chain
from math import ceil, hypot, inf
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct
from scipy.sparse.csgraph import dijkstra

from virage.control.safety.rules.broadcasts import (
    Broadcast,
    BroadcastKind,
    BroadcastMode,
    BroadcastText,
    BroadcastTexts,
    Minutes,
    SentBroadcast,
    StaffGroup,
    ToStaff,
    ToZones,
    ZoneCode,
    places_of,
    targets_of,
)
from virage.control.safety.rules.egress import PLANNING
from virage.control.safety.rules.log import Written
from virage.control.safety.rules.network import ASSUMED_WIDTH_M, EgressNetwork
from virage.platform.values.localised import LanguageTag
from virage.platform.values.refusals import Refused
from virage.site.venue.types import WALK_M_S, EvacuationPlan, RouteTable, Safety, Venue

GROUPS_MAX: Final = 500
PLACES_MAX: Final = 5_500
"""Blocks and standing areas of a venue, at most."""
Codes = Annotated[list[ZoneCode], Meta(max_length=PLACES_MAX)]


class InstructionRefusal(StrEnum):
    """Why instructions are not sent."""

    ID_TAKEN = "broadcast_id_taken"
    PLACE_UNKNOWN = "place_unknown"
    INCOMPLETE = "instructions_incomplete"
    REPLACED = "instructions_replaced"


class Waiting(Struct, frozen=True):
    """Where people wait who cannot use stairs: at an evacuation lift, else at a refuge."""

    lift: str | None = None
    refuge: str | None = None
    refuge_places: int | None = None


class InstructionGroup(Struct, frozen=True, kw_only=True):
    """Places with the same instruction; without an `exit` they wait. Without stairs: the `lift`, else the `refuge`."""

    places: list[str]
    people: int
    exit: str | None
    lift: str | None
    refuge: str | None
    refuge_places: int | None


class InstructionExit(Struct, frozen=True):
    """An exit with the people sent to it, who pass in so many seconds at planning flow."""

    code: str
    width_m: float
    closed: bool
    people: int
    seconds: int


class PlanApproval(Struct, frozen=True):
    """The approved evacuation plan, and the number to call for help."""

    reference: str
    approved_by: str
    approved_on: date
    help_number: str


class SentInstructions(Struct, frozen=True, kw_only=True):
    """Instructions that were sent, with the threads of their messages and the reference of the plan, if any."""

    id: UUID
    mode: BroadcastMode
    number: int
    plan: str
    closed: list[str]
    threads: list[UUID]
    sent_at: datetime


class Instructions(Struct, frozen=True, kw_only=True):
    """Instructions by block. A stand without a fresh count counts as full: `is_measured` is then false."""

    at: datetime
    plan: PlanApproval | None
    is_measured: bool
    groups: list[InstructionGroup]
    exits: list[InstructionExit]
    sent: list[SentInstructions]


class GroupMessage(Struct, frozen=True, forbid_unknown_fields=True):
    """The message to some blocks and standing areas."""

    zones: Codes
    texts: BroadcastTexts


class NewInstructions(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Instructions to send, each block and standing area once. `replaces` are the last of this mode."""

    id: UUID
    mode: BroadcastMode
    closed: Codes
    minutes: Minutes
    groups: Annotated[list[GroupMessage], Meta(min_length=1, max_length=GROUPS_MAX)]
    stewards: BroadcastTexts
    replaces: UUID | None = None


class InstructionsContent(Struct, frozen=True):
    """What the record of instructions says in words; deleted after the retention period."""

    groups: list[GroupMessage]
    stewards: dict[LanguageTag, BroadcastText]


class MessageChange(Struct, frozen=True):
    """A message of instructions to send. It replaces the one of earlier instructions, None for a new thread."""

    replaces: Broadcast | None
    audience: ToZones | ToStaff
    texts: dict[LanguageTag, BroadcastText]


def exit_widths(network: EgressNetwork, venue: Venue) -> dict[str, float]:
    """Return the width of each group of gates in metres, `ASSUMED_WIDTH_M` a gate for one without walkways."""
    gates = Counter(gate.group for gate in venue.gates)
    known = dict(zip(network.exits, network.exit_m.tolist(), strict=True))
    return {group: round(known.get(group) or count * ASSUMED_WIDTH_M, 2) for group, count in gates.items()}


def balanced(
    plan: EvacuationPlan, people: Mapping[str, int], widths: Mapping[str, float], closed: AbstractSet[str]
) -> dict[str, str | None]:
    """Return the exit of each place of the plan, one that is approved for it and open; None if all are closed.

    Begins with the preferred exits. Then places move away from the exit that takes longest, one after the other, as
    long as that makes the slower of the two exits faster: the last exit is never clear later than with the preferred
    ones. It need not be the best assignment.
    """
    options = {way.place: [code for code in way.exits if code not in closed] for way in plan.ways}
    chosen = {place: exits[0] for place, exits in options.items() if exits}
    load = dict.fromkeys(widths, 0)
    for place, code in chosen.items():
        load[code] += people.get(place, 0)
    while chosen:
        worst = max(load, key=lambda code: load[code] / widths[code])
        best = (load[worst] / widths[worst], 0, "", worst)
        for place in (place for place, code in chosen.items() if code == worst and people.get(place, 0)):
            left = (load[worst] - people[place]) / widths[worst]
            for preference, code in enumerate(options[place]):
                if code != worst:
                    best = min(best, (max(left, (load[code] + people[place]) / widths[code]), preference, place, code))
        _, _, place, code = best
        if code == worst:
            break
        load[worst] -= people[place]
        load[code] += people[place]
        chosen[place] = code
    return {place: chosen.get(place) for place in options}


def waiting_places(safety: Safety, table: RouteTable, broken: AbstractSet[str]) -> dict[str, Waiting]:
    """Return where people wait who cannot use stairs, by block and standing area.

    It is the nearest evacuation lift that is reached without stairs, else the nearest refuge: by the walk without
    stairs, or straight for a place without such a way. `table` has neither stairs nor lifts, `broken` are lifts out of
    order. A refuge has no floor in the file: it is reached from the node that is nearest to it on the plan.
    """
    venue, nodes = table.venue, table.walk.nodes
    to_lift: dict[str, Sequence[float]] = {}
    for lift in safety.evacuation_lifts:
        code = venue.prefix + lift
        stops = [at for node, at in table.walk.index.items() if node == code or node.startswith(f"{code}:")]
        if stops and code not in broken:
            to_lift[lift] = _seconds_to(table, stops)
    to_refuge: list[tuple[Sequence[float], float]] = []
    for refuge in safety.refuges:
        far = [(hypot(node.x - refuge.x_m, node.y - refuge.y_m), at) for at, node in enumerate(nodes)]
        metres, at = min(far, default=(inf, -1))
        to_refuge.append((_seconds_to(table, [at]) if far else [], metres / WALK_M_S))
    points = {block.code: block.centre for block in venue.blocks} | {
        area.code: (sum(area.outline[::2]) / (len(area.outline) / 2), sum(area.outline[1::2]) / (len(area.outline) / 2))
        for area in venue.areas
    }
    found: dict[str, Waiting] = {}
    for place, (x, y) in points.items():
        at = table.walk.index.get(f"block:{place}", table.walk.index.get(f"area:{place}", -1))
        lifts = [(seconds[at], lift) for lift, seconds in to_lift.items() if at >= 0 and seconds[at] < inf]
        if lifts:
            found[place] = Waiting(lift=min(lifts)[1])
            continue
        ways = [
            (inf if at < 0 else seconds[at] + rest, hypot(refuge.x_m - x, refuge.y_m - y), number)
            for number, (refuge, (seconds, rest)) in enumerate(zip(safety.refuges, to_refuge, strict=True))
        ]
        if ways:
            refuge = safety.refuges[min(ways)[2]]
            found[place] = Waiting(refuge=refuge.code, refuge_places=refuge.places)
    return found


def _seconds_to(table: RouteTable, ends: Sequence[int]) -> Sequence[float]:
    """Return the seconds from each node to the nearest of some ends; infinite without a way."""
    reached = dijkstra((table.outside + table.inside).T, indices=list(ends))
    found: list[float] = reached.min(axis=0).tolist()
    return found


def grouped(
    venue: Venue, people: Mapping[str, int], exits: Mapping[str, str | None], waiting: Mapping[str, Waiting]
) -> list[InstructionGroup]:
    """Return the blocks and standing areas by their instruction, those without an exit first, then by exit."""
    places: dict[tuple[str | None, Waiting], list[str]] = {}
    for place in chain((block.code for block in venue.blocks), (area.code for area in venue.areas)):
        places.setdefault((exits.get(place), waiting.get(place, Waiting())), []).append(place)
    groups = [
        InstructionGroup(
            places=own,
            people=sum(people.get(place, 0) for place in own),
            exit=code,
            lift=wait.lift,
            refuge=wait.refuge,
            refuge_places=wait.refuge_places,
        )
        for (code, wait), own in places.items()
    ]
    return sorted(groups, key=lambda group: (group.exit or "", group.places))


def exit_loads(
    groups: Sequence[InstructionGroup], widths: Mapping[str, float], closed: AbstractSet[str]
) -> list[InstructionExit]:
    """Return the exits with the people who are sent to each, and how long these take to pass at planning flow."""
    people: Counter[str] = Counter()
    for group in groups:
        if group.exit is not None:
            people[group.exit] += group.people
    return [
        InstructionExit(code, metres, code in closed, people[code], ceil(60 * people[code] / (metres * PLANNING.level)))
        for code, metres in widths.items()
    ]


def may_instruct(asked: NewInstructions, venue: Venue) -> Refused | None:
    """Refuse exits that the venue does not have, and groups that miss a place, name one twice or an unknown one."""
    if unknown := set(asked.closed) - {gate.group for gate in venue.gates}:
        return Refused(InstructionRefusal.PLACE_UNKNOWN, {"places": sorted(unknown)})
    named = Counter(zone for group in asked.groups for zone in group.zones)
    wrong = (places_of(venue) ^ named.keys()) | {zone for zone, count in named.items() if count > 1}
    return Refused(InstructionRefusal.INCOMPLETE, {"places": sorted(wrong)}) if wrong else None


def written_instructions(asked: NewInstructions, plan: str) -> Written:
    """Return the record of instructions: the plan, the closed exits, and how many messages they are."""
    data: dict[str, str | int] = {
        "mode": asked.mode.value,
        "plan": plan,
        "closed": " ".join(sorted(asked.closed)),
        "groups": len(asked.groups),
        "minutes": asked.minutes,
    }
    if asked.replaces is not None:
        data["replaces"] = str(asked.replaces)
    return Written("instructions_sent", data, InstructionsContent(asked.groups, asked.stewards))


def changes(
    asked: NewInstructions, sent: Collection[SentBroadcast], now: datetime
) -> tuple[list[UUID], list[MessageChange]]:
    """Return the threads that stay as they are, and the messages to send: each place has one, and so have stewards.

    A message whose places now have several instructions is updated for the largest part of them; the others get new
    messages. One that says the same to the same places stays, unless less than half of `minutes` is left.
    """
    until = now + timedelta(minutes=asked.minutes / 2)
    valid = [one for one in sent if one.broadcast.replaced_by is None and one.broadcast.expires_at > now]
    valid = [one for one in valid if one.broadcast.kind is not BroadcastKind.CANCEL]
    groups = asked.groups if asked.mode is BroadcastMode.ACTUAL else []
    rest = [set(group.zones) for group in groups]
    stewards = ToStaff([StaffGroup.STEWARDS])
    stay: list[UUID] = []
    send: list[MessageChange] = []

    def add(known: SentBroadcast, audience: ToZones | ToStaff, texts: dict[LanguageTag, BroadcastText]) -> None:
        is_same = known.broadcast.targets == targets_of(audience) and known.texts == texts
        if is_same and known.broadcast.expires_at >= until:
            stay.append(known.broadcast.thread)
        else:
            send.append(MessageChange(known.broadcast, audience, texts))

    for known in valid:
        if known.broadcast.audience == "staff":
            add(known, stewards, asked.stewards)
            continue
        parts = [sorted(zones & set(known.broadcast.targets)) for zones in rest]
        at = max(range(len(parts)), key=lambda number: len(parts[number]))
        rest[at] -= set(parts[at])
        add(known, ToZones(parts[at]), groups[at].texts)
    new = [
        MessageChange(None, ToZones(sorted(zones)), group.texts)
        for group, zones in zip(groups, rest, strict=True)
        if zones
    ]
    if all(one.broadcast.audience != "staff" for one in valid):
        new.append(MessageChange(None, stewards, asked.stewards))
    return stay, send + new
