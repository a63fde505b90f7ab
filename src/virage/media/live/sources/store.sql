-- name: source_ids(event_id)^
-- Ids of an event's source.
select known from live.source where event_id = :event_id;

-- name: save_source_ids(event_id, known)!
-- Store the ids of an event's source.
insert into live.source (event_id, known) values (:event_id, :known)
on conflict (event_id) do update set known = excluded.known;

-- name: open_stats(event_id, statistics)!
-- Create the statistics of an event if it has none.
insert into live.stats (event_id, statistics) values (:event_id, :statistics) on conflict do nothing;

-- name: lock_stats(event_id)^
-- Lock the statistics of an event.
select statistics, told_at as published_at from live.stats where event_id = :event_id for no key update;

-- name: stats(event_ids)
-- Published statistics of events.
select event_id, statistics from live.stats where event_id = any(:event_ids::uuid[]);

-- name: save_stats(event_id, statistics, now)!
-- Store published statistics.
update live.stats set statistics = :statistics, told_at = :now where event_id = :event_id;

-- name: save_counts(event_id, counts)
-- Store actions, and return the ids of new and changed ones. The statistics must be locked.
insert into live.counted as known (event_id, id, side, player, kinds, blame)
select :event_id, line.id, line.side, line.player, line.kinds, coalesce(line.blame, 0)
from jsonb_to_recordset(:counts) as line (id uuid, side text, player integer, kinds text[], blame integer)
order by line.id
on conflict (event_id, id) do update
set side = excluded.side, player = excluded.player, kinds = excluded.kinds, blame = excluded.blame
where (known.side, known.player, known.kinds, known.blame)
is distinct from (excluded.side, excluded.player, excluded.kinds, excluded.blame)
returning id;

-- name: counted_actions(event_id, ids)
-- Players of counted actions, with their evidence.
select id, side, player, blame from live.counted where event_id = :event_id and id = any(:ids::uuid[]);

-- name: tallies(event_id)
-- Totals by player and kind.
select side, player, kind, count(*) as times
from live.counted, unnest(kinds) as kind
where event_id = :event_id
group by side, player, kind;
