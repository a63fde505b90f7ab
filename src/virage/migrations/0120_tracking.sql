-- baseline: live tracking.
create schema tracking;

-- One row per match, rewritten with every batch of frames; phones show its last seconds. `seq` grows with every change,
-- so that a reader fetches only what it lacks. `state` holds runs, moments and kicks.
create table tracking.play (
    event_id uuid primary key,
    seq bigint not null default 0 check (seq >= 0),
    state jsonb not null
) with (fillfactor = 50);
