-- baseline: money into and out of wallets: top-ups, payouts, bonus, cash desks, automatic top-ups.
create schema wallet_funding;

-- A top-up by bank card. A payment that is made twice credits twice: each is a transfer.
create table wallet_funding.top_up (
    id uuid primary key,
    purse_id uuid not null references wallet_accounts.purse (id),
    payment_id uuid not null unique,
    cents integer not null check (cents > 0),
    begun_at timestamptz not null
);
create index top_up_purse on wallet_funding.top_up (purse_id);

-- A payout of the remaining balance to the bank cards that it came from.
create table wallet_funding.payout (
    id uuid primary key,
    purse_id uuid not null references wallet_accounts.purse (id),
    cents integer not null check (cents >= 0),
    asked_at timestamptz not null
);

-- Bonus granted to a wallet; `reason` is a code. `given_by` is null if a rule granted it.
create table wallet_funding.gift (
    id uuid primary key,
    purse_id uuid not null references wallet_accounts.purse (id),
    cents bigint not null check (cents > 0),
    reason text not null,
    given_by uuid,
    given_at timestamptz not null
);
create index gift_purse on wallet_funding.gift (purse_id);

-- Top-up (above zero) or payout (below) at a cash desk, in cash or by terminal. `body` and `signature` are what the
-- till signed, with which the audit proves what it sent.
create table wallet_funding.load (
    till_id uuid not null,
    id uuid not null,
    purse_id uuid not null references wallet_accounts.purse (id),
    card_id uuid not null,
    cashier uuid not null,
    cents bigint not null check (cents <> 0),
    tender text not null check (tender in ('cash', 'terminal')),
    slip text,
    booked_at timestamptz not null,
    body bytea,
    signature bytea,
    primary key (till_id, id)
);
create index load_purse on wallet_funding.load (purse_id, booked_at);
-- Not valid, since tills of early versions did not sign.
alter table wallet_funding.load add constraint signed_by_its_till check (
    body is not null and signature is not null and octet_length(signature) = 64
) not valid;

-- A fan's automatic top-up: below a balance add an amount, up to a daily maximum. `top_up_id` is the pending top-up.
-- `reason` says why it is off. `day_cents` is the sum of its top-ups on `day` that did not fail.
create table wallet_funding.auto_top_up (
    purse_id uuid primary key references wallet_accounts.purse (id),
    method_id uuid not null,
    below_cents bigint not null check (below_cents > 0),
    add_cents bigint not null check (add_cents > 0),
    day_max_cents bigint not null check (day_max_cents > 0),
    consented_at timestamptz not null,
    state text not null check (state in ('on', 'off')),
    reason text,
    declines bigint not null default 0,
    retry_at timestamptz,
    top_up_id uuid,
    day date,
    day_cents bigint not null default 0 check (day_cents >= 0)
) with (fillfactor = 70);
create index auto_top_up_on on wallet_funding.auto_top_up (purse_id) where state = 'on';
create index auto_top_up_top_up on wallet_funding.auto_top_up (top_up_id) where top_up_id is not null;
