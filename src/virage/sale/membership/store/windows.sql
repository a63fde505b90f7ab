-- name: insert_windows(event_id)!
-- The windows of an event that never had any.
insert into membership.windows (event_id, revision) values (:event_id, 0) on conflict do nothing;

-- name: lock_windows(event_id)$
-- Lock the windows of an event; their revision.
select revision from membership.windows where event_id = :event_id for no key update;

-- name: windows_revision(event_id)$
-- The revision of the windows of an event.
select revision from membership.windows where event_id = :event_id;

-- name: drop_windows(event_id)!
-- The windows of an event are replaced: the old ones.
delete from membership.event_window where event_id = :event_id;

-- name: put_windows(event_id, positions, opens_at, tickets_max, tier_ids, package_ids)!
-- The windows of an event are replaced: the new ones. The tiers and packages are written as arrays.
insert into membership.event_window (event_id, position, opens_at, tickets_max, tier_ids, package_ids)
select :event_id::uuid, new.position, new.opens_at, new.tickets_max, new.tiers::uuid[], new.packages::uuid[]
from unnest(
    :positions::integer[], :opens_at::timestamptz[], :tickets_max::integer[], :tier_ids::text[], :package_ids::text[]
) as new (position, opens_at, tickets_max, tiers, packages);

-- name: raise_revision(event_id)$
-- The new revision of changed windows.
update membership.windows set revision = revision + 1 where event_id = :event_id returning revision;

-- name: windows_of(event_id)
-- The windows of an event, the earliest first.
select opens_at, tickets_max, tier_ids, package_ids from membership.event_window
where event_id = :event_id order by opens_at, position;

-- name: early_sales(event_ids, person_ids, today)
-- The windows of events with the names of their tiers and packages, the earliest first, and a row for each membership and
-- package of these persons that a window is for; a window without any has one row without a person.
select event_window.event_id, event_window.position, event_window.opens_at, event_window.tickets_max, named.tiers,
    sold.packages, mine.person_id, mine.tier, mine.package, mine.own_max
from membership.event_window
cross join lateral (
    select coalesce(jsonb_agg(tier.name order by tier.rank, tier.id), '[]') as tiers
    from membership.tier where tier.id = any(event_window.tier_ids)
) as named
cross join lateral (
    select coalesce(jsonb_agg(package.name order by package.id), '[]') as packages
    from packages.public_package as package where package.id = any(event_window.package_ids)
) as sold
left join lateral (
    select member.person_id, tier.name as tier, null::jsonb as package,
        least(tier.window_tickets, event_window.tickets_max) as own_max
    from membership.member
    inner join membership.membership on membership.member_id = member.id
    inner join membership.tier on tier.id = membership.tier_id
    where member.person_id = any(:person_ids::uuid[]) and membership.state = 'active'
        and tier.id = any(event_window.tier_ids) and tier.ends_on >= :today
    union all
    select distinct subscription.person_id, null::jsonb, package.name, event_window.tickets_max
    from packages.public_subscription as subscription
    inner join packages.public_package as package on package.id = subscription.package_id
    where subscription.person_id = any(:person_ids::uuid[])
        and subscription.package_id = any(event_window.package_ids)
        and exists (
            select from ticketing.public_bundle_ticket as part
            where part.bundle_id = subscription.id and cardinality(part.refunded_ids) < cardinality(part.ticket_ids)
        )
) as mine on true
where event_window.event_id = any(:event_ids::uuid[])
order by event_window.event_id, event_window.opens_at, event_window.position;
