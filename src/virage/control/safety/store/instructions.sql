-- name: instruction_sets(event_id)
-- The instructions of an event that were sent last, by mode.
select id, mode, number, plan, closed, threads, sent_at from safety.instruction_set where event_id = :event_id
order by mode;

-- name: put_instruction_set(event_id, id, mode, number, plan, closed, threads, sent_at)!
-- The instructions that were sent last, under the lock of the log.
insert into safety.instruction_set (event_id, id, mode, number, plan, closed, threads, sent_at)
values (:event_id, :id, :mode, :number, :plan, :closed::text[], :threads::uuid[], :sent_at)
on conflict (event_id, mode) do update
set id = excluded.id, number = excluded.number, plan = excluded.plan, closed = excluded.closed,
    threads = excluded.threads, sent_at = excluded.sent_at;
