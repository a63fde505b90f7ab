-- name: concessionaires()
-- Concessionaires, by name.
select id, name, address, vat_number, siret, commission_vat_permille, revision from books.concessionaire
order by name, id;

-- name: lock_concessionaire(id)^
-- A concessionaire, locked until the transaction ends.
select id, name, address, vat_number, siret, commission_vat_permille, revision from books.concessionaire
where id = :id for no key update;

-- name: insert_concessionaire(id, name, address, vat_number, siret, commission_vat_permille, now, who)!
-- A new concessionaire; nothing happens if the id is in use.
insert into books.concessionaire (
    id, name, address, vat_number, siret, commission_vat_permille, changed_at, changed_by
)
values (:id, :name, :address, :vat_number, :siret, :commission_vat_permille, :now, :who)
on conflict (id) do nothing;

-- name: update_concessionaire(id, name, address, vat_number, siret, commission_vat_permille, now, who)!
-- Update of a locked concessionaire.
update books.concessionaire
set name = :name, address = :address, vat_number = :vat_number, siret = :siret,
    commission_vat_permille = :commission_vat_permille, changed_at = :now, changed_by = :who,
    revision = revision + 1
where id = :id;

-- name: delete_concessionaire(id)!
-- Delete a locked concessionaire.
delete from books.concessionaire where id = :id;

-- name: terms(all_of_them, concessionaire_id)
-- Terms of all concessionaires or of one, by outlet and day.
select concessionaire_id, id, outlet, starts_on, ends_on, commission_permille, loss_borne_by from books.terms
where :all_of_them::boolean or concessionaire_id = :concessionaire_id::uuid
order by outlet, starts_on;

-- name: lock_outlet_terms(outlet)
-- Serialises changes of an outlet's terms, so that overlaps are seen.
select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('terms ' || :outlet::text, 0));

-- name: terms_by_id(id)^
-- Terms with their concessionaire.
select concessionaire_id, id, outlet, starts_on, ends_on, commission_permille, loss_borne_by from books.terms
where id = :id;

-- name: overlapping_terms(id, outlet, starts_on, ends_on)^
-- First other terms of an outlet that overlap some days.
select concessionaire_id, id, outlet, starts_on, ends_on, commission_permille, loss_borne_by from books.terms
where outlet = :outlet and id <> :id
    and daterange(starts_on, ends_on, '[]') && daterange(:starts_on::date, :ends_on::date, '[]')
order by starts_on limit 1;

-- name: put_terms(id, concessionaire_id, outlet, starts_on, ends_on, commission_permille, loss_borne_by, now, who)!
-- New or changed terms of a locked concessionaire.
insert into books.terms (
    id, concessionaire_id, outlet, starts_on, ends_on, commission_permille, loss_borne_by, entered_at, entered_by
)
values (
    :id, :concessionaire_id, :outlet, :starts_on, :ends_on, :commission_permille, :loss_borne_by, :now, :who
)
on conflict (id) do update
set outlet = excluded.outlet, starts_on = excluded.starts_on, ends_on = excluded.ends_on,
    commission_permille = excluded.commission_permille, loss_borne_by = excluded.loss_borne_by,
    entered_at = excluded.entered_at, entered_by = excluded.entered_by
where terms.concessionaire_id = excluded.concessionaire_id;

-- name: delete_terms(id)!
-- Delete terms.
delete from books.terms where id = :id;
