-- name: known_lines(ids)
-- The lines with some ids, with sender and kind of their requests.
select l.id, l.request_id, l.place, l.text, l.callback, l.at, r.event_id, r.person_id, r.kind
from safety.request_line as l inner join safety.request as r on r.id = l.request_id
where l.id = any(:ids::uuid[]);

-- name: open_requests(event_id, person_ids)
-- The open requests of some persons, the oldest first.
select r.id, r.person_id, r.kind
from safety.request as r inner join safety.incident as i on i.id = r.incident_id
where r.event_id = :event_id and r.person_id = any(:person_ids::uuid[])
    and r.withdrawn_at is null and i.resolved_at is null
order by r.sent_at, r.id;

-- name: recent_lines(event_id, person_ids, since)
-- How many lines some persons have sent since a time, and when the first of these was.
select r.person_id, count(*) as count, min(l.at) as first_at
from safety.request as r inner join safety.request_line as l on l.request_id = r.id
where r.event_id = :event_id and r.person_id = any(:person_ids::uuid[]) and l.at > :since
group by r.person_id;

-- name: doubted_persons(event_id, person_ids)
-- Those of some persons of whom a request was marked as false.
select distinct person_id from safety.request
where event_id = :event_id and person_id = any(:person_ids::uuid[]) and false_at is not null;

-- name: fan_incidents(event_id)
-- The open incidents of fans, with zone and doubt of the first request, whose id they have.
select i.id, i.kind, r.zone, r.is_doubted, i.reported_at
from safety.incident as i inner join safety.request as r on r.id = i.id
where i.event_id = :event_id and i.resolved_at is null and i.source = 'fan';

-- name: insert_requests(event_id, ids, incident_ids, person_ids, kinds, zones, are_doubted, times, now)!
-- New requests, under the lock of their log.
insert into safety.request (id, event_id, incident_id, person_id, kind, zone, is_doubted, written_at, sent_at)
select new.id, :event_id, new.incident_id, new.person_id, new.kind, new.zone, new.is_doubted, new.written_at, :now
from unnest(
    :ids::uuid[], :incident_ids::uuid[], :person_ids::uuid[], :kinds::text[], :zones::text[], :are_doubted::boolean[],
    :times::timestamptz[]
) as new (id, incident_id, person_id, kind, zone, is_doubted, written_at);

-- name: insert_lines(ids, request_ids, places, texts, callbacks, now)!
-- New lines, under the lock of their log.
insert into safety.request_line (id, request_id, place, text, callback, at)
select new.id, new.request_id, new.place::jsonb, new.text, new.callback, :now
from unnest(:ids::uuid[], :request_ids::uuid[], :places::text[], :texts::text[], :callbacks::text[])
    as new (id, request_id, place, text, callback);

-- name: request(id)^
-- One request.
select
    id, event_id, incident_id, person_id, kind, zone, is_doubted, written_at, sent_at, withdrawn_at, hidden_at, false_at
from safety.request where id = :id;

-- name: update_request(id, withdrawn_at, hidden_at, false_at)!
-- The state of a request after a change, under the lock of its log.
update safety.request
set withdrawn_at = :withdrawn_at, hidden_at = :hidden_at, false_at = :false_at
where id = :id;

-- name: insert_answer(id, incident_id, answer, text, now)!
-- An answer to the fans of an incident, under the lock of its log.
insert into safety.answer (id, incident_id, answer, text, at) values (:id, :incident_id, :answer, :text, :now);

-- name: persons_to_tell(incident_id)
-- The persons whose requests belong to an incident and are neither withdrawn nor hidden.
select distinct person_id from safety.request
where incident_id = :incident_id and person_id is not null and withdrawn_at is null and hidden_at is null
order by person_id;

-- name: requests_of_person(person_id, event_id)
-- The requests of a person at an event (at all if it is null), the newest first, with the progress of their incidents.
select
    r.id, r.event_id, r.incident_id, r.person_id, r.kind, r.zone, r.is_doubted, r.written_at, r.sent_at, r.withdrawn_at,
    r.hidden_at, r.false_at, i.resolved_at,
    least(
        (select min(a.at) from safety.answer as a where a.incident_id = i.id),
        (select min(s.assigned_at) from safety.assignment as s where s.incident_id = i.id)
    ) as received_at,
    least(
        (select min(a.at) from safety.answer as a where a.incident_id = i.id and a.answer = 'on_the_way'),
        (
            select min(coalesce(s.on_the_way_at, s.arrived_at)) from safety.assignment as s
            where s.incident_id = i.id and coalesce(s.ended_by, '') not in ('passed_on', 'withdrawn')
        )
    ) as on_the_way_at
from safety.request as r inner join safety.incident as i on i.id = r.incident_id
where r.person_id = :person_id and (:event_id::uuid is null or r.event_id = :event_id)
order by r.sent_at desc, r.id desc;

-- name: requests_of_incident(incident_id, limit_)
-- The newest requests of an incident.
select
    id, event_id, incident_id, person_id, kind, zone, is_doubted, written_at, sent_at, withdrawn_at, hidden_at, false_at
from safety.request where incident_id = :incident_id
order by sent_at desc, id desc
limit :limit_;

-- name: zones_of_requests(incident_id)
-- How many requests of an incident each zone has, most first.
select zone, count(*) as count from safety.request where incident_id = :incident_id
group by zone
order by count desc, zone;

-- name: lines_of(request_ids)
-- The lines of some requests, the oldest first.
select id, request_id, place, text, callback, at from safety.request_line
where request_id = any(:request_ids::uuid[])
order by at, id;

-- name: answers_of(incident_ids)
-- The answers to the fans of some incidents, the oldest first.
select id, incident_id, answer, text, at from safety.answer where incident_id = any(:incident_ids::uuid[])
order by at, id;

-- name: lock_requests_of(person_id)
-- The requests of a person, locked in order.
select id from safety.request where person_id = :person_id order by id for no key update;

-- name: forget_requests_of(person_id)!
-- Delete what a person said, and take the person out of the locked requests.
with locked as (
    select id from safety.request_line
    where request_id in (select r.id from safety.request as r where r.person_id = :person_id)
    order by id
    for update
), deleted as (
    delete from safety.request_line where id in (select id from locked)
)
update safety.request set person_id = null where person_id = :person_id;

-- name: delete_requests(before)!
-- Delete requests from before a time with their lines.
with locked as (
    select id from safety.request where sent_at < :before order by id for update
)
delete from safety.request where id in (select id from locked);

-- name: delete_answers(before)!
-- Delete answers from before a time.
with locked as (
    select id from safety.answer where at < :before order by id for update
)
delete from safety.answer where id in (select id from locked);
