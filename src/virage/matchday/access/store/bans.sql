-- name: insert_bans(ids, files, emails, names, nows, whos, expires_ats)
-- Entries, each once, in the order of their ids; returns those that are new.
insert into access.ban (id, file, email, name, added_at, added_by, expires_at)
select wish.id, wish.file, wish.email, wish.name, wish.added_at, wish.added_by, wish.expires_at
from unnest(
    :ids::uuid[], :files::text[], :emails::text[], :names::text[], :nows::timestamptz[], :whos::uuid[],
    :expires_ats::timestamptz[]
) as wish (id, file, email, name, added_at, added_by, expires_at)
order by wish.id
on conflict (id) do nothing
returning id;

-- name: bans_by_id(ids)
-- Entries that hold, by their ids.
select id, file, email, name, added_at, added_by, expires_at
from access.ban
where id = any(:ids::uuid[]) and ended_at is null;

-- name: bans(files, now)
-- The entries of files that hold, the latest first.
select id, file, email, name, added_at, added_by, expires_at
from access.ban
where file = any(:files::text[]) and ended_at is null and expires_at > :now
order by added_at desc, id;

-- name: over(now)
-- Bans whose last day is over, locked in order.
select id from access.ban where ended_at is null and expires_at <= :now order by id for no key update;

-- name: end_bans(ids, now)!
-- Entries end, and their words are erased.
with ending as (
    select id from access.ban where id = any(:ids::uuid[]) and ended_at is null order by id for no key update
)

update access.ban
set ended_at = :now, email = null, name = null
from ending
where ban.id = ending.id;

-- name: forget_reviewed_of(ids, now)!
-- The names that people gave who matched entries are erased with these, and with those whose last day is over.
with held as (
    select subject, person_id, ban_id from access.ban_review
    where ban_id in (
        select id from access.ban where id = any(:ids::uuid[]) or (ended_at is null and expires_at <= :now)
    )
    order by subject, person_id, ban_id
    for no key update
)

update access.ban_review
set name = null
from held
where ban_review.subject = held.subject and ban_review.person_id = held.person_id and ban_review.ban_id = held.ban_id;

-- name: drop_flags_of(ids)
-- The flags of entries that ended; returns the passes that had one.
with fallen as (
    select event_id, pass_number, ban_id from access.flag
    where ban_id = any(:ids::uuid[])
    order by event_id, pass_number, ban_id
    for no key update
)

delete from access.flag
using fallen
where flag.event_id = fallen.event_id and flag.pass_number = fallen.pass_number and flag.ban_id = fallen.ban_id
returning flag.event_id, flag.pass_number;

-- name: flags_of_event(event_id)
-- The flags of an event.
select pass_number, ban_id from access.flag where event_id = :event_id;

-- name: insert_flags(event_id, pass_numbers, ban_ids, now)!
-- Flags of passes that bans match.
insert into access.flag (event_id, pass_number, ban_id, flagged_at, expires_at)
select :event_id, wanted.pass_number, ban.id, :now, ban.expires_at
from unnest(:pass_numbers::bigint[], :ban_ids::uuid[]) as wanted (pass_number, ban_id)
inner join access.ban on ban.id = wanted.ban_id and ban.ended_at is null
order by wanted.pass_number, ban.id
on conflict do nothing;

-- name: drop_flags(event_id, pass_numbers, ban_ids)!
-- Flags that no longer match: the ticket has another name.
with fallen as (
    select flag.pass_number, flag.ban_id
    from unnest(:pass_numbers::bigint[], :ban_ids::uuid[]) as gone (pass_number, ban_id)
    inner join access.flag
        on flag.event_id = :event_id and flag.pass_number = gone.pass_number and flag.ban_id = gone.ban_id
    order by flag.pass_number, flag.ban_id
    for no key update
)

delete from access.flag
using fallen
where flag.event_id = :event_id and flag.pass_number = fallen.pass_number and flag.ban_id = fallen.ban_id;

-- name: hits(event_id, limit_)
-- Scans of flagged passes, the latest first.
select ban_hit.ban_id, ban.file, ban_hit.device_id, ban_hit.number, scan.gate, ban_hit.at, ban_hit.pass_number,
    scan.person_id
from access.ban_hit
inner join access.ban on ban.id = ban_hit.ban_id
inner join access.scan on scan.device_id = ban_hit.device_id and scan.number = ban_hit.number
where ban_hit.event_id = :event_id
order by ban_hit.at desc, ban_hit.device_id, ban_hit.number
limit :limit_;

-- name: insert_reviews(ban_ids, subject, ticket_ids, person_id, event_id, name, now)
-- Matches to decide about, each once, in the order of their bans; returns those that are new.
insert into access.ban_review (ban_id, subject, ticket_ids, person_id, event_id, name, at)
select ban_id, :subject, :ticket_ids::uuid[], :person_id, :event_id, :name, :now
from unnest(:ban_ids::uuid[]) as met (ban_id)
order by ban_id
on conflict do nothing
returning ban_id;

-- name: reviewed(subject, ticket_ids, person_id)
-- The bans that a person matched for a subject or one of its tickets, and whether they may get it despite each.
select ban_id, subject, ticket_ids, allowed from access.ban_review
where person_id = :person_id and (subject = :subject or ticket_ids && :ticket_ids::uuid[]);

-- name: reviews(limit_)
-- Matches to decide about and those decided, the latest first; what ended bans said is erased.
select ban_review.ban_id, ban.file, ban.email, ban.name, ban_review.subject, ban_review.person_id,
    ban_review.event_id, ban_review.name, ban_review.at, ban_review.decided_at, ban_review.decided_by,
    ban_review.allowed
from access.ban_review
inner join access.ban on ban.id = ban_review.ban_id
order by ban_review.at desc, ban_review.subject, ban_review.ban_id
limit :limit_;

-- name: decide(subject, person_id, allowed, who, now)!
-- Decide about all matches of a person and a subject, locked in order.
with held as (
    select ban_id from access.ban_review
    where subject = :subject and person_id = :person_id
    order by ban_id
    for no key update
)

update access.ban_review
set allowed = :allowed, decided_by = :who, decided_at = :now
from held
where ban_review.subject = :subject and ban_review.person_id = :person_id and ban_review.ban_id = held.ban_id;

-- name: forget_reviewed(person_id)!
-- The name that a person gave is erased with them.
with held as (
    select subject, person_id, ban_id from access.ban_review
    where person_id = :person_id
    order by subject, ban_id
    for no key update
)

update access.ban_review
set name = null
from held
where ban_review.subject = held.subject and ban_review.person_id = held.person_id and ban_review.ban_id = held.ban_id;
