-- baseline: contactless cards (NTAG 424 DNA) and phones that pay from a wallet.
create schema wallet_cards;

-- A contactless card. `uid` is the chip's number; of the printed code there is an HMAC. `counter` is that of the last
-- accepted tap: the next one is higher. `told_counter` is the counter of the last reported replay, so that a tap
-- repeated a thousand times is reported once. The label is a person's text, null after erasure.
create table wallet_cards.card (
    id uuid primary key,
    uid bytea not null unique check (octet_length(uid) = 7),
    purse_id uuid not null references wallet_accounts.purse (id),
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
    replaced_by uuid unique references wallet_cards.card (id),
    check ((blocked_at is null) = (blocked_reason is null)),
    check ((replaced_by is not null) = (blocked_reason is not null and blocked_reason = 'replaced'))
) with (fillfactor = 70);
create index card_purse on wallet_cards.card (purse_id);

-- An accepted tap: a counter of a card is accepted once, and the same id again gets the same answer.
create table wallet_cards.tap (
    id uuid primary key,
    card_id uuid not null references wallet_cards.card (id),
    counter integer not null,
    purse_id uuid not null,
    taken_at timestamptz not null,
    unique (card_id, counter)
);

-- Spending of a card on a calendar day of the deployment.
create table wallet_cards.card_day (
    card_id uuid not null references wallet_cards.card (id),
    day date not null,
    spent_cents bigint not null check (spent_cents >= 0),
    primary key (card_id, day)
);

-- Verifier of a card's PIN: PBKDF2-HMAC-SHA256. `tries` counts since the last correct one.
create table wallet_cards.card_pin (
    card_id uuid primary key references wallet_cards.card (id),
    salt bytea not null,
    iterations integer not null,
    verifier bytea not null,
    tries integer not null default 0,
    set_at timestamptz not null
);

-- Public key of a phone that pays from a wallet: Ed25519, or P-256 as x and the parity of y. A blocked key stays, since
-- what it signed before it was blocked counts; erasure of its owner deletes it. The label is a person's text.
create table wallet_cards.phone_key (
    id uuid primary key,
    purse_id uuid not null references wallet_accounts.purse (id),
    x bytea not null unique check (octet_length(x) = 32),
    y_odd boolean,
    label text,
    registered_at timestamptz not null,
    blocked_at timestamptz
);
create index phone_key_purse on wallet_cards.phone_key (purse_id);

-- A phone's signature for a record of a till, on its way to that till through the server; the booked record contains
-- it. There is no foreign key to the phone's key, which erasure deletes.
create table wallet_cards.proof (
    record_id uuid not null,
    till_id uuid not null,
    key_id uuid not null,
    proof text not null,
    sent_at timestamptz not null,
    primary key (record_id, till_id, key_id)
);
create index proof_sent on wallet_cards.proof (sent_at);
