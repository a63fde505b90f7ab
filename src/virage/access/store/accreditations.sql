-- name: insert_accreditation(id, event_id, kind, name, email, now, who)!
-- An accreditation, once; its pass is not issued yet.
insert into access.accreditation (id, event_id, kind, name, email, added_at, added_by)
values (:id, :event_id, :kind, :name, :email, :now, :who)
on conflict (id) do nothing;

-- name: number_accreditation(id, pass_number)!
-- The number of the pass that was issued for an accreditation.
update access.accreditation set pass_number = :pass_number where id = :id;

-- name: accreditation(id)^
-- An accreditation by its id.
select id, event_id, kind, name, email, pass_number, added_at, revoked_at from access.accreditation where id = :id;

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
-- An accreditation ends; one that has ended stays as it is.
update access.accreditation set revoked_at = :now where id = :id and revoked_at is null;

-- name: forget_accreditations(ids, now)!
-- Accreditations end, and the words about their person are erased.
update access.accreditation
set revoked_at = coalesce(revoked_at, :now), name = null, email = null
where id = any(:ids::uuid[]);
