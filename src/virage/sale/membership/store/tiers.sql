-- name: insert_registers(organiser_ids)!
-- Registers of organisers that have none.
insert into membership.register (organiser_id)
select organiser_id from unnest(:organiser_ids::uuid[]) as wanted (organiser_id) order by organiser_id
on conflict do nothing;

-- name: lock_registers(organiser_ids)
-- Registers, locked in order.
select organiser_id, last_number from membership.register
where organiser_id = any(:organiser_ids::uuid[]) order by organiser_id for no key update;

-- name: put_last_numbers(organiser_ids, numbers)!
-- The last numbers of locked registers.
update membership.register set last_number = given.number
from unnest(:organiser_ids::uuid[], :numbers::bigint[]) as given (organiser_id, number)
where register.organiser_id = given.organiser_id;

-- name: put_tier(id, organiser_id, name, rank, price_cents, vat_permille, starts_on, ends_on, new_members_max, is_open, window_tickets, now)!
-- Insert a tier, or replace its content. The register of its organiser is locked.
insert into membership.tier (
    id, organiser_id, name, rank, price_cents, vat_permille, starts_on, ends_on, new_members_max, is_open,
    window_tickets, revision, created_at
) values (
    :id, :organiser_id, :name, :rank, :price_cents, :vat_permille, :starts_on, :ends_on, :new_members_max, :is_open,
    :window_tickets, 1, :now
) on conflict (id) do update set
    name = excluded.name, rank = excluded.rank, price_cents = excluded.price_cents,
    vat_permille = excluded.vat_permille, starts_on = excluded.starts_on, ends_on = excluded.ends_on,
    new_members_max = excluded.new_members_max, is_open = excluded.is_open,
    window_tickets = excluded.window_tickets, revision = tier.revision + 1;

-- name: tiers(ids)
-- Tiers by id.
select id, organiser_id, name, rank, price_cents, vat_permille, starts_on, ends_on, new_members_max, is_open,
    window_tickets, revision
from membership.tier where id = any(:ids::uuid[]);

-- name: tiers_of(organiser_ids, all_of_them)
-- Tiers of organisers, the latest term first, then by rank.
select id, organiser_id, name, rank, price_cents, vat_permille, starts_on, ends_on, new_members_max, is_open,
    window_tickets, revision
from membership.tier
where :all_of_them::boolean or organiser_id = any(:organiser_ids::uuid[])
order by starts_on desc, rank, id limit 500;

-- name: open_tiers(today)
-- Tiers that are open for joining, by organiser, term and rank.
select id, organiser_id, name, rank, price_cents, vat_permille, starts_on, ends_on, new_members_max, is_open,
    window_tickets, revision
from membership.tier where is_open and ends_on >= :today order by organiser_id, starts_on, rank, id limit 500;

-- name: counts(tier_ids, now)
-- By tier: active memberships, those being paid, and the places that new members have.
select tier_id, count(*) filter (where state = 'active') as active,
    count(*) filter (where state = 'paying') as paying,
    count(*) filter (where is_new) as places
from membership.membership
where tier_id = any(:tier_ids::uuid[]) and (state = 'active' or (state = 'paying' and pays_until > :now))
group by tier_id;

-- name: tiers_with_memberships(tier_ids)
-- The tiers that have or had members, or that a person is paying for.
select id from membership.tier
where id = any(:tier_ids::uuid[]) and exists (
    select from membership.membership
    where membership.tier_id = tier.id and membership.state in ('active', 'cancelled', 'paying')
);
