-- name: insert_payments(ids, purposes, subjects, amounts_cents, created_ats, expires_ats, accounts, fees_cents, return_fees)
-- New payments of the batch, returned by id. A known id is skipped without waiting: a transaction that settles it may
-- be waiting for locks of the caller.
insert into payments.payment (
    id, purpose, subject, amount_cents, expires_at, state, created_at, account, fee_cents, returns_fee
)
select start.id, start.purpose, start.subject, start.amount_cents, start.expires_at, 'created', start.created_at,
    start.account, start.fee_cents, start.returns_fee
from unnest(
    :ids::uuid[], :purposes::text[], :subjects::uuid[], :amounts_cents::bigint[], :created_ats::timestamptz[],
    :expires_ats::timestamptz[], :accounts::text[], :fees_cents::bigint[], :return_fees::boolean[]
) as start (id, purpose, subject, amount_cents, created_at, expires_at, account, fee_cents, returns_fee)
where not exists (select from payments.payment as known where known.id = start.id)
order by start.id
on conflict (id) do nothing
returning id;

-- name: payments(ids)
-- Payments by id.
select id, purpose, subject, amount_cents, state, created_at, expires_at, captured_cents, refund_cents, reason,
    payment_url, provider_ref, settled_at, account, fee_cents, returns_fee
from payments.payment where id = any(:ids::uuid[]);

-- name: payments_of_intents(refs)
-- Payments on organisers' accounts, by the provider's id of them.
select provider_ref, id from payments.payment where provider_ref = any(:refs::text[]) and account is not null;

-- name: payments_of_subject(subject)
-- All payments and attempts of a subject, oldest first.
select id, purpose, subject, amount_cents, state, created_at, expires_at, captured_cents, refund_cents, reason,
    payment_url, provider_ref, settled_at, account, fee_cents, returns_fee
from payments.payment where subject = :subject order by created_at, id;

-- name: open_pages(ids, urls, refs)!
-- Hosted page of each payment; the state moves on only if no later outcome came first.
with locked as (
    select id from payments.payment where id = any(:ids::uuid[]) and payment_url is null order by id for no key update
)
update payments.payment
set payment_url = opened.url,
    provider_ref = opened.ref,
    state = case when payment.state = 'created' then 'pending' else payment.state end
from locked
join unnest(:ids::uuid[], :urls::text[], :refs::text[]) as opened (id, url, ref) on opened.id = locked.id
where payment.id = locked.id;

-- name: hand_over(id, ref, pending, now)$
-- Where a card reader has a payment; it is pending once the reader waits for the card, also if a request is repeated.
-- Returns whether it may still be paid; null if it has ended.
update payments.payment
set provider_ref = :ref, state = case when :pending::boolean then 'pending' else state end
where id = :id and state in ('created', 'pending')
returning expires_at > :now;

-- name: lock_without_money(ids)
-- Payments that are not captured, locked in order; the others are not touched.
select id, purpose, subject, amount_cents, state, account, provider_ref
from payments.payment where id = any(:ids::uuid[]) and captured_cents is null order by id for no key update;

-- name: settle_payments(ids, states, captured_cents, reasons, refs, ask_ats, expires_ats, now)!
-- Outcome of each payment; a capture is never overwritten.
update payments.payment
set state = outcome.state, captured_cents = outcome.captured_cents, reason = outcome.reason,
    settled_at = case when outcome.state <> 'processing' then :now::timestamptz end,
    provider_ref = coalesce(outcome.provider_ref, payment.provider_ref),
    debited_at = case when outcome.state = 'processing' then :now else payment.debited_at end,
    ask_at = outcome.ask_at, expires_at = coalesce(outcome.expires_at, payment.expires_at)
from unnest(
    :ids::uuid[], :states::text[], :captured_cents::bigint[], :reasons::text[], :refs::text[], :ask_ats::timestamptz[],
    :expires_ats::timestamptz[]
) as outcome (id, state, captured_cents, reason, provider_ref, ask_at, expires_at)
where payment.id = outcome.id and payment.captured_cents is null;

-- name: lock_payments(ids)
-- Payments by id, locked in order.
select id, purpose, subject, amount_cents, state, created_at, expires_at, captured_cents, refund_cents, reason,
    payment_url, provider_ref, settled_at, account, fee_cents, returns_fee
from payments.payment where id = any(:ids::uuid[]) order by id for no key update;

-- name: extend_unopened(ids, until)
-- Payments without a page end later.
with locked as (
    select id from payments.payment
    where id = any(:ids::uuid[]) and captured_cents is null and payment_url is null and state = 'created'
    order by id for no key update
)
update payments.payment set expires_at = :until from locked where payment.id = locked.id
returning payment.id;

-- name: refunds(ids)
-- Refunds by id.
select id, payment_id, amount_cents, attempts, due_at, created_at, done_at, reason, provider_ref, sent_at, failed_at,
    paid_by, paid_reference, decided_by, assignee as assignee_id
from payments.refund where id = any(:ids::uuid[]);

-- name: refunds_of(payment_ids)
-- All refunds of some payments, oldest first.
select id, payment_id, amount_cents, attempts, due_at, created_at, done_at, reason, provider_ref, sent_at, failed_at,
    paid_by, paid_reference, decided_by, assignee as assignee_id
from payments.refund where payment_id = any(:payment_ids::uuid[]) order by created_at, id;

-- name: insert_refunds(ids, payment_ids, amounts_cents, now)
-- New refunds, counted against their captures in the same statement; the table refuses more than was captured.
with made as (
    insert into payments.refund (id, payment_id, amount_cents, created_at, due_at)
    select request.id, request.payment_id, request.amount_cents, :now, :now
    from unnest(:ids::uuid[], :payment_ids::uuid[], :amounts_cents::bigint[])
        as request (id, payment_id, amount_cents)
    order by request.id
    on conflict (id) do nothing
    returning id, payment_id, amount_cents
),
asked as (select payment_id, sum(amount_cents)::bigint as cents from made group by payment_id),
counted as (
    update payments.payment
    set refund_cents = payment.refund_cents + asked.cents, state = 'refunding'
    from asked where payment.id = asked.payment_id
)
select id from made;

-- name: due_refunds(now, wanted)
-- Due refunds, the longest due first.
select refund.id, refund.payment_id, refund.amount_cents, refund.attempts, payment.provider_ref,
    case when refund.sent_at is not null then refund.provider_ref end as refund_ref, payment.account,
    payment.returns_fee and payment.fee_cents > 0 as returns_fee, refund.created_at
from payments.refund join payments.payment on payment.id = refund.payment_id
where refund.done_at is null and refund.failed_at is null and refund.due_at <= :now
order by refund.due_at, refund.id limit :wanted;

-- name: lock_payments_of_refunds(refund_ids)
-- Payments of some refunds, locked in order before the refunds are written.
select id from payments.payment
where id in (select payment_id from payments.refund where refund.id = any(:refund_ids::uuid[]))
order by id for no key update;

-- name: finish_refunds(ids, refs, now)
-- Confirmed refunds and their payments; refunds that were done before are left out.
with locked as (
    select refund.id, done.ref
    from unnest(:ids::uuid[], :refs::text[]) as done (id, ref)
    join payments.refund on refund.id = done.id and refund.done_at is null
    order by refund.id for no key update
)
update payments.refund
set done_at = :now, failed_at = null, attempts = attempts + 1, reason = null,
    provider_ref = coalesce(locked.ref, refund.provider_ref)
from locked where refund.id = locked.id
returning refund.id, payment_id, amount_cents;

-- name: fail_refunds(ids, refs, reasons, now)
-- Refunds that the bank does not take. Those that failed before, and those that were paid another way, are left out.
with locked as (
    select refund.id, failed.ref, failed.reason
    from unnest(:ids::uuid[], :refs::text[], :reasons::text[]) as failed (id, ref, reason)
    join payments.refund on refund.id = failed.id and refund.failed_at is null and refund.paid_by = 'provider'
    order by refund.id for no key update
)
update payments.refund
set failed_at = :now, done_at = null, attempts = attempts + 1, reason = locked.reason,
    provider_ref = coalesce(locked.ref, refund.provider_ref)
from locked where refund.id = locked.id
returning refund.id, payment_id, amount_cents;

-- name: name_refunding(payment_ids)!
-- A payment whose refund failed is no longer refunded.
update payments.payment set state = 'refunding' where id = any(:payment_ids::uuid[]);

-- name: send_refund_again(id, who, now)!
-- A failed refund is due again, as a new one at the provider. The id of the failed one stays until then, so that late
-- news about it is recognised.
update payments.refund
set failed_at = null, sent_at = null, due_at = :now, decided_by = :who
where id = :id and failed_at is not null;

-- name: pay_refund(id, paid_by, paid_reference, who, now)!
-- A failed refund was paid another way.
update payments.refund
set failed_at = null, done_at = :now, paid_by = :paid_by, paid_reference = :paid_reference, decided_by = :who
where id = :id and failed_at is not null;

-- name: failed_refunds()
-- Refunds that wait for a person, the longest waiting first.
select id, payment_id, amount_cents, attempts, due_at, created_at, done_at, reason, provider_ref, sent_at, failed_at,
    paid_by, paid_reference, decided_by, assignee as assignee_id
from payments.refund where failed_at is not null order by failed_at, id;

-- name: name_refunded(payment_ids)!
-- A payment becomes refunded, in full or in part, once none of its refunds is open.
update payments.payment
set state = case when payment.refund_cents = payment.captured_cents then 'refunded' else 'partly_refunded' end
where payment.id = any(:payment_ids::uuid[]) and payment.state = 'refunding'
    and not exists (select from payments.refund where refund.payment_id = payment.id and refund.done_at is null);

-- name: postpone_refunds(ids, due_ats, reasons, refs, sent_ats)!
-- Next attempt of refunds that were not executed, and next look at those that are on their way.
with locked as (
    select refund.id, later.due_at, later.reason, later.ref, later.sent_at
    from unnest(:ids::uuid[], :due_ats::timestamptz[], :reasons::text[], :refs::text[], :sent_ats::timestamptz[])
        as later (id, due_at, reason, ref, sent_at)
    join payments.refund on refund.id = later.id and refund.done_at is null and refund.failed_at is null
    order by refund.id for no key update
)
update payments.refund
set attempts = refund.attempts + 1, due_at = locked.due_at, reason = locked.reason,
    provider_ref = coalesce(locked.ref, refund.provider_ref), sent_at = coalesce(refund.sent_at, locked.sent_at)
from locked where refund.id = locked.id;

-- name: disputes(refs)
-- Disputes by the provider's id.
select id, payment_id, provider_ref, amount_cents, reason, state, is_inquiry, opened_at, due_at, closed_at,
    assignee as assignee_id
from payments.dispute where provider_ref = any(:refs::text[]);

-- name: disputes_of(payment_ids)
-- Disputes of some payments, oldest first.
select id, payment_id, provider_ref, amount_cents, reason, state, is_inquiry, opened_at, due_at, closed_at,
    assignee as assignee_id
from payments.dispute where payment_id = any(:payment_ids::uuid[]) order by opened_at, id;

-- name: open_disputes()
-- Open disputes, the most urgent first.
select id, payment_id, provider_ref, amount_cents, reason, state, is_inquiry, opened_at, due_at, closed_at,
    assignee as assignee_id
from payments.dispute where closed_at is null order by due_at, id;

-- name: put_disputes(ids, payment_ids, refs, amounts_cents, reasons, states, inquiries, opened_ats, due_ats, closed_ats)!
-- New and changed disputes, under the lock of what their payments were for.
insert into payments.dispute (
    id, payment_id, provider_ref, amount_cents, reason, state, is_inquiry, opened_at, due_at, closed_at
)
select dispute.*
from unnest(
    :ids::uuid[], :payment_ids::uuid[], :refs::text[], :amounts_cents::bigint[], :reasons::text[], :states::text[],
    :inquiries::boolean[], :opened_ats::timestamptz[], :due_ats::timestamptz[], :closed_ats::timestamptz[]
) as dispute (id, payment_id, provider_ref, amount_cents, reason, state, is_inquiry, opened_at, due_at, closed_at)
order by dispute.id
on conflict (id) do update
set amount_cents = excluded.amount_cents, reason = excluded.reason, state = excluded.state,
    is_inquiry = excluded.is_inquiry, due_at = excluded.due_at, closed_at = excluded.closed_at;

-- name: lock_dispute(id)^
-- A dispute, locked until the transaction ends.
select id, payment_id, provider_ref, amount_cents, reason, state, is_inquiry, opened_at, due_at, closed_at,
    assignee as assignee_id
from payments.dispute where id = :id for no key update;

-- name: dispute(id)^
-- A dispute by its id.
select id, payment_id, provider_ref, amount_cents, reason, state, is_inquiry, opened_at, due_at, closed_at,
    assignee as assignee_id
from payments.dispute where id = :id;

-- name: assign_dispute(id, assignee)!
-- Person who works on a locked dispute.
update payments.dispute set assignee = :assignee::uuid where id = :id;

-- name: assign_refund(id, assignee)!
-- Person who works on a failed refund, under the lock of its payment.
update payments.refund set assignee = :assignee::uuid where id = :id;

-- name: insert_evidence(id, dispute_id, sha256, pdf, fields, who, now)!
-- Evidence to send, under the lock of its dispute.
insert into payments.evidence (id, dispute_id, sha256, pdf, fields, requested_at, requested_by, due_at)
values (:id, :dispute_id, :sha256, :pdf, :fields::jsonb, :now, :who, :now);

-- name: evidence_of(dispute_ids)
-- The latest evidence of each dispute.
select distinct on (dispute_id) id, dispute_id, requested_at, requested_by, sent_at, failed_at, reason
from payments.evidence where dispute_id = any(:dispute_ids::uuid[]) order by dispute_id, requested_at desc, id desc;

-- name: due_evidence(now)^
-- The evidence that is due for the longest time, with its dispute.
select evidence.id, evidence.dispute_id, dispute.payment_id, dispute.provider_ref as dispute_ref, evidence.attempts,
    evidence.pdf, evidence.fields, payment.account
from payments.evidence
join payments.dispute on dispute.id = evidence.dispute_id
join payments.payment on payment.id = dispute.payment_id
where evidence.pdf is not null and evidence.due_at <= :now
order by evidence.due_at, evidence.id limit 1;

-- name: lock_evidence(id)^
-- Evidence that is not sent yet, locked until the transaction ends.
select attempts, requested_by from payments.evidence where id = :id and pdf is not null for no key update;

-- name: end_evidence(id, sent_at, failed_at, reason)!
-- Locked evidence was sent or cannot be: its content is dropped.
update payments.evidence
set pdf = null, fields = null, sent_at = :sent_at::timestamptz, failed_at = :failed_at::timestamptz,
    reason = :reason::text
where id = :id;

-- name: postpone_evidence(id, due_at, reason)!
-- Next attempt of locked evidence.
update payments.evidence set attempts = attempts + 1, due_at = :due_at, reason = :reason::text where id = :id;

-- name: count_overdue(refunds_before, payments_before)^
-- Counts of refunds that the provider has not accepted, of failed ones, of disputes without a response, of accounts with
-- a negative balance, and of expired open payments.
select
    (
        select count(*) from payments.refund
        where done_at is null and failed_at is null and sent_at is null and created_at < :refunds_before
    ) as refunds,
    (select count(*) from payments.refund where failed_at is not null) as failed_refunds,
    (select count(*) from payments.dispute where state = 'needs_response') as disputes,
    (
        (select count(*) from payments.account where negative_since is not null)
        + (select count(*) from payments.former_account where negative_since is not null)
    ) as negative_balances,
    (
        select count(*) from payments.payment
        where created_at >= (select open_since from payments.watermark)
            and state in ('created', 'pending') and expires_at < :payments_before
    ) + (
        select count(*) from payments.payment
        where debited_at is not null and ask_at is not null and expires_at < :payments_before
    ) as payments;

-- name: open_payments(since, until, after, wanted)
-- Open payments of a period, by age.
select id, created_at, expires_at, provider_ref, account, amount_cents
from payments.payment
where created_at >= :since and created_at < :until and state in ('created', 'pending') and (created_at, id) > (:since, :after)
order by created_at, id limit :wanted;

-- name: due_debits(now, wanted)
-- Debits under way that the provider is to be asked about, the longest due first.
select id, created_at, expires_at, amount_cents, provider_ref, account from payments.payment
where debited_at is not null and ask_at <= :now order by ask_at, id limit :wanted;

-- name: postpone_debits(ids, ask_at)!
-- When to ask again about debits that are still under way.
with locked as (
    select id from payments.payment
    where id = any(:ids::uuid[]) and captured_cents is null and state = 'processing'
    order by id for no key update
)
update payments.payment set ask_at = :ask_at from locked where payment.id = locked.id;

-- name: open_since()$
-- Watermark of reconciliation: no open payment is older.
select open_since from payments.watermark;

-- name: move_watermark(open_since)!
-- New watermark of reconciliation.
update payments.watermark set open_since = :open_since where open_since < :open_since;

-- name: abandon(ids, now)
-- Abandoned payments: they expire now, and reconciliation cancels them at the provider. Returns those that were open.
update payments.payment set expires_at = :now
where id in (
    select id from payments.payment
    where id = any(:ids::uuid[]) and captured_cents is null and state in ('created', 'pending') and expires_at > :now
    order by id for no key update
)
returning id;

-- name: turnover(purpose)^
-- Captured and refunded amounts of a purpose, over all time.
select coalesce(sum(captured_cents), 0)::bigint as captured_cents, coalesce(sum(refund_cents), 0)::bigint as refund_cents
from payments.payment where purpose = :purpose;

-- name: insert_method(id, subject, return_url, now)!
-- New saved card; a known id is left unchanged.
insert into payments.method (id, subject, state, return_url, begun_at)
values (:id, :subject, 'open', :return_url, :now) on conflict (id) do nothing;

-- name: methods(ids)
-- Saved cards by id.
select id, subject, state, label, reason, return_url, page_url, begun_at, provider_ref
from payments.method where id = any(:ids::uuid[]);

-- name: lock_methods(ids)
-- Saved cards by id, locked in order.
select id, subject, state, label, reason, return_url, page_url, begun_at, provider_ref
from payments.method where id = any(:ids::uuid[]) order by id for no key update;

-- name: methods_of(subject)
-- Saved cards of a subject that are not forgotten.
select id, subject, state, label, reason, return_url, page_url, begun_at, provider_ref
from payments.method where subject = :subject and state <> 'forgotten' order by begun_at, id;

-- name: put_methods(ids, states, labels, reasons, page_urls, refs, now)!
-- Updated saved cards; the caller has locked them.
update payments.method set
    state = wish.state, label = wish.label, reason = wish.reason, page_url = wish.page_url,
    provider_ref = wish.provider_ref, settled_at = :now
from unnest(:ids::uuid[], :states::text[], :labels::text[], :reasons::text[], :page_urls::text[], :refs::text[])
    as wish (id, state, label, reason, page_url, provider_ref)
where method.id = wish.id;

-- name: methods_in_state(state, before, wanted)
-- Saved cards that have been in a state since before a time, by age.
select id, subject, state, label, reason, return_url, page_url, begun_at, provider_ref
from payments.method where state = :state and begun_at < :before order by begun_at, id limit :wanted;

-- name: lock_call_lanes()
-- When the next call of each lane may be made, locked in order.
select lane, free_at from payments.call_lane order by lane for no key update;

-- name: put_call_lanes(lanes, free_ats)!
-- When the next call of each locked lane may be made.
update payments.call_lane set free_at = booked.free_at
from unnest(:lanes::text[], :free_ats::timestamptz[]) as booked (lane, free_at)
where call_lane.lane = booked.lane;

-- name: captures(since, until, after, wanted)
-- Captured payments created in a period, by age. A debit counts from the time at which its money came.
select id, created_at as at, captured_cents, account, fee_cents from payments.payment
where created_at >= :since and created_at < :until and captured_cents is not null and debited_at is null
    and (created_at, id) > (:since, :after)
union all
select id, settled_at as at, captured_cents, account, fee_cents from payments.payment
where settled_at >= :since and settled_at < :until and captured_cents is not null and debited_at is not null
    and (settled_at, id) > (:since, :after)
order by at, id limit :wanted;

-- name: refunds_done(since, until, after, wanted)
-- Refunds that the provider accepted in a period, by the time of its answer.
select id, payment_id, amount_cents, attempts, due_at, created_at, done_at, reason, provider_ref, sent_at, failed_at,
    paid_by, paid_reference, decided_by, assignee as assignee_id
from payments.refund
where done_at >= :since and done_at < :until and (done_at, id) > (:since, :after)
order by done_at, id limit :wanted;

-- name: first_payment_at()$
-- When the first payment was created.
select min(created_at) from payments.payment;
