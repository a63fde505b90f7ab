"""Structs and pure functions of the venue for the rules of other domains."""

from virage.site.venue.rules.build import default_plan as default_plan
from virage.site.venue.rules.build import load_venue as load_venue
from virage.site.venue.rules.drawing import plan_svg as plan_svg
from virage.site.venue.rules.readings import Place as Place
from virage.site.venue.rules.readings import Reading as Reading
from virage.site.venue.rules.routing import Entrance as Entrance
from virage.site.venue.rules.routing import GateHint as GateHint
from virage.site.venue.rules.routing import Route as Route
from virage.site.venue.rules.routing import RouteOptions as RouteOptions
from virage.site.venue.rules.routing import gate_hints as gate_hints
from virage.site.venue.rules.routing import route_table as route_table
from virage.site.venue.rules.venue import Block as Block
from virage.site.venue.rules.venue import Feature as Feature
from virage.site.venue.rules.venue import Gate as Gate
from virage.site.venue.rules.venue import Outlet as Outlet
from virage.site.venue.rules.venue import PlaceLabel as PlaceLabel
from virage.site.venue.rules.venue import Ramp as Ramp
from virage.site.venue.rules.venue import StandingArea as StandingArea
from virage.site.venue.rules.venue import Venue as Venue
from virage.site.venue.rules.venue import local_code as local_code
from virage.site.venue.rules.venue import owner_of as owner_of
