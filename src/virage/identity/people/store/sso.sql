-- name: sso_subject(person_id, issuer)$
-- Subject of a person at a provider.
select subject from people.sso_account where person_id = :person_id and issuer = :issuer;

-- name: has_sso(person_id)$
-- Whether a person has access through a provider.
select exists(select from people.sso_account where person_id = :person_id and refresh_token is not null);

-- name: person_of_subject(issuer, subject)$
-- The person whom the provider knows by this subject.
select person_id from people.sso_account where issuer = :issuer and subject = :subject;

-- name: put_sso_account(person_id, issuer, subject, refresh_token, now, check_at, valid_until)!
-- A person has signed in at the provider.
insert into people.sso_account
(person_id, issuer, subject, refresh_token, linked_at, confirmed_at, check_at, valid_until)
values (:person_id, :issuer, :subject, :refresh_token, :now, :now, :check_at, :valid_until)
on conflict (person_id) do update set
    issuer = excluded.issuer, subject = excluded.subject, refresh_token = excluded.refresh_token,
    confirmed_at = excluded.confirmed_at, check_at = excluded.check_at, valid_until = excluded.valid_until;

-- name: take_due_checks(now, check_at, wanted)
-- Accounts that the provider is to be asked about; until `check_at` no other process asks about them.
with due as (
    select person_id from people.sso_account
    where refresh_token is not null and check_at <= :now
    order by check_at limit :wanted for update skip locked
)
update people.sso_account as a set check_at = :check_at
from due where a.person_id = due.person_id
returning a.person_id, a.issuer, a.subject, a.refresh_token, a.confirmed_at;

-- name: confirm_sso_account(refresh_token, now, valid_until, person_id, subject, confirmed_at)!
-- The provider still knows a person, who has not signed in since it was asked.
update people.sso_account set refresh_token = :refresh_token, confirmed_at = :now, valid_until = :valid_until
where person_id = :person_id and subject = :subject and confirmed_at = :confirmed_at and refresh_token is not null;

-- name: keep_sso_account(valid_until, person_id)!
-- The provider is away: sessions count a while longer.
update people.sso_account set valid_until = greatest(valid_until, :valid_until)
where person_id = :person_id and refresh_token is not null;

-- name: is_current_check(person_id, subject, confirmed_at)$
-- Whether an account is as it was when the provider was asked: no sign-in has replaced its refresh token.
select true from people.sso_account
where person_id = :person_id and subject = :subject and confirmed_at = :confirmed_at and refresh_token is not null;

-- name: end_sso_account(now, person_id)!
-- The provider has ended the access of a person.
update people.sso_account set refresh_token = null, valid_until = least(valid_until, :now)
where person_id = :person_id and refresh_token is not null;

-- name: erase_sso_account(person_id)!
-- Forget a person at the provider.
delete from people.sso_account where person_id = :person_id;

-- name: mark_sso_session(sid, session_id)!
-- Note under which number the provider knows a sign-in.
update people.session set sso_sid = :sid where id = :session_id;

-- name: end_sso_sessions(person_id, sid)
-- End the sessions of a person, or those of one sign-in at the provider.
with gone as (
    select id from people.session
    where person_id = :person_id and (:sid::text is null or sso_sid = :sid) order by id for update
)
delete from people.session as s using gone where s.id = gone.id
returning s.id;

-- name: persons_of_sid(issuer, sid)
-- Whose sessions a sign-in at the provider opened.
select distinct s.person_id from people.session as s
join people.sso_account as a on a.person_id = s.person_id and a.issuer = :issuer
where s.sso_sid = :sid;

-- name: sso_grants_of(person_id)
-- The grants of a person that groups of the provider give.
select id, person_id, role, scope, scope_id, by_sso from people.role_grant
where person_id = :person_id and by_sso order by id;

-- name: sso_checks(issuer, now)^
-- How many accounts the provider confirms, and how old the oldest of their last confirmations is.
select
    count(*) as active,
    coalesce(extract(epoch from :now::timestamptz - min(confirmed_at)), 0)::float8 as oldest_s
from people.sso_account where issuer = :issuer and refresh_token is not null;
