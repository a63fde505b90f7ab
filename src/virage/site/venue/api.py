"""Acts and reads of the venue for other domains."""

from virage.site.venue.acts import Imported as Imported
from virage.site.venue.acts import import_file as import_file
from virage.site.venue.reads import Closures as Closures
from virage.site.venue.reads import closures as closures
from virage.site.venue.reads import file_of as file_of
from virage.site.venue.reads import route_from_outlet as route_from_outlet
from virage.site.venue.reads import route_options as route_options
from virage.site.venue.reads import route_to_place as route_to_place
from virage.site.venue.reads import venue_at as venue_at
from virage.site.venue.reads import venue_of as venue_of
from virage.site.venue.reads import venues as venues
from virage.site.venue.reads import versions as versions
from virage.site.venue.reads import walking_s as walking_s
