-- name: clips_to_ladder(limit_)
-- Clips that may lack renditions, latest first.
select id, event_id, about, from_at, to_at, cameras, published_at, withdrawn_at from replay.clip
where laddered_at is null and withdrawn_at is null order by published_at desc limit :limit_;

-- name: set_laddered(id, now)!
-- Record that the renditions of a clip are complete.
update replay.clip set laddered_at = :now where id = :id and laddered_at is null;

-- name: ladder_state(since, height, rung)^
-- Delay of the smallest rendition of the programme since a moment (s), null without one, and its skipped segments;
-- only of cameras with a larger picture.
with
source as (
    select segment.camera, segment.at
    from replay.segment join replay.track on track.id = segment.track_id join replay.camera on camera.name = segment.camera
    where
        camera.programme and segment.kind = 'video' and segment.at > :since and track.rung = 'source'
        and track.height > :height
),
made as (
    select segment.camera, segment.at
    from replay.segment join replay.track on track.id = segment.track_id join replay.camera on camera.name = segment.camera
    where camera.programme and segment.kind = 'video' and segment.at > :since and track.rung = :rung
),
reached as (select camera, max(at) as at from made group by camera)
select
    extract(epoch from max(source.at - coalesce(reached.at, :since)))::float8 as behind,
    count(*) filter (where source.at < reached.at and made.at is null) as left_out
from source left join reached using (camera) left join made on made.camera = source.camera and made.at = source.at;
