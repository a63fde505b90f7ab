-- name: lock_permits(organiser_id)
-- Serialises the permits of an organiser, so that the eleventh of a year is detected.
select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('derogations ' || :organiser_id::uuid::text, 0));

-- name: insert_permit(id, organiser_id, starts_at, ends_at, reference, now, who)!
-- Stores a permit.
insert into food_menu.derogation (id, organiser_id, starts_at, ends_at, reference, entered_at, entered_by)
values (:id, :organiser_id, :starts_at, :ends_at, :reference, :now, :who);

-- name: alcohol_permit(id)^
-- A permit.
select id, organiser_id, starts_at, ends_at, reference, withdrawn_at from food_menu.derogation where id = :id;

-- name: permits_of(all_of_them, organiser_ids, most)
-- Permits of organisers, latest start first.
select id, organiser_id, starts_at, ends_at, reference, withdrawn_at from food_menu.derogation
where :all_of_them::bool or organiser_id = any(:organiser_ids::uuid[])
order by starts_at desc, id limit :most;

-- name: permits_around(since, until)
-- Permits of all organisers that overlap a period, also withdrawn ones: sales before a withdrawal stay lawful.
select id, organiser_id, starts_at, ends_at, reference, withdrawn_at from food_menu.derogation
where ends_at > :since and starts_at <= :until order by starts_at, id;

-- name: withdraw_alcohol_permit(id, now)!
-- Withdraws a permit.
update food_menu.derogation set withdrawn_at = :now where id = :id and withdrawn_at is null;
