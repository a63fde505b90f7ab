-- What a camera does, for the desk. `fault_at`: since when the fault stands. `told_at`: when its ingest last said
-- anything; one that says nothing for long is gone, and its camera with it. `lost`: segments that came and could not be
-- kept, and when the last one did.
alter table replay.camera
add column fault_at timestamptz,
add column told_at timestamptz,
add column lost integer not null default 0,
add column lost_at timestamptz;

-- Objects whose rows are gone, until they are gone too: an expiry that dies half way goes on where it was.
create table replay.doomed (object_id uuid primary key);

-- Expiry looks for the oldest, and for tracks that have none left. The table is hours long, and made anew by them.
-- squawk-ignore require-concurrent-index-creation
create index segment_oldest on replay.segment (at);
-- squawk-ignore require-concurrent-index-creation
create index segment_of_track on replay.segment (track_id);
-- Whether a clip keeps a segment is asked of each of them.
-- squawk-ignore require-concurrent-index-creation
create index clip_begins on replay.clip (from_at);
