-- expand: the last forecast of an event's entry.

create table safety.entry_forecast (
    event_id uuid primary key,
    at timestamptz not null,
    body bytea not null
);
