-- What nobody paid of what a till told stands beside its sales, by outlet; who bears it is a term of the concession.

-- What a record says that it brought, less what came in for it: of those records alone whose money is not what they say.
-- Below zero where a refund that was told gives to nobody.
create table concessions.loss (
    device_id uuid not null,
    number bigint not null,
    outlet text not null,
    cents bigint not null check (cents <> 0),
    primary key (device_id, number)
);
create trigger loss_is_append_only before update or delete or truncate on concessions.loss
for each statement execute function kernel.refuse_change();

-- A house has some ten thousand records before the first season; the statement takes less than the runner's limit.
insert into concessions.loss (device_id, number, outlet, cents)
select record.device_id, record.number, record.outlet,
    record.total_cents + (record.sums ->> 'tip_cents')::bigint - coalesce(paid.cents, 0)
from concessions.record
left join lateral (
    select sum(
        case
            when booking.purse_id is null
                and convert_from(record.body, 'UTF8')::jsonb -> 'tenders' -> booking.tender ->> 'kind'
                not in ('cash', 'terminal') then -booking.awaits_cents
            else booking.cents - booking.loss_cents
        end
    )::bigint as cents
    from concessions.booking
    where booking.device_id = record.device_id and booking.record_id = record.id
) as paid on true
where not record.training and record.kind in ('sale', 'refund')
    and record.total_cents + (record.sums ->> 'tip_cents')::bigint <> coalesce(paid.cents, 0);

-- A few hundred rows, checked at once.
-- squawk-ignore constraint-missing-not-valid
alter table concessions.terms add column loss_borne_by text not null default 'house'
check (loss_borne_by in ('house', 'concessionaire'));
