-- Orders by phone are a domain of their own. Programs of before find them no more: they end before this migration.
create schema food_orders;
-- squawk-ignore ban-set-schema
alter table concessions.kitchen set schema food_orders;
-- squawk-ignore ban-set-schema
alter table concessions.food_order set schema food_orders;
-- squawk-ignore ban-set-schema
alter table concessions.food_load set schema food_orders;

-- Nothing is left in it.
-- squawk-ignore ban-drop-schema
drop schema concessions;
