-- name: rights(event_id)^
-- The rights in an event's clips; null where nobody has set any.
select rights, revision from replay.rights where event_id = :event_id;

-- name: set_rights(event_id, rights)$
-- Set them where nobody has set any; else null.
insert into replay.rights as kept (event_id, rights) values (:event_id, :rights)
on conflict do nothing returning revision;

-- name: change_rights(event_id, rights, revision)$
-- Change what is set, unless somebody else has meanwhile: then null.
update replay.rights set rights = :rights, revision = revision + 1
where event_id = :event_id and revision = :revision returning revision;
