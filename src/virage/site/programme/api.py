"""Commands and reads of the programme for other domains."""

from virage.site.programme.acts import EventCancelled as EventCancelled
from virage.site.programme.acts import EventMoved as EventMoved
from virage.site.programme.acts import add_organiser as add_organiser
from virage.site.programme.acts import add_series as add_series
from virage.site.programme.acts import amend as amend
from virage.site.programme.acts import create as create
from virage.site.programme.acts import lock_for_move as lock_for_move
from virage.site.programme.acts import publish as publish
from virage.site.programme.acts import set_venue_version as set_venue_version
from virage.site.programme.reads import event as event
from virage.site.programme.reads import event_within as event_within
from virage.site.programme.reads import events as events
from virage.site.programme.reads import organisers as organisers
from virage.site.programme.reads import public_events_of as public_events_of
from virage.site.programme.reads import series as series
from virage.site.programme.reads import upcoming as upcoming
from virage.site.programme.reads import venue_version as venue_version
