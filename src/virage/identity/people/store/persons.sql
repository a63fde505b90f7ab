-- name: join(person_id, email, name, locale, now)^
-- The person with this address, new if need be; a name that is missing is filled in, one that is there stays.
insert into people.person as p (id, email, name, locale, joined_at)
values (:person_id, :email, :name, :locale, :now)
on conflict (email) do update set name = coalesce(p.name, excluded.name)
returning p.id, p.id = :person_id as joined,
    exists(select from people.role_grant as g where g.person_id = p.id) as staff;

-- name: person(person_id)^
-- One living person.
select id, email, name, locale from people.person where id = :person_id and erased_at is null;

-- name: persons(person_ids)
-- Many living persons.
select id, email, name, locale from people.person where id = any(:person_ids::uuid[]) and erased_at is null;

-- name: person_by_email(email)^
-- The person behind an address.
select id, email, name, locale from people.person where email = :email;

-- name: persons_by_email(emails)
-- The people behind many addresses.
select id, email, name, locale from people.person where email = any(:emails::text[]);

-- name: find_persons(name, wanted)
-- Living persons whose name contains these emails or whose address begins with them, those who are called just so first.
select id, email, name, locale from people.person
where strpos(lower(name), lower(:name)) > 0 or starts_with(email, lower(:name))
order by lower(name) = lower(:name) desc nulls last, id desc limit :wanted;

-- name: change_person(name, locale, person_id)^
-- A new name and locale.
update people.person set name = :name, locale = :locale
where id = :person_id and erased_at is null
returning id, email, name, locale;

-- name: lock_person(person_id)^
-- The person, held until the end of the transaction.
select id, email, name, locale from people.person where id = :person_id and erased_at is null for update;

-- name: lock_persons(person_ids)
-- People, held in order until the end of the transaction.
select id, email, name, locale from people.person
where id = any(:person_ids::uuid[]) and erased_at is null order by id for update;

-- name: joined_at(person_id)$
-- When the person joined.
select joined_at from people.person where id = :person_id;

-- name: erase_person(now, person_id)!
-- What is left is an id that orders and ledgers may go on naming.
update people.person set email = null, name = null, erased_at = :now where id = :person_id;

-- name: erase_api_clients(person_id)!
-- Delete the tokens that a person created, with their names.
with gone as (
    select id from people.program where created_by = :person_id order by id for update
)
delete from people.program as p using gone where p.id = gone.id;

-- name: erase_emails(person_id, address_key)!
-- Emails to a person, or to their address, that still wait.
with gone as (
    select id from people.letter where state = 'queued' and (person_id = :person_id or address_key = :address_key) order by id for update
)
delete from people.letter as l using gone where l.id = gone.id;

-- name: erase_recipients(person_id, address_key)!
-- What became of the emails before stays, without the address.
with known as (
    select id from people.letter where person_id = :person_id or address_key = :address_key order by id for update
)
update people.letter as l set recipient = null, address_key = null, secret = null from known where l.id = known.id;

-- name: erase_blocked(address_key)!
-- An address that came back is forgotten too.
delete from people.blocked_address where address_key = :address_key;

-- name: erase_mailbox(email)!
-- The demonstration's emails to this address.
with gone as (
    select id from people.mailbox where recipient = :email order by id for update
)
delete from people.mailbox as m using gone where m.id = gone.id;

-- name: erase_invitations(email)!
-- Invitations to this address.
with gone as (
    select id from people.invitation where email = :email order by id for update
)
delete from people.invitation as i using gone where i.id = gone.id;
