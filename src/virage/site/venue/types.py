"""What other domains' rules may know of venue: its Structs and pure functions."""

from virage.site.venue.rules.build import default_plan as default_plan
from virage.site.venue.rules.build import load_ground as load_ground
from virage.site.venue.rules.drawing import plan_svg as plan_svg
from virage.site.venue.rules.ground import Block as Block
from virage.site.venue.rules.ground import Feature as Feature
from virage.site.venue.rules.ground import Gate as Gate
from virage.site.venue.rules.ground import PlaceLabel as PlaceLabel
from virage.site.venue.rules.readings import Place as Place
from virage.site.venue.rules.readings import Reading as Reading
from virage.site.venue.rules.walking import load_walk as load_walk
from virage.site.venue.rules.ways import Entrance as Entrance
from virage.site.venue.rules.ways import GateHint as GateHint
from virage.site.venue.rules.ways import Passable as Passable
from virage.site.venue.rules.ways import Way as Way
from virage.site.venue.rules.ways import gate_hints as gate_hints
from virage.site.venue.rules.ways import ways as ways
