"""Structs and pure functions of the programme for the rules of other domains."""

from virage.site.programme.rules import YEAR_MAX as YEAR_MAX
from virage.site.programme.rules import YEAR_MIN as YEAR_MIN
from virage.site.programme.rules import Event as Event
from virage.site.programme.rules import EventRules as EventRules
from virage.site.programme.rules import Instant as Instant
from virage.site.programme.rules import Kind as Kind
from virage.site.programme.rules import NewEvent as NewEvent
from virage.site.programme.rules import Organiser as Organiser
from virage.site.programme.rules import Series as Series
from virage.site.programme.rules import State as State
from virage.site.programme.rules import Text as Text
from virage.site.programme.rules import content_of as content_of
