-- name: identity_rules(event_ids)
-- The identity rules of events.
select event_id, share_percent, unnamed, secret, revision, set_at, set_by
from access.identity_rule where event_id = any(:event_ids::uuid[]);

-- name: lock_identity_rule(event_id)^
-- The identity rule of an event, locked.
select event_id, share_percent, unnamed, secret, revision, set_at, set_by
from access.identity_rule where event_id = :event_id for no key update;

-- name: insert_identity_rule(event_id, share_percent, unnamed, secret, now, who)
-- The first identity rule of an event, unless it has one; its event if it is new.
insert into access.identity_rule (event_id, share_percent, unnamed, secret, revision, set_at, set_by)
values (:event_id, :share_percent, :unnamed, :secret, 1, :now, :who)
on conflict do nothing returning event_id;

-- name: change_identity_rule(event_id, share_percent, unnamed, now, who)!
-- Another identity rule of an event, whose rule is locked. Its secret stays: the passes that it selected stay selected.
update access.identity_rule
set share_percent = :share_percent, unnamed = :unnamed, revision = revision + 1, set_at = :now, set_by = :who
where event_id = :event_id;

-- name: identity_counts(event_id)^
-- Passes whose documents were to be checked, and the last answer for each: of one device by its own count, else by time.
select count(*) filter (where due) as due, count(*) filter (where last = 'matched') as matched,
    count(*) filter (where last = 'mismatched') as mismatched
from (
    select bool_or(answer ? 'identity_check') as due,
        (array_agg(kind order by at desc, number desc) filter (where kind in ('matched', 'mismatched')))[1] as last
    from access.scan
    where event_id = :event_id and pass_number is not null and not training and withdrawn_at is null
        and (kind in ('matched', 'mismatched') or answer ? 'identity_check')
    group by pass_number
) as checked;
