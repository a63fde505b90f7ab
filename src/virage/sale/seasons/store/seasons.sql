-- name: campaigns(ids)
-- Campaigns by id.
select id, organiser_id, from_package_id, to_package_id, opens_at, until, relocates_until, remind_days, state, revision,
    seed, made_after, moved_after, drawn_at, relocated_at
from seasons.campaign where id = any(:ids::uuid[]);

-- name: campaigns_of(organiser_ids, all_of_them)
-- Campaigns of organisers, the latest first.
select id, organiser_id, from_package_id, to_package_id, opens_at, until, relocates_until, remind_days, state, revision,
    seed, made_after, moved_after, drawn_at, relocated_at
from seasons.campaign
where :all_of_them::boolean or organiser_id = any(:organiser_ids::uuid[])
order by until desc, id limit 200;

-- name: active_campaigns(now)
-- Campaigns that the run has something to do for.
select id from seasons.campaign where state <> 'draft' and opens_at <= :now and until > :now order by id;

-- name: lock_campaign(id)^
-- A campaign, locked.
select id, organiser_id, from_package_id, to_package_id, opens_at, until, relocates_until, remind_days, state, revision,
    seed, made_after, moved_after, drawn_at, relocated_at
from seasons.campaign where id = :id for no key update;

-- name: lock_campaigns_of_person(person_id)
-- The campaigns in which a person has a renewal, locked.
select id from seasons.campaign
where id in (select campaign_id from seasons.renewal where person_id = :person_id) order by id for no key update;

-- name: insert_campaign(id, organiser_id, from_package_id, to_package_id, opens_at, until, relocates_until, remind_days, seed, now)!
-- A new campaign, unless its id or its packages have one.
insert into seasons.campaign (
    id, organiser_id, from_package_id, to_package_id, opens_at, until, relocates_until, remind_days, state, revision, seed,
    created_at
) values (
    :id, :organiser_id, :from_package_id, :to_package_id, :opens_at, :until, :relocates_until, :remind_days, 'draft', 1,
    :seed, :now
) on conflict do nothing;

-- name: set_campaign(id, from_package_id, to_package_id, opens_at, until, relocates_until, remind_days)!
-- What the office sets of a locked draft.
update seasons.campaign set
    from_package_id = :from_package_id, to_package_id = :to_package_id, opens_at = :opens_at, until = :until,
    relocates_until = :relocates_until, remind_days = :remind_days, revision = revision + 1
where id = :id;

-- name: set_state(id, state)!
-- The state of a locked campaign.
update seasons.campaign set state = :state, revision = revision + 1 where id = :id;

-- name: set_made(id, made_after)!
-- How far the run of a locked campaign has come.
update seasons.campaign set made_after = :made_after where id = :id;

-- name: set_drawn(id, now)!
-- The relocation round of a locked campaign is computed.
update seasons.campaign set drawn_at = :now where id = :id;

-- name: set_moved(id, moved_after)!
-- How far the relocation round of a locked campaign has come.
update seasons.campaign set moved_after = :moved_after where id = :id;

-- name: set_relocated(id, now)!
-- The end of the relocation round of a locked campaign.
update seasons.campaign set state = 'open', relocated_at = :now, revision = revision + 1 where id = :id;

-- name: holders(package_id, after, wanted)
-- Subscriptions of a package with what was sold, in the order of their ids from the one after `after`; one row per event.
select subscription.id, subscription.person_id, subscription.other_seats, coalesce(earlier.years, 0) as years_before,
    part.event_id, part.places, part.tariffs, part.ticket_ids, part.refunded_ids
from (
    select id, person_id, other_seats from packages.public_subscription
    where package_id = :package_id and id > :after::uuid order by id limit :wanted
) as subscription
left join seasons.renewal as earlier on earlier.id = subscription.id
left join ticketing.public_bundle_ticket as part on part.bundle_id = subscription.id
order by subscription.id;

-- name: holders_by_id(ids)
-- Subscriptions by id with what was sold; one row per event.
select subscription.id, subscription.person_id, subscription.other_seats, coalesce(earlier.years, 0) as years_before,
    part.event_id, part.places, part.tariffs, part.ticket_ids, part.refunded_ids
from packages.public_subscription as subscription
left join seasons.renewal as earlier on earlier.id = subscription.id
left join ticketing.public_bundle_ticket as part on part.bundle_id = subscription.id
where subscription.id = any(:ids::uuid[])
order by subscription.id;

-- name: insert_renewals(ids, campaign_id, from_ids, person_ids, years, sizes, losts, reasons, other_events, now)!
-- New renewals of a locked campaign. `other_events` has one array of events, as text, for each.
insert into seasons.renewal (
    id, campaign_id, from_id, person_id, years, size, lost, reason, other_events, begun_at
)
select new.id, :campaign_id, new.from_id, new.person_id, new.years, new.size, new.lost, new.reason,
    new.other_events::uuid[], :now
from unnest(
    :ids::uuid[], :from_ids::uuid[], :person_ids::uuid[], :years::integer[], :sizes::integer[], :losts::integer[],
    :reasons::text[], :other_events::text[]
) as new (id, from_id, person_id, years, size, lost, reason, other_events)
order by new.id;

-- name: renewals(ids)
-- Renewals by id.
select id, campaign_id, from_id, person_id, years, size, lost, reason, note, other_events, wishes, number, answers, moves_to, moves_tariffs,
    turn, wheelchairs, needs, declined_at, refused_at, begun_at
from seasons.renewal where id = any(:ids::uuid[]);

-- name: renewals_of(person_id)
-- The renewals of a person, the latest first.
select id, campaign_id, from_id, person_id, years, size, lost, reason, note, other_events, wishes, number, answers, moves_to, moves_tariffs,
    turn, wheelchairs, needs, declined_at, refused_at, begun_at
from seasons.renewal where person_id = :person_id order by begun_at desc, id limit 200;

-- name: renewals_in(campaign_id, after, only_listed, wanted)
-- Renewals of a campaign in the order of their ids, from the one after `after`; or those alone that are listed.
select id, campaign_id, from_id, person_id, years, size, lost, reason, note, other_events, wishes, number, answers, moves_to, moves_tariffs,
    turn, wheelchairs, needs, declined_at, refused_at, begun_at
from seasons.renewal
where campaign_id = :campaign_id and id > :after::uuid and (not :only_listed::boolean or reason is not null)
order by id limit :wanted;

-- name: waiting(campaign_id)
-- Renewals that look for other seats, in the order of their ids; refused and declined ones do not.
select id, campaign_id, from_id, person_id, years, size, lost, reason, note, other_events, wishes, number, answers, moves_to, moves_tariffs,
    turn, wheelchairs, needs, declined_at, refused_at, begun_at
from seasons.renewal
where campaign_id = :campaign_id and reason = 'waiting' and refused_at is null and declined_at is null
order by id;

-- name: set_reasons(ids, reasons, other_events)!
-- Why renewals of a locked campaign have no seats, null once they have. `other_events` are arrays, as text.
update seasons.renewal set reason = given.reason, other_events = given.other_events::uuid[]
from unnest(:ids::uuid[], :reasons::text[], :other_events::text[]) as given (id, reason, other_events)
where renewal.id = given.id;

-- name: decide(id, reason, note, refused_at)!
-- What the office decided on a locked renewal.
update seasons.renewal set reason = :reason, note = :note, refused_at = :refused_at where id = :id;

-- name: set_wishes(id, wishes, wheelchairs, needs)!
-- The wishes of a locked renewal, and the needs of its party.
update seasons.renewal set wishes = :wishes::jsonb, wheelchairs = :wheelchairs, needs = :needs::text[] where id = :id;

-- name: set_size(id, size)!
-- The number of seats of a locked renewal.
update seasons.renewal set size = :size where id = :id;

-- name: decline(id, now)!
-- A locked renewal that its holder declined.
update seasons.renewal set declined_at = :now, wheelchairs = 0, needs = '{}' where id = :id;

-- name: forget_person(person_id)!
-- Renewals of an erased person, whose campaigns are locked.
update seasons.renewal set person_id = null, wishes = '[]', wheelchairs = 0, needs = '{}', note = null
where person_id = :person_id;

-- name: with_old_needs(now)
-- Campaigns that are over while renewals of them still have needs.
select id from seasons.campaign
where until <= :now
    and exists (
        select from seasons.renewal where campaign_id = campaign.id and (wheelchairs > 0 or needs <> '{}')
    )
order by id;

-- name: forget_needs(campaign_id, only_without_turn)!
-- The needs of the renewals of a locked campaign, or of those that took no part in its round.
update seasons.renewal set wheelchairs = 0, needs = '{}'
where campaign_id = :campaign_id and (wheelchairs > 0 or needs <> '{}') and (turn is null or not :only_without_turn);

-- name: forget_turns(campaign_id)!
-- The turns of the renewals of a locked campaign, once its seats are moved.
update seasons.renewal set turn = null where campaign_id = :campaign_id and turn is not null;

-- name: seekers(campaign_id)
-- Renewals with wishes whose seats are held.
select id, campaign_id, from_id, person_id, years, size, lost, reason, note, other_events, wishes, number, answers, moves_to, moves_tariffs,
    turn, wheelchairs, needs, declined_at, refused_at, begun_at
from seasons.renewal
where campaign_id = :campaign_id and wishes <> '[]' and reason is null and declined_at is null
order by id;

-- name: seats_held(ids)
-- The orders of bundles that are held and whose payment has not begun.
select bundle_id, order_id, event_id, places, tariffs from ticketing.public_held_bundle where bundle_id = any(:ids::uuid[]);

-- name: set_outcomes(ids, numbers, turns, answers, moves, tariffs)!
-- What the relocation round gives renewals of a locked campaign. The others are arrays, as text.
update seasons.renewal set number = given.number, turn = given.turn, answers = given.answers::text[],
    moves_to = given.moves::integer[], moves_tariffs = given.tariffs::integer[]
from unnest(:ids::uuid[], :numbers::integer[], :turns::integer[], :answers::text[], :moves::text[], :tariffs::text[])
    as given (id, number, turn, answers, moves, tariffs)
where renewal.id = given.id;

-- name: to_move(campaign_id, after, wanted)
-- Renewals of the relocation round that get other seats, in the order of their turns; rounds of before have numbers alone.
select id, campaign_id, from_id, person_id, years, size, lost, reason, note, other_events, wishes, number, answers, moves_to, moves_tariffs,
    coalesce(turn, number) as turn, wheelchairs, needs, declined_at, refused_at, begun_at
from seasons.renewal
where campaign_id = :campaign_id and coalesce(turn, number) > :after and moves_to is not null
order by coalesce(turn, number) limit :wanted;

-- name: set_answers(ids, answer)!
-- Renewals of a locked campaign whose wish could not be carried out.
update seasons.renewal set moves_to = null, answers = array_replace(answers, 'met', :answer)
where id = any(:ids::uuid[]);

-- name: to_remind(campaign_id, now, wanted)
-- Renewals that are neither paid nor declined, and whose holders are not reminded yet.
select renewal.id, renewal.person_id
from seasons.renewal
where renewal.campaign_id = :campaign_id and renewal.reminded_at is null and renewal.person_id is not null
    and renewal.reason is null and renewal.declined_at is null
    and exists (
        select from ticketing.public_bundle_order as part
        where part.bundle_id = renewal.id and part.state = 'held' and part.expires_at > :now
    )
order by renewal.id limit :wanted;

-- name: set_reminded(ids, now)!
-- Renewals of a locked campaign whose holders are reminded.
update seasons.renewal set reminded_at = :now where id = any(:ids::uuid[]);

-- name: counts(campaign_ids, now)
-- By campaign: renewals and their seats by state.
select known.campaign_id, count(*) as renewals, coalesce(sum(known.size), 0)::bigint as seats,
    count(*) filter (
        where known.reason is not null and known.refused_at is null and known.declined_at is null
            and known.person_id is not null
    ) as listed,
    count(*) filter (where known.declined_at is not null) as declined,
    count(*) filter (where known.refused_at is not null) as refused,
    count(*) filter (where known.paid) as paid,
    count(*) filter (where known.held and not known.paid) as held,
    count(*) filter (where known.wishes <> '[]') as with_wishes,
    count(*) filter (where known.moves_to is not null) as moved,
    coalesce(sum(known.cents) filter (where known.paid), 0)::bigint as cents
from (
    select renewal.campaign_id, renewal.person_id, renewal.size, renewal.reason, renewal.declined_at, renewal.refused_at,
        renewal.wishes, renewal.moves_to, coalesce(bundle.paid, false) as paid, coalesce(bundle.held, false) as held, bundle.cents
    from seasons.renewal
    left join lateral (
        select bool_or(part.state = 'paid') as paid, sum(part.total_cents - part.refunded_cents) as cents,
            bool_or(part.state in ('held', 'paying') and part.expires_at > :now) as held
        from ticketing.public_bundle_order as part where part.bundle_id = renewal.id
    ) as bundle on true
    where renewal.campaign_id = any(:campaign_ids::uuid[])
) as known
group by known.campaign_id;
