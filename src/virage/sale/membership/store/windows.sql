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

-- name: put_windows(event_id, positions, opens_at, tickets_max, tier_ids)!
-- The windows of an event are replaced: the new ones. The tiers are written as arrays.
insert into membership.event_window (event_id, position, opens_at, tickets_max, tier_ids)
select :event_id::uuid, new.position, new.opens_at, new.tickets_max, new.tiers::uuid[]
from unnest(:positions::integer[], :opens_at::timestamptz[], :tickets_max::integer[], :tier_ids::text[]) as new (
    position, opens_at, tickets_max, tiers
);

-- name: raise_revision(event_id)$
-- The new revision of changed windows.
update membership.windows set revision = revision + 1 where event_id = :event_id returning revision;

-- name: windows_of(event_id)
-- The windows of an event, the earliest first.
select opens_at, tickets_max, tier_ids from membership.event_window
where event_id = :event_id order by opens_at, position;

-- name: early_sales(event_ids, person_ids, today)
-- The windows of events with the names of their tiers, the earliest first, and a row for each of these persons with a
-- membership that a window is for; a window without any has one row without a person.
select event_window.event_id, event_window.position, event_window.opens_at, event_window.tickets_max, named.tiers,
    mine.person_id, mine.tier, mine.own_max
from membership.event_window
cross join lateral (
    select jsonb_agg(tier.name order by tier.rank, tier.id) as tiers
    from membership.tier where tier.id = any(event_window.tier_ids)
) as named
left join lateral (
    select member.person_id, tier.name as tier, least(tier.window_tickets, event_window.tickets_max) as own_max
    from membership.member
    inner join membership.membership on membership.member_id = member.id
    inner join membership.tier on tier.id = membership.tier_id
    where member.person_id = any(:person_ids::uuid[]) and membership.state = 'active'
        and tier.id = any(event_window.tier_ids) and tier.ends_on >= :today
) as mine on true
where event_window.event_id = any(:event_ids::uuid[])
order by event_window.event_id, event_window.opens_at, event_window.position;
