-- name: add_clip(id, event_id, about, from_at, to_at, cameras, published_at, marked_by, entry, poster_id)$
-- Add a clip; null if its id exists.
insert into replay.clip (id, event_id, about, from_at, to_at, cameras, published_at, marked_by, entry, poster_id)
values (:id, :event_id, :about, :from_at, :to_at, :cameras, :published_at, :marked_by, :entry, :poster_id)
on conflict do nothing returning id;

-- name: clip(id)^
-- One clip.
select id, event_id, about, from_at, to_at, cameras, published_at, withdrawn_at, marked_by, entry, poster_id
from replay.clip where id = :id;

-- name: clips_of(event_id, most)
-- Clips of an event, latest first.
select id, event_id, about, from_at, to_at, cameras, published_at, withdrawn_at, marked_by, entry, poster_id
from replay.clip where event_id = :event_id order by from_at desc, id limit :most;

-- name: clips_of_entry(event_id, number)
-- Clips that show a feed entry or are announced by it, without withdrawn ones.
select id, event_id, about, from_at, to_at, cameras, published_at, withdrawn_at, marked_by, entry, poster_id
from replay.clip
where event_id = :event_id and (about = :number or entry = :number) and withdrawn_at is null order by id;

-- name: withdraw_clip(id, entry, now)!
-- Withdraw a clip, if its feed entry is unchanged.
update replay.clip set withdrawn_at = :now, entry = null
where id = :id and withdrawn_at is null and entry is not distinct from :entry::integer;

-- name: show_clip(id, withdrawn_at, entry, poster_id, now)!
-- Publish a proposed or withdrawn clip, if unchanged; a deleted poster gets a new id.
update replay.clip
set
    published_at = coalesce(published_at, :now), withdrawn_at = null, entry = :entry,
    poster_id = coalesce(poster_id, :poster_id)
where id = :id and entry is null and withdrawn_at is not distinct from :withdrawn_at::timestamptz;
