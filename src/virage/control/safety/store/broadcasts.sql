-- name: insert_broadcast(id, event_id, number, thread, kind, mode, category, severity, urgency, response, audience, targets, sent_at, expires_at, sent_by)!
-- A new message, under the lock of its log.
insert into safety.broadcast (
    id, event_id, number, thread, kind, mode, category, severity, urgency, response, audience, targets, sent_at,
    expires_at, sent_by
)
values (
    :id, :event_id, :number, :thread, :kind, :mode, :category, :severity, :urgency, :response, :audience,
    :targets::text[], :sent_at, :expires_at, :sent_by
);

-- name: replace_broadcast(id, replaced_by)!
-- A message has a successor, under the lock of its log.
update safety.broadcast set replaced_by = :replaced_by where id = :id;

-- name: broadcast(id)^
-- One message.
select
    id, event_id, number, thread, kind, mode, category, severity, urgency, response, audience, targets, sent_at,
    expires_at, sent_by, replaced_by
from safety.broadcast where id = :id;

-- name: broadcasts_of_threads(threads)
-- The messages of threads with their texts, the oldest first.
select
    b.id, b.event_id, b.number, b.thread, b.kind, b.mode, b.category, b.severity, b.urgency, b.response, b.audience,
    b.targets, b.sent_at, b.expires_at, b.sent_by, b.replaced_by, c.body as content
from safety.broadcast as b left join safety.content as c using (event_id, number)
where b.thread = any(:threads::uuid[])
order by b.sent_at, b.number;

-- name: broadcasts_of(event_id, limit_)
-- The messages of an event with their texts, the latest first.
select
    b.id, b.event_id, b.number, b.thread, b.kind, b.mode, b.category, b.severity, b.urgency, b.response, b.audience,
    b.targets, b.sent_at, b.expires_at, b.sent_by, b.replaced_by, c.body as content
from safety.broadcast as b left join safety.content as c using (event_id, number)
where b.event_id = :event_id
order by b.number desc
limit :limit_;

-- name: valid_broadcasts(event_ids, now)
-- The latest messages of the threads of some events that are still valid, with their texts, the oldest first.
select
    b.id, b.event_id, b.number, b.thread, b.kind, b.mode, b.category, b.severity, b.urgency, b.response, b.audience,
    b.targets, b.sent_at, b.expires_at, b.sent_by, b.replaced_by, c.body as content
from safety.broadcast as b inner join safety.content as c using (event_id, number)
where b.event_id = any(:event_ids::uuid[]) and b.replaced_by is null and b.expires_at > :now
order by b.event_id, b.number;

-- name: latest_broadcasts(is_public, limit_)
-- Messages of all events with their texts, the latest first: those for fans, or the others.
select
    b.id, b.event_id, b.number, b.thread, b.kind, b.mode, b.category, b.severity, b.urgency, b.response, b.audience,
    b.targets, b.sent_at, b.expires_at, b.sent_by, b.replaced_by, c.body as content
from safety.broadcast as b inner join safety.content as c using (event_id, number)
where (b.mode = 'actual' and b.audience <> 'staff') = :is_public
order by b.sent_at desc, b.number desc, b.id
limit :limit_;

-- name: insert_receipts(broadcast_ids, receivers, places, now)!
-- Receipts of public messages, each account once, in the order of their keys, so that two processes do not wait for
-- each other; receipts of anything else are dropped.
insert into safety.receipt (broadcast_id, receiver, place, at)
select receipt.broadcast_id, receipt.receiver, receipt.place, :now
from unnest(:broadcast_ids::uuid[], :receivers::bytea[], :places::text[]) as receipt (broadcast_id, receiver, place)
inner join safety.broadcast on broadcast.id = receipt.broadcast_id
where broadcast.mode = 'actual' and broadcast.audience <> 'staff'
order by receipt.broadcast_id, receipt.receiver
on conflict do nothing;

-- name: receipts_of(event_id)
-- How many accounts confirmed each message of an event, by block or standing area.
select receipt.broadcast_id, receipt.place, count(*) as count
from safety.receipt inner join safety.broadcast on broadcast.id = receipt.broadcast_id
where broadcast.event_id = :event_id
group by receipt.broadcast_id, receipt.place
order by receipt.broadcast_id, receipt.place;

-- name: delete_receipts(before)!
-- Delete receipts from before a time.
with locked as (
    select broadcast_id, receiver from safety.receipt where at < :before
    order by broadcast_id, receiver
    for update
)
delete from safety.receipt using locked
where receipt.broadcast_id = locked.broadcast_id and receipt.receiver = locked.receiver;
