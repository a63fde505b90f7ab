-- expand: windows of events are also for the holders of packages.

-- Packages, for the domains that sell to their holders.
create view packages.public_package as
select id, organiser_id, name from packages.package;

alter table membership.event_window add column package_ids uuid [] not null default '{}';
