-- Contactless cards (NTAG 424 DNA): which purse each one spends, its last counter, the taps that were taken.

-- One card. `uid` is the chip's own number; of the printed code there is an HMAC. `counter` is that of the last tap that
-- was taken: the next one is higher. `told_counter` is the counter at which a replay was last told, so that whoever
-- repeats a tap a thousand times is told once. The label is a person's word, and null once they are erased.
create table wallet.card (
    id uuid primary key,
    uid bytea not null unique check (octet_length(uid) = 7),
    purse_id uuid not null references wallet.purse (id),
    code_hash bytea not null unique check (octet_length(code_hash) = 32),
    key_version integer not null check (key_version between 1 and 255),
    counter integer not null default 0 check (counter between 0 and 16777215),
    told_counter integer,
    label text,
    daily_limit_cents integer check (daily_limit_cents >= 0),
    personalised_at timestamptz not null,
    linked_at timestamptz,
    blocked_at timestamptz,
    blocked_reason text check (
        blocked_reason in ('owner', 'pin', 'lost', 'stolen', 'defective', 'fraud', 'replaced')
    ),
    replaced_by uuid unique references wallet.card (id),
    check ((blocked_at is null) = (blocked_reason is null)),
    check ((replaced_by is not null) = (blocked_reason is not null and blocked_reason = 'replaced'))
) with (fillfactor = 70);
create index card_purse on wallet.card (purse_id);

-- A tap that was taken: a counter of a card is taken once, and the same id again gets the same answer.
create table wallet.tap (
    id uuid primary key,
    card_id uuid not null references wallet.card (id),
    counter integer not null,
    purse_id uuid not null,
    taken_at timestamptz not null,
    unique (card_id, counter)
);

-- What a card spent on a day of the ground's own calendar.
create table wallet.card_day (
    card_id uuid not null references wallet.card (id),
    day date not null,
    spent_cents bigint not null check (spent_cents >= 0),
    primary key (card_id, day)
);

-- What a card's PIN is checked against: PBKDF2-HMAC-SHA256 of it. `tries` counts since the last right one.
create table wallet.card_pin (
    card_id uuid primary key references wallet.card (id),
    salt bytea not null,
    iterations integer not null,
    verifier bytea not null,
    tries integer not null default 0,
    set_at timestamptz not null
);
