-- expand: names on tickets by a stated date: how often a name changed, and the reminders that were sent.

alter table ticketing.ticket add column name_changes integer not null default 0;

-- Reminders that were sent to holders of tickets, one of each kind: names are missing, or the event is about to begin.
-- Rows are deleted when the event is over.
create table ticketing.reminder (
    event_id uuid not null,
    kind text not null check (kind in ('names', 'event')),
    person_id uuid not null,
    primary key (event_id, kind, person_id)
);
create index reminder_person on ticketing.reminder (person_id);

-- People who want no reminder of events.
create table ticketing.unreminded (
    person_id uuid primary key
);

-- Addresses to tell that an offer has ended, until a job has queued the email, within a minute.
create table ticketing.withdrawn_offer (
    transfer_id uuid primary key references ticketing.transfer (id),
    to_email text not null,
    locale text not null
);
