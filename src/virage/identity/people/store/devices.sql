-- name: open_pairing(pairing_id, handle, secret_hash, name, kind, posts, opened_by, now, expires_at)$
-- A code that waits for its device. The same pairing again gets a new code, and the one before is dead; null for one
-- that means something else, and where the handle belongs to another pairing.
insert into people.pairing as p
(id, handle, secret_hash, name, kind, posts, opened_at, opened_by, expires_at)
select :pairing_id, :handle, :secret_hash, :name, :kind, :posts, :now, :opened_by, :expires_at
where not exists (select from people.pairing as other where other.handle = :handle and other.id <> :pairing_id)
on conflict (id) do update set
    handle = excluded.handle, secret_hash = excluded.secret_hash, misses = 0,
    opened_at = excluded.opened_at, expires_at = excluded.expires_at
where p.name = excluded.name and p.kind = excluded.kind and p.posts = excluded.posts and p.opened_by = excluded.opened_by
returning id;

-- name: pairing_known(pairing_id)$
-- Whether a pairing waits under this id.
select true from people.pairing where id = :pairing_id;

-- name: lock_pairing(handle)^
-- The pairing that a code's first part finds, held while its second part is looked at.
select id, secret_hash, misses, name, kind, posts, opened_by, expires_at
from people.pairing where handle = :handle for update;

-- name: count_miss(pairing_id)!
-- One more wrong secret.
update people.pairing set misses = misses + 1 where id = :pairing_id;

-- name: pairings_by(person_id, now)
-- What a person's codes that wait would give, locked.
select id, kind, posts from people.pairing where opened_by = :person_id and expires_at > :now order by id for update;

-- name: drop_pairings(pairing_ids)!
-- Delete pairing codes.
delete from people.pairing where id = any(:pairing_ids::uuid[]);

-- name: delete_expired_pairings(now)!
-- Codes that are over.
with over as (
    select id from people.pairing where expires_at <= :now order by id for update skip locked
)
delete from people.pairing as p using over where p.id = over.id;

-- name: add_device(device_id, pairing_id, token_hash, name, kind, public_key, posts, paired_by, now)!
-- A device that has come.
insert into people.device
(id, pairing_id, token_hash, name, kind, public_key, posts, paired_at, paired_by, last_seen_at)
values (:device_id, :pairing_id, :token_hash, :name, :kind, :public_key, :posts, :now, :paired_by, :now);

-- name: device_of_pairing(pairing_id)^
-- The device that a pairing brought.
select id, name, kind, posts, public_key, revoked_at from people.device where pairing_id = :pairing_id;

-- name: renew_device(device_id, token_hash)!
-- A new token; the one before, which never arrived, is dead.
update people.device set token_hash = :token_hash where id = :device_id;

-- name: devices(device_ids)
-- Devices by id, revoked ones too.
select id, name, kind, posts, public_key, revoked_at from people.device where id = any(:device_ids::uuid[]);

-- name: lock_device(device_id)^
-- One device, held until the end of the transaction.
select id, name, kind, posts, public_key, revoked_at from people.device where id = :device_id for update;

-- name: office_devices(limit)
-- All devices: those in use by name, then those that are revoked, the latest first.
select id, pairing_id, name, kind, posts, paired_at, paired_by, last_seen_at, revoked_at, revoked_by
from people.device order by revoked_at desc nulls first, name, id limit :limit;

-- name: office_device(device_id)^
-- One device as the office lists it.
select id, pairing_id, name, kind, posts, paired_at, paired_by, last_seen_at, revoked_at, revoked_by
from people.device where id = :device_id;

-- name: hold_devices(device_ids)
-- Devices, locked against revocation; updates of the last contact and other uploads stay possible.
select id, paired_at, revoked_at, earlier_posts, moved_at from people.device
where id = any(:device_ids::uuid[]) order by id for key share;

-- name: change_device(device_id, name, posts, now, left_since)!
-- A new name and new posts. A device that moves keeps the posts that it left since a time.
update people.device set
    name = :name,
    posts = :posts,
    earlier_posts = case
        when posts = :posts then earlier_posts
        when moved_at > :left_since then array(select distinct unnest(earlier_posts || posts) order by 1)
        else posts
    end,
    moved_at = case when posts = :posts then moved_at else :now end
where id = :device_id;

-- name: revoke_device(device_id, revoked_by, now)!
-- A device is dead from now on.
update people.device set revoked_at = :now, revoked_by = :revoked_by where id = :device_id and revoked_at is null;

-- name: devices_paired_by(person_id)
-- Which devices a person paired, and when.
select id, paired_at, revoked_at from people.device where paired_by = :person_id order by paired_at, id;

-- name: touch_devices(device_ids, now)!
-- Devices that were seen again.
with seen as (
    select id from people.device where id = any(:device_ids::uuid[]) order by id for no key update skip locked
)
update people.device as d set last_seen_at = :now from seen where d.id = seen.id;
