-- name: lock_derogations(organiser_id)
-- One at a time enters a derogation of an organiser, so that the eleventh is seen.
select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('derogations ' || :organiser_id::uuid::text, 0));

-- name: insert_derogation(id, organiser_id, starts_at, ends_at, reference, now, who)!
-- A derogation in the calendar.
insert into food_menu.derogation (id, organiser_id, starts_at, ends_at, reference, entered_at, entered_by)
values (:id, :organiser_id, :starts_at, :ends_at, :reference, :now, :who);

-- name: derogation(id)^
-- One derogation.
select id, organiser_id, starts_at, ends_at, reference, withdrawn_at from food_menu.derogation where id = :id;

-- name: derogations_of(all_of_them, organiser_ids, most)
-- The calendar of all organisers or of some, the latest begin first.
select id, organiser_id, starts_at, ends_at, reference, withdrawn_at from food_menu.derogation
where :all_of_them::bool or organiser_id = any(:organiser_ids::uuid[])
order by starts_at desc, id limit :most;

-- name: derogations_around(since, until)
-- Derogations of all organisers that touch a time, withdrawn ones too: what was sold before was sold rightly.
select id, organiser_id, starts_at, ends_at, reference, withdrawn_at from food_menu.derogation
where ends_at > :since and starts_at <= :until order by starts_at, id;

-- name: withdraw_derogation(id, now)!
-- A derogation ends.
update food_menu.derogation set withdrawn_at = :now where id = :id and withdrawn_at is null;
