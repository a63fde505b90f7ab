-- expand: what the places of a subscription cost one by one at each event, so that an event that is cancelled counts for no saving.

-- Cents by event. Empty for subscriptions from before, whose sum is in `regular_cents`.
alter table packages.subscription add column regular_by_event jsonb not null default '{}';
