-- expand: positions of the journal go on when the rows come from another database cluster.
-- A position holds the id of the transaction that wrote it, and each cluster counts its own transactions from the start.
-- pg_upgrade and physical copies keep that count; pg_restore and logical replication bring rows with the ids of another
-- cluster. `xids` is added to every id of this cluster, so that positions stay above all that are stored;
-- `virage restored` raises it. Whole epochs of 2^32 alone are added: the 32 bits of a transaction id that a row carries
-- (`xmin`) stay the lower bits of its position.
create table kernel.era (
    one boolean primary key default true check (one),
    xids bigint not null check (xids >= 0 and xids % 4294967296 = 0),
    system_identifier bigint not null  -- of the cluster that this row is about: pg_control_system()
);

-- What the transaction that asks writes down as its id.
create function kernel.xid() returns xid8 language sql stable begin atomic
    select (pg_current_xact_id()::text::bigint + xids)::text::xid8 from kernel.era;
end;

-- The oldest transaction that still runs, or the next one: everything below it is visible and complete.
create function kernel.horizon() returns xid8 language sql stable parallel safe begin atomic
    select (pg_snapshot_xmin(pg_current_snapshot())::text::bigint + xids)::text::xid8 from kernel.era;
end;

-- Above every transaction of which anything is visible.
create function kernel.next_xid() returns xid8 language sql stable parallel safe begin atomic
    select (pg_snapshot_xmax(pg_current_snapshot())::text::bigint + xids)::text::xid8 from kernel.era;
end;

-- Where stored ids lie ahead of this cluster it is not the one that wrote them: 0 is no cluster's identifier.
insert into kernel.era (xids, system_identifier)
select 0, case
    when exists (select from kernel.journal where xid >= pg_snapshot_xmax(pg_current_snapshot())) then 0
    else system_identifier
end
from pg_control_system();

-- In the order in which an act writes them, so that it waits for the migration and does not collide with it.
alter table live.entry alter column xid set default kernel.xid();
alter table kernel.journal alter column xid set default kernel.xid();
