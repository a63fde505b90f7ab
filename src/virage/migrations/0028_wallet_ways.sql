-- More ways into a purse and out of it: phones that pay, what the house gives, desks that take and pay out money, and
-- top-ups by rule.

-- The key of a phone that pays from a purse: Ed25519, or P-256 as x and the parity of y. A blocked one stays, for what
-- it signed before its owner blocked it counts; with its owner's erasure it is gone. The label is a person's word.
create table wallet.phone_key (
    id uuid primary key,
    purse_id uuid not null references wallet.purse (id),
    x bytea not null unique check (octet_length(x) = 32),
    y_odd boolean,
    label text,
    registered_at timestamptz not null,
    blocked_at timestamptz
);
create index phone_key_purse on wallet.phone_key (purse_id);

-- What a phone signed for one record of a till, on its way there by way of us; what was booked holds it itself. It
-- names no key by reference, for keys go with their owners.
create table wallet.proof (
    record_id uuid not null,
    till_id uuid not null,
    key_id uuid not null,
    proof text not null,
    sent_at timestamptz not null,
    primary key (record_id, till_id, key_id)
);
create index proof_sent on wallet.proof (sent_at);

-- What the house gave to a purse, and why, by a code. `given_by` is null where a rule gave it.
create table wallet.gift (
    id uuid primary key,
    purse_id uuid not null references wallet.purse (id),
    cents bigint not null check (cents > 0),
    reason text not null,
    given_by uuid,
    given_at timestamptz not null
);
create index gift_purse on wallet.gift (purse_id);

-- Money that a desk took for a purse (above zero) or paid out of one (below), in cash or at its terminal.
create table wallet.load (
    till_id uuid not null,
    id uuid not null,
    purse_id uuid not null references wallet.purse (id),
    card_id uuid not null,
    cashier uuid not null,
    cents bigint not null check (cents <> 0),
    tender text not null check (tender in ('cash', 'terminal')),
    slip text,
    booked_at timestamptz not null,
    primary key (till_id, id)
);
create index load_purse on wallet.load (purse_id, booked_at);

-- A fan's rule: below so much, add so much, at most so much a day. `top_up_id` is the one that it waits for. `reason`
-- tells why it is off. `day_cents` is what it asked for on `day` and did not fail.
create table wallet.auto_top_up (
    purse_id uuid primary key references wallet.purse (id),
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
create index auto_top_up_on on wallet.auto_top_up (purse_id) where state = 'on';
create index auto_top_up_top_up on wallet.auto_top_up (top_up_id) where top_up_id is not null;
