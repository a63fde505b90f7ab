-- name: insert_picture(event_id, at, body)!
-- The picture of an instant, once.
insert into safety.picture (event_id, at, body) values (:event_id, :at, :body) on conflict do nothing;

-- name: picture_at(event_id, at)^
-- The last picture at an instant.
select body from safety.picture where event_id = :event_id and at <= :at order by at desc limit 1;

-- name: pictures_of(event_id)
-- The pictures of an event in order.
select body from safety.picture where event_id = :event_id order by at;

-- name: first_picture_at(event_id)$
-- When the first picture of an event was taken.
select min(at) from safety.picture where event_id = :event_id;

-- name: delete_pictures(before)!
-- Delete pictures from before a time.
with locked as (
    select event_id, at from safety.picture where at < :before
    order by event_id, at
    for update
)
delete from safety.picture using locked where picture.event_id = locked.event_id and picture.at = locked.at;
