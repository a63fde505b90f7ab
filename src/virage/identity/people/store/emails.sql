-- name: write_emails(ids, kinds, subject_ids, about_ids, person_ids, resends_of, locales, recipients, address_keys, secrets, was_ats, expiries, now)
-- Emails to write, in their person's language unless another is named. One that is written already is not again.
insert into people.letter (
    id, kind, subject_id, about_id, person_id, resend_of, locale, recipient, address_key, secret, was_at, expires_at,
    state, queued_at, state_at
)
select
    n.id, n.kind, n.subject_id, n.about_id, n.person_id, n.resend_of, coalesce(n.locale, p.locale), n.recipient,
    n.address_key, n.secret, n.was_at, n.expires_at, 'queued', :now::timestamptz, :now
from unnest(
    :ids::uuid[], :kinds::text[], :subject_ids::uuid[], :about_ids::uuid[], :person_ids::uuid[], :resends_of::uuid[],
    :locales::text[], :recipients::bytea[], :address_keys::bytea[], :secrets::bytea[], :was_ats::timestamptz[],
    :expiries::timestamptz[]
) as n (
    id, kind, subject_id, about_id, person_id, resend_of, locale, recipient, address_key, secret, was_at, expires_at
)
left join people.person as p on p.id = n.person_id and p.erased_at is null
where n.recipient is not null or p.id is not null
order by n.id
on conflict do nothing
returning id, kind;

-- name: waiting_emails(email_ids)
-- Emails that wait, with their persons' addresses.
select
    l.id, l.kind, l.subject_id, l.about_id, l.person_id, l.locale, l.recipient, l.secret, l.was_at, l.expires_at, p.email
from people.letter as l left join people.person as p on p.id = l.person_id
where l.id = any(:email_ids::uuid[]) and l.state = 'queued';

-- name: blocked_keys(address_keys)
-- The keys, of these, of addresses that came back for good.
select address_key from people.blocked_address where address_key = any(:address_keys::bytea[]);

-- name: mark_sent(email_ids, states, reasons, recipients, address_keys, subjects, now)!
-- Emails left, or will not; their secrets are dropped. What was reported meanwhile stays. The subject of an email about
-- nothing may contain a code, and is not kept.
with locked as (
    select id from people.letter where id = any(:email_ids::uuid[]) order by id for no key update
)
update people.letter as l set
    state = case when l.state = 'queued' then sent.state else l.state end,
    reason = case when l.state = 'queued' then sent.reason else l.reason end,
    state_at = case when l.state = 'queued' then :now else l.state_at end,
    recipient = sent.recipient, address_key = sent.address_key, secret = null,
    subject = case when l.about_id is not null then sent.subject end
from locked
join unnest(
    :email_ids::uuid[], :states::text[], :reasons::text[], :recipients::bytea[], :address_keys::bytea[],
    :subjects::text[]
) as sent (id, state, reason, recipient, address_key, subject) on sent.id = locked.id
where l.id = locked.id;

-- name: drop_email(email_id)!
-- Delete a queued email.
delete from people.letter where id = :email_id and state = 'queued';

-- name: mark_reported(email_id, state, reason, now)^
-- What a server reported of an email. What came back stays so, and a report may be the first word of its sending.
update people.letter as l set state = :state, reason = nullif(:reason, ''), state_at = :now
from people.letter as own left join people.person as p on p.id = own.person_id
where l.id = :email_id and own.id = l.id and l.state <> 'bounced' and l.state <> :state
returning l.recipient, p.email;

-- name: block(address_key, recipient, email_id, reason, now)!
-- An address that must not be written to again.
insert into people.blocked_address (address_key, recipient, letter_id, reason, since)
values (:address_key, :recipient, :email_id, :reason, :now) on conflict (address_key) do nothing;

-- name: blocked(limit)
-- Addresses that came back, the latest first.
select address_key, recipient, letter_id, reason, since from people.blocked_address
order by since desc, letter_id desc limit :limit;

-- name: unblock_address(email_id)^
-- An address may be written to again.
with freed as (
    select address_key from people.blocked_address where letter_id = :email_id order by address_key for update
)
delete from people.blocked_address as b using freed where b.address_key = freed.address_key returning b.letter_id;

-- name: emails_about(about_id, person_id)
-- The emails of an order, the latest first; to one person, if one is named.
select
    l.id, l.kind, l.about_id, l.recipient, l.state, l.reason, l.queued_at, l.state_at,
    l.resend_of is not null as resent, l.subject, p.email
from people.letter as l left join people.person as p on p.id = l.person_id
where l.about_id = :about_id and (:person_id::uuid is null or l.person_id = :person_id)
order by l.id desc;

-- name: emails(state, before, limit)
-- The latest emails, of one state if it is named; the next page begins before an id.
select
    l.id, l.kind, l.about_id, l.recipient, l.state, l.reason, l.queued_at, l.state_at,
    l.resend_of is not null as resent, l.subject, p.email
from people.letter as l left join people.person as p on p.id = l.person_id
where (:state::text is null or l.state = :state) and (:before::uuid is null or l.id < :before)
order by l.id desc limit :limit;

-- name: lock_emails_about(about_id)
-- The emails of an order, locked, so that they are sent again by one at a time.
select id, kind, subject_id, about_id, person_id, was_at, queued_at from people.letter
where about_id = :about_id order by id for update;

-- name: emails_of(person_id)
-- The emails to a person, the latest first.
select kind, about_id, subject, state, queued_at, state_at from people.letter where person_id = :person_id order by id desc;

-- name: delete_old_emails(now, unlisted_since, listed_since)!
-- Emails that came too late, and those that are old.
with old as (
    select id from people.letter
    where
        (state = 'queued' and expires_at <= :now)
        or (about_id is null and queued_at <= :unlisted_since and state <> 'queued')
        or queued_at <= :listed_since
    order by id for update skip locked
)
delete from people.letter as l using old where l.id = old.id;

-- name: deliver(email_ids, recipients, subjects, bodies, htmls, now)
-- Emails in the demonstration's mailbox; the ids of the new ones.
insert into people.mailbox (id, recipient, subject, body, html, arrived_at)
select m.id, m.recipient, m.subject, m.body, m.html, :now
from unnest(:email_ids::uuid[], :recipients::text[], :subjects::text[], :bodies::text[], :htmls::text[])
    as m (id, recipient, subject, body, html)
order by m.id
on conflict (id) do nothing
returning id;

-- name: deliver_files(email_ids, positions, names, media_types, contents)!
-- The files of emails in the mailbox.
insert into people.mailbox_file (letter_id, position, name, media_type, content)
select f.email_id, f.position, f.name, f.media_type, f.content
from unnest(:email_ids::uuid[], :positions::integer[], :names::text[], :media_types::text[], :contents::bytea[])
as f (email_id, position, name, media_type, content);

-- name: mailbox(limit)
-- The latest emails of the demonstration, with the names of their files.
select
    m.id, m.recipient, m.subject, m.body, m.arrived_at,
    array(select f.name from people.mailbox_file as f where f.letter_id = m.id order by f.position) as files
from people.mailbox as m order by m.arrived_at desc, m.id desc limit :limit;

-- name: mailbox_html(email_id)$
-- An email of the mailbox as a mail program shows it.
select html from people.mailbox where id = :email_id;

-- name: mailbox_file(email_id, position)^
-- A file of an email in the mailbox.
select name, media_type, content from people.mailbox_file where letter_id = :email_id and position = :position;
