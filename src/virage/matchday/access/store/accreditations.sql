-- name: insert_accreditations(ids, event_ids, kinds, names, emails, now, who)
-- Accreditations, each once, in the order of their ids; their passes are not issued yet. Returns those that are new.
insert into access.accreditation (id, event_id, kind, name, email, added_at, added_by)
select wish.id, wish.event_id, wish.kind, wish.name, wish.email, :now, :who
from unnest(:ids::uuid[], :event_ids::uuid[], :kinds::text[], :names::text[], :emails::text[])
    as wish (id, event_id, kind, name, email)
order by wish.id
on conflict (id) do nothing
returning id;

-- name: number_accreditations(ids, pass_numbers)!
-- The numbers of the passes that were issued for accreditations.
update access.accreditation set pass_number = issued.pass_number
from unnest(:ids::uuid[], :pass_numbers::bigint[]) as issued (id, pass_number)
where accreditation.id = issued.id;

-- name: accreditations_by_id(ids)
-- Accreditations by their ids.
select id, event_id, kind, name, email, pass_number, added_at, revoked_at
from access.accreditation
where id = any(:ids::uuid[]);

-- name: accreditations(event_id)
-- The accreditations of an event, the latest first.
select id, event_id, kind, name, email, pass_number, added_at, revoked_at
from access.accreditation
where event_id = :event_id
order by added_at desc, id;

-- name: accreditations_of(email)
-- The accreditations of an address, locked in order.
select id, event_id, kind, name, email, pass_number, added_at, revoked_at
from access.accreditation
where email = :email
order by id
for no key update;

-- name: revoke_accreditation(id, now)!
-- End an accreditation, once.
update access.accreditation set revoked_at = :now where id = :id and revoked_at is null;

-- name: accredited_events()
-- The events whose accreditations still have names.
select distinct event_id from access.accreditation where name is not null;

-- name: forget_accreditations_of(event_ids)
-- Erase names and addresses of the accreditations of events; returns the event of each.
with named as (
    select id from access.accreditation
    where event_id = any(:event_ids::uuid[]) and name is not null
    order by id
    for no key update
)

update access.accreditation
set name = null, email = null
from named
where accreditation.id = named.id
returning accreditation.event_id;

-- name: held_by_kind(event_id)
-- How many accreditations of each kind an event has that did not end.
select kind, count(*) as held from access.accreditation
where event_id = :event_id and revoked_at is null
group by kind;

-- name: forget_accreditations(ids, now)!
-- Accreditations end, and the words about their person are erased.
update access.accreditation
set revoked_at = coalesce(revoked_at, :now), name = null, email = null
where id = any(:ids::uuid[]);
