-- name: grants_of(person_id)
-- What a person holds.
select id, role, scope, scope_id from people.role_grant where person_id = :person_id order by id;

-- name: grants_of_many(person_ids)
-- What several persons hold.
select person_id, role, scope, scope_id from people.role_grant
where person_id = any(:person_ids::uuid[]) order by id;

-- name: lock_admins()
-- The administrators of everything, locked in order, so that two of them cannot remove each other at once.
select id, person_id from people.role_grant where role = 'admin' and scope = 'all' order by id for update;

-- name: admins()
-- The administrators of everything.
select distinct person_id from people.role_grant where role = 'admin' and scope = 'all';

-- name: is_invited(email, now)$
-- Whether an invitation to this address waits.
select exists(select from people.invitation where email = :email and expires_at > :now);

-- name: grant_by_id(grant_id)^
-- One grant.
select id, person_id, role, scope, scope_id, by_sso from people.role_grant where id = :grant_id;

-- name: give(grant_id, person_id, role, scope, scope_id, granted_by, now, by_sso)$
-- A grant; null if the person holds it already.
insert into people.role_grant (id, person_id, role, scope, scope_id, granted_by, granted_at, by_sso)
values (:grant_id, :person_id, :role, :scope, :scope_id, :granted_by, :now, :by_sso)
on conflict (person_id, role, scope, scope_id) do nothing
returning id;

-- name: take(grant_id)!
-- Delete a grant.
delete from people.role_grant where id = :grant_id;

-- name: staff(everything, scopes, scope_ids, organisers, limit)
-- Grants with their holders: all, or those within these scopes and the events of these organisers.
select g.id, g.person_id, p.email, p.name, g.role, g.scope, g.scope_id, g.granted_by, g.granted_at, g.by_sso
from people.role_grant as g join people.person as p on p.id = g.person_id
where
    :everything::bool
    or (g.scope, g.scope_id) in (select u.scope, u.id from unnest(:scopes::text[], :scope_ids::text[]) as u (scope, id))
    or (g.scope = 'event' and g.scope_id in (
        select e.event_id::text from programme.public_event_organiser as e where e.organiser_id = any(:organisers::uuid[])
    ))
order by p.email, g.id limit :limit;

-- name: events_of_staff()
-- The events that roles and invitations are for.
select scope_id::uuid as event_id from people.role_grant where scope = 'event'
union
select scope_id::uuid from people.invitation where scope = 'event';

-- name: drop_invitations_to(email, role, scope, scope_id, invitation_id)!
-- An earlier invitation to the same is dead.
with earlier as (
    select id from people.invitation
    where email = :email and role = :role and scope = :scope and scope_id is not distinct from :scope_id
        and id <> :invitation_id
    order by id for update
)
delete from people.invitation as i using earlier where i.id = earlier.id;

-- name: invite(invitation_id, code_hash, email, role, scope, scope_id, invited_by, now, expires_at)!
-- An invitation that waits for its answer; nothing if it waits already.
insert into people.invitation (id, code_hash, email, role, scope, scope_id, invited_by, invited_at, expires_at)
values (:invitation_id, :code_hash, :email, :role, :scope, :scope_id, :invited_by, :now, :expires_at)
on conflict (id) do nothing;

-- name: take_invitation(code_hash, email, now)^
-- Accept the invitation of a code by the person with its address.
delete from people.invitation where code_hash = :code_hash and email = :email and expires_at > :now
returning id, role, scope, scope_id, invited_by;

-- name: offered(code_hash, email, now)^
-- The role of the invitation of a code, for the person with its address.
select role, scope, scope_id from people.invitation
where code_hash = :code_hash and email = :email and expires_at > :now;

-- name: invitations(now, everything, scopes, scope_ids, organisers, limit)
-- Invitations that wait: all, or those within these scopes and the events of these organisers.
select i.id, i.email, i.role, i.scope, i.scope_id, i.invited_by, i.invited_at, i.expires_at
from people.invitation as i
where i.expires_at > :now and (
    :everything::bool
    or (i.scope, i.scope_id) in (select u.scope, u.id from unnest(:scopes::text[], :scope_ids::text[]) as u (scope, id))
    or (i.scope = 'event' and i.scope_id in (
        select e.event_id::text from programme.public_event_organiser as e where e.organiser_id = any(:organisers::uuid[])
    ))
)
order by i.email, i.id limit :limit;

-- name: invitation_as_sent(invitation_id)^
-- One invitation, waiting or over, as it was sent.
select email, role, scope, scope_id, invited_by, invited_at, expires_at
from people.invitation where id = :invitation_id;

-- name: invitation(invitation_id, now)^
-- One invitation that waits, locked.
select id, role, scope, scope_id from people.invitation where id = :invitation_id and expires_at > :now for update;

-- name: invitations_by(person_id, now)
-- Open invitations by a person, locked.
select id, role, scope, scope_id from people.invitation
where invited_by = :person_id and expires_at > :now order by id for update;

-- name: drop_invitations(invitation_ids)!
-- Invitations are withdrawn.
delete from people.invitation where id = any(:invitation_ids::uuid[]);

-- name: delete_expired_invitations(now)!
-- Expired invitations.
with over as (
    select id from people.invitation where expires_at <= :now order by id for update skip locked
)
delete from people.invitation as i using over where i.id = over.id;

-- name: create_api_client(client_id, token_hash, name, grants, created_by, now, expires_at)!
-- A new API client.
insert into people.program (id, token_hash, name, grants, created_by, created_at, expires_at)
values (:client_id, :token_hash, :name, :grants, :created_by, :now, :expires_at);

-- name: api_clients(now, limit)
-- Unexpired API clients.
select id, name, grants, created_by, created_at, expires_at, last_used_at
from people.program where expires_at > :now order by created_at desc, id limit :limit;

-- name: api_clients_created_by(person_id, now)
-- Unexpired API clients that a person created.
select id, name, grants, created_by, created_at, expires_at, last_used_at
from people.program where created_by = :person_id and expires_at > :now order by created_at desc, id;

-- name: api_clients_of(person_id, now)
-- Unexpired API clients that a person created, locked.
select id, grants from people.program where created_by = :person_id and expires_at > :now order by id for update;

-- name: api_client_creator(client_id)$
-- The creator of an API client.
select created_by from people.program where id = :client_id;

-- name: drop_api_clients(client_ids)!
-- Revoke API clients.
with gone as (
    select id from people.program where id = any(:client_ids::uuid[]) order by id for update
)
delete from people.program as p using gone where p.id = gone.id;

-- name: delete_expired_clients(now)!
-- Expired API clients.
with over as (
    select id from people.program where expires_at <= :now order by id for update skip locked
)
delete from people.program as p using over where p.id = over.id;
