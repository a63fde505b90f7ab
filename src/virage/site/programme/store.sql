-- name: insert_organiser(id, name, now)$
-- A new organiser; null when the id is known.
insert into programme.organiser (id, name, created_at) values (:id, :name, :now)
on conflict (id) do nothing returning id;

-- name: organisers(all_of_them, ids, most)
-- Organisers by name: all, or those with these ids.
select id, name from programme.organiser where :all_of_them::bool or id = any(:ids::uuid[])
order by name, id limit :most;

-- name: insert_series(id, organiser_id, title, now)$
-- A new series; null when the id is known.
insert into programme.series (id, organiser_id, title, created_at) values (:id, :organiser_id, :title, :now)
on conflict (id) do nothing returning id;

-- name: series_by_id(ids)
-- Series with these ids.
select id, organiser_id, title from programme.series where id = any(:ids::uuid[]);

-- name: series_of(all_of_them, organiser_ids, most)
-- Series of all organisers or of some, the newest first.
select id, organiser_id, title from programme.series
where :all_of_them::bool or organiser_id = any(:organiser_ids::uuid[])
order by created_at desc, id limit :most;

-- name: insert_event(id, organiser_id, series_id, kind, title, subtitle, venue_version, doors_at, starts_at, ends_at, sale_opens_at, sale_closes_at, rules, request_digest, now)$
-- A new draft; null when the id is known.
insert into programme.event (
    id, organiser_id, series_id, kind, title, subtitle, ground_version, doors_at, starts_at, ends_at, sale_opens_at,
    sale_closes_at, rules, state, revision, request_digest, created_at
) values (
    :id, :organiser_id, :series_id, :kind, :title, :subtitle, :venue_version, :doors_at, :starts_at, :ends_at,
    :sale_opens_at, :sale_closes_at, :rules, 'draft', 1, :request_digest, :now
)
on conflict (id) do nothing returning id;

-- name: request_digest(id)$
-- The hash of the request that created the event.
select request_digest from programme.event where id = :id;

-- name: lock_event(id)$
-- Lock an event; null if there is none.
select id from programme.event where id = :id for no key update;

-- name: update_event(id, series_id, kind, title, subtitle, doors_at, starts_at, ends_at, sale_opens_at, sale_closes_at, rules)!
-- Replace the content of an event and increase its revision.
update programme.event
set
    series_id = :series_id, kind = :kind, title = :title, subtitle = :subtitle, doors_at = :doors_at,
    starts_at = :starts_at, ends_at = :ends_at, sale_opens_at = :sale_opens_at, sale_closes_at = :sale_closes_at,
    rules = :rules, revision = revision + 1
where id = :id;

-- name: mark_published(id, now)!
-- Mark an event as published.
update programme.event set state = 'published', published_at = :now where id = :id;

-- name: mark_cancelled(id, now)!
-- Mark an event as cancelled.
update programme.event set state = 'cancelled', cancelled_at = :now where id = :id;

-- name: events_by_id(ids)
-- Events with these ids, in any state.
select
    event.*, event.ground_version as venue_version, series.title as series_title, version.venue_code,
    version.name as venue_name, version.time_zone
from programme.event
inner join venue.public_version as version on event.ground_version = version.version
left join programme.series on event.series_id = series.id
where event.id = any(:ids::uuid[]);

-- name: public_events_by_id(ids)
-- Events that are or were public.
select
    event.*, event.ground_version as venue_version, series.title as series_title, version.venue_code,
    version.name as venue_name, version.time_zone
from programme.event
inner join venue.public_version as version on event.ground_version = version.version
left join programme.series on event.series_id = series.id
where event.id = any(:ids::uuid[]) and event.published_at is not null;

-- name: upcoming_events(now)
-- Published events that are not over, in the order of their start.
select
    event.*, event.ground_version as venue_version, series.title as series_title, version.venue_code,
    version.name as venue_name, version.time_zone
from programme.event
inner join venue.public_version as version on event.ground_version = version.version
left join programme.series on event.series_id = series.id
where event.state = 'published' and event.ends_at > :now order by event.starts_at, event.id;

-- name: office_events(all_of_them, organiser_ids, event_ids, venue_codes, most)
-- All events, or those of some organisers and venues and some single events, the latest start first.
select
    event.*, event.ground_version as venue_version, series.title as series_title, version.venue_code,
    version.name as venue_name, version.time_zone
from programme.event
inner join venue.public_version as version on event.ground_version = version.version
left join programme.series on event.series_id = series.id
where :all_of_them::bool or event.organiser_id = any(:organiser_ids::uuid[]) or event.id = any(:event_ids::uuid[])
    or version.venue_code = any(:venue_codes::text[])
order by event.starts_at desc, event.id limit :most;

-- name: set_version(id, venue_version)!
-- Move an event to another version of a venue.
update programme.event set ground_version = :venue_version, revision = revision + 1 where id = :id;
