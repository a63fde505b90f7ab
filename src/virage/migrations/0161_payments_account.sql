-- expand: an organiser may have an account of its own at the payment provider, which then takes the money of its events.

-- An organiser's account. `ref` is the provider's id, null until the provider has answered. `may_charge`, `may_pay_out`,
-- `requirements` with `due_at` and `disabled_reason` are what the provider last said, at `read_at`. The fee is what the
-- operator keeps of each payment: `fee_permille` of the amount and `fee_cents`. `negative_since`: the time since when
-- the balance, available and pending together, has been below zero.
create table payments.account (
    organiser_id uuid primary key,
    ref text unique,
    begun_at timestamptz not null,
    begun_by uuid not null,
    may_charge boolean not null default false,
    may_pay_out boolean not null default false,
    requirements text[] not null default '{}',
    due_at timestamptz,
    disabled_reason text,
    read_at timestamptz,
    fee_permille integer not null default 0 check (fee_permille between 0 and 1000),
    fee_cents bigint not null default 0 check (fee_cents >= 0),
    returns_fee boolean not null default true,
    available_cents bigint,
    pending_cents bigint,
    negative_since timestamptz
);

-- The account that takes the money of a payment; null: the operator's own. It has no foreign key, because a row of
-- `account` is never deleted, and a payment would lock it. `fee_cents` is the operator's share, `returns_fee` whether a
-- refund gives a part of it back. All three are decided when the payment is made, and never change.
alter table payments.payment
add column account text,
add column fee_cents bigint not null default 0,
add column returns_fee boolean not null default false;

create view payments.public_direct as
select id as payment_id, account, fee_cents from payments.payment where account is not null;
