-- name: packages(ids)
-- Packages by id.
select id, organiser_id, kind, name, event_ids, choose_min, choose_max, discount_permille, family_permille, opens_at,
    closes_at, is_open, revision, instalments_max, instalment_days
from packages.package where id = any(:ids::uuid[]);

-- name: packages_of(organiser_ids, all_of_them)
-- Packages of organisers, the latest sale first.
select id, organiser_id, kind, name, event_ids, choose_min, choose_max, discount_permille, family_permille, opens_at,
    closes_at, is_open, revision, instalments_max, instalment_days
from packages.package
where :all_of_them::boolean or organiser_id = any(:organiser_ids::uuid[])
order by closes_at desc, id limit 500;

-- name: open_packages(now)
-- Packages that are on sale or will be, the first sale first.
select id, organiser_id, kind, name, event_ids, choose_min, choose_max, discount_permille, family_permille, opens_at,
    closes_at, is_open, revision, instalments_max, instalment_days
from packages.package where is_open and closes_at > :now order by opens_at, id limit 500;

-- name: lock_package(package_id)^
-- A package, locked.
select revision from packages.package where id = :package_id for no key update;

-- name: put_package(id, organiser_id, kind, name, event_ids, choose_min, choose_max, discount_permille, family_permille, opens_at, closes_at, is_open, instalments_max, instalment_days, now)!
-- Insert a package, or replace its content; an existing one is locked.
insert into packages.package (
    id, organiser_id, kind, name, event_ids, choose_min, choose_max, discount_permille, family_permille, opens_at,
    closes_at, is_open, revision, created_at, instalments_max, instalment_days
) values (
    :id, :organiser_id, :kind, :name, :event_ids::uuid[], :choose_min, :choose_max, :discount_permille,
    :family_permille, :opens_at, :closes_at, :is_open, 1, :now, :instalments_max, :instalment_days
) on conflict (id) do update set
    kind = excluded.kind, name = excluded.name, event_ids = excluded.event_ids, choose_min = excluded.choose_min,
    choose_max = excluded.choose_max, discount_permille = excluded.discount_permille,
    family_permille = excluded.family_permille, opens_at = excluded.opens_at, closes_at = excluded.closes_at,
    is_open = excluded.is_open, instalments_max = excluded.instalments_max,
    instalment_days = excluded.instalment_days, revision = package.revision + 1;

-- name: insert_subscriptions(ids, package_ids, person_ids, regular_cents, other_seats, begun_ats, regular_by_event)!
-- Packages that persons hold; a repeated request changes nothing. `other_seats` has one array of events, as text, for each.
insert into packages.subscription (id, package_id, person_id, regular_cents, other_seats, begun_at, regular_by_event)
select new.id, new.package_id, new.person_id, new.regular_cents, new.other_seats::uuid[], new.begun_at,
    new.regular_by_event::jsonb
from unnest(
    :ids::uuid[], :package_ids::uuid[], :person_ids::uuid[], :regular_cents::bigint[], :other_seats::text[],
    :begun_ats::timestamptz[], :regular_by_event::text[]
) as new (id, package_id, person_id, regular_cents, other_seats, begun_at, regular_by_event)
order by new.id
on conflict (id) do nothing;

-- name: change_seats(ids, more_cents, same_events, regular_by_event)!
-- Subscriptions whose orders are locked and got other seats: by how much the regular price changes, at which events, as
-- arrays in text, they have the same seats now, and, as objects in text, the regular prices of the changed events.
with locked as (
    select id from packages.subscription where id = any(:ids::uuid[]) order by id for no key update
)
update packages.subscription set
    regular_cents = regular_cents + moved.more_cents,
    regular_by_event = regular_by_event || moved.new_by_event::jsonb,
    other_seats = array(select had.id from unnest(other_seats) as had (id) where had.id <> all(moved.same_events::uuid[]))
from locked
join unnest(:ids::uuid[], :more_cents::bigint[], :same_events::text[], :regular_by_event::text[])
    as moved (id, more_cents, same_events, new_by_event)
    on moved.id = locked.id
where subscription.id = locked.id;

-- name: subscriptions(ids)
-- Subscriptions by id.
select id, package_id, person_id, regular_cents, other_seats, begun_at, regular_by_event
from packages.subscription where id = any(:ids::uuid[]);

-- name: subscriptions_of(person_id)
-- The subscriptions of a person, the latest first.
select id, package_id, person_id, regular_cents, other_seats, begun_at, regular_by_event
from packages.subscription where person_id = :person_id order by begun_at desc, id limit 200;

-- name: subscriptions_to(package_id, after, wanted)
-- The subscriptions to a package in the order of their ids, from the one after `after`.
select id, package_id, person_id, regular_cents, other_seats, begun_at, regular_by_event
from packages.subscription
where package_id = :package_id and id > :after::uuid order by id limit :wanted;

-- name: forget_subscriptions(person_id)!
-- Subscriptions of a person who is erased; the person is locked.
with locked as (
    select id from packages.subscription where person_id = :person_id order by id for no key update
)
update packages.subscription set person_id = null from locked where subscription.id = locked.id;

-- name: counts(package_ids, now)
-- By package: subscriptions that are held and paid, the seats of the paid ones, and their money less refunds.
select bought.package_id, count(*) filter (where bought.held and not bought.paid) as held,
    count(*) filter (where bought.paid) as paid,
    coalesce(sum(bought.seats) filter (where bought.paid), 0)::bigint as seats,
    coalesce(sum(bought.cents), 0)::bigint as cents
from (
    select subscription.package_id, bool_or(part.state = 'paid') as paid,
        bool_or(part.state in ('held', 'paying') and part.expires_at > :now) as held, max(part.places) as seats,
        sum(part.total_cents - part.refunded_cents) filter (where part.state in ('paid', 'refunded')) as cents
    from packages.subscription
    inner join ticketing.public_bundle_order as part on part.bundle_id = subscription.id
    where subscription.package_id = any(:package_ids::uuid[])
    group by subscription.package_id, subscription.id
) as bought
group by bought.package_id;
