-- expand, concurrent: the scans of identity checks, for the board.
create index concurrently if not exists scan_identity on access.scan (event_id, pass_number)
where kind in ('matched', 'mismatched') or answer ? 'identity_check';
