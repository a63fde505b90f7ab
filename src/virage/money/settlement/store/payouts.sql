-- name: lock_progress()$
-- The lock of all writes of settlement.
select only_row from settlement.progress for no key update;

-- name: looked_until()$
-- Up to when captures and refunds were looked at.
select looked_until from settlement.progress;

-- name: move_progress(looked_until)!
-- New end of what was looked at.
update settlement.progress set looked_until = :looked_until where looked_until < :looked_until;

-- name: latest_payout(account)$
-- When the latest payout of an account was created.
select max(created_at) from settlement.payout where account is not distinct from :account::text;

-- name: put_payouts(ids, refs, amounts_cents, currencies, created_ats, arrives_ons, states, listings, references_, descriptors, failures, accounts)
-- Payouts as the provider reports them now, new or known; returns those that are new or have another state. Comparison
-- starts again if the amount changes.
with told as (
    select *
    from unnest(
        :ids::uuid[], :refs::text[], :amounts_cents::bigint[], :currencies::text[], :created_ats::timestamptz[],
        :arrives_ons::date[], :states::text[], :listings::text[], :references_::text[], :descriptors::text[],
        :failures::text[], :accounts::text[]
    ) as payout (
        id, ref, amount_cents, currency, created_at, arrives_on, state, listing, reference, descriptor, failure,
        account
    )
),
before as (select payout.id, payout.state from settlement.payout join told on told.id = payout.id),
stored as (
    insert into settlement.payout (
        id, ref, amount_cents, currency, created_at, arrives_on, state, listing, reference, descriptor, failure,
        account
    )
    select id, ref, amount_cents, currency, created_at, arrives_on, state, listing, reference, descriptor, failure,
        account
    from told order by id
    on conflict (id) do update set
        matched_at = case when payout.amount_cents = excluded.amount_cents then payout.matched_at end,
        amount_cents = excluded.amount_cents, arrives_on = excluded.arrives_on, state = excluded.state,
        listing = excluded.listing, reference = excluded.reference, descriptor = excluded.descriptor,
        failure = excluded.failure
    returning payout.id, payout.state
)
select stored.id from stored left join before on before.id = stored.id
where before.state is distinct from stored.state;

-- name: payouts_to_fetch()
-- Payouts whose entries can be listed and are not all stored, oldest first.
select id, ref, account, entries_after as after from settlement.payout
where listing = 'ready' and fetched_at is null order by created_at, id;

-- name: payouts_to_match()
-- Payouts whose entries are all stored and not all compared, oldest first.
select id from settlement.payout where fetched_at is not null and matched_at is null order by created_at, id;

-- name: insert_entries(payout_id, ids, kinds, categories, amounts_cents, fees_cents, nets_cents, currencies, created_ats, payment_ids, refund_ids, intent_refs, source_refs, accounts)!
-- New entries of a page; a known id is skipped.
insert into settlement.entry (
    id, payout_id, kind, category, amount_cents, fee_cents, net_cents, currency, created_at, payment_id, refund_id,
    intent_ref, source_ref, account
)
select
    entry.id, :payout_id, entry.kind, entry.category, entry.amount_cents, entry.fee_cents, entry.net_cents,
    entry.currency, entry.created_at, entry.payment_id, entry.refund_id, entry.intent_ref, entry.source_ref,
    entry.account
from unnest(
    :ids::text[], :kinds::text[], :categories::text[], :amounts_cents::bigint[], :fees_cents::bigint[],
    :nets_cents::bigint[], :currencies::text[], :created_ats::timestamptz[], :payment_ids::uuid[],
    :refund_ids::uuid[], :intent_refs::text[], :source_refs::text[], :accounts::text[]
) as entry (
    id, kind, category, amount_cents, fee_cents, net_cents, currency, created_at, payment_id, refund_id, intent_ref,
    source_ref, account
)
order by entry.id
on conflict (id) do nothing;

-- name: move_entries(payout_id, after)!
-- Last stored entry of a payout.
update settlement.payout set entries_after = :after where id = :payout_id;

-- name: finish_fetch(payout_id, now)!
-- All entries of a payout are stored.
update settlement.payout set fetched_at = :now where id = :payout_id and fetched_at is null;

-- name: entries_to_match(payout_id, most)
-- Entries of a payout that are not compared yet, oldest first.
select id, kind, category, amount_cents, fee_cents, net_cents, currency, created_at, payment_id, refund_id, intent_ref,
    source_ref, account
from settlement.entry where payout_id = :payout_id and verdict is null order by created_at, id limit :most;

-- name: entries_unmatched(most)
-- Compared entries without a match whose item is open, latest first.
select entry.id, entry.kind, entry.category, entry.amount_cents, entry.fee_cents, entry.net_cents, entry.currency,
    entry.created_at, entry.payment_id, entry.refund_id, entry.intent_ref, entry.source_ref, entry.account, entry.payout_id
from settlement.item join settlement.entry on entry.id = item.entry_id
where item.resolution is null and entry.verdict <> 'matched'
order by entry.created_at desc, entry.id limit :most;

-- name: payments_of_intents(intents)
-- Payments that entries have named, by the provider's id of the payment.
select distinct on (intent_ref) intent_ref, payment_id from settlement.entry
where intent_ref = any(:intents::text[]) and payment_id is not null order by intent_ref, created_at;

-- name: named_payments(kind, payment_ids)
-- Payments with a matched charge, or with a matched application fee.
select payment_id from settlement.entry
where payment_id = any(:payment_ids::uuid[]) and kind = :kind and verdict = 'matched';

-- name: application_fees_returned(kind, payment_ids)
-- Application fees of payments that matched entries gave back.
select payment_id, (-sum(amount_cents))::bigint as cents from settlement.entry
where payment_id = any(:payment_ids::uuid[]) and kind = :kind and verdict = 'matched'
group by payment_id;

-- name: named_refunds(refund_ids)
-- Matched entries of refunds: refunds less failures.
select refund_id, sum(case kind when 'refund' then 1 else -1 end)::bigint as out, count(*) as entries
from settlement.entry
where refund_id = any(:refund_ids::uuid[]) and kind in ('refund', 'refund_failure') and verdict = 'matched'
group by refund_id;

-- name: payouts_by_ref(refs)
-- Payouts by the provider's id.
select id, ref, amount_cents, state from settlement.payout where ref = any(:refs::text[]);

-- name: set_verdicts(ids, verdicts, payment_ids, refund_ids)!
-- Result of the comparison.
update settlement.entry
set verdict = decision.verdict, payment_id = decision.payment_id, refund_id = decision.refund_id
from unnest(:ids::text[], :verdicts::text[], :payment_ids::uuid[], :refund_ids::uuid[])
    as decision (id, verdict, payment_id, refund_id)
where entry.id = decision.id;

-- name: sums_of(payout_id)
-- Sums of the entries of a payout by kind, the part of the amount that card readers took, and other business.
select entry.kind, count(*) as count, sum(entry.net_cents)::bigint as net_cents,
    coalesce(sum(entry.amount_cents) filter (where entry.verdict is distinct from 'other_business'), 0)::bigint as amount_cents,
    coalesce(sum(entry.fee_cents) filter (where entry.verdict is distinct from 'other_business'), 0)::bigint as fee_cents,
    coalesce(sum(entry.net_cents) filter (where entry.verdict = 'other_business'), 0)::bigint as other_business_cents,
    coalesce(sum(entry.amount_cents) filter (where reader.payment_id is not null), 0)::bigint as reader_cents
from settlement.entry
left join payments.public_reader_payment as reader on reader.payment_id = entry.payment_id
where entry.payout_id = :payout_id group by entry.kind;

-- name: finish_match(payout_id, entries, gross, fees, refunds, disputes, other, net, unexplained, application_fees, readers, other_business, now)!
-- Totals of a payout.
update settlement.payout set
    matched_at = :now, entry_count = :entries, gross_cents = :gross, fee_cents = :fees, refund_cents = :refunds,
    dispute_cents = :disputes, other_cents = :other, net_cents = :net, unexplained_cents = :unexplained,
    share_cents = :application_fees, reader_cents = :readers, other_business_cents = :other_business
where id = :payout_id;

-- name: payouts(ids)
-- Payouts by id, with their bank line and the number of their open items.
select payout.id, payout.ref, payout.amount_cents, payout.currency, payout.created_at, payout.arrives_on, payout.state,
    payout.listing, payout.reference, payout.descriptor, payout.failure, payout.fetched_at, payout.matched_at,
    payout.entry_count, payout.gross_cents, payout.fee_cents, payout.refund_cents, payout.dispute_cents,
    payout.other_cents, payout.net_cents, payout.unexplained_cents, payout.account, payout.share_cents as application_fee_cents,
    payout.reader_cents, payout.other_business_cents,
    line.id as line_id,
    (
        select count(*) from settlement.item where item.payout_id = payout.id and item.resolution is null
    ) as open_items
from settlement.payout left join settlement.line on line.payout_id = payout.id
where payout.id = any(:ids::uuid[]);

-- name: latest_payouts(before, most)
-- Ids of payouts created before a time, latest first.
select id from settlement.payout where created_at < :before order by created_at desc, id limit :most;

-- name: entries(payout_id, kind, unmatched, after_at, after_id, most)
-- A page of the entries of a payout, oldest first, of one kind or of all, of all verdicts or without a match.
select id, kind, category, amount_cents, fee_cents, net_cents, currency, created_at, payment_id, refund_id, intent_ref,
    source_ref, account, verdict
from settlement.entry
where payout_id = :payout_id and (created_at, id) > (:after_at, :after_id)
    and (:kind::text is null or kind = :kind)
    and (not :unmatched::boolean or verdict is null or verdict not in ('matched', 'other_business'))
order by created_at, id limit :most;

-- name: entries_of_payments(payment_ids)
-- Entries about payments, oldest first.
select id, kind, category, amount_cents, fee_cents, net_cents, currency, created_at, payment_id, refund_id, intent_ref,
    source_ref, account, verdict, payout_id
from settlement.entry where payment_id = any(:payment_ids::uuid[]) order by created_at, id;

-- name: find_entries(ref, amount_cents, most)
-- Entries with a provider's id, or with an amount (either sign), latest first.
select id, kind, category, amount_cents, fee_cents, net_cents, currency, created_at, payment_id, refund_id, intent_ref,
    source_ref, account, verdict, payout_id
from settlement.entry
where id = :ref or intent_ref = :ref or amount_cents = any(array[:amount_cents::bigint, -:amount_cents::bigint])
order by created_at desc, id limit :most;

-- name: find_payouts(ref, amount_cents, most)
-- Ids of payouts with a provider's id or reference, or with an amount, latest first.
select id from settlement.payout
where ref = :ref or reference = :ref or amount_cents = :amount_cents::bigint
order by created_at desc, id limit :most;

-- name: payouts_until(last)
-- Payouts of the operator whose entries are compared and that arrived, or failed, until a day, oldest first.
select arrives_on, state, amount_cents, gross_cents, fee_cents, refund_cents, dispute_cents, other_cents,
    unexplained_cents, share_cents as application_fee_cents, reader_cents
from settlement.payout
where account is null and matched_at is not null and state in ('paid', 'failed') and arrives_on <= :last
order by arrives_on, id;
