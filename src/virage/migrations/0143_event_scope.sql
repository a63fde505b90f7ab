-- expand: a role for a venue covers the sales and orders of its events.
create or replace view programme.public_event_organiser as
select event.id as event_id, event.organiser_id, version.venue_code
from programme.event
inner join venue.public_version as version on event.ground_version = version.version;
