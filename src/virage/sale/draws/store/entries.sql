-- name: insert_entry(id, draw_id, person_id, code, party, size, wheelchair, needs, wishes, any_other, method_id, terms, now)!
-- A new entry of a person in a locked draw.
insert into draws.entry (
    id, draw_id, person_id, code, party, size, wheelchair, needs, wishes, any_other, method_id, terms, state, entered_at
)
values (
    :id, :draw_id, :person_id, :code, :party, :size, :wheelchair, :needs, :wishes, :any_other, :method_id, :terms,
    'entered', :now
);

-- name: change_entry(id, party, size, wheelchair, needs, wishes, any_other, method_id, terms)!
-- A changed entry of a locked draw; with another card it is confirmed again.
update draws.entry set party = :party, size = :size, wheelchair = :wheelchair, needs = :needs,
    wishes = :wishes, any_other = :any_other, terms = :terms, method_id = :method_id,
    confirmed_at = case when method_id = :method_id then confirmed_at end
where id = :id;

-- name: set_charge_max(id, cents)!
-- The highest amount that the person of an entry of a locked draw agrees to be charged.
update draws.entry set charge_max_cents = :cents where id = :id;

-- name: charge_maxima(ids)
-- The highest amounts that the persons of entries agreed to be charged; earlier entries have none.
select id, charge_max_cents from draws.entry where id = any(:ids::uuid[]) and charge_max_cents is not null;

-- name: drop_entry(id)!
-- An entry that is withdrawn before the entries are frozen.
delete from draws.entry where id = :id;

-- name: entries(ids)
-- Entries by id.
select entry_row.* from draws.entry_row where id = any(:ids::uuid[]);

-- name: entry_of_person(draw_id, person_id)^
-- The entry of a person in a draw.
select entry_row.* from draws.entry_row where draw_id = :draw_id and person_id = :person_id;

-- name: entries_of_person(person_id)
-- The entries of a person, the latest first.
select entry_row.* from draws.entry_row where person_id = :person_id order by entered_at desc, id desc;

-- name: entries_in(draw_id, state, after, most)
-- Entries in a state by their number in the order of the draw, after a number.
select entry_row.* from draws.entry_row
where draw_id = :draw_id and state = :state and number > :after order by number limit :most;

-- name: to_seat(draw_id, most)
-- Entries that wait for their seats: wheelchair spaces first, then those with other needs, then the largest groups.
select entry_row.* from draws.entry_row where draw_id = :draw_id and state = 'won'
order by wheelchair desc, needs <> '{}' desc, size desc, number limit :most;

-- name: unconfirmed(draw_id, after, most)
-- Entries whose card is not saved yet, by id.
select entry_row.* from draws.entry_row
where draw_id = :draw_id and state = 'entered' and confirmed_at is null and id > :after order by id limit :most;

-- name: confirm(ids, now)
-- Entries whose card is saved; those that were not confirmed before.
update draws.entry set confirmed_at = :now
where id = any(:ids::uuid[]) and confirmed_at is null and state = 'entered' returning id, person_id;

-- name: count_all(draw_id)$
-- The number of entries whose card was saved, whatever became of them: all without those that wait for their card, or
-- have waited in vain. Each count reads an index alone.
select (select count(*) from draws.entry where draw_id = :draw_id)
    - (
        select count(*) from draws.entry
        where draw_id = :draw_id and state = 'entered' and confirmed_at is null
    )
    - (select count(*) from draws.entry where draw_id = :draw_id and state = 'lapsed');

-- name: lapse(draw_id)!
-- Entries without a saved card when the entries are frozen.
update draws.entry set state = 'lapsed', wheelchair = false, needs = '{}'
where draw_id = :draw_id and state = 'entered' and confirmed_at is null;

-- name: confirmed(draw_id)
-- The entries that take part, without their persons.
select code, party, wheelchair, wishes, any_other
from draws.entry where draw_id = :draw_id and state = 'entered' and confirmed_at is not null;

-- name: count_confirmed(draw_id)$
-- The number of entries that take part.
select count(*) from draws.entry where draw_id = :draw_id and state = 'entered' and confirmed_at is not null;

-- name: apply_results(draw_id, codes, numbers, categories)
-- The results of entries that have none yet; the waiting order has no category.
update draws.entry set number = new.number, category = new.category,
    state = case when new.category is null then 'waiting' else 'won' end
from unnest(:codes::text[], :numbers::integer[], :categories::integer[]) as new (code, number, category)
where entry.draw_id = :draw_id and entry.code = new.code and entry.state = 'entered'
returning entry.id, entry.code, entry.person_id, entry.category;

-- name: set_states(ids, state, reason, forgets_needs)!
-- The state of entries of a locked draw; what they needed is emptied with their end.
update draws.entry set state = :state, reason = :reason,
    wheelchair = wheelchair and not :forgets_needs, needs = case when :forgets_needs then '{}' else needs end,
    unmet = case when :forgets_needs then null else unmet end
where id = any(:ids::uuid[]);

-- name: hold_entries(ids, order_ids, payment_ids, unmet, pays_until)!
-- Entries that have their seats, with the needs that these lack, separated by commas.
update draws.entry set state = 'held', order_id = new.order_id, payment_id = new.payment_id, pays_until = :pays_until,
    unmet = string_to_array(new.unmet, ',')
from unnest(:ids::uuid[], :order_ids::uuid[], :payment_ids::uuid[], :unmet::text[])
    as new (id, order_id, payment_id, unmet)
where entry.id = new.id;

-- name: review_entries(ids, pays_until)!
-- Entries whose person is compared with the bans by a supervisor, until a moment.
update draws.entry set state = 'review', pays_until = coalesce(pays_until, :pays_until)
where id = any(:ids::uuid[]);

-- name: win(ids, categories)!
-- Entries of the waiting order that are offered places.
update draws.entry set state = 'won', category = new.category
from unnest(:ids::uuid[], :categories::integer[]) as new (id, category) where entry.id = new.id;

-- name: forget_person(ids)!
-- Entries of an erased person.
update draws.entry set person_id = null, wheelchair = false, needs = '{}', unmet = null
where id = any(:ids::uuid[]);

-- name: untold(draw_id, states, most)
-- Entries whose persons are not told of the end yet.
select entry_row.* from draws.entry_row
where draw_id = :draw_id and state = any(:states::text[]) and told_at is null and person_id is not null
order by id limit :most;

-- name: set_told(ids, now)!
-- Entries whose persons are told.
update draws.entry set told_at = :now where id = any(:ids::uuid[]);

-- name: end_states(draw_id, from_states, state)!
-- The end of all entries of a locked draw in these states, and of what they needed.
update draws.entry set state = :state, wheelchair = false, needs = '{}', unmet = null
where draw_id = :draw_id and state = any(:from_states::text[]);

-- name: cards_to_forget(draw_id, states, most)
-- Saved cards that are no longer needed.
select id, method_id from draws.entry
where draw_id = :draw_id and forgotten_at is null and state = any(:states::text[]) order by id limit :most;

-- name: set_forgotten(ids, now)!
-- Entries whose card is forgotten.
update draws.entry set forgotten_at = :now where id = any(:ids::uuid[]);

-- name: forget_needs(draw_id)!
-- What the entries of a locked draw needed that has ended.
update draws.entry set wheelchair = false, needs = '{}', unmet = null
where draw_id = :draw_id and (wheelchair or needs <> '{}');

-- name: has_unfinished(draw_id)$
-- Whether a card of the draw is not forgotten yet.
select exists (select 1 from draws.entry where draw_id = :draw_id and forgotten_at is null);

-- name: has_unpaid(draw_id)$
-- Whether an entry of the draw has places that are not paid yet.
select exists (
    select 1 from draws.entry
    where draw_id = :draw_id and state in ('won', 'review', 'held', 'charging', 'to_pay')
);

-- name: count_by_state(draw_id)
-- The number of entries and of their places by state and won category, confirmed or not.
select state, category, confirmed_at is not null as is_confirmed, count(*) as entries, sum(size) as places
from draws.entry where draw_id = :draw_id group by 1, 2, 3;

-- name: count_wishes(draw_id)
-- How many confirmed entries name a category, by position of the quota and of the wish; those of any category are added
-- at position -1.
select wish.category, wish.position::integer as position, count(*) as entries
from draws.entry cross join unnest(entry.wishes) with ordinality as wish (category, position)
where entry.draw_id = :draw_id and entry.confirmed_at is not null group by 1, 2
union all
select -1, 1, count(*) from draws.entry
where draw_id = :draw_id and confirmed_at is not null and any_other;

-- name: office_entries(draw_id, after, after_code, most)
-- Entries for the office: in the order of the draw, or of their codes before it.
select entry_row.* from draws.entry_row where draw_id = :draw_id and (coalesce(number, 0), code) > (:after::integer, :after_code::text)
order by coalesce(number, 0), code limit :most;
