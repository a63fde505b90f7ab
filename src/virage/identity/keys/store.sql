-- name: signing_keys(event_ids)
-- The signing keys of events, the private halves sealed.
select event_id, kid, public, sealed from keys.signing_key where event_id = any(:event_ids::uuid[]);

-- name: add_signing_keys(event_ids, kids, publics, sealeds, at)!
-- Keys for events that have none; a key that another transaction made first stays.
insert into keys.signing_key (event_id, kid, public, sealed, created_at)
select event_id, kid, public, sealed, :at
from unnest(:event_ids::uuid[], :kids::bytea[], :publics::bytea[], :sealeds::bytea[])
    as new_key (event_id, kid, public, sealed)
order by event_id
on conflict (event_id) do nothing;

-- name: all_signing_keys()
-- Every key, locked in order, to seal it anew after the secret has changed.
select event_id, kid, public, sealed from keys.signing_key order by event_id for no key update;

-- name: reseal(event_ids, sealeds)!
-- The same keys under the present secret.
update keys.signing_key
set sealed = resealed.sealed
from unnest(:event_ids::uuid[], :sealeds::bytea[]) as resealed (event_id, sealed)
where signing_key.event_id = resealed.event_id;
