-- What the accounting export asks of domains below: where accounts stand, and when events are over.
create view wallet.public_balance as select id, kind, key, balance_cents from wallet.account;

create view programme.public_event_end as select id as event_id, ends_at, state from programme.event;
