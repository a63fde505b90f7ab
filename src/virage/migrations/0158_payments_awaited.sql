-- expand: money that comes later: debits that a bank pays days after their page, and top-ups that the fan confirms.
-- The wider check of payments is validated by 0160, so that no sale waits while they are read.
-- squawk-ignore ban-drop-constraint
alter table payments.payment drop constraint payment_state_check;
alter table payments.payment
add constraint payment_state_check check (
    state in (
        'created', 'pending', 'processing', 'captured', 'declined', 'cancelled', 'expired',
        'refunding', 'partly_refunded', 'refunded'
    )
) not valid;

-- `debited_at` is when the buyer authorised a debit, `ask_at` when the provider is asked again while it is under way.
-- Both are null for all other payments, so that indexes on them cost those nothing.
alter table payments.payment
add column debited_at timestamptz,
add column ask_at timestamptz;

-- Of an order whose buyer authorised a debit: `awaiting` settlement, or `failed`.
alter table ticketing.orders
add column debit text
-- squawk-ignore constraint-missing-not-valid
constraint orders_debit_check check (debit in ('awaiting', 'failed'));

create or replace view ticketing.order_row as
select
    id, code, event_id, owner_id, session_id, state, places, tariffs, prices, ticket_ids, fee_cents, total_cents,
    refunded_cents, vat_permille, fee_vat_permille, held_at, expires_at, payment_id, paid_at, returned_cents, debit
from ticketing.orders;

-- `confirm`: the bank wants the fan to confirm the charge of a saved card, until `retry_at`.
-- squawk-ignore ban-drop-constraint
alter table wallet_funding.auto_top_up drop constraint auto_top_up_state_check;
alter table wallet_funding.auto_top_up
-- squawk-ignore constraint-missing-not-valid
add constraint auto_top_up_state_check check (state in ('on', 'off', 'confirm'));
