-- name: ledger_days(since, until, zone, begins)
-- Movements by account kind and business day, without revenue: credits less debits.
select ((posting.at at time zone :zone::text) - :begins::interval)::date as day, posting.kind,
    sum(posting.cents)::bigint as cents
from wallet_ledger.public_posting as posting
where posting.at >= :since::timestamptz and posting.at < :until::timestamptz and posting.kind <> 'revenue'
group by 1, 2;

-- name: revenue_days(since, until, zone, begins)
-- Sales by business day, outlet and rate: gross from the ledger, VAT from the records. `beside` is in no record. The
-- outlet is that of the record, or else the last one of the till.
with sold as (
    select ((posting.at at time zone :zone::text) - :begins::interval)::date as day, posting.subject,
        case when posting.key ~ '^[0-9a-f-]{36}:[0-9]{1,4}$' then split_part(posting.key, ':', 1)::uuid end as till,
        case when posting.key ~ ':[0-9]{1,4}$' then substring(posting.key from '[0-9]+$')::integer else 0 end as rate,
        sum(posting.cents) as cents
    from wallet_ledger.public_posting as posting
    where posting.at >= :since::timestamptz and posting.at < :until::timestamptz and posting.kind = 'revenue'
    group by day, posting.subject, posting.key
), told as (
    select sold.*, record.outlet, record.id is not null as has_record,
        (
            select sum(total.vat_cents)
            from jsonb_to_recordset(record.sums -> 'totals') as total (vat_permille integer, vat_cents bigint)
            where total.vat_permille = sold.rate
        ) as vat_cents
    from sold
    left join fiscal.public_record as record on record.id = sold.subject and record.device_id = sold.till
)
select told.day,
    coalesce(
        told.outlet,
        (
            select last.outlet from fiscal.public_record as last
            where last.device_id = told.till and not last.training order by last.number desc limit 1
        )
    ) as sold_at,
    told.rate, sum(told.cents)::bigint as gross_cents, coalesce(sum(told.vat_cents), 0)::bigint as vat_cents,
    coalesce(sum(told.cents) filter (where not told.has_record), 0)::bigint as beside_cents
from told
group by told.day, sold_at, told.rate;

-- name: balances_at(until)
-- Balances by account kind before a moment, without revenue: current balance less later movements.
with later as (
    select posting.kind, sum(posting.cents) as cents from wallet_ledger.public_posting as posting
    where posting.at >= :until::timestamptz group by posting.kind
), there as (
    select account.kind, sum(account.balance_cents) as cents from wallet_ledger.public_balance as account
    group by account.kind
)
select there.kind, (there.cents - coalesce(later.cents, 0))::bigint as cents
from there left join later on later.kind = there.kind
where there.kind <> 'revenue';
