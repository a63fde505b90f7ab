-- Posters are kept sealed, under an id of their own, so that they are deleted as all else is that shows people.

-- `poster_id`: the object of a clip's poster, once somebody asked for it; null of one that was never shown, or was taken
-- down so long ago that it is deleted.
alter table replay.clip add column poster_id uuid;
update replay.clip set poster_id = gen_random_uuid() where published_at is not null;
