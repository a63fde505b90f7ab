"""The venue as arrays: one dense integer for every place, and its attributes."""

from collections.abc import Sequence
from enum import IntFlag
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from virage.site.venue.rules.frames import Frame
from virage.site.venue.rules.walk_graph import WalkGraph

BlockKind = Literal["seats", "hospitality", "box"]
AmenityKind = Literal["toilets", "lift", "first_aid", "lounge", "information"]


class Feature(IntFlag):
    """Bits of `Venue.features`."""

    WHEELCHAIR = 1
    COMPANION = 2
    EASY_ACCESS = 4
    AUDIO_DESCRIPTION = 8
    HEARING_LOOP = 16
    SIGN_LANGUAGE = 32
    GUIDE_DOG = 64
    QUIET = 128


class Stand(Struct, frozen=True):
    """A side of the venue with its half corners."""

    code: str
    name: str
    colour: str
    seats: int


class Floor(Struct, frozen=True):
    """A floor of the walking graph; `name` is empty if the file gives none."""

    code: str
    name: dict[str, str]


class Block(Struct, frozen=True):
    """A block or a box. Its seats are `first_seat .. first_seat + seat_count - 1`, row by row.

    `rows` names the rows in the order of the array `row`, `heights` are metres above the pitch, None if unknown; its
    segments are `first_segment .. first_segment + segment_count - 1` of `Venue.row_segments`. `centre` and `outline`
    (x, y, x, y, ...) are metres. `wheelchairs` counts wheelchair spaces. The seats of a `placed` block have positions
    of their own, which its segments only approximate.
    """

    code: str
    stand: str
    ring: int
    kind: BlockKind
    gate_group: str
    first_seat: int
    seat_count: int
    rows: tuple[str, ...]
    heights: tuple[float | None, ...]
    first_segment: int
    segment_count: int
    wheelchairs: int
    frame: Frame
    placed: bool
    centre: tuple[float, float]
    outline: tuple[float, ...]


class Segments(Struct, frozen=True, eq=False):
    """Segments of adjacent seats without stairs between; one entry per segment, in the order of the seats.

    int32 arrays: `first_seat`, `seat_count`, `block`, `row` (position in the block's rows), and in centimetres of the
    block's frame `d`, `t`, `pitch` (see `frames`).
    """

    first_seat: npt.NDArray[np.int32]
    seat_count: npt.NDArray[np.int32]
    block: npt.NDArray[np.int32]
    row: npt.NDArray[np.int32]
    d: npt.NDArray[np.int32]
    t: npt.NDArray[np.int32]
    pitch: npt.NDArray[np.int32]


class StandingArea(Struct, frozen=True):
    """Counted places on the pitch: `first_place .. first_place + capacity_max - 1`, after all seats."""

    code: str
    name: dict[str, str]
    first_place: int
    capacity_max: int
    gate_groups: tuple[str, ...]
    outline: tuple[float, ...]


class Gate(Struct, frozen=True):
    """One ticket gate on the podium, in metres."""

    code: str
    group: str
    stand: str
    x: float
    y: float


class Outlet(Struct, frozen=True):
    """One point of sale on the concourse of a ring."""

    code: str
    stand: str
    ring: int
    x: float
    y: float


class Amenity(Struct, frozen=True):
    """Toilets, a lift, first aid, a lounge or an information desk; a lift serves every ring (`ring` 0)."""

    code: str
    kind: AmenityKind
    stand: str
    ring: int
    x: float
    y: float


class Ramp(Struct, frozen=True):
    """A way up to the gates, with the search lanes at its head; None if their number is unknown."""

    code: str
    search_lanes: int | None


class PlaceLabel(Struct, frozen=True, omit_defaults=True):
    """The label of a place on a ticket. A seat has stand, block, row and seat; a standing place has its area."""

    gate_group: str
    stand: str | None = None
    block: str | None = None
    row: str | None = None
    seat: int | str | None = None
    area: str | None = None
    area_name: dict[str, str] | None = None


def local_code(code: str) -> str:
    """Return the code of a gate, outlet, lift or ramp as people read it, without the prefix of its venue."""
    return code.rpartition(".")[2]


class Venue(Struct, frozen=True, dict=True, eq=False):
    """A venue with all its places. Arrays are read-only and indexed by seat, 0 .. `seats` - 1.

    block uint16 (position in `blocks`), row uint8 (position in the block's `rows`), number uint16 (as printed, unless
    `names` has the seat), segment int32 (position in `row_segments`; seats of one segment are neighbours), x, y float32
    metres from the pitch centre (x along the long side), height float32 (metres of the tread above the pitch),
    features uint8 (`Feature` bits), sightline float32 (0 worst .. 1 best).
    `places` counts seats and standing places together. `code` names the venue in the deployment, `prefix` precedes the
    codes of its gates, outlets, lifts and ramps: it is empty for the first venue, `code` and a full stop for the
    others, so that a code is unique in the deployment (decision 0057). Codes of blocks, stands, areas and gate groups
    have no prefix: they are only used within an event. `time_zone` is an IANA name.
    """

    code: str
    prefix: str
    version: str
    name: str
    time_zone: str
    notice: dict[str, str]
    latitude: float | None
    longitude: float | None
    pitch: tuple[float, float]
    eye_height_m: float
    seats: int
    places: int
    stands: tuple[Stand, ...]
    floors: tuple[Floor, ...]
    blocks: tuple[Block, ...]
    areas: tuple[StandingArea, ...]
    gates: tuple[Gate, ...]
    outlets: tuple[Outlet, ...]
    amenities: tuple[Amenity, ...]
    ramps: tuple[Ramp, ...]
    walk: WalkGraph
    row_segments: Segments
    block: npt.NDArray[np.uint16]
    row: npt.NDArray[np.uint8]
    number: npt.NDArray[np.uint16]
    names: dict[int, str]
    segment: npt.NDArray[np.int32]
    x: npt.NDArray[np.float32]
    y: npt.NDArray[np.float32]
    height: npt.NDArray[np.float32]
    features: npt.NDArray[np.uint8]
    sightline: npt.NDArray[np.float32]

    @cached_property
    def zone(self) -> ZoneInfo:
        """Time zone of the venue: of its events, gates, tills and printed times."""
        return ZoneInfo(self.time_zone)

    @cached_property
    def gate_by_code(self) -> dict[str, Gate]:
        """Gates by code."""
        return {gate.code: gate for gate in self.gates}

    @cached_property
    def outlet_by_code(self) -> dict[str, Outlet]:
        """Outlets by code."""
        return {outlet.code: outlet for outlet in self.outlets}

    @cached_property
    def zones(self) -> tuple[str, ...]:
        """Codes of the zones of presence: stands, then standing areas."""
        return (*(stand.code for stand in self.stands), *(area.code for area in self.areas))

    @cached_property
    def block_index(self) -> dict[str, int]:
        """Position of each block by its code."""
        return {block.code: index for index, block in enumerate(self.blocks)}

    @cached_property
    def _stand_names(self) -> dict[str, str]:
        return {stand.code: stand.name for stand in self.stands}

    def area_of(self, place: int) -> StandingArea | None:
        """Return the standing area of a place; None for a seat."""
        for area in self.areas:
            if area.first_place <= place < area.first_place + area.capacity_max:
                return area
        return None

    def label(self, place: int) -> PlaceLabel:
        """Return the label of a place. Raises `IndexError` for a place that the venue does not have.

        The places of a standing area are distributed over its gate groups in turn.
        """
        if 0 <= place < self.seats:
            block = self.blocks[self.block[place]]
            return PlaceLabel(
                block.gate_group,
                self._stand_names[block.stand],
                block.code,
                block.rows[self.row[place]],
                self.names.get(place) or int(self.number[place]),
            )
        area = self.area_of(place)
        if area is None:
            raise IndexError(f"the venue has places 0..{self.places - 1}, not {place}")
        group = area.gate_groups[(place - area.first_place) % len(area.gate_groups)]
        return PlaceLabel(group, area=area.code, area_name=area.name)


def owner_of(venues: Sequence[Venue], code: str) -> Venue | None:
    """Return the venue of a gate, outlet, lift or ramp by the prefix of its code; None if there is no such venue."""
    prefix = code[: code.rfind(".") + 1]
    return next((venue for venue in venues if venue.prefix == prefix), None)
