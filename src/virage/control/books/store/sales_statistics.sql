-- name: chains_behind(most)
-- Tills with records that are not in the statistics, training excluded.
select head.device_id
from fiscal.public_till_head as head
left join books.figures_head as done on done.device_id = head.device_id
where not head.training and head.number > coalesce(done.number, 0)
order by head.device_id limit :most;

-- name: lock_figures_heads(device_ids)
-- Positions of tills in the statistics, locked in order until the transaction ends.
insert into books.figures_head as done (device_id)
select device_id from unnest(:device_ids::uuid[]) as wanted (device_id) order by device_id
on conflict (device_id) do update set number = done.number
returning device_id, number;

-- name: records_after(device_ids, numbers, most)
-- Next records of tills, in order, training excluded.
select found.device_id, found.number, found.body
from unnest(:device_ids::uuid[], :numbers::bigint[]) as done (device_id, number)
cross join lateral (
    select record.device_id, record.number, record.body from fiscal.public_record as record
    where record.device_id = done.device_id and not record.training and record.number > done.number
    order by record.number limit :most
) as found
order by found.device_id, found.number;

-- name: add_figures(device_ids, outlets, event_ids, minutes, product_ids, rates, quantities, grosses, vats, refunds)!
-- Add to the statistics of tills whose positions this transaction has locked (`lock_figures_heads`).
insert into books.figure as kept (
    device_id, outlet, event_id, minute, product_id, vat_permille, quantity, gross_cents, vat_cents, refund_cents
)
select *
from unnest(
    :device_ids::uuid[], :outlets::text[], :event_ids::uuid[], :minutes::timestamptz[], :product_ids::uuid[],
    :rates::integer[], :quantities::bigint[], :grosses::bigint[], :vats::bigint[], :refunds::bigint[]
)
on conflict (minute, device_id, outlet, product_id, vat_permille, event_id) do update
set quantity = kept.quantity + excluded.quantity, gross_cents = kept.gross_cents + excluded.gross_cents,
    vat_cents = kept.vat_cents + excluded.vat_cents, refund_cents = kept.refund_cents + excluded.refund_cents;

-- name: add_receipt_figures(device_ids, outlets, event_ids, minutes, sales, refunds, tips)!
-- Add receipt counts under the same lock.
insert into books.receipt_figure as kept (device_id, outlet, event_id, minute, sales, refunds, tip_cents)
select *
from unnest(
    :device_ids::uuid[], :outlets::text[], :event_ids::uuid[], :minutes::timestamptz[], :sales::bigint[],
    :refunds::bigint[], :tips::bigint[]
)
on conflict (minute, device_id, outlet, event_id) do update
set sales = kept.sales + excluded.sales, refunds = kept.refunds + excluded.refunds,
    tip_cents = kept.tip_cents + excluded.tip_cents;

-- name: move_figures_heads(device_ids, numbers)!
-- New positions of tills; their rows are locked (`lock_figures_heads`).
update books.figures_head as done
set number = moved.number
from unnest(:device_ids::uuid[], :numbers::bigint[]) as moved (device_id, number)
where done.device_id = moved.device_id;

-- name: keep_figures_still()!
-- Lock out writers of the statistics until the transaction ends.
lock table books.figures_head in share row exclusive mode;

-- name: empty_figures()!
-- Delete all statistics before a rebuild.
truncate books.figures_head, books.figure, books.receipt_figure;

-- name: records_waiting()$
-- Number of records that are not in the statistics, training excluded.
select coalesce(sum(head.number - coalesce(done.number, 0)), 0)::bigint
from fiscal.public_till_head as head
left join books.figures_head as done on done.device_id = head.device_id
where not head.training;

-- name: event_span(event_id)^
-- First and last minute of an event in the statistics.
select min(minute) as first, max(minute) as last from books.figure where event_id = :event_id;

-- name: figures_by(by, since, until, event_id, all_of_them, outlets)
-- Statistics of a period and event (null: all), grouped; a minute as Unix time.
select
    case :by::text
        when 'outlet' then outlet
        when 'till' then device_id::text
        when 'product' then coalesce(product_id::text, '')
        else extract(epoch from minute)::bigint::text
    end as key,
    sum(quantity)::bigint as quantity, sum(gross_cents)::bigint as gross_cents, sum(vat_cents)::bigint as vat_cents,
    sum(refund_cents)::bigint as refund_cents
from books.figure
where minute >= :since::timestamptz and minute < :until::timestamptz
    and (:event_id::uuid is null or event_id = :event_id) and (:all_of_them::boolean or outlet = any(:outlets::text[]))
group by 1;

-- name: receipts_by(by, since, until, event_id, all_of_them, outlets)
-- The same for how many there were.
select
    case :by::text
        when 'outlet' then outlet
        when 'till' then device_id::text
        else extract(epoch from minute)::bigint::text
    end as key,
    sum(sales)::bigint as sales, sum(refunds)::bigint as refunds, sum(tip_cents)::bigint as tip_cents
from books.receipt_figure
where minute >= :since::timestamptz and minute < :until::timestamptz
    and (:event_id::uuid is null or event_id = :event_id) and (:all_of_them::boolean or outlet = any(:outlets::text[]))
group by 1;

-- name: figures_by_rate(since, until, event_id, all_of_them, outlets)
-- Statistics of a period and event (null: all), by VAT rate.
select vat_permille, sum(gross_cents)::bigint as gross_cents, sum(vat_cents)::bigint as vat_cents,
    max(minute) as last_minute
from books.figure
where minute >= :since::timestamptz and minute < :until::timestamptz
    and (:event_id::uuid is null or event_id = :event_id) and (:all_of_them::boolean or outlet = any(:outlets::text[]))
group by vat_permille order by vat_permille;

-- name: product_names(product_ids)
-- Item names of the last catalogue version that has them.
select distinct on (item.product_id) item.product_id as item_id, item.name
from food_menu.public_product_name as item
where item.product_id = any(:product_ids::uuid[])
order by item.product_id, item.publication desc;
