-- name: rights(event_id)^
-- Rights of an event's clips; null if not set.
select rights, revision from replay.rights where event_id = :event_id;

-- name: set_rights(event_id, rights)$
-- Set the first rights of an event; null if there are some.
insert into replay.rights as kept (event_id, rights) values (:event_id, :rights)
on conflict do nothing returning revision;

-- name: change_rights(event_id, rights, revision)$
-- Replace the rights of a revision; null if it is not current.
update replay.rights set rights = :rights, revision = revision + 1
where event_id = :event_id and revision = :revision returning revision;
