-- name: places(event_id)
-- How gates and outlets were seen last, and what was told of them.
select place, code, state, since, told from live.place_seen where event_id = :event_id;

-- name: put_places(event_id, places, codes, states, sinces, told)!
-- How gates and outlets are seen now.
insert into live.place_seen (event_id, place, code, state, since, told)
select :event_id, line.place, line.code, line.state, line.since, line.told
from unnest(:places::text[], :codes::text[], :states::text[], :sinces::timestamptz[], :told::text[])
    as line (place, code, state, since, told)
on conflict (event_id, place, code) do update set state = excluded.state, since = excluded.since, told = excluded.told;

-- name: ground_told_since(event_id, since)
-- When news of the ground was told lately, by whomever.
select written_at from live.entry
where event_id = :event_id and written_at > :since and told ->> 'kind' = 'ground' order by written_at;
