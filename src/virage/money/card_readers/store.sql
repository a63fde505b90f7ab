-- name: insert_reader(id, provider_ref, label, outlet, who, now)$
-- A new reader; a known one is left as it is.
insert into card_readers.reader (id, provider_ref, label, outlet, registered_at, registered_by)
values (:id, :provider_ref, :label, :outlet, :now, :who::uuid) on conflict do nothing
returning id;

-- name: insert_registration(id, code, label, outlet, location_id, who, now)$
-- A reader that is to be registered at the provider; a known one is left as it is.
insert into card_readers.registration (id, code, label, outlet, location_id, begun_at, begun_by)
values (:id, :code, :label, :outlet, :location_id, :now, :who::uuid) on conflict do nothing
returning id;

-- name: registration(id)^
-- A reader that is being registered.
select id, code, label, outlet, location_id, begun_at, begun_by from card_readers.registration where id = :id;

-- name: registrations(before)
-- Readers whose registration began before a time and has no answer, the oldest first.
select id, code, label, outlet, location_id, begun_at, begun_by from card_readers.registration
where begun_at < :before order by begun_at, id;

-- name: end_registration(id)!
-- The provider has answered.
delete from card_readers.registration where id = :id;

-- name: reader(id)^
-- A reader that is not removed.
select id, provider_ref, label, outlet, till_id, registered_at from card_readers.reader
where id = :id and removed_at is null;

-- name: readers(all_of_them, outlets)
-- The readers of some outlets, or of all.
select id, provider_ref, label, outlet, till_id, registered_at from card_readers.reader
where removed_at is null and (:all_of_them::boolean or outlet = any(:outlets::text[]))
order by outlet, label, id;

-- name: reader_of_till(till_id)^
-- The reader of a till.
select id, provider_ref, label, outlet, till_id, registered_at from card_readers.reader where till_id = :till_id;

-- name: lock_reader_of_till(till_id)^
-- The reader of a till, locked until the transaction ends: it takes one payment at a time.
select id, provider_ref, label, outlet, till_id, registered_at from card_readers.reader where till_id = :till_id
for no key update;

-- name: lock_readers(id, till_id)
-- A reader that is not removed, and the reader that a till has now, locked in order.
select id, provider_ref, label, outlet, till_id, registered_at from card_readers.reader
where (id = :id and removed_at is null) or till_id = :till_id::uuid
order by id for no key update;

-- name: release_till(till_id)!
-- A till has no reader any more; the reader is locked.
update card_readers.reader set till_id = null where till_id = :till_id;

-- name: assign_reader(id, till_id)!
-- A locked reader takes the payments of a till, or of none.
update card_readers.reader set till_id = :till_id::uuid where id = :id;

-- name: remove_reader(id, now)!
-- A locked reader is removed.
update card_readers.reader set removed_at = :now, till_id = null where id = :id;

-- name: removed_readers()
-- Removed readers that the provider may still have.
select id, provider_ref, label, outlet, till_id, registered_at from card_readers.reader
where removed_at is not null and deregistered_at is null order by removed_at, id;

-- name: mark_deregistered(id, now)!
-- A reader that the provider has removed.
update card_readers.reader set deregistered_at = :now where id = :id and deregistered_at is null;

-- name: open_at_reader(reader_id)$
-- Whether a reader has a payment that has not ended.
select exists(
    select from card_readers.payment
    where reader_id = :reader_id and captured_at is null and ended_at is null
);

-- name: insert_payment(id, reference, reader_id, till_id, outlet, record_id, amount_cents, now)$
-- A new payment, under the lock of its reader; none if another one has its reference.
insert into card_readers.payment (id, reference, reader_id, till_id, outlet, record_id, amount_cents, asked_at)
values (:id, :reference, :reader_id, :till_id, :outlet, :record_id, :amount_cents, :now)
on conflict (reference) do nothing
returning id;

-- name: payment(id)^
-- A payment by its id.
select id, reference, reader_id, till_id, outlet, record_id, amount_cents, asked_at as requested_at, captured_at, ended_at, booked_at,
    returned_at
from card_readers.payment where id = :id;

-- name: lock_payments(ids)
-- Payments by id, locked in order.
select id, reference, reader_id, till_id, outlet, record_id, amount_cents, asked_at as requested_at, captured_at, ended_at, booked_at,
    returned_at
from card_readers.payment where id = any(:ids::uuid[]) order by id for no key update;

-- name: lock_by_reference(references_)
-- Payments by the reference that records name, locked in order.
select id, reference, reader_id, till_id, outlet, record_id, amount_cents, asked_at as requested_at, captured_at, ended_at, booked_at,
    returned_at
from card_readers.payment where reference = any(:references_::text[]) order by id for no key update;

-- name: lock_unbooked(till_id, before, wanted)
-- Captured payments without a record, of a till or of all, captured before a time; locked in order.
select id, reference, reader_id, till_id, outlet, record_id, amount_cents, asked_at as requested_at, captured_at, ended_at, booked_at,
    returned_at
from card_readers.payment
where captured_at is not null and booked_at is null and returned_at is null and captured_at < :before
    and (:till_id::uuid is null or till_id = :till_id)
order by id limit :wanted for no key update;

-- name: unbooked(all_of_them, outlets, before, wanted)
-- Payments without a record at some outlets, or at all, captured before a time, the oldest first.
select id, reference, reader_id, till_id, outlet, record_id, amount_cents, asked_at as requested_at, captured_at, ended_at, booked_at,
    returned_at
from card_readers.payment
where captured_at is not null and booked_at is null and returned_at is null and captured_at < :before
    and (:all_of_them::boolean or outlet = any(:outlets::text[]))
order by captured_at, id limit :wanted;

-- name: count_unbooked(before)$
-- Captured payments without a record, captured before a time.
select count(*) from card_readers.payment
where captured_at is not null and booked_at is null and returned_at is null and captured_at < :before;

-- name: mark_captured(ids, now)!
-- Locked payments whose money came.
update card_readers.payment set captured_at = :now where id = any(:ids::uuid[]);

-- name: mark_ended(ids, now)!
-- Locked payments that ended without money.
update card_readers.payment set ended_at = :now where id = any(:ids::uuid[]) and captured_at is null;

-- name: mark_booked(ids, now)!
-- Locked payments that their records have booked.
update card_readers.payment set booked_at = :now where id = any(:ids::uuid[]) and booked_at is null;

-- name: mark_returned(ids, now)!
-- Locked payments whose money goes back.
update card_readers.payment set returned_at = :now where id = any(:ids::uuid[]);
