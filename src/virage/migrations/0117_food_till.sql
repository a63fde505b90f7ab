-- baseline: tills: the money of their records, deviations, losses.
create schema food_till;

-- One row per tender of a booked sale or refund, and per card in it. `device_id` is the till of the record,
-- `refund_till` that of the refunded sale. `bonus`: it moved the wallet's bonus. `awaits_cents` is what a refund gives
-- to a card for a sale that the server does not know yet. `alone_cents` is what a till took from a card offline,
-- counted against the card's limits without network.
create table food_till.booking (
    record_id uuid not null,
    part integer not null,
    tender integer not null,
    refund_of uuid,
    purse_id uuid,
    card_id uuid,
    cents bigint not null,
    loss_cents bigint not null default 0 check (loss_cents >= 0),
    loss_reason text,
    booked_at timestamptz not null,
    device_id uuid not null,
    refund_till uuid,
    bonus boolean not null default false,
    awaits_cents bigint not null default 0,
    alone_cents bigint not null default 0,
    primary key (device_id, record_id, part),
    constraint loss_has_a_reason check ((loss_cents > 0) = (loss_reason is not null))
);
create index booking_refund on food_till.booking (refund_till, refund_of) where refund_of is not null;
create index booking_alone on food_till.booking (device_id, booked_at) where alone_cents > 0;

-- What an uploaded record breaks of the catalogue, the law or a limit. The record is booked; the office sees this row.
create table food_till.deviation (
    device_id uuid not null,
    number bigint not null,
    position integer not null,
    record_id uuid not null,
    outlet text not null,
    at timestamptz not null,
    noted_at timestamptz not null,
    reason text not null,
    line integer,
    data jsonb not null,
    primary key (device_id, number, position)
);
create index deviation_outlet on food_till.deviation (outlet, noted_at desc);
create index deviation_noted on food_till.deviation (noted_at desc);
create trigger deviation_is_append_only before update or delete or truncate on food_till.deviation
for each statement execute function kernel.refuse_change();

-- Uncovered amount of a record: its total less the money that came in for it, only where they differ. Below zero for an
-- uploaded refund that no one received.
create table food_till.loss (
    device_id uuid not null,
    number bigint not null,
    outlet text not null,
    cents bigint not null check (cents <> 0),
    primary key (device_id, number)
);
create trigger loss_is_append_only before update or delete or truncate on food_till.loss
for each statement execute function kernel.refuse_change();

-- For the statements of concessionaires.
create view food_till.public_loss as select device_id, number, outlet, cents from food_till.loss;
