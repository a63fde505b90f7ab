-- expand: the highest amount that a person agreed to be charged for an entry; null for earlier entries, without a limit.
alter table draws.entry add column charge_max_cents integer;
