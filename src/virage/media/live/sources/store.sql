-- name: source(event_id)^
-- Whom the ids of an event's source mean; null before it said so.
select known from live.source where event_id = :event_id;

-- name: keep_source(event_id, known)!
-- Whom its ids mean.
insert into live.source (event_id, known) values (:event_id, :known)
on conflict (event_id) do update set known = excluded.known;

-- name: open_stats(event_id, statistics)!
-- Figures for an event; one that has some keeps them.
insert into live.stats (event_id, statistics) values (:event_id, :statistics) on conflict do nothing;

-- name: lock_stats(event_id)^
-- What was told last, against whoever else counts; null where nothing was ever counted.
select statistics, told_at from live.stats where event_id = :event_id for no key update;

-- name: stats(event_ids)
-- What was told last of some events.
select event_id, statistics from live.stats where event_id = any(:event_ids::uuid[]);

-- name: keep_stats(event_id, statistics, now)!
-- What is told now.
update live.stats set statistics = :statistics, told_at = :now where event_id = :event_id;

-- name: count(event_id, counts)
-- Count each thing once, as it was said last; the ids of those that are new or were said otherwise. The stats are locked.
insert into live.counted as known (event_id, id, side, player, kinds, blame)
select :event_id, line.id, line.side, line.player, line.kinds, coalesce(line.blame, 0)
from jsonb_to_recordset(:counts) as line (id uuid, side text, player integer, kinds text[], blame integer)
order by line.id
on conflict (event_id, id) do update
set side = excluded.side, player = excluded.player, kinds = excluded.kinds, blame = excluded.blame
where (known.side, known.player, known.kinds, known.blame)
is distinct from (excluded.side, excluded.player, excluded.kinds, excluded.blame)
returning id;

-- name: counted(event_id, ids)
-- Who did these things, and how much it is held against them.
select id, side, player, blame from live.counted where event_id = :event_id and id = any(:ids::uuid[]);

-- name: tallies(event_id)
-- How often each player did what.
select side, player, kind, count(*) as times
from live.counted, unnest(kinds) as kind
where event_id = :event_id
group by side, player, kind;
