-- expand: messages of the control room, and which phones confirmed them.

-- The texts of a message are the content of its record in the log. `targets` are zones or groups of the staff.
create table safety.broadcast (
    id uuid primary key,
    event_id uuid not null references safety.log (event_id),
    number bigint not null,
    thread uuid not null,
    kind text not null,
    mode text not null,
    category text not null,
    severity text not null,
    urgency text not null,
    response text not null,
    audience text not null,
    targets text [] not null,
    sent_at timestamptz not null,
    expires_at timestamptz not null,
    sent_by uuid not null,
    replaced_by uuid,
    unique (event_id, number)
);
create index broadcast_of_thread on safety.broadcast (thread, sent_at);
create index broadcast_by_time on safety.broadcast (sent_at desc);

-- One receipt of a message for each account; `receiver` is a digest, not the account's id.
create table safety.receipt (
    broadcast_id uuid not null references safety.broadcast (id),
    receiver bytea not null,
    place text not null,
    at timestamptz not null,
    primary key (broadcast_id, receiver)
);
create index receipt_by_age on safety.receipt (at);
