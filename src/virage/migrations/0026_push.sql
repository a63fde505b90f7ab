-- Where a browser wants to be told. It ends with its session: signing out, erasing a person or time alone ends both.
-- `vapid` is the public key of the house that the browser subscribed by, and that its messages are signed under.
create table people.push_subscription (
    id uuid primary key,
    session_id uuid not null references people.session (id) on delete cascade,
    endpoint text not null unique,
    p256dh bytea not null check (length(p256dh) = 65),
    auth bytea not null check (length(auth) = 16),
    vapid bytea not null check (length(vapid) = 65),
    subscribed_at timestamptz not null
);
create index push_subscription_session on people.push_subscription (session_id);
