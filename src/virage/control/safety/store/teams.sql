-- name: insert_team(id, event_id, code, name, kind, post, members, now)!
-- A new team, under the lock of its log.
insert into safety.team (id, event_id, code, name, kind, post, members, created_at)
values (:id, :event_id, :code, :name, :kind, :post, :members, :now);

-- name: update_team(id, name, kind, post, on_duty, members)!
-- What a team is from now on, under the lock of its log.
update safety.team
set name = :name, kind = :kind, post = :post, on_duty = :on_duty, members = :members
where id = :id;

-- name: team(id)^
-- One team.
select id, event_id, code, name, kind, post, on_duty, members from safety.team where id = :id;

-- name: teams_of(event_id)
-- The teams of an event by code, with the place of the last incident at which each arrived.
select
    t.id, t.event_id, t.code, t.name, t.kind, t.post, t.on_duty, t.members, placed.body as last_place,
    visited.ended_at as left_at
from safety.team as t
left join lateral (
    select a.incident_id, a.ended_at from safety.assignment as a
    where a.team_id = t.id and a.arrived_at is not null
    order by a.arrived_at desc, a.id desc
    limit 1
) as visited on true
left join safety.incident as i on i.id = visited.incident_id
left join safety.content as placed on placed.event_id = i.event_id and placed.number = i.placed_by
where t.event_id = :event_id
order by t.code;

-- name: teams_with(person_id)
-- The teams of which a person is a member.
select id, event_id, code, name, kind, post, on_duty, members from safety.team
where members @> array[:person_id::uuid]
order by event_id, code;

-- name: remove_member(person_id)!
-- Take a person out of all teams, under the locks of their logs.
with locked as (
    select id from safety.team where members @> array[:person_id::uuid] order by id for no key update
)
update safety.team set members = array_remove(members, :person_id::uuid) where id in (select id from locked);

-- name: remove_old_members(event_id, through)!
-- Take the members out of a locked log's teams whose first record is at most `through`.
with locked as (
    select id from safety.team
    where event_id = :event_id and members <> '{}' and id in (
        select r.id from safety.record as r where r.event_id = :event_id and r.number <= :through
    )
    order by id
    for no key update
)
update safety.team set members = '{}' where id in (select id from locked);

-- name: insert_assignment(id, event_id, incident_id, team_id, now)!
-- A team for an incident, under the lock of the log.
insert into safety.assignment (id, event_id, incident_id, team_id, assigned_at)
values (:id, :event_id, :incident_id, :team_id, :now);

-- name: update_assignment(id, accepted_at, on_the_way_at, arrived_at, ended_at, ended_by, reason)!
-- The state of an assignment after a step, under the lock of the log.
update safety.assignment
set
    accepted_at = :accepted_at, on_the_way_at = :on_the_way_at, arrived_at = :arrived_at, ended_at = :ended_at,
    ended_by = :ended_by, reason = :reason
where id = :id;

-- name: end_assignments(incident_id, now)!
-- Release the teams of an incident that was resolved, under the lock of the log.
with locked as (
    select id from safety.assignment where incident_id = :incident_id and ended_at is null order by id for no key update
)
update safety.assignment set ended_at = :now, ended_by = 'resolved' where id in (select id from locked);

-- name: assignment(id)^
-- One assignment.
select
    id, event_id, incident_id, team_id, assigned_at, accepted_at, on_the_way_at, arrived_at, ended_at, ended_by, reason
from safety.assignment where id = :id;

-- name: open_assignment(team_id)^
-- The assignment that a team has not ended.
select
    id, event_id, incident_id, team_id, assigned_at, accepted_at, on_the_way_at, arrived_at, ended_at, ended_by, reason
from safety.assignment where team_id = :team_id and ended_at is null;

-- name: open_assignments(event_id)
-- The assignments of an event that have not ended, the oldest first.
select
    id, event_id, incident_id, team_id, assigned_at, accepted_at, on_the_way_at, arrived_at, ended_at, ended_by, reason
from safety.assignment where event_id = :event_id and ended_at is null
order by assigned_at, id;

-- name: all_assignments(event_id)
-- All assignments of an event, the oldest first.
select
    a.id, a.event_id, a.incident_id, a.team_id, a.assigned_at, a.accepted_at, a.on_the_way_at, a.arrived_at, a.ended_at,
    a.ended_by, a.reason
from safety.assignment as a inner join safety.incident as i on i.id = a.incident_id
where i.event_id = :event_id
order by a.assigned_at, a.id;

-- name: assignments_of(incident_id)
-- All assignments of an incident, the oldest first.
select
    id, event_id, incident_id, team_id, assigned_at, accepted_at, on_the_way_at, arrived_at, ended_at, ended_by, reason
from safety.assignment where incident_id = :incident_id
order by assigned_at, id;
