-- Whose event it is, for domains above that must keep to what a role covers.
create view programme.public_event_organiser as
select id as event_id, organiser_id from programme.event;

-- Why money goes back, one of a few codes; the default is for processes that still run without it.
alter table ticketing.refund add column reason text not null default 'asked';
update ticketing.refund set reason = 'event_cancelled' where asked_by is null;
