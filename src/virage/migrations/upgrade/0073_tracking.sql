-- The schema has its domain's name. Programs of before find it no more: they end before this migration.
-- squawk-ignore renaming-object
alter schema pitch rename to tracking;
