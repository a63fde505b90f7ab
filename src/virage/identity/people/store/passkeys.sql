-- name: use_challenge(challenge_hash, expires_at)$
-- Use a challenge up; null if it was used before.
insert into people.used_challenge (challenge_hash, expires_at) values (:challenge_hash, :expires_at)
on conflict (challenge_hash) do nothing
returning challenge_hash;

-- name: delete_expired_challenges(now)!
-- Challenges that have expired.
with over as (
    select challenge_hash from people.used_challenge
    where expires_at <= :now order by challenge_hash for update skip locked
)
delete from people.used_challenge as c using over where c.challenge_hash = over.challenge_hash;

-- name: put_handle(person_id, handle)$
-- The handle of a person, made with their first passkey.
insert into people.passkey_user as u (person_id, handle) values (:person_id, :handle)
on conflict (person_id) do update set handle = u.handle
returning handle;

-- name: add_passkey(passkey_id, person_id, credential_id, public_key, sign_count, transports, aaguid, backed_up, name, now)$
-- A new passkey; null if its credential id is known.
insert into people.passkey
(id, person_id, credential_id, public_key, sign_count, transports, aaguid, backed_up, name, created_at)
values (
    :passkey_id, :person_id, :credential_id, :public_key, :sign_count, :transports::text[], :aaguid, :backed_up, :name,
    :now
)
on conflict (credential_id) do nothing
returning id;

-- name: passkey(credential_id)^
-- A passkey by its credential id.
select
    p.id, p.person_id, p.name, u.handle, p.credential_id, p.public_key, p.sign_count, p.disabled_at is not null as disabled
from people.passkey as p
inner join people.passkey_user as u on p.person_id = u.person_id
where p.credential_id = :credential_id;

-- name: passkeys_of(person_id)
-- The passkeys of a person, the first added first.
select id, name, created_at, last_used_at, backed_up, disabled_at, disabled_reason
from people.passkey where person_id = :person_id order by created_at, id;

-- name: descriptors_of(person_id, disabled)
-- How the passkeys of a person are named to their authenticators, with or without disabled ones.
select credential_id, transports from people.passkey
where person_id = :person_id and (:disabled::boolean or disabled_at is null)
order by created_at, id;

-- name: has_passkey(person_id)$
-- Whether a person has a passkey that is not disabled.
select exists(select from people.passkey where person_id = :person_id and disabled_at is null);

-- name: use_passkey(passkey_id, sign_count, backed_up, now)!
-- A passkey signed.
update people.passkey set sign_count = :sign_count, backed_up = :backed_up, last_used_at = :now where id = :passkey_id;

-- name: disable_passkey(passkey_id, reason, now)!
-- A passkey is refused from now on.
update people.passkey set disabled_at = :now, disabled_reason = :reason where id = :passkey_id;

-- name: rename_passkey(name, passkey_id, person_id)!
-- A passkey gets another name.
update people.passkey set name = :name where id = :passkey_id and person_id = :person_id;

-- name: drop_passkey(passkey_id, person_id)$
-- A passkey is removed: its name.
delete from people.passkey where id = :passkey_id and person_id = :person_id returning name;

-- name: erase_passkeys(person_id)!
-- Forget the passkeys of a person.
delete from people.passkey where person_id = :person_id;

-- name: erase_handle(person_id)!
-- Forget the handle of a person.
delete from people.passkey_user where person_id = :person_id;
