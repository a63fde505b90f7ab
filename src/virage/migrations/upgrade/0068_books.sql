-- The books are a domain of their own. Programs of before find them no more: they end before this migration.
create schema books;
-- squawk-ignore ban-set-schema
alter table concessions.figures_head set schema books;
-- squawk-ignore ban-set-schema
alter table concessions.figure set schema books;
-- squawk-ignore ban-set-schema
alter table concessions.receipt_figure set schema books;
-- squawk-ignore ban-set-schema
alter table concessions.concessionaire set schema books;
-- squawk-ignore ban-set-schema
alter table concessions.terms set schema books;

-- For statements: what nobody paid of what tills told.
create view concessions.public_loss as select device_id, number, outlet, cents from concessions.loss;
