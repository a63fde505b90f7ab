-- The kernel: the journal and the jobs.

create schema if not exists kernel;

-- The journal: what happened, once and for ever. Ids and numbers only, never a person's words or name.
-- (xid, seq) is the order in which tails read: below the oldest transaction that still runs nothing can be added.
create table kernel.journal (
    xid xid8 not null default pg_current_xact_id(),
    seq bigint generated always as identity,
    at timestamptz not null,
    what text not null,
    who uuid,
    about uuid not null,
    data jsonb not null,
    primary key (xid, seq)
);

create function kernel.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '%.% is append-only', tg_table_schema, tg_table_name using errcode = 'insufficient_privilege';
end
$$;

create trigger journal_is_append_only before update or delete or truncate on kernel.journal
for each statement execute function kernel.refuse_change();
