-- expand: a membership of a higher tier of the same term, which replaces the one that it upgrades once it begins.
alter table membership.membership add column upgrades_id uuid;
