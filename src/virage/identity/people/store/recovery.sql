-- name: open_recovery(person_id, now)^
-- The recovery of a person that waits or is ready.
select id, ready_at, expires_at from people.recovery
where person_id = :person_id and cancelled_at is null and used_at is null and expires_at > :now;

-- name: recoveries_since(person_id, since)$
-- How many recoveries of a person began since then.
select count(*) from people.recovery where person_id = :person_id and requested_at > :since;

-- name: drop_missed_recovery(person_id, now)!
-- A recovery that expired unused.
delete from people.recovery
where person_id = :person_id and cancelled_at is null and used_at is null and expires_at <= :now;

-- name: begin_recovery(recovery_id, person_id, cancel_hash, now, ready_at, expires_at)!
-- A recovery begins. The person is locked, and has no other that waits.
insert into people.recovery (id, person_id, cancel_hash, requested_at, ready_at, expires_at)
values (:recovery_id, :person_id, :cancel_hash, :now, :ready_at, :expires_at);

-- name: use_recovery(recovery_id, now)!
-- A recovery let its person in.
update people.recovery set used_at = :now where id = :recovery_id;

-- name: cancel_recovery(person_id, now)$
-- The recovery of a person ends: its id.
update people.recovery set cancelled_at = :now
where person_id = :person_id and cancelled_at is null and used_at is null and expires_at > :now
returning id;

-- name: person_of_recovery(cancel_hash, now)$
-- Whose recovery a code in an email cancels.
select person_id from people.recovery
where cancel_hash = :cancel_hash and cancelled_at is null and used_at is null and expires_at > :now;

-- name: delete_old_recoveries(before)!
-- Recoveries that count for no limit any more.
with over as (
    select id from people.recovery where requested_at <= :before order by id for update skip locked
)
delete from people.recovery as r using over where r.id = over.id;

-- name: put_recovery_codes(person_id, code_hashes, now)!
-- The recovery codes of a person, who is locked and has no other.
insert into people.recovery_code (person_id, code_hash, created_at)
select :person_id, c.code_hash, :now from unnest(:code_hashes::bytea[]) as c (code_hash);

-- name: drop_recovery_codes(person_id)!
-- A person has no recovery codes any more.
delete from people.recovery_code where person_id = :person_id;

-- name: take_recovery_code(person_id, code_hashes)$
-- Use a recovery code up, hashed under the current and previous keys; null if there is none.
delete from people.recovery_code
where person_id = :person_id and code_hash = any(:code_hashes::bytea[])
returning person_id;

-- name: recovery_codes_left(person_id)$
-- How many recovery codes a person has left.
select count(*) from people.recovery_code where person_id = :person_id;

-- name: erase_recoveries(person_id)!
-- Forget the recoveries of a person.
delete from people.recovery where person_id = :person_id;
