-- name: lock_page(kind, language)!
-- Lock a page and language until the end of the transaction.
select pg_advisory_xact_lock(hashtextextended('pages.' || :kind || '.' || :language, 0));

-- name: insert_version(id, kind, language, revision, title, body, now)!
-- A new version, in force from now on.
insert into pages.version (id, kind, language, revision, title, body, published_at)
values (:id, :kind, :language, :revision, :title, :body, :now);

-- name: version_by_id(id)^
-- One version, in force or not.
select id, kind, language, revision, title, body, published_at from pages.version where id = :id;

-- name: latest(kind)
-- The versions of a page in force, one per language.
select distinct on (language) id, kind, language, revision, title, body, published_at
from pages.version where kind = :kind order by language, revision desc;

-- name: history(kind, language)
-- All versions of a page in a language, the latest first.
select id, kind, language, revision, title, body, published_at
from pages.version where kind = :kind and language = :language order by revision desc;

-- name: in_force()
-- The published pages, without their text.
select distinct on (kind, language) id, kind, language, revision, title, published_at
from pages.version order by kind, language, revision desc;
