-- name: save_camera(name, programme, delay_ms)!
-- Add or update a camera. A null delay keeps the stored one.
insert into replay.camera (name, programme, delay_ms) values (:name, :programme, coalesce(:delay_ms::integer, 0))
on conflict (name) do update set programme = excluded.programme, delay_ms = coalesce(:delay_ms, camera.delay_ms);

-- name: save_camera_state(name, fault, fault_at, seen_at, lost, now)$
-- Store the state of a camera and newly lost segments; a null time keeps the stored one. Returns the delay.
update replay.camera
set
    fault = :fault, fault_at = :fault_at, told_at = :now, seen_at = coalesce(:seen_at, seen_at),
    lost = lost + :lost, lost_at = case when :lost::integer > 0 then :now else lost_at end
where name = :name
returning delay_ms;

-- name: cameras()
-- All cameras, those of the programme first.
select name, programme, delay_ms, fault, fault_at, told_at as reported_at, seen_at, lost
from replay.camera order by programme desc, name;

-- name: set_delay(name, delay_ms)!
-- Set the delay of a camera.
update replay.camera set delay_ms = :delay_ms where name = :name;

-- name: add_key(camera, period, sealed)!
-- Add the encrypted key of a camera and an hour, unless there is one.
insert into replay.media_key (camera, period, sealed) values (:camera, :period, :sealed) on conflict do nothing;

-- name: media_key(camera, period)$
-- The encrypted key of a camera and an hour.
select sealed from replay.media_key where camera = :camera and period = :period;

-- name: add_track(id, take_id, camera, kind, codecs, width, height, began_at, rung)!
-- Add a track of a new take; idempotent.
insert into replay.track (id, take_id, camera, kind, codecs, width, height, began_at, rung)
values (:id, :take_id, :camera, :kind, :codecs, :width, :height, :began_at, :rung) on conflict do nothing;

-- name: add_segment(id, track_id, camera, kind, at, duration_ms, bytes)!
-- Add a segment; idempotent.
insert into replay.segment (id, track_id, camera, kind, at, duration_ms, bytes)
values (:id, :track_id, :camera, :kind, :at, :duration_ms, :bytes) on conflict do nothing;

-- name: pieces(camera, kinds, rungs, from_at, to_at, longest)
-- Segments of a camera in a time range with their tracks, in order; `longest`: maximum duration of a segment.
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
-- Cameras with video in a time range, those of the programme first.
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
-- Cameras of the programme, which fans see first.
select name from replay.camera where programme order by name;
