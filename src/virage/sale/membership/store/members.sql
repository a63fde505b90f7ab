-- name: members_of_person(person_id)
-- The members that a person is, by organiser.
select id, organiser_id, number, person_id, mailbox, erased_at is not null as is_erased
from membership.member where person_id = :person_id order by organiser_id;

-- name: members_of_mailbox(mailbox)
-- Imported members with this mailbox whose person has not signed in yet.
select id, organiser_id, number, person_id, mailbox, erased_at is not null as is_erased
from membership.member where mailbox = :mailbox order by organiser_id;

-- name: unclaimed_members(after, most)
-- Imported members whose person has not signed in yet, by id.
select id, organiser_id, number, person_id, mailbox, erased_at is not null as is_erased, email
from membership.member where mailbox is not null and id > :after order by id limit :most;

-- name: members_known(organiser_id, numbers, person_ids, mailboxes)
-- Members of an organiser with one of these numbers, persons or mailboxes.
select id, organiser_id, number, person_id, mailbox, erased_at is not null as is_erased
from membership.member
where organiser_id = :organiser_id
    and (number = any(:numbers::bigint[]) or person_id = any(:person_ids::uuid[]) or mailbox = any(:mailboxes::text[]));

-- name: insert_members(ids, organiser_id, numbers, person_ids, emails, mailboxes, now)!
-- New members under the lock of the register.
insert into membership.member (id, organiser_id, number, person_id, email, mailbox, created_at)
select id, :organiser_id::uuid, number, person_id, email, mailbox, :now::timestamptz
from unnest(
    :ids::uuid[], :numbers::bigint[], :person_ids::uuid[], :emails::text[], :mailboxes::text[]
) as new (id, number, person_id, email, mailbox);

-- name: number_members(ids, numbers)!
-- The numbers of members who have none.
update membership.member set number = given.number
from unnest(:ids::uuid[], :numbers::bigint[]) as given (id, number)
where member.id = given.id and member.number is null;

-- name: address_members(ids, person_ids, emails, mailboxes)!
-- The persons, or else the addresses, of imported members.
update membership.member set person_id = given.person_id, email = given.email, mailbox = given.mailbox
from unnest(:ids::uuid[], :person_ids::uuid[], :emails::text[], :mailboxes::text[]) as given (
    id, person_id, email, mailbox
)
where member.id = given.id;

-- name: move_memberships(from_id, to_id)!
-- The memberships of a member become those of another one.
update membership.membership set member_id = :to_id where member_id = :from_id;

-- name: release_member(id)!
-- A member without memberships and without a number is no person's any more.
update membership.member set person_id = null where id = :id;

-- name: erase_members(ids, now)!
-- Members without their person; the number stays.
update membership.member set person_id = null, email = null, mailbox = null, erased_at = :now where id = any(:ids::uuid[]);

-- name: erase_memberships(member_ids, now)!
-- The memberships of erased members end; what a person wrote about them is deleted.
update membership.membership
set state = case state when 'active' then 'cancelled' when 'paying' then 'failed' else state end,
    cancelled_at = case state when 'active' then :now::timestamptz else cancelled_at end, cancel_reason = null
where member_id = any(:member_ids::uuid[]);

-- name: members_over(today)
-- Imported members with an address who have no membership that still runs or begins later.
select member.id, member.organiser_id from membership.member
where member.mailbox is not null and not exists (
    select from membership.membership
    inner join membership.tier on tier.id = membership.tier_id
    where membership.member_id = member.id and membership.state = 'active' and tier.ends_on >= :today
)
order by member.id;

-- name: forget_addresses(ids, today)
-- Delete the addresses of these members, whose registers are locked, unless they have such a membership by now.
update membership.member set email = null, mailbox = null
where id = any(:ids::uuid[]) and mailbox is not null and not exists (
    select from membership.membership
    inner join membership.tier on tier.id = membership.tier_id
    where membership.member_id = member.id and membership.state = 'active' and tier.ends_on >= :today
)
returning id;

-- name: memberships(ids)
-- Memberships by id.
select membership_row.*, membership.upgrades_id
from membership.membership_row inner join membership.membership on membership.id = membership_row.id
where membership_row.id = any(:ids::uuid[]);

-- name: memberships_of_members(member_ids)
-- All memberships of members.
select membership_row.*, membership.upgrades_id
from membership.membership_row inner join membership.membership on membership.id = membership_row.id
where membership_row.member_id = any(:member_ids::uuid[]);

-- name: insert_memberships(ids, tier_ids, member_ids, state, are_new, is_imported, prices, rates, payment_ids, upgrades, now, pays_until)!
-- New memberships under the lock of the register.
insert into membership.membership (
    id, tier_id, member_id, state, is_new, is_imported, price_cents, vat_permille, payment_id, upgrades_id, asked_at,
    pays_until, began_at
)
select id, tier_id, member_id, :state::text, is_new, :is_imported::boolean, price_cents, vat_permille, payment_id,
    upgrades_id, :now::timestamptz, :pays_until::timestamptz, case :state when 'active' then :now end
from unnest(
    :ids::uuid[], :tier_ids::uuid[], :member_ids::uuid[], :are_new::boolean[], :prices::bigint[], :rates::integer[],
    :payment_ids::uuid[], :upgrades::uuid[]
) as new (id, tier_id, member_id, is_new, price_cents, vat_permille, payment_id, upgrades_id);

-- name: begin_memberships(ids, now)!
-- Paid memberships begin.
update membership.membership set state = 'active', began_at = :now where id = any(:ids::uuid[]);

-- name: end_upgraded(ids, now)!
-- Memberships that others replace.
update membership.membership set state = 'cancelled', cancelled_at = :now where id = any(:ids::uuid[]);

-- name: fail_memberships(ids)!
-- Memberships that are not paid.
update membership.membership set state = 'failed' where id = any(:ids::uuid[]) and state = 'paying';

-- name: count_returned(ids, cents)!
-- Money that came and bought nothing.
update membership.membership set returned_cents = returned_cents + back.cents
from unnest(:ids::uuid[], :cents::bigint[]) as back (id, cents)
where membership.id = back.id;

-- name: cancel_membership(id, reason, refund_id, refunded_cents, now)!
-- A membership is cancelled.
update membership.membership
set state = 'cancelled', cancelled_at = :now, cancel_reason = :reason, refund_id = :refund_id,
    refunded_cents = :refunded_cents
where id = :id;

-- name: reasons(ids)
-- Why memberships were cancelled.
select id, cancel_reason from membership.membership where id = any(:ids::uuid[]) and cancel_reason is not null;

-- name: due_reminders(today, until, most)
-- Memberships whose term ends soon, which were not reminded of and not renewed.
select membership_row.*, membership.upgrades_id from membership.membership_row
inner join membership.membership on membership.id = membership_row.id
where membership_row.state = 'active' and membership_row.ends_on between :today and :until
    and membership_row.person_id is not null and membership.reminded_at is null
    and not exists (
        select from membership.membership_row as next
        where next.member_id = membership_row.member_id and next.state = 'active'
            and next.starts_on > membership_row.ends_on
    )
order by membership_row.id limit :most;

-- name: mark_reminded(ids, now)
-- Memberships whose members are reminded now, once.
update membership.membership set reminded_at = :now
where id = any(:ids::uuid[]) and reminded_at is null and state = 'active'
returning id;

-- name: list_members(organiser_id, tier_id, number, person_ids, address, after, most)
-- Members of an organiser by number, optionally those of a tier, or those found by number, person or address.
select member.id, member.number, member.person_id, member.email, member.erased_at is not null as is_erased
from membership.member
where member.organiser_id = :organiser_id and member.number > :after
    and (:tier_id::uuid is null or exists (
        select from membership.membership
        where membership.member_id = member.id and membership.tier_id = :tier_id and membership.state = 'active'
    ))
    and (
        (:number::bigint is null and :address::text is null and :person_ids::uuid[] is null)
        or member.number = :number or member.person_id = any(:person_ids)
        or starts_with(member.email, lower(:address))
    )
order by member.number limit :most;

-- name: money_moved(until, zone, begins)
-- Revenue and refunds of paid memberships before `until`, by business day and VAT rate, VAT included. Those whose money
-- an organiser's account took are left out. A day begins `begins` after midnight in the zone.
with moved as (
    select began_at as at, payment_id, vat_permille, price_cents as cents
    from membership.membership
    where began_at < :until::timestamptz and payment_id is not null
    union all
    select cancelled_at, payment_id, vat_permille, -refunded_cents
    from membership.membership
    where cancelled_at < :until and payment_id is not null and refunded_cents > 0
)
select ((moved.at at time zone :zone::text) - :begins::interval)::date as day, moved.vat_permille,
    sum(moved.cents)::bigint as cents
from moved
where not exists (select from payments.public_direct as direct where direct.payment_id = moved.payment_id)
group by 1, 2;
