-- name: insert_draw(id, event_id, categories, places, spaces, closes_at, draws_at, ends_at, pay_hours, public_value_name, now)!
-- A new draw; a repeated id and a second draw of an event insert nothing.
insert into draws.draw (
    id, event_id, state, revision, categories, places, spaces, closes_at, draws_at, ends_at, pay_hours,
    public_value_name, created_at
)
values (
    :id, :event_id, 'draft', 1, :categories, :places, :spaces, :closes_at, :draws_at, :ends_at, :pay_hours,
    :public_value_name, :now
)
on conflict do nothing;

-- name: set_draw(id, categories, places, spaces, closes_at, draws_at, ends_at, pay_hours, public_value_name)!
-- What the office sets of a locked draft.
update draws.draw set categories = :categories, places = :places, spaces = :spaces, closes_at = :closes_at,
    draws_at = :draws_at, ends_at = :ends_at, pay_hours = :pay_hours, public_value_name = :public_value_name,
    revision = revision + 1
where id = :id;

-- name: lock_draw(id)^
-- A draw, locked until the transaction ends.
select id, event_id, state, revision, categories, places, spaces, closes_at, draws_at, ends_at, pay_hours,
    public_value_name, public_value, commitment, entries_sha256, seed, left_places, left_spaces, opened_at, frozen_at,
    drawn_at, applied_at, ended_at
from draws.draw where id = :id for no key update;

-- name: lock_draws_of_person(person_id)
-- The draws that a person has entered, locked in order.
select id from draws.draw
where id in (select draw_id from draws.entry where person_id = :person_id) order by id for no key update;

-- name: draw_of_event(event_id)^
-- The draw of an event: the one that is not cancelled, else the latest.
select id, event_id, state, revision, categories, places, spaces, closes_at, draws_at, ends_at, pay_hours,
    public_value_name, public_value, commitment, entries_sha256, seed, left_places, left_spaces, opened_at, frozen_at,
    drawn_at, applied_at, ended_at
from draws.draw where event_id = :event_id order by state = 'cancelled', created_at desc, id desc limit 1;

-- name: draws(ids)
-- Draws by id.
select id, event_id, state, revision, categories, places, spaces, closes_at, draws_at, ends_at, pay_hours,
    public_value_name, public_value, commitment, entries_sha256, seed, left_places, left_spaces, opened_at, frozen_at,
    drawn_at, applied_at, ended_at
from draws.draw where id = any(:ids::uuid[]);

-- name: active_draws()
-- The draws that a job has to look at, the oldest first.
select id from draws.draw where state <> 'draft' and ended_at is null order by created_at, id;

-- name: open_draw(id, sealed_seed, commitment, now)!
-- A locked draft opens for entries.
update draws.draw set state = 'open', sealed_seed = :sealed_seed, commitment = :commitment, opened_at = :now,
    revision = revision + 1
where id = :id;

-- name: close_draw(id)!
-- A locked draw takes no more entries.
update draws.draw set state = 'closed', revision = revision + 1 where id = :id;

-- name: freeze_draw(id, places, spaces, entries_sha256, now)!
-- The entries and the quotas of a locked draw are fixed.
update draws.draw set places = :places, spaces = :spaces, entries_sha256 = :entries_sha256, frozen_at = :now,
    revision = revision + 1
where id = :id;

-- name: set_public_value(id, public_value)!
-- The public value of a locked draw.
update draws.draw set public_value = :public_value, revision = revision + 1 where id = :id;

-- name: sealed_seed(id)$
-- The sealed seed of a draw.
select sealed_seed from draws.draw where id = :id;

-- name: reveal_draw(id, seed, left_places, left_spaces, now)!
-- A locked draw is made.
update draws.draw set state = 'drawn', seed = :seed, left_places = :left_places, left_spaces = :left_spaces,
    drawn_at = :now, revision = revision + 1
where id = :id;

-- name: set_applied(id, now)!
-- All entries of a locked draw have their result.
update draws.draw set applied_at = :now where id = :id;

-- name: set_left(id, left_places, left_spaces)!
-- What is left of the quotas of a locked draw.
update draws.draw set left_places = :left_places, left_spaces = :left_spaces where id = :id;

-- name: set_state(id, state)!
-- A locked draw ends or is cancelled.
update draws.draw set state = :state, revision = revision + 1 where id = :id;

-- name: finish_draw(id, now)!
-- Nothing is left to do for a locked draw.
update draws.draw set ended_at = :now where id = :id;

-- name: insert_file(draw_id, name, content)!
-- A published file of a locked draw.
insert into draws.published_file (draw_id, name, content) values (:draw_id, :name, :content);

-- name: published_file(draw_id, name)$
-- The bytes of a published file.
select content from draws.published_file where draw_id = :draw_id and name = :name;

-- name: append_log(draw_id, whats, codes, categories, now)!
-- What happened in a locked draw, numbered without gaps.
insert into draws.log_event (draw_id, number, what, code, category, happened_at)
select :draw_id::uuid, last.number + new.position::integer, new.what, new.code, new.category, :now::timestamptz
from unnest(:whats::text[], :codes::text[], :categories::integer[]) with ordinality as new (
    what, code, category, position
)
cross join (
    select coalesce(max(number), 0) as number from draws.log_event where draw_id = :draw_id::uuid
) as last;

-- name: log_events(draw_id)
-- What happened in a draw, in order.
select number, what, code, category from draws.log_event where draw_id = :draw_id order by number;
