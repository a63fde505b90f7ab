-- When the next sign-in letter to an address without an account may go that a network asks for. Keys are HMACs; rows of
-- networks that asked for none lately are deleted.
create table people.newcomer_network (
    key bytea primary key,
    free_at timestamptz not null
);
