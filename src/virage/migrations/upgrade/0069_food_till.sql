-- What tills sell is a domain of its own. Programs of before find it no more: they end before this migration.
create schema food_till;
-- squawk-ignore ban-set-schema
alter table concessions.booking set schema food_till;
-- squawk-ignore ban-set-schema
alter table concessions.deviation set schema food_till;
-- squawk-ignore ban-set-schema
alter table concessions.loss set schema food_till;
-- squawk-ignore ban-set-schema
alter view concessions.public_loss set schema food_till;
