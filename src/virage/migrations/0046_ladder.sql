-- The ladder: tracks in smaller sizes beside those that cameras sent, and the clips whose seconds have them all.
alter table replay.track add column rung text not null default 'source';
-- squawk-ignore constraint-missing-not-valid
alter table replay.track add constraint track_rung_check check (rung in ('source', '480p', '240p'));

alter table replay.clip add column laddered_at timestamptz;
-- squawk-ignore require-concurrent-index-creation
create index clip_to_ladder on replay.clip (published_at) where laddered_at is null and withdrawn_at is null;
