-- expand: read the scans and crossings that 0183 constrained, without a lock that a gate waits for.
alter table access.scan validate constraint scan_kind_check;
alter table access.crossing validate constraint crossing_step_check;
