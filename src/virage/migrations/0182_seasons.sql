-- expand: renewal of season tickets: campaigns, the renewals of their holders, and the relocation round.
create schema seasons;

-- The subscriptions of packages, for the domain that renews them.
create view packages.public_subscription as
select id, package_id, person_id, other_seats from packages.subscription;

-- The holders of `from_package_id` may renew into `to_package_id` from `opens_at` to `until`, and state wishes for other
-- seats until `relocates_until`; null: there is no relocation round. The seed makes its order. `made_after` is the last
-- subscription that the run has renewed, `moved_after` the last number of the round whose seats were moved.
create table seasons.campaign (
    id uuid primary key,
    organiser_id uuid not null,
    from_package_id uuid not null,
    to_package_id uuid not null,
    opens_at timestamptz not null,
    until timestamptz not null,
    relocates_until timestamptz,
    remind_days integer not null check (remind_days between 0 and 60),
    state text not null check (state in ('draft', 'started', 'open', 'relocating')),
    revision integer not null,
    seed bytea not null check (octet_length(seed) = 32),
    made_after uuid not null default '00000000-0000-0000-0000-000000000000',
    moved_after integer not null default 0,
    drawn_at timestamptz,
    relocated_at timestamptz,
    created_at timestamptz not null,
    constraint other_package check (from_package_id <> to_package_id),
    constraint times_in_order check (
        opens_at < until and (relocates_until is null or relocates_until between opens_at and until)
    )
);
create index campaign_organiser on seasons.campaign (organiser_id);
create unique index campaign_packages on seasons.campaign (from_package_id, to_package_id);

-- One per paid subscription of the earlier season, `from_id`. The id is also that of the subscription of the next season
-- and of its bundle of orders, which have the seats, the price and the state. `reason` says why it has no seats yet:
-- `waiting` for the next run, else it is listed for the office. `other_events` are those with other seats than last season,
-- `lost` counts the seats of the earlier season that were refunded. `number` is the place in the order of the relocation
-- round, from 1; `answers` say for each wish whether it was met, and why not; `moves_to` are the new places at the first event,
-- with their tariffs.
create table seasons.renewal (
    id uuid primary key,
    campaign_id uuid not null references seasons.campaign (id),
    from_id uuid not null,
    person_id uuid,
    years integer not null check (years > 0),
    size integer not null check (size > 0),
    lost integer not null,
    reason text,
    note text,
    other_events uuid [] not null default '{}',
    wishes jsonb not null default '[]',
    number integer,
    answers text [] not null default '{}',
    moves_to integer [],
    moves_tariffs integer [],
    declined_at timestamptz,
    refused_at timestamptz,
    reminded_at timestamptz,
    begun_at timestamptz not null
);
create unique index renewal_once on seasons.renewal (campaign_id, from_id);
create unique index renewal_number on seasons.renewal (campaign_id, number) where number is not null;
create index renewal_listed on seasons.renewal (campaign_id, id) where reason is not null;
create index renewal_person on seasons.renewal (person_id) where person_id is not null;
