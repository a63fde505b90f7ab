-- expand: members of organisers, their tiers, and members' windows of events.
create schema membership;

-- One row per organiser with tiers. Its lock covers the tiers, members and memberships of the organiser, so that numbers
-- have no gaps, places of a tier are exact, and a person has one membership per term. `last_number` is the highest
-- number that was ever given.
create table membership.register (
    organiser_id uuid primary key,
    last_number bigint not null default 0 check (last_number >= 0)
);

-- What a person may join, for the days of a term, both inclusive, in the deployment's time zone. `new_members_max`
-- limits those who had no number before; null is no limit. `window_tickets` is the limit per event in members' windows.
create table membership.tier (
    id uuid primary key,
    organiser_id uuid not null references membership.register (organiser_id),
    name jsonb not null,
    rank integer not null,
    price_cents bigint not null check (price_cents >= 0),
    vat_permille integer not null check (vat_permille between 0 and 999),
    starts_on date not null,
    ends_on date not null,
    new_members_max integer check (new_members_max >= 0),
    is_open boolean not null,
    window_tickets integer not null check (window_tickets > 0),
    revision integer not null,
    created_at timestamptz not null,
    constraint term_is_whole check (starts_on <= ends_on)
);
create index tier_organiser on membership.tier (organiser_id);

-- A person who asked to join, or was imported. The number is given with the first membership and never again; it stays
-- when the person is erased, at `erased_at`. `email` and `mailbox` are those of an imported member whose person has not
-- signed in yet.
create table membership.member (
    id uuid primary key,
    organiser_id uuid not null references membership.register (organiser_id),
    number bigint check (number > 0),
    person_id uuid,
    email text,
    mailbox text,
    created_at timestamptz not null,
    erased_at timestamptz,
    constraint address_is_whole check ((email is null) = (mailbox is null)),
    constraint person_or_address check (person_id is null or email is null)
);
create unique index member_number on membership.member (organiser_id, number);
create unique index member_person on membership.member (person_id, organiser_id) where person_id is not null;
create unique index member_mailbox on membership.member (mailbox, organiser_id) where mailbox is not null;

-- A membership of one term. It is paid for until `pays_until`, begins when its money is captured, and ends with its term
-- or with its cancellation. `is_new`: the member had no number when they asked. `refunded_cents` were requested with the
-- cancellation; `returned_cents` is money that came and bought nothing.
create table membership.membership (
    id uuid primary key,
    tier_id uuid not null references membership.tier (id),
    member_id uuid not null references membership.member (id),
    state text not null check (state in ('paying', 'active', 'cancelled', 'failed')),
    is_new boolean not null,
    is_imported boolean not null,
    price_cents bigint not null check (price_cents >= 0),
    vat_permille integer not null,
    payment_id uuid unique,
    asked_at timestamptz not null,
    pays_until timestamptz,
    began_at timestamptz,
    cancelled_at timestamptz,
    cancel_reason text,
    refund_id uuid,
    refunded_cents bigint not null default 0 check (refunded_cents between 0 and price_cents),
    returned_cents bigint not null default 0,
    reminded_at timestamptz,
    constraint begun_has_time check ((state in ('active', 'cancelled')) = (began_at is not null)),
    constraint cancelled_has_time check ((state = 'cancelled') = (cancelled_at is not null)),
    constraint paying_ends check (state <> 'paying' or (pays_until is not null and payment_id is not null))
);
create index membership_member on membership.membership (member_id);
create index membership_tier on membership.membership (tier_id, state);
create index membership_began on membership.membership (began_at) where began_at is not null and payment_id is not null;

-- The members' windows of an event, as a whole.
create table membership.windows (
    event_id uuid primary key,
    revision integer not null
);

-- From `opens_at` until the public sale opens, members of these tiers may hold up to `tickets_max` tickets of the event.
create table membership.event_window (
    event_id uuid not null references membership.windows (event_id),
    position integer not null,
    opens_at timestamptz not null,
    tickets_max integer not null check (tickets_max > 0),
    tier_ids uuid [] not null,
    primary key (event_id, position)
);

-- A membership with its member and term as queries return it: the columns are in the order of the fields of
-- `MembershipRow`.
create view membership.membership_row as
select
    membership.id, membership.tier_id, tier.organiser_id, membership.member_id, member.number, member.person_id,
    membership.state, membership.is_new, membership.is_imported, membership.price_cents, membership.vat_permille,
    tier.starts_on, tier.ends_on, membership.payment_id, membership.asked_at, membership.pays_until,
    membership.began_at, membership.cancelled_at, membership.refund_id, membership.refunded_cents,
    membership.returned_cents
from membership.membership
inner join membership.member on member.id = membership.member_id
inner join membership.tier on tier.id = membership.tier_id;
