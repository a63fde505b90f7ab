-- expand: what disputes took back from wallets and what was missing there, as the office reads it.

create table wallet_funding.disputed_proceeds (
    dispute_id uuid not null,
    purse_id uuid not null references wallet_accounts.purse (id),
    payment_id uuid not null,
    cents integer not null check (cents >= 0),
    missing_cents integer not null check (missing_cents >= 0),
    taken_at timestamptz not null,
    primary key (dispute_id, purse_id)
);
create index disputed_proceeds_taken on wallet_funding.disputed_proceeds (taken_at desc);
create index disputed_proceeds_of_payment on wallet_funding.disputed_proceeds (payment_id);
