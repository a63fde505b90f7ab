-- baseline: signing keys of passes.
create schema keys;

-- An event's Ed25519 key. `sealed` is the private half under a key derived from VIRAGE_SECRET, bound to the event's id.
create table keys.signing_key (
    event_id uuid primary key,
    kid bytea not null unique check (length(kid) = 4),
    public bytea not null check (length(public) = 32),
    sealed bytea not null,
    created_at timestamptz not null
);
