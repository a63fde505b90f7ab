-- name: open_wallets(ids, owner_ids, now)
-- New wallets, in the order of their ids; an owner who has one keeps it. The caller opens their accounts.
insert into wallet_accounts.purse (id, owner_id, opened_at)
select wanted.id, wanted.owner, :now::timestamptz
from unnest(:ids::uuid[], :owner_ids::uuid[]) as wanted (id, owner)
order by wanted.id
on conflict do nothing
returning id;

-- name: wallet_of(owner_id)^
-- The wallet of a person.
select id, owner_id, frozen_at from wallet_accounts.purse where owner_id = :owner_id;

-- name: lock_wallet_of(owner_id)^
-- The wallet of a person, locked: before the accounts, and before payments that are new or captured.
select id, owner_id, frozen_at from wallet_accounts.purse where owner_id = :owner_id for no key update;

-- name: lock_wallets(ids)
-- Wallets of money that comes, locked in the order of their ids.
select id, owner_id, frozen_at from wallet_accounts.purse where id = any(:ids::uuid[]) order by id for no key update;

-- name: wallets_by_id(ids)
-- Wallets as they stand.
select id, owner_id, frozen_at from wallet_accounts.purse where id = any(:ids::uuid[]);

-- name: wallet_has_moved(wallet_id)$
-- Whether anything ever moved in a wallet or its bonus, or is held there.
select exists (select 1 from wallet_ledger.public_transfer where purse_id = :wallet_id);

-- name: close_wallet(id, now)!
-- Close a wallet: it accepts no money.
update wallet_accounts.purse set owner_id = null, frozen_at = :now where id = :id;

-- name: closed_wallets_with_money(after, most)
-- Wallets of people who were erased into which money or bonus came later, by id.
select purse.id from wallet_accounts.purse
where purse.frozen_at is not null and purse.id > :after and (
    exists (
        select 1 from wallet_ledger.public_account as account
        where account.id = purse.id and account.balance_cents > account.held_cents
    ) or exists (
        select 1 from wallet_ledger.public_account as account
        where account.kind = 'bonus' and account.key = purse.id::text and account.balance_cents > account.held_cents
    )
)
order by purse.id limit :most;

-- name: wallets_of_owners(owner_ids)
-- The wallets of persons.
select id, owner_id, frozen_at from wallet_accounts.purse where owner_id = any(:owner_ids::uuid[]);

-- name: own_wallet(wallet_id, person_id)!
-- Assign an anonymous wallet to a person.
update wallet_accounts.purse set owner_id = :person_id where id = :wallet_id and owner_id is null;

-- name: paid_in_at_desks(wallet_id, by_terminal)
-- What a wallet was loaded with at desks and not paid out there, by tender. What came with an anonymous card was cash, but
-- what came over the account by which terminal money follows a card.
select
    case
        when purpose like 'terminal%' or :by_terminal::uuid in (debit_id, credit_id) then 'terminal' else 'cash'
    end as tender,
    sum(case when credit_id = purse_id then cents else -cents end)::bigint as cents
from wallet_ledger.public_transfer
where purse_id = :wallet_id and step = 'post' and purse_id in (debit_id, credit_id)
    and purpose in ('cash_load', 'cash_payout', 'terminal_load', 'terminal_payout', 'card_moved')
group by 1;

-- name: lock_turn_of_person(what)
-- One at a time of what has no row yet that could be locked: a person's first wallet.
select pg_advisory_xact_lock(hashtextextended('wallet: ' || :what, 0));
