-- name: report_outage(id, lift, who, now)$
-- A lift is out of order from now on; null when that is known already, or the id is.
insert into venue.outage (id, lift, reported_at, reported_by) values (:id, :lift, :now, :who)
on conflict do nothing returning id;

-- name: end_outage(lift, who, now)$
-- A lift works again; null when it was not out of order.
update venue.outage set ended_at = greatest(reported_at, :now), ended_by = :who
where lift = :lift and ended_at is null returning id;

-- name: open_outages()
-- The lifts that are out of order.
select id, lift, reported_at from venue.outage where ended_at is null order by lift;
