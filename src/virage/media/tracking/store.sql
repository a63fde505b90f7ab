-- name: open_play(event_id, state)!
-- Create the state of a match if it has none.
insert into tracking.play (event_id, state) values (:event_id, :state) on conflict do nothing;

-- name: lock_play(event_id)$
-- Lock the state of a match.
select state from tracking.play where event_id = :event_id for no key update;

-- name: set_play(event_id, state)!
-- Store the state of a match.
update tracking.play set state = :state, seq = seq + 1 where event_id = :event_id;

-- name: plays(event_ids, seqs)
-- States that changed since the given change numbers.
select play.event_id, play.seq, play.state
from unnest(:event_ids::uuid[], :seqs::bigint[]) as known (event_id, seq)
join tracking.play on play.event_id = known.event_id and play.seq <> known.seq;
