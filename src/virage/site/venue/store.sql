-- name: report_outage(id, lift, who, now)$
-- Report a lift as out of order; null if it already is, or if the id exists.
insert into venue.outage (id, lift, reported_at, reported_by) values (:id, :lift, :now, :who)
on conflict do nothing returning id;

-- name: end_outage(lift, who, now)$
-- End the outage of a lift; null if there was none.
update venue.outage set ended_at = greatest(reported_at, :now), ended_by = :who
where lift = :lift and ended_at is null returning id;

-- name: open_outages()
-- The lifts that are out of order.
select id, lift, reported_at from venue.outage where ended_at is null order by lift;
