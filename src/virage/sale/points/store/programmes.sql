-- name: insert_programme(organiser_id)!
-- The programme of an organiser that has none, before its first revision.
insert into points.programme (organiser_id, revision) values (:organiser_id, 0) on conflict do nothing;

-- name: lock_programme(organiser_id)$
-- The revision of a programme, locked.
select revision from points.programme where organiser_id = :organiser_id for no key update;

-- name: put_programme(organiser_id, revision, content, now)!
-- The next revision of a locked programme.
with raised as (
    update points.programme set revision = :revision where organiser_id = :organiser_id
)
insert into points.programme_revision (organiser_id, revision, content, set_at)
values (:organiser_id, :revision, :content, :now);

-- name: programmes(organiser_ids, all_of_them)
-- The programmes of organisers as they stand; one without a revision is left out.
select programme.organiser_id, programme.revision, past.content
from points.programme
inner join points.programme_revision as past
    on past.organiser_id = programme.organiser_id and past.revision = programme.revision
where :all_of_them::boolean or programme.organiser_id = any(:organiser_ids::uuid[])
order by programme.organiser_id limit 500;

-- name: all_revisions(organiser_ids)
-- All revisions of programmes, the first one first.
select organiser_id, revision, content from points.programme_revision
where organiser_id = any(:organiser_ids::uuid[]) order by organiser_id, revision;

-- name: revisions(organiser_ids, numbers)
-- Revisions of programmes, as pairs.
select past.organiser_id, past.revision, past.content
from unnest(:organiser_ids::uuid[], :numbers::integer[]) as wanted (organiser_id, revision)
inner join points.programme_revision as past
    on past.organiser_id = wanted.organiser_id and past.revision = wanted.revision;
