-- expand: draws of events, their entries, their published files and their logs.
create schema draws;

-- One row per draw; an event has one that is not cancelled. The arrays have one element per quota, in the published
-- order. `places` and `spaces` are null for all that is free when the entries are frozen, and the frozen numbers later.
-- The seed is sealed until the draw is made.
create table draws.draw (
    id uuid primary key,
    event_id uuid not null,
    state text not null check (state in ('draft', 'open', 'closed', 'drawn', 'ended', 'cancelled')),
    revision integer not null,
    categories uuid [] not null,
    places integer [] not null,
    spaces integer [] not null,
    closes_at timestamptz not null,
    draws_at timestamptz not null,
    ends_at timestamptz not null,
    pay_hours integer not null check (pay_hours > 0),
    public_value_name text,
    public_value text,
    sealed_seed bytea,
    commitment bytea,
    entries_sha256 bytea,
    seed bytea,
    left_places integer [] not null default '{}',
    left_spaces integer [] not null default '{}',
    created_at timestamptz not null,
    opened_at timestamptz,
    frozen_at timestamptz,
    drawn_at timestamptz,
    applied_at timestamptz,
    ended_at timestamptz,
    constraint times_in_order check (closes_at <= draws_at and draws_at < ends_at),
    constraint opened_is_committed check (opened_at is null or commitment is not null),
    constraint frozen_has_hash check ((frozen_at is null) = (entries_sha256 is null)),
    constraint drawn_is_revealed check ((drawn_at is null) = (seed is null))
);
create unique index draw_of_event on draws.draw (event_id) where state <> 'cancelled';
create index draw_of_cancelled_event on draws.draw (event_id);

-- A person enters once. The code is published instead of the person, who is forgotten with their erasure. `wishes` are
-- positions of quotas. `number` is the place in the order of the draw, from 1; `category` the position that it won.
create table draws.entry (
    id uuid primary key,
    draw_id uuid not null references draws.draw (id),
    person_id uuid,
    code text not null,
    party jsonb not null,
    size integer not null check (size > 0),
    wheelchair boolean not null,
    wishes integer [] not null,
    any_other boolean not null,
    method_id uuid not null,
    terms uuid,
    state text not null check (
        state in (
            'entered', 'lapsed', 'won', 'review', 'held', 'charging', 'to_pay', 'paid', 'waiting', 'released', 'lost',
            'cancelled'
        )
    ),
    entered_at timestamptz not null,
    confirmed_at timestamptz,
    number integer,
    category integer,
    order_id uuid,
    payment_id uuid,
    pays_until timestamptz,
    reason text,
    told_at timestamptz,
    forgotten_at timestamptz,
    constraint won_has_category check (
        state not in ('won', 'review', 'held', 'charging', 'to_pay', 'paid') or category is not null
    ),
    constraint held_has_order check (
        state not in ('held', 'charging', 'to_pay', 'paid') or (order_id is not null and pays_until is not null)
    )
);
create unique index entry_code on draws.entry (draw_id, code);
create unique index entry_of_person on draws.entry (person_id, draw_id) where person_id is not null;
create index entry_unconfirmed on draws.entry (draw_id, id) where state = 'entered' and confirmed_at is null;
create index entry_state on draws.entry (draw_id, state, number);
create unique index entry_order on draws.entry (order_id) where order_id is not null;

-- The bytes of the published files, whose hashes are checked by others.
create table draws.published_file (
    draw_id uuid not null references draws.draw (id),
    name text not null check (name in ('entries', 'results')),
    content bytea not null,
    primary key (draw_id, name)
);

-- What happened after the draw, in order; it is published, and everybody can follow it.
create table draws.log_event (
    draw_id uuid not null references draws.draw (id),
    number integer not null,
    what text not null check (what in ('released', 'unseated', 'left', 'offered')),
    code text not null,
    category integer not null,
    happened_at timestamptz not null,
    primary key (draw_id, number)
);

-- An entry as queries return it: the columns are in the order of the fields of `EntryRow`.
create view draws.entry_row as
select
    id, draw_id, person_id, code, party, wheelchair, wishes, any_other, method_id, terms, state, entered_at, confirmed_at,
    number, category, order_id, payment_id, pays_until, reason, size, told_at
from draws.entry;
