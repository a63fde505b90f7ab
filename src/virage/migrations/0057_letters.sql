-- Letters: what was written to whom and what became of it. Texts are not kept: a job composes them when it sends.
create table people.letter (
    id uuid primary key,
    kind text not null,
    subject_id uuid not null,  -- what it tells about: a refund, a payment, a change of an event, an order
    about_id uuid,  -- the order that it is listed at
    person_id uuid,  -- whose letter it is; without one, the recipient is given
    resend_of uuid,
    locale text not null,  -- BCP 47
    recipient bytea,  -- sealed; gone with the person
    address_key bytea,
    secret bytea,  -- sealed: codes and links; dropped once the letter is sent
    was_at timestamptz,  -- of a changed kick-off: when it was to be
    state text not null check (state in ('queued', 'sent', 'delivered', 'bounced')),
    reason text,
    queued_at timestamptz not null,
    state_at timestamptz not null,
    expires_at timestamptz
);
-- One event writes one letter, however often its act or its job is repeated.
create unique index letter_once on people.letter (kind, subject_id, about_id) where resend_of is null and about_id is not null;
create index letter_about on people.letter (about_id) where about_id is not null;
create index letter_of_person on people.letter (person_id) where person_id is not null;
create index letter_to on people.letter (address_key) where address_key is not null;
create index letter_queued_at on people.letter (queued_at);
create index letter_in_state on people.letter (state, id);

-- Addresses that mail servers refused for good: not written to until the office frees them.
create table people.blocked_address (
    address_key bytea primary key,
    recipient bytea not null,  -- sealed
    letter_id uuid not null,
    reason text not null,
    since timestamptz not null
);

-- The demonstration's mailbox shows letters as a mail program does.
alter table people.mailbox add column html text;
create table people.mailbox_file (
    letter_id uuid not null references people.mailbox (id) on delete cascade,
    position integer not null,
    name text not null,
    media_type text not null,
    content bytea not null,
    primary key (letter_id, position)
);

-- What waited here was a code or an invitation, which are asked for again.
-- squawk-ignore ban-drop-table
drop table people.mail;
