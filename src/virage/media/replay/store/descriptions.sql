-- name: languages(clip_id)
-- Languages of the descriptions of a clip.
select locale from replay.description where clip_id = :clip_id order by locale desc;

-- name: languages_by_clip(event_id)
-- Languages of descriptions by clip of an event, without clips that have none.
select description.clip_id, array_agg(description.locale order by description.locale desc) as locales
from replay.description join replay.clip on clip.id = description.clip_id
where clip.event_id = :event_id group by description.clip_id;

-- name: parts(clip_id, locale, camera)
-- Parts of a description for one camera, in order.
select part.run, part.init_id, part.id, part.period, part.duration_ms
from replay.description join replay.description_part as part on part.description_id = description.id
where description.clip_id = :clip_id and description.locale = :locale and part.camera = :camera
order by part.number;

-- name: drop_description(clip_id, locale)!
-- Delete a description before its replacement, and schedule deletion of its objects.
with objects as (
    select part.id, part.init_id
    from replay.description join replay.description_part as part on part.description_id = description.id
    where description.clip_id = :clip_id and description.locale = :locale
), dropped as (
    delete from replay.description where clip_id = :clip_id and locale = :locale
)
insert into replay.doomed (object_id) select id from objects union select init_id from objects on conflict do nothing;

-- name: add_description(clip_id, locale, id, now)!
-- Add a description.
insert into replay.description (clip_id, locale, id, brought_at) values (:clip_id, :locale, :id, :now);

-- name: add_parts(description_id, camera, runs, init_ids, ids, periods, durations_ms)!
-- Add the parts of a description, in order.
insert into replay.description_part
    (description_id, camera, number, run, init_id, id, period, duration_ms)
select :description_id, :camera, part.number, part.run, part.init_id, part.id, part.period, part.duration_ms
from unnest(:runs::int[], :init_ids::uuid[], :ids::uuid[], :periods::timestamptz[], :durations_ms::int[])
    with ordinality as part (run, init_id, id, period, duration_ms, number);
