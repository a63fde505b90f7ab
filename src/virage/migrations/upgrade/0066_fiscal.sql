-- Records of tills, their chains and closings are a domain of their own. Programs of before find them no more: they end
-- before this migration.
create schema fiscal;
-- squawk-ignore ban-set-schema
alter table concessions.record set schema fiscal;
-- squawk-ignore ban-set-schema
alter table concessions.till_head set schema fiscal;
-- squawk-ignore ban-set-schema
alter table concessions.anchor set schema fiscal;
-- squawk-ignore ban-set-schema
alter table concessions.closing set schema fiscal;

-- For domains above: what tills wrote, where their chains stand, and what the server knew of that after each upload.
create view fiscal.public_record as
select device_id, training, number, id, kind, at, received_at, outlet, event_id, cashier, total_cents, sums, body
from fiscal.record;

create view fiscal.public_till_head as select device_id, training, number, hash from fiscal.till_head;

create view fiscal.public_anchor as select device_id, sequence, number, at from fiscal.anchor;
