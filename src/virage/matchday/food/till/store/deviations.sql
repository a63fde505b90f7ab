-- name: insert_deviations(device_ids, numbers, positions, record_ids, outlets, times, now, reasons, lines, datas)!
-- Deviations of records, numbered after those that the records already have.
insert into food_till.deviation (
    device_id, number, position, record_id, outlet, at, noted_at, reason, line, data
)
select device_id, number, position + (
        select coalesce(max(before.position) + 1, 0) from food_till.deviation as before
        where before.device_id = noted.device_id and before.number = noted.number
    ), record_id, outlet, at, :now::timestamptz, reason, line, data
from unnest(
    :device_ids::uuid[], :numbers::bigint[], :positions::integer[], :record_ids::uuid[], :outlets::text[],
    :times::timestamptz[], :reasons::text[], :lines::integer[], :datas::jsonb[]
) as noted (device_id, number, position, record_id, outlet, at, reason, line, data);

-- name: deviations(all_of_them, outlets, before, most)
-- Deviations of all outlets, or of some, before a time (null: no limit), latest first. Rows of the last moment come
-- together, so that the next page can begin before it.
select device_id, number, record_id, outlet, at, noted_at, reason, line, data
from food_till.deviation
where (:all_of_them::bool or outlet = any(:outlets::text[]))
    and (:before::timestamptz is null or noted_at < :before)
order by noted_at desc fetch first :most rows with ties;
