-- name: append_facts(at, what, who, about, data)!
-- All facts of an act, in order; the database numbers them.
insert into kernel.journal (at, what, who, about, data)
select :at::timestamptz, fact.what, fact.who, fact.about, fact.data
from unnest(:what::text[], :who::uuid[], :about::uuid[], :data::jsonb[]) as fact (what, who, about, data);

-- name: journal_head()$
-- The oldest transaction that still runs, or the next one: everything below it is visible and complete.
select pg_snapshot_xmin(pg_current_snapshot())::text;

-- name: facts_after(xid, seq, limit_)
-- The next facts after a position, none of which an open transaction can still precede.
select xid::text as xid, seq, at, what, who, about, data
from kernel.journal
where (xid, seq) > (:xid::text::xid8, :seq::bigint) and xid < pg_snapshot_xmin(pg_current_snapshot())
order by xid, seq
limit :limit_;
