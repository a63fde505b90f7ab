-- expand: the identity rule of an event, and the outcomes of checks as scans.

-- `share_percent` of the passes have their documents checked; `secret` selects them, so that fans cannot predict a check.
-- `unnamed`: tickets without a name, once names are due.
create table access.identity_rule (
    event_id uuid primary key,
    share_percent integer not null check (share_percent between 0 and 100),
    unnamed text not null check (unnamed in ('admit', 'desk')),
    secret bytea not null,
    revision integer not null,
    set_at timestamptz not null,
    set_by uuid
);

-- Wider checks. They are validated by 0184, so that no scan waits while the rows are read.
-- squawk-ignore ban-drop-constraint
alter table access.scan drop constraint scan_kind_check;
alter table access.scan
add constraint scan_kind_check check (
    kind in ('ask', 'admitted', 'refused', 'passed', 'withdrawn', 'left', 'pulse', 'matched', 'mismatched')
) not valid;
-- squawk-ignore ban-drop-constraint
alter table access.crossing drop constraint crossing_step_check;
alter table access.crossing
add constraint crossing_step_check check (step in ('admitted', 'passed', 'withdrawn', 'left', 'mismatched')) not valid;
