-- Who runs a singleton, and a number that rises each time it is given to a process. Transactions that move money hold the
-- row of their number, so that a process that lost its singleton without hearing of it commits nothing any more.
create table kernel.singleton (
    name text primary key,
    fence bigint not null,
    holder uuid -- a process; null once it has ended the singleton by itself
);
