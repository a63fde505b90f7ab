-- The pitch: one row a match, written anew with every batch of frames. What a phone shows is its last seconds.
create schema pitch;

-- `seq` grows with every change, so that a reader fetches what it does not have. `state`: runs, moments, kicks.
create table pitch.play (
    event_id uuid primary key,
    seq bigint not null default 0 check (seq >= 0),
    state jsonb not null
) with (fillfactor = 50);
