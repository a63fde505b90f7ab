-- A till makes the ids of its records, so they are unique per till: whoever reads one from a receipt blocks nothing with
-- it. Also: what the money of a record did with bonus credit and before its sale was known, what a till sold otherwise
-- than it should have, and stock that no number of tills overflows.

-- A house has some ten thousand records before the first season; each statement takes less than the runner's limit.
-- squawk-ignore ban-drop-constraint
alter table concessions.record drop constraint record_id_key;
-- squawk-ignore disallowed-unique-constraint,constraint-missing-not-valid
alter table concessions.record add constraint record_id_of_till unique (device_id, id);

-- `device_id` is the till of the record, `refund_till` that of the sale that is given back. `bonus`: it moved the purse's
-- bonus credit. `awaits_cents` is what a refund gives by card of a sale that is not known yet. `alone_cents` is what a
-- till took from a card without having asked, counted against its limits without network.
alter table concessions.booking add column device_id uuid;
alter table concessions.booking add column refund_till uuid;
alter table concessions.booking add column bonus boolean not null default false;
alter table concessions.booking add column awaits_cents bigint not null default 0;
alter table concessions.booking add column alone_cents bigint not null default 0;
update concessions.booking set device_id = record.device_id
from concessions.record
where record.id = booking.record_id;
update concessions.booking set refund_till = record.device_id
from concessions.record
where record.id = booking.refund_of;
-- squawk-ignore adding-not-nullable-field
alter table concessions.booking alter column device_id set not null;
-- squawk-ignore ban-drop-constraint
alter table concessions.booking drop constraint booking_pkey;
-- squawk-ignore disallowed-unique-constraint,constraint-missing-not-valid,adding-serial-primary-key-field
alter table concessions.booking add primary key (device_id, record_id, part);
-- squawk-ignore require-concurrent-index-deletion
drop index concessions.booking_refund;
-- squawk-ignore require-concurrent-index-creation
create index booking_refund on concessions.booking (refund_till, refund_of) where refund_of is not null;
-- squawk-ignore require-concurrent-index-creation
create index booking_alone on concessions.booking (device_id, booked_at) where alone_cents > 0;

-- A movement of a sale has an id of its own kind of origin, and no document can have it.
-- squawk-ignore ban-drop-constraint
alter table concessions.movement drop constraint movement_pkey;
-- squawk-ignore disallowed-unique-constraint,constraint-missing-not-valid,adding-serial-primary-key-field
alter table concessions.movement add primary key (id, outlet, product_id, kind);
-- squawk-ignore changing-column-type
alter table concessions.movement alter column quantity type bigint;
-- squawk-ignore changing-column-type
alter table concessions.stock alter column level type bigint;
-- squawk-ignore changing-column-type
alter table concessions.stock alter column low_at type bigint;

-- What a till told that is not as the catalogue, the law or its limits say: booked, and written down for the office.
create table concessions.deviation (
    device_id uuid not null,
    number bigint not null,
    position integer not null,
    record_id uuid not null,
    outlet text not null,
    at timestamptz not null,
    noted_at timestamptz not null,
    reason text not null,
    line integer,
    data jsonb not null,
    primary key (device_id, number, position)
);
create index deviation_outlet on concessions.deviation (outlet, noted_at desc);
create index deviation_noted on concessions.deviation (noted_at desc);
create trigger deviation_is_append_only before update or delete or truncate on concessions.deviation
for each statement execute function kernel.refuse_change();
