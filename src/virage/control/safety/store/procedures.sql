-- name: insert_procedure(id, event_id, kind, mode, requested_by, requested_at, requested_in, begun_at, begun_by, is_alone)!
-- A new procedure, under the lock of its log.
insert into safety.procedure (
    id, event_id, kind, mode, requested_by, requested_at, requested_in, begun_at, begun_by, is_alone
)
values (
    :id, :event_id, :kind, :mode, :requested_by, :requested_at, :requested_in, :begun_at, :begun_by, :is_alone
);

-- name: update_procedure(id, begun_at, begun_by, is_alone, ended_at, ended_by, ended_as)!
-- The state of a procedure after a change, under the lock of its log.
update safety.procedure
set begun_at = :begun_at, begun_by = :begun_by, is_alone = :is_alone, ended_at = :ended_at, ended_by = :ended_by,
    ended_as = :ended_as
where id = :id;

-- name: procedure(id)^
-- One procedure.
select
    id, event_id, kind, mode, requested_by, requested_at, requested_in, begun_at, begun_by, is_alone, ended_at,
    ended_by, ended_as
from safety.procedure where id = :id;

-- name: open_procedure(event_id, kind, mode)^
-- The open procedure of a kind.
select
    id, event_id, kind, mode, requested_by, requested_at, requested_in, begun_at, begun_by, is_alone, ended_at,
    ended_by, ended_as
from safety.procedure where event_id = :event_id and kind = :kind and mode = :mode and ended_at is null;

-- name: procedures_of(event_id, limit_)
-- The procedures of an event with what their requests said: open ones first, the latest first.
select
    p.id, p.event_id, p.kind, p.mode, p.requested_by, p.requested_at, p.requested_in, p.begun_at, p.begun_by,
    p.is_alone, p.ended_at, p.ended_by, p.ended_as, c.body as content
from safety.procedure as p
left join safety.content as c on c.event_id = p.event_id and c.number = p.requested_in
where p.event_id = :event_id
order by p.ended_at is not null, p.requested_at desc, p.id
limit :limit_;

-- name: insert_step(procedure_id, step, outcome, occurred_at, recorded_at, recorded_by, recorded_in)!
-- A recorded step, under the lock of its log.
insert into safety.procedure_step (procedure_id, step, outcome, occurred_at, recorded_at, recorded_by, recorded_in)
values (:procedure_id, :step, :outcome, :occurred_at, :recorded_at, :recorded_by, :recorded_in);

-- name: steps_of(procedure_ids)
-- The recorded steps of procedures with their texts, in the order of their records.
select
    s.procedure_id, s.step, s.outcome, s.occurred_at, s.recorded_at, s.recorded_by, s.recorded_in, c.body as content
from safety.procedure_step as s
inner join safety.procedure as p on p.id = s.procedure_id
left join safety.content as c on c.event_id = p.event_id and c.number = s.recorded_in
where s.procedure_id = any(:procedure_ids::uuid[])
order by s.procedure_id, s.recorded_in;
