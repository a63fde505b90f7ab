-- name: insert_incident(id, event_id, kind, priority, occurred_at, reported_at, reported_by, source, number)!
-- A new incident, under the lock of its log.
insert into safety.incident (
    id, event_id, kind, priority, occurred_at, reported_at, reported_by, source, reported_in, placed_by
)
values (:id, :event_id, :kind, :priority, :occurred_at, :reported_at, :reported_by, :source, :number, :number);

-- name: update_incident(id, priority, resolved_at, placed_by)!
-- The state of an incident after a change, under the lock of its log.
update safety.incident
set priority = :priority, resolved_at = :resolved_at, placed_by = :placed_by
where id = :id;

-- name: incident(id)^
-- One incident.
select
    id, event_id, kind, priority, occurred_at, reported_at, reported_by, source, resolved_at, reported_in, placed_by
from safety.incident where id = :id;

-- name: incidents_of(event_id, limit_)
-- The incidents of an event: open ones first, by priority, those of the staff before those of fans, the newest first.
select
    i.id, i.event_id, i.kind, i.priority, i.occurred_at, i.reported_at, i.reported_by, i.source, i.resolved_at,
    i.reported_in, i.placed_by, said.body as said, placed.body as placed,
    (select count(*) from safety.request as r where r.incident_id = i.id) as requests
from safety.incident as i
left join safety.content as said on said.event_id = i.event_id and said.number = i.reported_in
left join safety.content as placed on placed.event_id = i.event_id and placed.number = i.placed_by
where i.event_id = :event_id
order by i.resolved_at is not null, i.priority, i.source = 'fan', i.reported_at desc, i.id
limit :limit_;

-- name: incidents_for(event_id, person_id, ids, limit_)
-- The incidents of an event that a person reported, and some others: as `incidents_of`.
select
    i.id, i.event_id, i.kind, i.priority, i.occurred_at, i.reported_at, i.reported_by, i.source, i.resolved_at,
    i.reported_in, i.placed_by, said.body as said, placed.body as placed,
    (select count(*) from safety.request as r where r.incident_id = i.id) as requests
from safety.incident as i
left join safety.content as said on said.event_id = i.event_id and said.number = i.reported_in
left join safety.content as placed on placed.event_id = i.event_id and placed.number = i.placed_by
where i.event_id = :event_id and (i.reported_by = :person_id or i.id = any(:ids::uuid[]))
order by i.resolved_at is not null, i.priority, i.source = 'fan', i.reported_at desc, i.id
limit :limit_;
