-- expand: the attendance rule of season tickets, and what holders were told about it.

-- The tickets that were scanned at a gate, for the domains that ask whether a seat was used.
create view passes.public_entered as
select subject as ticket_id, event_id from passes.pass where entered_at is not null;

-- The tickets that were offered to other fans until they were sold or the sale ended.
create view ticketing.public_offered_ticket as
select line.ticket_id, listing.event_id
from ticketing.listing cross join unnest(listing.ticket_ids) as line (ticket_id)
where listing.state in ('listed', 'sold', 'ended');

-- Holders of a package are warned once `unused_warn` of its events were unused, and not renewed without a decision of the
-- office from `unused_max` on. `told_before`: events that ended before it are counted.
create table seasons.attendance (
    package_id uuid primary key,
    organiser_id uuid not null,
    unused_warn integer not null check (unused_warn > 0),
    unused_max integer not null,
    revision integer not null,
    told_before timestamptz,
    constraint warned_first check (unused_warn < unused_max)
);

-- What holders were told, once each, with the number of unused events then.
create table seasons.attendance_notice (
    subscription_id uuid not null,
    kind text not null check (kind in ('warned', 'reached')),
    unused integer not null,
    told_at timestamptz not null,
    primary key (subscription_id, kind)
);
