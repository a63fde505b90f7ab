-- expand: a pack of one event, such as a cup match that holders of a season ticket may renew into.
-- squawk-ignore ban-drop-constraint
alter table packages.package drop constraint package_event_ids_check;
alter table packages.package add constraint package_event_ids_check check (cardinality(event_ids) >= 1) not valid;
