-- name: count_requests(now, keys, limits, since)
-- Count one more request under each key, up to one above its limit; older ones than the window are forgotten.
insert into people.pace as p (key, most, times, last_at)
select a.key, a.most, array[:now::timestamptz], :now
from unnest(:keys::bytea[], :limits::bigint[]) as a (key, most)
order by a.key
on conflict (key) do update set
    most = excluded.most,
    times = (
        select case when count(*) <= excluded.most then array_agg(t order by t) || excluded.times else array_agg(t) end
        from unnest(p.times) as t where t > :since
    ),
    last_at = excluded.last_at
returning key, cardinality(times) as requests;

-- name: address_status(email, address_key, now, since)^
-- Whether an address has an account or an invitation, whether it belongs to staff, and its wrong tries.
select
    exists(select from people.person as p where p.email = :email)
    or exists(select from people.invitation as i where i.email = :email and i.expires_at > :now) as known,
    exists(
        select from people.person as p join people.role_grant as g on g.person_id = p.id where p.email = :email
    ) as staff,
    (
        select count(*) from people.wrong_code as w cross join lateral unnest(w.times) as t
        where w.address_key = :address_key and t > :since
    ) as wrong;

-- name: lock_newcomer_budget()$
-- The time of the next email to an address without an account, locked.
select free_at from people.newcomer_budget where singleton for no key update;

-- name: newcomer_network(key)$
-- When the next one may go that a network asks for. A statement after the lock, so that it sees what others wrote.
select free_at from people.newcomer_network where key = :key;

-- name: take_newcomer_slot(free_at)!
-- An email takes its moment.
update people.newcomer_budget set free_at = :free_at where singleton;

-- name: take_network_slot(key, free_at)!
-- And that of its network.
insert into people.newcomer_network (key, free_at) values (:key, :free_at)
on conflict (key) do update set free_at = excluded.free_at;

-- name: count_unsent()!
-- An email to a newcomer was not sent.
update people.newcomer_budget set unsent = unsent + 1 where singleton;

-- name: delete_idle_networks(before)!
-- Networks that may use a whole burst again.
with over as (
    select key from people.newcomer_network where free_at <= :before order by key for update skip locked
)
delete from people.newcomer_network as n using over where n.key = over.key;

-- name: newcomer_budget()^
-- When the next email to a newcomer may go, and how many were not sent.
select free_at, unsent from people.newcomer_budget where singleton;

-- name: count_wrong(address_key, now, limit, since)$
-- Count one more wrong try at an address, up to one above the limit; older ones than the window are forgotten.
insert into people.wrong_code as w (address_key, times, last_at)
values (:address_key, array[:now::timestamptz], :now)
on conflict (address_key) do update set
    times = (
        select case when count(*) <= :limit then array_agg(t order by t) || excluded.times else array_agg(t) end
        from unnest(w.times) as t where t > :since
    ),
    last_at = excluded.last_at
returning cardinality(times);

-- name: uncount_correct(address_key)!
-- The try that was counted last was right.
update people.wrong_code set times = trim_array(times, 1) where address_key = :address_key;

-- name: drop_wrong(address_key)!
-- Forget the wrong tries at an address that is erased.
delete from people.wrong_code where address_key = :address_key;

-- name: delete_old_wrong_tries(before)!
-- Wrong tries of more than a day ago; scanned for the same reason as codes.
with over as (
    select address_key from people.wrong_code where last_at <= :before order by address_key for update skip locked
)
delete from people.wrong_code as w using over where w.address_key = over.address_key;

-- name: put_code(code_key, code_hash, locale, expires_at)!
-- A new code for an address and a device; the one before is dead.
insert into people.sign_in_code (address_key, code_hash, locale, tries, expires_at)
values (:code_key, :code_hash, :locale, 0, :expires_at)
on conflict (address_key) do update set
    code_hash = excluded.code_hash, locale = excluded.locale, tries = 0, expires_at = excluded.expires_at;

-- name: count_try(code_key, decoy_hash, decoy_expires_at, now)^
-- Count one try before looking at it. Where there is no living code a decoy is tried, so that nothing tells the two apart.
insert into people.sign_in_code as c (address_key, code_hash, locale, tries, expires_at)
values (:code_key, :decoy_hash, 'fr', 1, :decoy_expires_at)
on conflict (address_key) do update set
    code_hash = case when c.expires_at > :now then c.code_hash else excluded.code_hash end,
    tries = case when c.expires_at > :now then c.tries + 1 else 1 end,
    expires_at = case when c.expires_at > :now then c.expires_at else excluded.expires_at end
returning code_hash, locale, tries;

-- name: put_open_code(open_key, code_hash, locale, expires_at, renewed_until)^
-- The code of an address for whichever browser; no row while the one before is young.
insert into people.sign_in_code as c (address_key, code_hash, locale, tries, expires_at)
values (:open_key, :code_hash, :locale, 0, :expires_at)
on conflict (address_key) do update set
    code_hash = excluded.code_hash, locale = excluded.locale, expires_at = excluded.expires_at
where c.expires_at <= :renewed_until
returning address_key;

-- name: take_open_code(open_key, code_hash, now)$
-- Use an open code up: the locale in which it was asked for, null if it is not this one or over.
delete from people.sign_in_code
where address_key = :open_key and code_hash = :code_hash and expires_at > :now
returning locale;

-- name: drop_code(code_key)!
-- The code was used.
delete from people.sign_in_code where address_key = :code_key;

-- name: drop_codes_of(address_key, after)!
-- The codes of an address that is erased; the keys of all its devices lie between these two.
with known as (
    select address_key from people.sign_in_code
    where address_key >= :address_key and address_key < :after order by address_key for update
)
delete from people.sign_in_code as c using known where c.address_key = known.address_key;

-- name: drop_pace(keys)!
-- Forget how often codes were asked for.
with gone as (
    select key from people.pace where key = any(:keys::bytea[]) order by key for update
)
delete from people.pace as p using gone where p.key = gone.key;

-- name: delete_expired_codes(now)!
-- Codes and decoys that are over. A scan is right: half of the table goes, and an index would cost each request.
with over as (
    select address_key from people.sign_in_code where expires_at <= :now order by address_key for update skip locked
)
delete from people.sign_in_code as c using over where c.address_key = over.address_key;

-- name: delete_old_counts(before)!
-- Counts that are over; scanned for the same reason.
with over as (
    select key from people.pace where last_at <= :before order by key for update skip locked
)
delete from people.pace as p using over where p.key = over.key;
