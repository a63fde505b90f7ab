-- expand: what sold tickets paid into a wallet, by the payment that had bought them, and how much of it went back there.

create table wallet_funding.proceeds (
    purse_id uuid not null references wallet_accounts.purse (id),
    payment_id uuid not null,
    cents integer not null check (cents > 0),
    paid_out_cents integer not null default 0,
    credited_at timestamptz not null,
    primary key (purse_id, payment_id),
    constraint paid_out_at_most_once check (paid_out_cents between 0 and cents)
);
