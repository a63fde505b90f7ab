-- expand: card readers at tills, and the payments that they take.
create schema card_readers;

-- A reader stands at an outlet, and takes the payments of one till at most. `provider_ref` is the provider's id.
create table card_readers.reader (
    id uuid primary key,
    provider_ref text not null unique,
    label text not null,
    outlet text not null,
    till_id uuid unique,
    registered_at timestamptz not null,
    registered_by uuid,
    removed_at timestamptz,
    check (removed_at is null or till_id is null)
);

-- A payment that a till asks its reader for; `id` is that of `payments.payment`, `record_id` the sale or top-up that it
-- pays. It is captured or ends without money. Captured money is booked by its record, or returned to the card.
-- `reference` is what the record names as proof, made from `id`.
create table card_readers.payment (
    id uuid primary key,
    reference text not null unique,
    reader_id uuid not null references card_readers.reader (id),
    till_id uuid not null,
    outlet text not null,
    record_id uuid not null,
    amount_cents bigint not null check (amount_cents > 0),
    asked_at timestamptz not null,
    captured_at timestamptz,
    ended_at timestamptz,
    booked_at timestamptz,
    returned_at timestamptz,
    check (booked_at is null or captured_at is not null),
    check (booked_at is null or returned_at is null)
);
create index payment_at_reader on card_readers.payment (reader_id)
where captured_at is null and ended_at is null;
create index payment_unbooked on card_readers.payment (captured_at)
where captured_at is not null and booked_at is null and returned_at is null;
