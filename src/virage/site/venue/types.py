"""Structs and pure functions of the venue for the rules of other domains."""

from virage.site.venue.rules.build import build_venue as build_venue
from virage.site.venue.rules.check import Checked as Checked
from virage.site.venue.rules.check import json_schema as json_schema
from virage.site.venue.rules.check import read as read
from virage.site.venue.rules.defects import FILE_BYTES_MAX as FILE_BYTES_MAX
from virage.site.venue.rules.defects import Defect as Defect
from virage.site.venue.rules.defects import DefectCode as DefectCode
from virage.site.venue.rules.drawing import plan_svg as plan_svg
from virage.site.venue.rules.file import AmenityFile as AmenityFile
from virage.site.venue.rules.file import AreaFile as AreaFile
from virage.site.venue.rules.file import BlockFile as BlockFile
from virage.site.venue.rules.file import EdgeFile as EdgeFile
from virage.site.venue.rules.file import FloorFile as FloorFile
from virage.site.venue.rules.file import FrameFile as FrameFile
from virage.site.venue.rules.file import GateFile as GateFile
from virage.site.venue.rules.file import Location as Location
from virage.site.venue.rules.file import NodeFile as NodeFile
from virage.site.venue.rules.file import OutletFile as OutletFile
from virage.site.venue.rules.file import PitchFile as PitchFile
from virage.site.venue.rules.file import RampFile as RampFile
from virage.site.venue.rules.file import RowFile as RowFile
from virage.site.venue.rules.file import SeatFeature as SeatFeature
from virage.site.venue.rules.file import SegmentFile as SegmentFile
from virage.site.venue.rules.file import StandFile as StandFile
from virage.site.venue.rules.file import VenueFile as VenueFile
from virage.site.venue.rules.file import Walkways as Walkways
from virage.site.venue.rules.frames import Frame as Frame
from virage.site.venue.rules.frames import centimetres as centimetres
from virage.site.venue.rules.frames import point as point
from virage.site.venue.rules.mend import mend as mend
from virage.site.venue.rules.readings import Place as Place
from virage.site.venue.rules.readings import Reading as Reading
from virage.site.venue.rules.routing import Entrance as Entrance
from virage.site.venue.rules.routing import GateHint as GateHint
from virage.site.venue.rules.routing import Route as Route
from virage.site.venue.rules.routing import RouteOptions as RouteOptions
from virage.site.venue.rules.routing import gate_hints as gate_hints
from virage.site.venue.rules.routing import route_table as route_table
from virage.site.venue.rules.venue import AmenityKind as AmenityKind
from virage.site.venue.rules.venue import Block as Block
from virage.site.venue.rules.venue import BlockKind as BlockKind
from virage.site.venue.rules.venue import Feature as Feature
from virage.site.venue.rules.venue import Gate as Gate
from virage.site.venue.rules.venue import Outlet as Outlet
from virage.site.venue.rules.venue import PlaceLabel as PlaceLabel
from virage.site.venue.rules.venue import Ramp as Ramp
from virage.site.venue.rules.venue import StandingArea as StandingArea
from virage.site.venue.rules.venue import Venue as Venue
from virage.site.venue.rules.venue import local_code as local_code
from virage.site.venue.rules.venue import owner_of as owner_of
from virage.site.venue.rules.walk_graph import Kind as Kind


def load_venue() -> Venue:  # until every domain asks for the venue of its event
    """Return the demonstration's stadium."""
    import importlib  # noqa: PLC0415

    venue: Venue = importlib.import_module("virage.demo.venues.drawing").stadium()
    return venue
