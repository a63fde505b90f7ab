-- What the money of tills' records did: one row a tender of a sale or a refund that was booked, and a card that is in it.
create table concessions.booking (
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
    primary key (record_id, part),
    constraint loss_has_a_reason check ((loss_cents > 0) = (loss_reason is not null))
);
create index booking_refund on concessions.booking (refund_of) where refund_of is not null;
