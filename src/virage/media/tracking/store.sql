-- name: open_play(event_id, state)!
-- A row for a match; one that has one keeps it.
insert into tracking.play (event_id, state) values (:event_id, :state) on conflict do nothing;

-- name: lock_play(event_id)$
-- The state of a match, against whoever else writes.
select state from tracking.play where event_id = :event_id for no key update;

-- name: set_play(event_id, state)!
-- The state of a match anew.
update tracking.play set state = :state, seq = seq + 1 where event_id = :event_id;

-- name: plays(event_ids, seqs)
-- What has changed of these matches since these numbers.
select play.event_id, play.seq, play.state
from unnest(:event_ids::uuid[], :seqs::bigint[]) as known (event_id, seq)
join tracking.play on play.event_id = known.event_id and play.seq <> known.seq;
