-- A crossing admits its pass only where something proves it: its code, a reason that a person gave, or a turnstile's
-- pending admission. One that is unproved still counts a body. A supervisor who revokes a device may withdraw what it
-- uploaded; withdrawn scans and crossings stay for the record and count nowhere.
alter table access.crossing add column proved boolean not null default true;
alter table access.crossing add column withdrawn_at timestamptz;
alter table access.scan add column withdrawn_at timestamptz;
alter table access.scan add column time_trusted boolean not null default true;

-- How many people came in with a pass and did not leave: 2 where it let two in. Null where nothing crossed since.
alter table access.presence add column people integer;

-- Passages with a code that names no pass, and admissions with a code out of its time: the board asks for both.
-- squawk-ignore require-concurrent-index-creation
create index scan_passless on access.scan (event_id) where kind = 'passed' and pass_number is null;
-- squawk-ignore require-concurrent-index-creation
create index scan_clock_off on access.scan (event_id, pass_number) where answer ? 'clock_off_s';

create table access.withdrawal (
    device_id uuid not null,
    since timestamptz not null,
    withdrawn_at timestamptz not null,
    withdrawn_by uuid,
    primary key (device_id, withdrawn_at)
);
