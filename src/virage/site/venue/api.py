"""What other domains may do with venue, and read of it."""

from virage.site.venue.reads import GROUND_ZONE as GROUND_ZONE
from virage.site.venue.reads import passable as passable
from virage.site.venue.reads import walking_s as walking_s
from virage.site.venue.reads import way_from_outlet as way_from_outlet
from virage.site.venue.reads import way_in as way_in
