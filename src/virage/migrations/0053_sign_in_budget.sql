-- When the next sign-in letter to an address without an account may go, and how many were not sent: one row.
create table people.newcomer_budget (
    singleton boolean primary key default true check (singleton),
    free_at timestamptz not null,
    unsent bigint not null
);
insert into people.newcomer_budget (free_at, unsent) values ('epoch', 0);

-- When wrong short codes were tried at an address within the last day; keys are HMACs.
create table people.wrong_code (
    address_key bytea primary key,
    times timestamptz[] not null,
    last_at timestamptz not null
);
