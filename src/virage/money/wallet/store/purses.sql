-- name: open_purses(ids, owner_ids, now)
-- New purses with their empty accounts, in the order of their ids; an owner who has one keeps it.
with opened as (
    insert into wallet.purse (id, owner_id, opened_at)
    select wanted.id, wanted.owner, :now::timestamptz
    from unnest(:ids::uuid[], :owner_ids::uuid[]) as wanted (id, owner)
    order by wanted.id
    on conflict do nothing
    returning id
), begun as (
    insert into wallet.account (id, kind, key) select id, 'purse', '' from opened order by id
)
select id from opened;

-- name: purse_of(owner_id)^
-- Somebody's purse.
select id, owner_id, frozen_at from wallet.purse where owner_id = :owner_id;

-- name: lock_purse_of(owner_id)^
-- Somebody's purse, locked: before the accounts, and before payments that are new or captured.
select id, owner_id, frozen_at from wallet.purse where owner_id = :owner_id for no key update;

-- name: lock_purses(ids)
-- Purses of money that comes, locked in the order of their ids.
select id, owner_id, frozen_at from wallet.purse where id = any(:ids::uuid[]) order by id for no key update;

-- name: purses_by_id(ids)
-- Purses as they stand.
select id, owner_id, frozen_at from wallet.purse where id = any(:ids::uuid[]);

-- name: purse_has_moved(purse_id)$
-- Whether anything ever moved in a purse or its bonus, or is held there.
select exists (select 1 from wallet.transfer where purse_id = :purse_id);

-- name: close_purse(id, now)!
-- A purse that nobody has any more: it takes no money.
update wallet.purse set owner_id = null, frozen_at = :now where id = :id;

-- name: closed_purses_with_money(after, most)
-- Purses of people who were erased into which money or bonus came later, by id.
select purse.id from wallet.purse
where purse.frozen_at is not null and purse.id > :after and (
    exists (
        select 1 from wallet.account where account.id = purse.id and account.balance_cents > account.held_cents
    ) or exists (
        select 1 from wallet.account
        where account.kind = 'bonus' and account.key = purse.id::text and account.balance_cents > account.held_cents
    )
)
order by purse.id limit :most;

-- name: insert_top_up(id, purse_id, payment_id, cents, now)!
-- A top-up that begins; a known id, or a known payment, stays as it is.
insert into wallet.top_up (id, purse_id, payment_id, cents, begun_at)
values (:id, :purse_id, :payment_id, :cents, :now) on conflict do nothing;

-- name: top_ups(ids)
-- Top-ups by id.
select id, purse_id, payment_id, cents from wallet.top_up where id = any(:ids::uuid[]);

-- name: top_ups_of_purse(purse_id)
-- The top-ups of a purse, the latest first.
select id, purse_id, payment_id, cents from wallet.top_up where purse_id = :purse_id order by begun_at desc, id desc;

-- name: recent_top_ups(purse_ids, since)
-- The top-ups of purses that began after a moment.
select id, purse_id, payment_id, cents from wallet.top_up
where purse_id = any(:purse_ids::uuid[]) and begun_at > :since;

-- name: insert_payout(id, purse_id, cents, now)!
-- A payout; a known id stays as it is.
insert into wallet.payout (id, purse_id, cents, asked_at) values (:id, :purse_id, :cents, :now) on conflict do nothing;

-- name: payout(id)^
-- A payout by its id.
select purse_id, cents from wallet.payout where id = :id;

-- name: purses_of_owners(owner_ids)
-- The purses of persons.
select id, owner_id, frozen_at from wallet.purse where owner_id = any(:owner_ids::uuid[]);
