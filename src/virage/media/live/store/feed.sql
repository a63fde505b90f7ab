-- name: open_feed(event_id)!
-- Create the feed of an event if it has none.
insert into live.feed (event_id) values (:event_id) on conflict do nothing;

-- name: lock_feed(event_id)^
-- Lock a feed against other publishers.
select event_id, head, teams, revision from live.feed where event_id = :event_id for no key update;

-- name: feed(event_id)^
-- A feed.
select event_id, head, teams, revision from live.feed where event_id = :event_id;

-- name: set_teams(event_id, teams)!
-- Store the line-ups.
update live.feed set teams = :teams, revision = revision + 1 where event_id = :event_id;

-- name: entries_by_id(ids)
-- Entries by their ids.
select event_id, id, number, at, clock_s, told as content from live.entry where id = any(:ids::uuid[]);

-- name: insert_entries(event_id, numbers, ids, times, clocks_s, contents, who, now)!
-- Insert entries, numbered after the locked head.
with entry as (
    insert into live.entry (event_id, number, id, at, clock_s, told, who, written_at)
    select :event_id, line.number, line.id, line.at, line.clock_s, line.content, :who::uuid, :now
    from unnest(:numbers::int[], :ids::uuid[], :times::timestamptz[], :clocks_s::int[], :contents::jsonb[])
        as line (number, id, at, clock_s, content)
    returning number
)
update live.feed set head = (select max(number) from entry) where event_id = :event_id;

-- name: entries_after(event_id, number)
-- Entries after a number, in order.
select number, at, clock_s, told as content, xid::text as xid from live.entry
where event_id = :event_id and number > :number order by number;

-- name: feeds_in_use(since)
-- Empty feeds, and feeds with an entry since then.
select event_id from live.feed
where head = 0 or exists (
    select from live.entry
    where entry.event_id = feed.event_id and entry.number = feed.head and entry.written_at > :since
);
