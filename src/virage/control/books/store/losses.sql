-- name: losses_in(places, outlets, tills, firsts, lasts)
-- Losses in record ranges of tills at an outlet, summed by `place`.
select range.place, sum(loss.cents)::bigint as cents
from unnest(:places::integer[], :outlets::text[], :tills::uuid[], :firsts::bigint[], :lasts::bigint[]) as range (
    place, outlet, till, first, last
)
inner join food_till.public_loss as loss
    on loss.device_id = range.till and loss.number between range.first and range.last and loss.outlet = range.outlet
group by range.place;
