-- name: lock_plans(ids)
-- Plans by id, locked in order.
select id, method_id, terms, agreed_at from packages.plan where id = any(:ids::uuid[]) order by id for no key update;

-- name: plans(ids)
-- Plans by id.
select id, method_id, terms, agreed_at from packages.plan where id = any(:ids::uuid[]);

-- name: put_plan(id, method_id, terms, now)!
-- How a subscription is paid; an earlier agreement is replaced and locked.
insert into packages.plan (id, method_id, terms, agreed_at) values (:id, :method_id, :terms, :now)
on conflict (id) do update set method_id = excluded.method_id, terms = excluded.terms, agreed_at = excluded.agreed_at;

-- name: set_card(id, method_id)!
-- The card of a locked plan.
update packages.plan set method_id = :method_id where id = :id;

-- name: next_cards(plan_ids)
-- The cards that are to replace those of plans.
select plan_id, method_id from packages.next_card where plan_id = any(:plan_ids::uuid[]);

-- name: put_next_card(plan_id, method_id)!
-- The card that is to replace that of a locked plan; an earlier one is replaced.
insert into packages.next_card (plan_id, method_id) values (:plan_id, :method_id)
on conflict (plan_id) do update set method_id = excluded.method_id;

-- name: drop_next_cards(plan_ids)!
-- Cards of locked plans that were saved or failed.
delete from packages.next_card where plan_id = any(:plan_ids::uuid[]);

-- name: plans_with_next_cards(after, wanted)
-- Plans whose card is to be replaced, in the order of their ids after `after`.
select plan_id from packages.next_card where plan_id > :after::uuid order by plan_id limit :wanted;

-- name: drop_instalments(plan_id)!
-- The instalments of a locked plan, before another agreement or a payment at once.
delete from packages.instalment where plan_id = :plan_id;

-- name: insert_instalments(ids, plan_id, numbers, due_ats, untils, states, payment_ids)!
-- The instalments of a locked plan.
insert into packages.instalment (id, plan_id, number, due_at, until, state, payment_id)
select part.id, :plan_id, part.number, part.due_at, part.until, part.state, part.payment_id
from unnest(
    :ids::uuid[], :numbers::integer[], :due_ats::timestamptz[], :untils::timestamptz[], :states::text[],
    :payment_ids::uuid[]
) as part (id, number, due_at, until, state, payment_id);

-- name: instalments_of(plan_ids)
-- The instalments of plans, in order.
select id, plan_id, number, due_at, until, state, next_at, payment_id, declined, reason, reminded_at
from packages.instalment where plan_id = any(:plan_ids::uuid[]) order by plan_id, number;

-- name: instalments(ids)
-- Instalments by id.
select id, plan_id, number, due_at, until, state, next_at, payment_id, declined, reason, reminded_at
from packages.instalment where id = any(:ids::uuid[]) order by id;

-- name: instalments_in(states, after, wanted)
-- Instalments in some states in the order of their ids, from the one after `after`.
select id, plan_id, number, due_at, until, state, next_at, payment_id, declined, reason, reminded_at
from packages.instalment where state = any(:states::text[]) and id > :after::uuid order by id limit :wanted;

-- name: instalments_due(now, wanted)
-- Open instalments whose card is to be charged now, the longest waiting first.
select id, plan_id, number, due_at, until, state, next_at, payment_id, declined, reason, reminded_at
from packages.instalment where state = 'open' and next_at <= :now order by next_at, id limit :wanted;

-- name: plans_begun(now, wanted)
-- Plans whose first instalment is paid, and whose others do not know it yet.
select distinct waiting.plan_id
from packages.instalment as waiting
where waiting.state = 'waiting' and waiting.until > :now and exists (
    select from ticketing.public_bundle_order as part
    where part.bundle_id = waiting.plan_id and part.state in ('paid', 'refunded')
)
order by waiting.plan_id limit :wanted;

-- name: open_instalments(plan_ids)!
-- The later instalments of locked plans, whose first one is paid: their cards are charged on their dates.
update packages.instalment set state = 'open', next_at = due_at
where plan_id = any(:plan_ids::uuid[]) and state = 'waiting';

-- name: change_instalment(id, state, next_at, payment_id, declined, reason)!
-- An instalment of a locked plan.
update packages.instalment set
    state = :state, next_at = :next_at, payment_id = :payment_id, declined = :declined, reason = :reason
where id = :id;

-- name: instalments_to_remind(before, wanted)
-- Open instalments that are due before a time, and whose buyers are not reminded yet.
select id, plan_id, number, due_at, until, state, next_at, payment_id, declined, reason, reminded_at
from packages.instalment
where state = 'open' and declined = 0 and reminded_at is null and due_at <= :before order by id limit :wanted;

-- name: set_instalments_reminded(ids, now)!
-- Instalments of locked plans whose buyers are reminded.
update packages.instalment set reminded_at = :now where id = any(:ids::uuid[]);

-- name: cards_of(person_id)
-- The cards of a person's plans, also those that are not saved yet.
select plan.method_id
from packages.plan inner join packages.subscription on subscription.id = plan.id
where subscription.person_id = :person_id
union all
select next_card.method_id
from packages.next_card inner join packages.subscription on subscription.id = next_card.plan_id
where subscription.person_id = :person_id
order by method_id;

-- name: unpaid_subscriptions(package_id, after, now, wanted)
-- The subscriptions to a package with an instalment that is not paid, in the order of their ids after `after`.
select id, package_id, person_id, regular_cents, other_seats, begun_at, regular_by_event
from packages.subscription
where package_id = :package_id and id > :after::uuid and exists (
    select from packages.instalment where plan_id = subscription.id and state in ('open', 'charging', 'to_pay') and until > :now
)
order by id limit :wanted;

-- name: instalment_counts(package_ids, now)
-- By package: instalments that are charged on their dates, and those that their buyers must pay.
select subscription.package_id, count(*) filter (where instalment.state in ('open', 'charging')) as planned,
    count(*) filter (where instalment.state = 'to_pay') as to_pay
from packages.instalment inner join packages.subscription on subscription.id = instalment.plan_id
where subscription.package_id = any(:package_ids::uuid[]) and instalment.until > :now
group by subscription.package_id;
