-- name: look_up(seen_before, cookies, now, issuer, bearers)
-- The principals of valid credentials with their current grants: sessions by cookie, API clients and devices by
-- bearer token. A device has its posts. A session of a person whom the OpenID provider has not confirmed in time
-- is none; without a provider the issuer is null.
select
    s.token_hash, s.id, s.person_id, s.guest_session_id, s.authenticated_at, s.last_seen_at <= :seen_before as stale,
    (
        select jsonb_agg(jsonb_build_array(g.role, g.scope, g.scope_id))
        from people.role_grant as g where g.person_id = s.person_id
    ) as grants,
    'session' as what
from people.session as s
where
    s.token_hash = any(:cookies::bytea[]) and s.expires_at > :now
    and not exists (
        select from people.sso_account as a
        where a.person_id = s.person_id and a.issuer = :issuer::text and a.valid_until <= :now
    )
union all
select
    p.token_hash, p.id, null, null, null, coalesce(p.last_used_at <= :seen_before, true),
    (
        select jsonb_agg(jsonb_build_array(g ->> 'role', g ->> 'scope', g ->> 'scope_id'))
        from jsonb_array_elements(p.grants) as g
    ),
    'api_client'
from people.program as p
where p.token_hash = any(:bearers::bytea[]) and p.expires_at > :now
union all
select
    d.token_hash, d.id, null, null, null, d.last_seen_at <= :seen_before,
    jsonb_build_object('kind', d.kind, 'posts', d.posts),
    'device'
from people.device as d
where d.token_hash = any(:bearers::bytea[]) and d.revoked_at is null;

-- name: touch_sessions(session_ids, seen_before, now, guest_lifetime, staff_lifetime, fan_lifetime)!
-- Sessions that were seen again live on from now; those that another process notes are passed over.
with seen as (
    select id from people.session
    where id = any(:session_ids::uuid[]) and last_seen_at <= :seen_before
    order by id for update skip locked
)
update people.session as s
set last_seen_at = :now, expires_at = :now::timestamptz + case
    when s.person_id is null then :guest_lifetime::interval
    when exists (select from people.role_grant as g where g.person_id = s.person_id) then :staff_lifetime::interval
    else :fan_lifetime::interval
end
from seen where s.id = seen.id;

-- name: touch_api_clients(client_ids, now)!
-- Programs that were seen again.
with seen as (
    select id from people.program where id = any(:client_ids::uuid[]) order by id for update skip locked
)
update people.program as p set last_used_at = :now from seen where p.id = seen.id;

-- name: open_guest_sessions(now, expires_at, session_ids, token_hashes)!
-- Browsers that hold something before signing in, all at once.
insert into people.session (id, token_hash, device, opened_at, last_seen_at, expires_at)
select g.id, g.token_hash, '', :now, :now, :expires_at
from unnest(:session_ids::uuid[], :token_hashes::bytea[]) as g (id, token_hash);

-- name: take_over_session(token_hash, person_id, device, proved_at, now, expires_at, session_id)$
-- Renew the session of a guest or of the same person: a new token, the same id. Null if it is neither.
update people.session
set
    token_hash = :token_hash, person_id = :person_id, device = :device, authenticated_at = :proved_at,
    last_seen_at = :now, expires_at = :expires_at, guest_session_id = case when person_id is null then id else guest_session_id end
where id = :session_id and (person_id is null or person_id = :person_id)
returning id;

-- name: open_session(session_id, token_hash, person_id, device, now, proved_at, expires_at)!
-- Insert a session at a sign-in.
insert into people.session
(id, token_hash, person_id, device, opened_at, authenticated_at, last_seen_at, expires_at)
values (:session_id, :token_hash, :person_id, :device, :now, :proved_at, :now, :expires_at);

-- name: end_session(session_id)!
-- Delete one session.
delete from people.session where id = :session_id;

-- name: end_session_of(session_id, person_id)!
-- One session of a person.
delete from people.session where id = :session_id and person_id = :person_id;

-- name: end_sessions_of(person_id, kept_id)!
-- All sessions of a person, but for one if it is named.
with gone as (
    select id from people.session
    where person_id = :person_id and id is distinct from :kept_id::uuid order by id for update
)
delete from people.session as s using gone where s.id = gone.id;

-- name: rename_session(name, session_id, person_id)!
-- A session gets a name, or loses it.
update people.session set name = :name where id = :session_id and person_id = :person_id;

-- name: note_browser(browser_key, person_id, now)$
-- A person signs in in a browser: whether for the first time.
insert into people.known_browser (browser_key, person_id, seen_at) values (:browser_key, :person_id, :now)
on conflict (browser_key) do update set seen_at = excluded.seen_at
returning xmax = 0;

-- name: was_signed_in(person_id, browser_key, session_id, now)$
-- Whether a person has signed in before, in another browser or in another session that lives.
select
    exists(
        select from people.known_browser as b
        where b.person_id = :person_id and b.browser_key is distinct from :browser_key::bytea
    )
    or exists(
        select from people.session as s where s.person_id = :person_id and s.id <> :session_id and s.expires_at > :now
    );

-- name: erase_browsers(person_id)!
-- Forget the browsers of a person.
delete from people.known_browser where person_id = :person_id;

-- name: delete_old_browsers(before)!
-- Browsers whose cookie has expired.
with over as (
    select browser_key from people.known_browser
    where seen_at <= :before order by browser_key for update skip locked
)
delete from people.known_browser as b using over where b.browser_key = over.browser_key;

-- name: shorten_sessions(expires_at, person_id)!
-- From now on the person is of the staff: their sessions live as long as a shift.
with known as (
    select id from people.session where person_id = :person_id order by id for no key update
)
update people.session as s set expires_at = least(expires_at, :expires_at) from known where s.id = known.id;

-- name: sessions_of(person_id, now)
-- The living sessions of a person, the last seen first.
select id, name, device, opened_at, last_seen_at, expires_at from people.session
where person_id = :person_id and expires_at > :now
order by last_seen_at desc, id;

-- name: delete_expired_sessions(now)!
-- Sessions that ended by themselves.
with over as (
    select id from people.session where expires_at <= :now order by id for update skip locked
)
delete from people.session as s using over where s.id = over.id;
