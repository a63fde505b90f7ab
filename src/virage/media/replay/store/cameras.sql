-- name: save_camera(name, programme, delay_ms)!
-- A camera, or how it is set up now. A delay that is null stays what it was.
insert into replay.camera (name, programme, delay_ms) values (:name, :programme, coalesce(:delay_ms::integer, 0))
on conflict (name) do update set programme = excluded.programme, delay_ms = coalesce(:delay_ms, camera.delay_ms);

-- name: save_camera_state(name, fault, fault_at, seen_at, lost, now)$
-- What a camera does, and how many more segments were lost; a time that is null stays what it was. Returns its delay.
update replay.camera
set
    fault = :fault, fault_at = :fault_at, told_at = :now, seen_at = coalesce(:seen_at, seen_at),
    lost = lost + :lost, lost_at = case when :lost::integer > 0 then :now else lost_at end
where name = :name
returning delay_ms;

-- name: cameras()
-- All cameras, that of the programme first.
select name, programme, delay_ms, fault, fault_at, told_at, seen_at, lost
from replay.camera order by programme desc, name;

-- name: set_delay(name, delay_ms)!
-- How late a camera's transport brings a picture.
update replay.camera set delay_ms = :delay_ms where name = :name;

-- name: add_key(camera, period, sealed)!
-- The key of a camera and an hour, unless there is one.
insert into replay.media_key (camera, period, sealed) values (:camera, :period, :sealed) on conflict do nothing;

-- name: media_key(camera, period)$
-- The sealed key of a camera and an hour.
select sealed from replay.media_key where camera = :camera and period = :period;

-- name: add_track(id, take_id, camera, kind, codecs, width, height, began_at, rung)!
-- A track of a new take; the same again is the same.
insert into replay.track (id, take_id, camera, kind, codecs, width, height, began_at, rung)
values (:id, :take_id, :camera, :kind, :codecs, :width, :height, :began_at, :rung) on conflict do nothing;

-- name: add_segment(id, track_id, camera, kind, at, duration_ms, bytes)!
-- A segment that is kept; the same again is the same.
insert into replay.segment (id, track_id, camera, kind, at, duration_ms, bytes)
values (:id, :track_id, :camera, :kind, :at, :duration_ms, :bytes) on conflict do nothing;

-- name: pieces(camera, kinds, rungs, from_at, to_at, longest)
-- Segments of a camera that show some of a stretch of time, with their tracks, in order; none is longer than `longest`.
select
    segment.id, segment.at, segment.duration_ms, segment.bytes, track.id as track_id, track.take_id, track.camera,
    track.kind, track.codecs, track.width, track.height, track.began_at, track.rung
from replay.segment join replay.track on track.id = segment.track_id
where
    segment.camera = :camera and segment.kind = any(:kinds::text[]) and track.rung = any(:rungs::text[])
    and segment.at < :to_at
    and segment.at > :from_at::timestamptz - :longest::interval
    and segment.at + segment.duration_ms * interval '1 millisecond' > :from_at
order by segment.at;

-- name: cameras_seen(from_at, to_at, longest)
-- Cameras of which some picture shows a stretch of time, that of the programme first.
select camera.name from replay.camera
where exists (
    select from replay.segment
    where
        segment.camera = camera.name and segment.kind = 'video' and segment.at < :to_at
        and segment.at > :from_at::timestamptz - :longest::interval
        and segment.at + segment.duration_ms * interval '1 millisecond' > :from_at
)
order by camera.programme desc, camera.name;

-- name: programme_cameras()
-- The cameras that fans see first.
select name from replay.camera where programme order by name;
