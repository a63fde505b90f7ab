-- When the codes of the last hour were sent: each has its own tries, so how many are sent must have an end too.
alter table ticketing.rebind_code add column sent timestamptz[] not null default '{}';
