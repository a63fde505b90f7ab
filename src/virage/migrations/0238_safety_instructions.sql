-- expand: the evacuation instructions of an event that were sent last, by mode.

-- `number` is that of their record in the log, which has the texts; `threads` are those of their messages.
create table safety.instruction_set (
    event_id uuid not null references safety.log (event_id),
    mode text not null,
    id uuid not null,
    number bigint not null,
    plan text not null,
    closed text [] not null,
    threads uuid [] not null,
    sent_at timestamptz not null,
    primary key (event_id, mode)
);
