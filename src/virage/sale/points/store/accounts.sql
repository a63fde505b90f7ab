-- name: insert_account(id, organiser_id, person_id, now)!
-- The account of a person who joins.
insert into points.account (id, organiser_id, person_id, joined_at) values (:id, :organiser_id, :person_id, :now);

-- name: accounts_of_person(person_id)
-- The accounts of a person, closed ones too, the latest first.
select id, organiser_id, person_id, joined_at, closed_at
from points.account where person_id = :person_id order by joined_at desc, id;

-- name: open_accounts_of(organiser_id, person_ids)
-- The open accounts of these persons at an organiser.
select id, organiser_id, person_id, joined_at, closed_at
from points.account
where organiser_id = :organiser_id and person_id = any(:person_ids::uuid[]) and closed_at is null;

-- name: accounts(ids)
-- Accounts by id.
select id, organiser_id, person_id, joined_at, closed_at from points.account where id = any(:ids::uuid[]);

-- name: lock_accounts(ids)
-- Accounts, locked in the order of their ids.
select id, organiser_id, person_id, joined_at, closed_at
from points.account where id = any(:ids::uuid[]) order by id for no key update;

-- name: close_accounts(ids, now)!
-- Locked accounts that are closed now.
update points.account set closed_at = :now where id = any(:ids::uuid[]) and closed_at is null;

-- name: forget_person(ids)!
-- Closed accounts that are no person's any more.
update points.account set person_id = null where id = any(:ids::uuid[]);

-- name: forget_texts(ids)!
-- Texts that were written for rewards of these accounts.
delete from points.redemption_text using points.redemption
where redemption.id = redemption_text.redemption_id and redemption.account_id = any(:ids::uuid[]);

-- name: forget_reasons(ids)!
-- What the office wrote about redemptions of these accounts.
update points.redemption set cancel_reason = null where account_id = any(:ids::uuid[]) and cancel_reason is not null;

-- name: accounts_to_empty(most)
-- Closed accounts whose points have not lapsed.
select id from points.account where closed_at is not null and emptied_at is null order by id limit :most;

-- name: mark_emptied(ids, now)!
-- Closed accounts whose points have lapsed.
update points.account set emptied_at = :now where id = any(:ids::uuid[]);

-- name: open_accounts_after(organiser_id, after, most)
-- The open accounts of an organiser, by id.
select id from points.account
where organiser_id = :organiser_id and closed_at is null and id > :after order by id limit :most;

-- name: movements_of(account_ids)
-- Everything that moved in accounts.
select id, account_id, number, kind, at, points, source, written_off, rule_id, revision, rate, multiplier_permille,
    event_id, cents
from points.movement where account_id = any(:account_ids::uuid[]) order by account_id, number;

-- name: movements_page(account_id, before, most)
-- What moved in an account before a number, the latest first.
select id, account_id, number, kind, at, points, source, written_off, rule_id, revision, rate, multiplier_permille,
    event_id, cents
from points.movement where account_id = :account_id and number < :before order by number desc limit :most;

-- name: movements_of_sources(sources)
-- What events, orders and food orders earned, and what refunds took back.
select id, account_id, number, kind, at, points, source, written_off, rule_id, revision, rate, multiplier_permille,
    event_id, cents
from points.movement
where source = any(:sources::uuid[]) and kind in ('earned', 'taken_back') order by account_id, number;

-- name: movements_by_entry(account_ids, event_ids)
-- What entries earned for pairs of an account and an event, and what withdrawn scans took back.
select id, account_id, number, kind, at, points, source, written_off, rule_id, revision, rate, multiplier_permille,
    event_id, cents
from points.movement
where rule_id is not null
    and (account_id, source) in (select * from unnest(:account_ids::uuid[], :event_ids::uuid[]))
order by account_id, number;

-- name: known_movements(ids)
-- Those of these ids that are stored.
select id from points.movement where id = any(:ids::uuid[]);

-- name: stands(account_ids, since)
-- By account: the last number, the balance, and what was earned since a moment, less what refunds took back of it.
select account_id, max(number) as last_number, sum(points)::bigint as balance,
    coalesce(sum(points) filter (where rule_id is not null and at > :since), 0)::bigint as earned
from points.movement where account_id = any(:account_ids::uuid[]) group by account_id;

-- name: insert_movements(ids, account_ids, numbers, kinds, at, points, sources, written_off, rule_ids, revisions, rates, multipliers, event_ids, cents)!
-- What moves in locked accounts.
insert into points.movement (
    id, account_id, number, kind, at, points, source, written_off, rule_id, revision, rate, multiplier_permille,
    event_id, cents
)
select new.* from unnest(
    :ids::uuid[], :account_ids::uuid[], :numbers::integer[], :kinds::text[], :at::timestamptz[], :points::bigint[],
    :sources::uuid[], :written_off::bigint[], :rule_ids::uuid[], :revisions::integer[], :rates::integer[],
    :multipliers::integer[], :event_ids::uuid[], :cents::bigint[]
) as new;

-- name: totals(organiser_ids)
-- By organiser, kind and rule: movements and points, and what was written off.
select account.organiser_id, movement.kind, movement.rule_id, count(*) as movements,
    sum(movement.points)::bigint as points, sum(movement.written_off)::bigint as written_off
from points.movement inner join points.account on account.id = movement.account_id
where account.organiser_id = any(:organiser_ids::uuid[])
group by 1, 2, 3 order by 1, 2, 3;

-- name: people(organiser_ids)
-- How many people take part, by organiser.
select organiser_id, count(*) as people from points.account
where organiser_id = any(:organiser_ids::uuid[]) and closed_at is null group by 1;

-- name: notices_of(account_ids)
-- Notices of points that have not lapsed yet.
select account_id, lapses_at, points from points.lapse_notice
where account_id = any(:account_ids::uuid[]) and done_at is null order by account_id, lapses_at;

-- name: insert_notices(account_ids, moments, ids, points, now)
-- Notices that people are told of now.
insert into points.lapse_notice (account_id, lapses_at, id, points, told_at)
select new.account_id, new.lapses_at, new.id, new.points, :now::timestamptz
from unnest(:account_ids::uuid[], :moments::timestamptz[], :ids::uuid[], :points::bigint[])
    as new (account_id, lapses_at, id, points)
on conflict do nothing returning id;

-- name: due_notices(now, most)
-- Notices whose moment has come.
select id, account_id, lapses_at, points from points.lapse_notice
where done_at is null and lapses_at <= :now order by lapses_at, id limit :most;

-- name: end_notices(ids, now)!
-- Notices whose points have lapsed, or were spent.
update points.lapse_notice set done_at = :now where id = any(:ids::uuid[]);

-- name: notice(id)^
-- A notice with its account, for its email.
select notice.lapses_at, notice.points, notice.done_at, account.organiser_id, account.person_id
from points.lapse_notice as notice inner join points.account on account.id = notice.account_id
where notice.id = :id;

-- name: lock_position()^
-- The position of the journal up to which points were earned, locked.
select xid::text as xid, seq from points.journal_position for no key update;

-- name: start_position(xid)!
-- The position from which points are earned, unless there is one.
insert into points.journal_position (xid, seq) values (:xid::text::xid8, 0) on conflict do nothing;

-- name: put_position(xid, seq)!
-- The position of the journal up to which points were earned.
update points.journal_position set xid = :xid::text::xid8, seq = :seq;
