-- expand: season tickets and packs: events that are sold together, and who bought them.
create schema packages;

-- What an organiser sells together. `kind`: `season` sells the events that are still to come, `pack` all of its events or
-- none, `choice` from `choose_min` to `choose_max` of them. `family_permille` is a further discount for a party with an
-- adult and a child.
create table packages.package (
    id uuid primary key,
    organiser_id uuid not null,
    kind text not null check (kind in ('season', 'pack', 'choice')),
    name jsonb not null,
    event_ids uuid [] not null check (cardinality(event_ids) >= 2),
    choose_min integer,
    choose_max integer,
    discount_permille integer not null check (discount_permille between 0 and 1000),
    family_permille integer not null check (family_permille between 0 and 1000),
    opens_at timestamptz not null,
    closes_at timestamptz not null,
    is_open boolean not null,
    revision integer not null,
    created_at timestamptz not null,
    constraint sale_is_whole check (opens_at < closes_at),
    constraint choice_is_whole check (
        (kind = 'choice') = (choose_min is not null and choose_max is not null)
        and (choose_min is null or choose_min between 2 and choose_max)
    )
);
create index package_organiser on packages.package (organiser_id);

-- A package that a person holds or bought. Its id is that of the bundle of its orders in ticketing, which have its places,
-- prices and state. `regular_cents` is what the same places cost one by one, `other_seats` the events where the party
-- does not have the seats of the first one.
create table packages.subscription (
    id uuid primary key,
    package_id uuid not null references packages.package (id),
    person_id uuid,
    regular_cents bigint not null,
    other_seats uuid [] not null,
    begun_at timestamptz not null
);
create index subscription_person on packages.subscription (person_id) where person_id is not null;
create index subscription_package on packages.subscription (package_id);
