-- name: report_outage(id, lift, who, now)$
-- Report a lift as out of order; null if it already is, or if the id exists.
insert into venue.outage (id, lift, reported_at, reported_by) values (:id, :lift, :now, :who)
on conflict do nothing returning id;

-- name: end_outage(lift, who, now)$
-- End the outage of a lift; null if there was none.
update venue.outage set ended_at = greatest(reported_at, :now), ended_by = :who
where lift = :lift and ended_at is null returning id;

-- name: open_outages()
-- The lifts that are out of order.
select id, lift, reported_at from venue.outage where ended_at is null order by lift;

-- name: lock_imports()
-- One import at a time: which venue is the first one has no row that could be locked.
select pg_advisory_xact_lock(hashtextextended('venue: import', 0));

-- name: venue_count()$
-- Number of venues.
select count(*) from venue.venue;

-- name: insert_venue(code, prefix, version, now)!
-- A new venue.
insert into venue.venue (code, prefix, current_version, created_at) values (:code, :prefix, :version, :now);

-- name: lock_venue(code)^
-- A venue, locked until the end of the transaction.
select code, prefix, current_version from venue.venue where code = :code for no key update;

-- name: insert_version(version, venue_code, name, time_zone, seats, places, file, based_on, now, who)!
-- The next version of a venue.
insert into venue.version (
    version, venue_code, number, name, time_zone, seats, places, file, based_on, imported_at, imported_by
)
select
    :version, :venue_code, coalesce(max(version.number), 0) + 1, :name, :time_zone, :seats, :places, :file, :based_on,
    :now, :who
from venue.version
where version.venue_code = :venue_code;

-- name: set_current(code, version)!
-- The version that new events of a venue get.
update venue.venue set current_version = :version where code = :code;

-- name: current_versions()
-- Every venue with its current version, the first venue first.
select code, current_version from venue.venue order by created_at, prefix, code;

-- name: current_version(code)$
-- The current version of a venue.
select current_version from venue.venue where code = :code;

-- name: version_file(version)^
-- The file of a version, with its venue's code and prefix.
select version.file, venue.code, venue.prefix
from venue.version inner join venue.venue on version.venue_code = venue.code
where version.version = :version;

-- name: versions(code)
-- The versions of a venue, the latest first.
select
    version.version, version.number, version.name, version.seats, version.places, version.based_on,
    version.imported_at, version.imported_by, version.version = venue.current_version as is_current
from venue.version inner join venue.venue on version.venue_code = venue.code
where version.venue_code = :code order by version.number desc;

-- name: insert_closure(id, event_id, part, code, who, now)$
-- Close a part of the venue for an event; null if it is closed.
insert into venue.closure (id, event_id, part, code, closed_at, closed_by)
values (:id, :event_id, :part, :code, :now, :who)
on conflict do nothing returning id;

-- name: end_closure(event_id, part, code, who, now)$
-- Reopen a part of the venue for an event; null if it was not closed.
update venue.closure set reopened_at = greatest(closed_at, :now), reopened_by = :who
where event_id = :event_id and part = :part and code = :code and reopened_at is null returning id;

-- name: open_closures(event_id)
-- What is closed for an event.
select part, code, closed_at, closed_by
from venue.closure where event_id = :event_id and reopened_at is null order by part, code;
