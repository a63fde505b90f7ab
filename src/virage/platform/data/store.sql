-- name: append_facts(at, what, who, about, data)!
-- All facts of an act, in order; the database numbers them.
insert into kernel.journal (xid, at, what, who, about, data)
select here.xid, :at::timestamptz, fact.what, fact.who, fact.about, fact.data
from kernel.xid() as here (xid)  -- once for all of them, which the column's default is not
cross join unnest(:what::text[], :who::uuid[], :about::uuid[], :data::jsonb[]) as fact (what, who, about, data);

-- name: journal_head()$
-- The oldest transaction that still runs, or the next one: everything below it is visible and complete.
select kernel.horizon()::text;

-- name: facts_after(xid, seq, limit_)
-- The next facts after a position, none of which an open transaction can still precede.
select xid::text as xid, seq, at, what, who, about, data
from kernel.journal
where (xid, seq) > (:xid::text::xid8, :seq::bigint) and xid < kernel.horizon()
order by journal.xid, journal.seq  -- the columns: as texts, transaction 1000 would come before 999
limit :limit_;

-- name: facts_of_transaction_after(xid, seq)
-- The facts of one transaction after a position in it.
select xid::text as xid, seq, at, what, who, about, data
from kernel.journal
where journal.xid = :xid::text::xid8 and seq > :seq::bigint
order by seq;

-- name: era()^
-- What is added to this cluster's transaction ids, and whether the rows are another cluster's: positions cannot go on.
select era.xids, era.system_identifier <> here.system_identifier
    or exists (select from kernel.journal where xid >= kernel.next_xid()) as is_foreign
from kernel.era cross join pg_control_system() as here;

-- name: raise_era(stored)<!
-- Begin an era of this cluster above every id that is stored, and above all that devices may have heard beside them.
insert into kernel.era (xids, system_identifier)
select (:stored::bigint / 4294967296 + 2) * 4294967296, here.system_identifier from pg_control_system() as here
on conflict (one) do update set xids = excluded.xids, system_identifier = excluded.system_identifier
returning xids;

-- name: enqueue(kind, payloads, delay, priority)!
-- Jobs of one kind, due after a delay on the database's own clock, by which the workers pick them.
insert into kernel.job (priority, entrypoint, payload, execute_after, status)
select :priority, :kind::text, payload, now() + :delay::interval, 'queued'
from unnest(:payloads::bytea[]) as payload;

-- name: dead_letters(limit_)
-- Jobs that failed for good, the latest first.
select id, kind, payload, attempts, enqueued_at, failed_at, error, message
from kernel.dead_letter
order by failed_at desc, id desc
limit :limit_;

-- name: requeue(ids)
-- Put jobs that failed for good back, with all their attempts; those that were there.
with failed as (
    select id from kernel.job where id = any(:ids::bigint[]) and status = 'failed' order by id for no key update
)
update kernel.job
set status = 'queued', attempts = 0, queue_manager_id = null, updated = now(), execute_after = now()
from failed where job.id = failed.id
returning job.id;

-- name: drop_dead_letters(ids)
-- Give jobs up that failed for good; those that were there.
with failed as (
    select id from kernel.job where id = any(:ids::bigint[]) and status = 'failed' order by id for no key update
)
delete from kernel.job using failed where job.id = failed.id returning job.id;

-- name: job_counts()
-- How many jobs wait, run, or have failed for good.
select status::text as status, count(*) as count from kernel.job group by status;

-- name: forget_job_log(keep)!
-- The log of jobs that are gone, once it is old.
with old as (
    select id from kernel.job_log
    where created < now() - :keep::interval and not exists (select from kernel.job where job.id = job_log.job_id)
    order by id for no key update skip locked
)
delete from kernel.job_log using old where job_log.id = old.id;

-- name: forget_job_statistics(keep)!
-- Old counts.
with old as (
    select id from kernel.job_statistics where created < now() - :keep::interval
    order by id for no key update skip locked
)
delete from kernel.job_statistics using old where job_statistics.id = old.id;

-- name: try_singleton(name)$
-- The lock that lets one process alone run a singleton; it is held as long as the session lives.
select pg_try_advisory_lock(hashtextextended('singleton ' || :name, 0));

-- name: take_singleton(name, holder)<!
-- Give a singleton to a process, with a number above all before; `left_by` is who had it and did not say that it ended.
-- It waits for the transactions that hold the last number, so none of them commits after this.
with before as (select holder from kernel.singleton where name = :name::text)
insert into kernel.singleton as taken (name, fence, holder)
values (:name::text, 1, :holder::uuid)
on conflict (name) do update set fence = taken.fence + 1, holder = excluded.holder
returning fence, (select before.holder from before) as left_by;

-- name: leave_singletons(holder)!
-- Say of all singletons of a process that it has ended them.
with held as (select name from kernel.singleton where holder = :holder::uuid order by name for no key update)
update kernel.singleton set holder = null from held where singleton.name = held.name;

-- name: hold_fence(name, fence)$
-- Keep a singleton's number the newest until the end of the transaction; nothing when it is not.
select fence from kernel.singleton where name = :name::text and fence = :fence::bigint for share;

-- name: currency()$
-- The currency of all amounts; null before the first start.
select code from kernel.currency;

-- name: store_currency(code)!
-- Stores the currency unless there is one.
insert into kernel.currency (code) values (:code) on conflict (one) do nothing;
