-- name: open_log(event_id, genesis)!
-- Begin the log of an event, once.
insert into safety.log (event_id, hash) values (:event_id, :genesis) on conflict do nothing;

-- name: lock_log(event_id)^
-- The head of a log, locked.
select number, hash from safety.log where event_id = :event_id for no key update;

-- name: log_head(event_id)^
-- The head of a log.
select number, hash from safety.log where event_id = :event_id;

-- name: lock_logs_of_person(person_id)
-- The logs of the events at which a person is in a team or has sent a request, locked in order.
select event_id from safety.log
where event_id in (
    select t.event_id from safety.team as t where t.members @> array[:person_id::uuid]
    union
    select r.event_id from safety.request as r where r.person_id = :person_id
)
order by event_id
for no key update;

-- name: insert_record(event_id, number, id, about, at, body, signature)!
-- The next record of a log.
insert into safety.record (event_id, number, id, about, at, body, signature)
values (:event_id, :number, :id, :about, :at, :body, :signature);

-- name: insert_content(event_id, number, at, salt, body)!
-- Text and place of a record.
insert into safety.content (event_id, number, at, salt, body) values (:event_id, :number, :at, :salt, :body);

-- name: set_head(event_id, number, hash)!
-- The new head of a locked log.
update safety.log set number = :number, hash = :hash where event_id = :event_id;

-- name: record_by_id(id)^
-- One record and its content.
select r.event_id, r.number, r.body, r.signature, c.salt, c.body as content
from safety.record as r left join safety.content as c using (event_id, number)
where r.id = :id;

-- name: records_of(about)
-- The records of a subject and their contents, in order.
select r.event_id, r.number, r.body, r.signature, c.salt, c.body as content
from safety.record as r left join safety.content as c using (event_id, number)
where r.about = :about
order by r.number;

-- name: records(event_id)
-- The records of a log and their contents, in order.
select r.event_id, r.number, r.body, r.signature, c.salt, c.body as content
from safety.record as r left join safety.content as c using (event_id, number)
where r.event_id = :event_id
order by r.number;

-- name: expired_contents(before)
-- The logs with contents from before a time, and the last such record of each.
select event_id, max(number) as through from safety.content where at < :before group by event_id order by event_id;

-- name: delete_contents(event_id, through)!
-- Delete the contents of a locked log up to a record.
delete from safety.content where event_id = :event_id and number <= :through;
