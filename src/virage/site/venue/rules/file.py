"""The venue file: a venue as JSON, documented in docs/venue-file.md.

Lengths are metres, rounded to the centimetre; angles are degrees counterclockwise from +x. The origin is the middle of
the pitch, +x along its long side, +y to the left of it. Heights are above the pitch. A value that the file leaves out
is unknown: nothing is guessed from its absence.
"""

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from virage.site.venue.rules.venue import AmenityKind, BlockKind
from virage.site.venue.rules.walk_graph import Kind

FORMAT = "virage-venue/1"
PLACES_MAX = 250_000
"""Maximum number of seats and standing places of a venue."""

LABEL_CHARS_MAX = 16
"""Maximum length of the name of a row or a seat."""

Code = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,16}$")]
VenueCode = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,15}$")]
Group = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,6}$")]
Line = Annotated[str, Meta(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]
Label = Annotated[str, Meta(min_length=1, max_length=LABEL_CHARS_MAX, pattern=r"^[^\x00-\x1f\x7f]*$")]
Text = dict[Annotated[str, Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], Line]
Name = Annotated[Text, Meta(min_length=1)]
Metres = Annotated[float, Meta(ge=-2000, le=2000)]
Length = Annotated[float, Meta(gt=0, le=2000)]
Count = Annotated[int, Meta(ge=1, le=PLACES_MAX)]
Index = Annotated[int, Meta(ge=0, lt=PLACES_MAX)]
Colour = Annotated[str, Meta(pattern=r"^#[0-9a-f]{6}$")]
PhoneNumber = Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{5,14}$")]
Points = Annotated[tuple[Metres, ...], Meta(min_length=6, max_length=2000)]
SeatFeature = Literal[
    "wheelchair",
    "companion",
    "easy_access",
    "audio_description",
    "hearing_loop",
    "sign_language",
    "guide_dog",
    "quiet",
]
"""`easy_access`: few steps; `sign_language`: a view of the interpreter; `guide_dog`: floor space for a dog; `quiet`:
away from loudspeakers and crowds. The order is that of the bits of `Feature`.
"""


class _Strict(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A misspelt key is a defect, not a default."""


class Location(_Strict, frozen=True):
    """Position of the venue in degrees (WGS 84)."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]


class PitchFile(_Strict, frozen=True):
    """The field of play, or the floor that all seats look at, centred on the origin."""

    length_m: Length
    width_m: Length


class StandFile(_Strict, frozen=True):
    """A side of the venue; stands are also the zones of presence."""

    code: Code
    name: Line
    colour: Colour


class FrameFile(_Strict, frozen=True):
    """A direction away from the pitch, in which rows are straight or arcs; see `frames`."""

    x_m: Metres
    y_m: Metres
    facing_deg: Annotated[float, Meta(ge=0, lt=360)]
    curved: bool = False


class SegmentFile(_Strict, frozen=True):
    """Neighbouring seats of a row, without stairs between them.

    Either `d_m`, `t_m`, `pitch_m` and `count` in the frame of the block, or `points_m`, the position x, y of each seat.
    Seats are numbered along the row from 1 on; `first` is the number of the first seat of this segment, `numbers` names
    each one. `features` lists the positions in the segment, from 0, of the seats that have a feature.
    """

    count: Count | None = None
    d_m: Length | None = None
    t_m: Metres | None = None
    pitch_m: Length | None = None
    points_m: Annotated[tuple[Metres, ...], Meta(min_length=2, max_length=2 * PLACES_MAX)] | None = None
    first: Annotated[int, Meta(ge=0, le=60_000)] | None = None
    numbers: Annotated[tuple[Label, ...], Meta(min_length=1, max_length=PLACES_MAX)] | None = None
    features: dict[SeatFeature, tuple[Index, ...]] = {}

    @property
    def seats(self) -> int:
        """Number of seats."""
        return self.count or len(self.points_m or ()) // 2


class RowFile(_Strict, frozen=True):
    """A row from front to back. `sightline` from 0 (worst) to 100 replaces the computed quality of the view."""

    name: Label
    segments: Annotated[tuple[SegmentFile, ...], Meta(min_length=1, max_length=2000)]
    height_m: Metres | None = None
    sightline: Annotated[int, Meta(ge=0, le=100)] | None = None


class BlockFile(_Strict, frozen=True):
    """A block or a box. `features` are those of all its seats."""

    code: Code
    stand: Code
    gate_group: Group
    rows: Annotated[tuple[RowFile, ...], Meta(min_length=1, max_length=255)]
    ring: Annotated[int, Meta(ge=1, le=9)] = 1
    kind: BlockKind = "seats"
    frame: FrameFile | None = None
    outline_m: Points | None = None
    features: tuple[SeatFeature, ...] = ()


class AreaFile(_Strict, frozen=True):
    """A standing area; its places are counted, not numbered."""

    code: Code
    name: Name
    capacity_max: Count
    outline_m: Points
    gate_groups: Annotated[tuple[Group, ...], Meta(min_length=1)]


class GateFile(_Strict, frozen=True):
    """A ticket gate; `stand` is the zone that it opens to."""

    code: Code
    group: Group
    stand: Code
    x_m: Metres
    y_m: Metres


class OutletFile(_Strict, frozen=True):
    """A point of sale."""

    code: Code
    stand: Code
    x_m: Metres
    y_m: Metres
    ring: Annotated[int, Meta(ge=1, le=9)] = 1


class AmenityFile(_Strict, frozen=True):
    """Toilets, a lift, first aid, a lounge or an information desk; `ring` 0 serves every ring."""

    code: Code
    kind: AmenityKind
    stand: Code
    x_m: Metres
    y_m: Metres
    ring: Annotated[int, Meta(ge=0, le=9)] = 1


class RampFile(_Strict, frozen=True):
    """A way from the street to the gates; unknown lanes or rates make no forecast of queues.

    `search_rate_h` is the lowest and the highest number of people that one search lane passes in an hour.
    """

    code: Code
    search_lanes: Annotated[int, Meta(ge=1, le=100)] | None = None
    search_rate_h: tuple[Count, Count] | None = None


class FloorFile(_Strict, frozen=True):
    """A floor of the walking graph. `outside` is in front of the gates."""

    code: Code
    name: Text = {}
    outside: bool = False


class NodeFile(_Strict, frozen=True):
    """A point of the walking graph.

    `id` names what is there: `gate:A1`, `ramp:N1`, `outlet:01`, `block:203`, `platform:203` (its wheelchair spaces),
    `area:PEL`, the code of an amenity, or `code:floor` for a stop of a lift; any other id is a point of a walkway.
    """

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_:-]{1,40}$")]
    floor: Code
    x_m: Metres
    y_m: Metres
    height_m: Metres = 0.0


class EdgeFile(_Strict, frozen=True):
    """A walkway between two nodes. `metres` is its horizontal length if it is not straight; `lift` names the lift."""

    a: str
    b: str
    kind: Kind = Kind.LEVEL
    width_m: Length | None = None
    metres: Length | None = None
    lift: Code | None = None


class Walkways(_Strict, frozen=True):
    """The walking graph. Without it, no directions are given."""

    floors: tuple[FloorFile, ...]
    nodes: tuple[NodeFile, ...]
    edges: tuple[EdgeFile, ...]


class ExitFile(_Strict, frozen=True):
    """An exit with its clear width."""

    code: Code
    x_m: Metres
    y_m: Metres
    clear_width_m: Length
    zone: Code | None = None


class ZoneFile(_Strict, frozen=True):
    """An area for the density of people; `within` is the zone around it."""

    code: Code
    area_m2: Annotated[float, Meta(gt=0, le=1_000_000)]
    within: Code | None = None


class RefugeFile(_Strict, frozen=True):
    """A protected place where people wait for an assisted evacuation."""

    code: Code
    x_m: Metres
    y_m: Metres
    places: Count


class AssemblyPointFile(_Strict, frozen=True):
    """A place outside where evacuated people gather."""

    code: Code
    x_m: Metres
    y_m: Metres
    capacity: Count | None = None


class WayOutFile(_Strict, frozen=True):
    """The exits, groups of gates, through which a block or standing area may be evacuated, the preferred one first."""

    place: Code
    exits: Annotated[tuple[Group, ...], Meta(min_length=1, max_length=20)]


class EvacuationPlan(_Strict, frozen=True):
    """The approved evacuation plan: the ways out of every block and standing area.

    `help_number` (E.164) is called from refuges and by people who cannot use stairs.
    """

    reference: Line
    approved_by: Line
    approved_on: date
    help_number: PhoneNumber
    ways: Annotated[tuple[WayOutFile, ...], Meta(min_length=1, max_length=5_500)]


class Safety(_Strict, frozen=True):
    """Facts for the safety of the venue; the P and S factors are those of the Guide to Safety at Sports Grounds."""

    authorised_capacity: Count | None = None
    p_factor: Annotated[float, Meta(ge=0, le=1)] | None = None
    s_factor: Annotated[float, Meta(ge=0, le=1)] | None = None
    exits: tuple[ExitFile, ...] = ()
    zones: tuple[ZoneFile, ...] = ()
    refuges: tuple[RefugeFile, ...] = ()
    evacuation_lifts: tuple[Code, ...] = ()
    assembly_points: tuple[AssemblyPointFile, ...] = ()
    evacuation_plan: EvacuationPlan | None = None


class RoomFile(_Strict, frozen=True):
    """A room of the business centre."""

    code: Code
    name: Name
    capacity: Count | None = None
    area_m2: Annotated[float, Meta(gt=0, le=100_000)] | None = None
    floor: Code | None = None


class BoxFile(_Strict, frozen=True):
    """A box: the block of its seats, and its code as a room."""

    code: Code
    block: Code


class DoorFile(_Strict, frozen=True):
    """A door with a reader."""

    code: Code
    x_m: Metres
    y_m: Metres
    room: Code | None = None


class Hospitality(_Strict, frozen=True):
    """Rooms, boxes and doors."""

    rooms: tuple[RoomFile, ...] = ()
    boxes: tuple[BoxFile, ...] = ()
    doors: tuple[DoorFile, ...] = ()


class VenueFile(_Strict, frozen=True, kw_only=True):
    """The whole file."""

    format: Literal["virage-venue/1"]
    code: VenueCode
    name: Line
    time_zone: Annotated[str, Meta(max_length=60)]
    notice: Text = {}
    location: Location | None = None
    pitch: PitchFile | None = None
    eye_height_m: Length = 1.2
    stands: Annotated[tuple[StandFile, ...], Meta(min_length=1, max_length=50)]
    blocks: Annotated[tuple[BlockFile, ...], Meta(max_length=5_000)] = ()
    areas: Annotated[tuple[AreaFile, ...], Meta(max_length=500)] = ()
    gates: Annotated[tuple[GateFile, ...], Meta(max_length=2_000)] = ()
    outlets: Annotated[tuple[OutletFile, ...], Meta(max_length=2_000)] = ()
    amenities: Annotated[tuple[AmenityFile, ...], Meta(max_length=5_000)] = ()
    ramps: Annotated[tuple[RampFile, ...], Meta(max_length=500)] = ()
    walkways: Walkways | None = None
    safety: Safety | None = None
    hospitality: Hospitality | None = None

    @property
    def seats(self) -> int:
        """Number of seats."""
        return sum(segment.seats for block in self.blocks for row in block.rows for segment in row.segments)

    @property
    def places(self) -> int:
        """Number of seats and standing places."""
        return self.seats + sum(area.capacity_max for area in self.areas)


def encode(file: VenueFile) -> bytes:
    """Return the canonical JSON of a file: keys in the order of the format, defaults left out."""
    return msgspec.json.encode(file)
