-- name: add_clip(id, event_id, about, from_at, to_at, cameras, now)$
-- A clip that is published; null when its id is known.
insert into replay.clip (id, event_id, about, from_at, to_at, cameras, published_at)
values (:id, :event_id, :about, :from_at, :to_at, :cameras, :now) on conflict do nothing returning id;

-- name: clip(id)^
-- One clip.
select id, event_id, about, from_at, to_at, cameras, published_at, withdrawn_at from replay.clip where id = :id;

-- name: withdraw_clip(id, now)!
-- Show a clip no more.
update replay.clip set withdrawn_at = :now where id = :id and withdrawn_at is null;
