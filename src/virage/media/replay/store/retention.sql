-- name: expire_segments(seen_before, withdrawn_before, longest, clip_longest, at_most)
-- Delete the oldest segments that no clip protects, and schedule deletion of their objects. A clip that was never
-- published protects its segments until its end has expired. `clip_longest`: maximum duration, limits the clips read.
with expired as (
    delete from replay.segment where id in (
        select segment.id from replay.segment
        where
            segment.at < :seen_before
            and not exists (
                select from replay.clip
                where
                    clip.from_at < segment.at + :longest::interval
                    and clip.from_at > segment.at - :clip_longest::interval
                    and clip.to_at > segment.at and segment.camera = any(clip.cameras)
                    and (clip.withdrawn_at is null or clip.withdrawn_at >= :withdrawn_before)
                    and (clip.published_at is not null or clip.to_at >= :seen_before)
            )
        order by segment.at, segment.id limit :at_most for no key update
    ) returning id
)
insert into replay.doomed (object_id) select id from expired order by id on conflict do nothing returning object_id;

-- name: expire_tracks(seen_before, at_most)
-- Delete old tracks without segments, and schedule deletion of their init segments.
with expired as (
    delete from replay.track where id in (
        select track.id from replay.track
        where
            track.began_at < :seen_before
            and not exists (select from replay.segment where segment.track_id = track.id)
        order by track.id limit :at_most for no key update
    ) returning id
)
insert into replay.doomed (object_id) select id from expired order by id on conflict do nothing returning object_id;

-- name: expire_descriptions(withdrawn_before, at_most)
-- Delete descriptions of clips withdrawn long ago, and schedule deletion of their objects.
with expired as (
    select id from replay.description
    where clip_id in (select clip.id from replay.clip where clip.withdrawn_at < :withdrawn_before)
    order by id limit :at_most for no key update
), objects as (
    select part.id, part.init_id from replay.description_part as part join expired on expired.id = part.description_id
), dropped as (
    delete from replay.description where id in (select id from expired) returning id
), doomed as (
    insert into replay.doomed (object_id)
    select id from objects union select init_id from objects on conflict do nothing
)
select id from dropped;

-- name: expire_posters(withdrawn_before, at_most)
-- Schedule deletion of the posters of clips withdrawn long ago.
with expired as (
    select id, poster_id from replay.clip
    where withdrawn_at < :withdrawn_before and poster_id is not null
    order by id limit :at_most for no key update
), dropped as (
    update replay.clip set poster_id = null where id in (select id from expired)
)
insert into replay.doomed (object_id) select poster_id from expired order by poster_id on conflict do nothing returning object_id;

-- name: expire_keys(seen_before, key_period)!
-- Delete keys of hours without segments.
with expired as (
    select camera, period from replay.media_key
    where
        period < :seen_before
        and not exists (
            select from replay.segment
            where
                segment.camera = media_key.camera and segment.kind in ('video', 'audio')
                and segment.at >= media_key.period and segment.at < media_key.period + :key_period::interval
        )
    order by camera, period for no key update
)
delete from replay.media_key using expired
where media_key.camera = expired.camera and media_key.period = expired.period;

-- name: reset_losses(seen_before)!
-- Reset counts of lost segments once the footage around them has expired.
with recovered as (
    select name from replay.camera where lost_at < :seen_before order by name for no key update
)
update replay.camera set lost = 0, lost_at = null from recovered where camera.name = recovered.name;

-- name: pending_deletions(at_most)
-- Objects to delete, which no row names.
select object_id from replay.doomed order by object_id limit :at_most;

-- name: delete_pending(object_ids)!
-- Remove deleted objects.
with deleted as (
    select object_id from replay.doomed where object_id = any(:object_ids::uuid[]) order by object_id for no key update
)
delete from replay.doomed using deleted where doomed.object_id = deleted.object_id;
