-- expand: when the next call to the payment provider may be made, by lane, for all processes.
create table payments.call_lane (
    lane text primary key check (lane in ('fan', 'job')),
    free_at timestamptz not null
);
insert into payments.call_lane (lane, free_at) values ('fan', 'epoch'), ('job', 'epoch');
