-- name: places(event_id)
-- Last observations of gates and outlets, with the published state.
select place, code, state, since, told as published from live.place_seen where event_id = :event_id;

-- name: save_places(event_id, places, codes, states, sinces, published)!
-- Store observations of gates and outlets.
insert into live.place_seen (event_id, place, code, state, since, told)
select :event_id, line.place, line.code, line.state, line.since, line.published
from unnest(:places::text[], :codes::text[], :states::text[], :sinces::timestamptz[], :published::text[])
    as line (place, code, state, since, published)
on conflict (event_id, place, code) do update set state = excluded.state, since = excluded.since, told = excluded.told;

-- name: venue_updates_since(event_id, since)
-- Times of recent venue updates.
select written_at from live.entry
where event_id = :event_id and written_at > :since and told ->> 'kind' = 'ground' order by written_at;
