-- name: put_entry_forecast(event_id, at, body)!
-- The last forecast of an event's entry.
insert into safety.entry_forecast (event_id, at, body) values (:event_id, :at, :body)
on conflict (event_id) do update set at = excluded.at, body = excluded.body where entry_forecast.at < excluded.at;

-- name: entry_forecast_of(event_id)^
-- The last forecast of an event's entry.
select body from safety.entry_forecast where event_id = :event_id;

-- name: delete_entry_forecasts(before)!
-- Delete forecasts from before a time.
with locked as (
    select event_id from safety.entry_forecast where at < :before
    order by event_id
    for update
)
delete from safety.entry_forecast using locked where entry_forecast.event_id = locked.event_id;
