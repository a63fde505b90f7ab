-- Overrides are counted by device: on the board, and before another one admits its pass.
-- squawk-ignore require-concurrent-index-creation
create index scan_override on access.scan (event_id, device_id) where override is not null;
