-- name: insert_items(ids, keys, kinds, amounts_cents, expected_cents, currencies, happened_ats, payout_ids, entry_ids, payment_ids, refund_ids, line_ids, now)
-- New items, returned by id; a known key is skipped.
insert into settlement.item (
    id, key, kind, amount_cents, expected_cents, currency, happened_at, opened_at, payout_id, entry_id, payment_id,
    refund_id, line_id
)
select item.id, item.key, item.kind, item.amount_cents, item.expected_cents, item.currency, item.happened_at, :now,
    item.payout_id, item.entry_id, item.payment_id, item.refund_id, item.line_id
from unnest(
    :ids::uuid[], :keys::text[], :kinds::text[], :amounts_cents::bigint[], :expected_cents::bigint[],
    :currencies::text[], :happened_ats::timestamptz[], :payout_ids::uuid[], :entry_ids::text[], :payment_ids::uuid[],
    :refund_ids::uuid[], :line_ids::uuid[]
) as item (
    id, key, kind, amount_cents, expected_cents, currency, happened_at, payout_id, entry_id, payment_id, refund_id,
    line_id
)
order by item.id
on conflict (key) do nothing
returning id;

-- name: close_items(keys, matches, now)
-- Open items that a later match closes; returns them.
with locked as (
    select item.id, later.matched_to
    from unnest(:keys::text[], :matches::text[]) as later (key, matched_to)
    join settlement.item on item.key = later.key and item.resolution is null
    order by item.id for no key update
)
update settlement.item set resolution = 'later', resolved_at = :now, matched_to = locked.matched_to
from locked where item.id = locked.id
returning item.id, item.kind, item.amount_cents;

-- name: lock_item(id)^
-- An item, locked until the transaction ends.
select id, key, kind, amount_cents, expected_cents, currency, happened_at, opened_at, payout_id, entry_id, payment_id,
    refund_id, line_id, assignee, resolution, resolved_at, resolved_by, matched_to
from settlement.item where id = :id for no key update;

-- name: items(ids)
-- Items by id.
select id, key, kind, amount_cents, expected_cents, currency, happened_at, opened_at, payout_id, entry_id, payment_id,
    refund_id, line_id, assignee, resolution, resolved_at, resolved_by, matched_to
from settlement.item where id = any(:ids::uuid[]);

-- name: open_items(most)
-- Open items, the longest open first.
select id, key, kind, amount_cents, expected_cents, currency, happened_at, opened_at, payout_id, entry_id, payment_id,
    refund_id, line_id, assignee, resolution, resolved_at, resolved_by, matched_to
from settlement.item where resolution is null order by opened_at, id limit :most;

-- name: resolved_items(before, most)
-- Resolved items, the latest first.
select id, key, kind, amount_cents, expected_cents, currency, happened_at, opened_at, payout_id, entry_id, payment_id,
    refund_id, line_id, assignee, resolution, resolved_at, resolved_by, matched_to
from settlement.item where resolved_at < :before order by resolved_at desc, id limit :most;

-- name: items_about(payout_ids, payment_ids)
-- Items about payouts or payments, oldest first.
select id, key, kind, amount_cents, expected_cents, currency, happened_at, opened_at, payout_id, entry_id, payment_id,
    refund_id, line_id, assignee, resolution, resolved_at, resolved_by, matched_to
from settlement.item
where payout_id = any(:payout_ids::uuid[]) or payment_id = any(:payment_ids::uuid[]) order by opened_at, id;

-- name: find_items(amount_cents, most)
-- Items with an amount (either sign), latest first.
select id, key, kind, amount_cents, expected_cents, currency, happened_at, opened_at, payout_id, entry_id, payment_id,
    refund_id, line_id, assignee, resolution, resolved_at, resolved_by, matched_to
from settlement.item
where amount_cents = any(array[:amount_cents::bigint, -:amount_cents::bigint]) order by opened_at desc, id limit :most;

-- name: assign_item(id, assignee)!
-- Person who works on a locked item.
update settlement.item set assignee = :assignee::uuid where id = :id;

-- name: resolve_item(id, resolution, matched_to, by, now)!
-- End of a locked item.
update settlement.item
set resolution = :resolution, matched_to = :matched_to::text, resolved_by = :by::uuid, resolved_at = :now
where id = :id;

-- name: insert_note(id, item_id, author, now, text)!
-- A note on an item; a known id is skipped.
insert into settlement.note (id, item_id, author, written_at, text) values (:id, :item_id, :author, :now, :text)
on conflict (id) do nothing;

-- name: notes_of(item_ids)
-- Notes on items, oldest first.
select id, item_id, author, written_at, text from settlement.note
where item_id = any(:item_ids::uuid[]) order by written_at, id;

-- name: count_open()$
-- Number of open items.
select count(*) from settlement.item where resolution is null;
