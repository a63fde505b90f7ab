-- name: insert_account(organiser_id, who, now)!
-- A new account of an organiser; a known one is left unchanged.
insert into payments.account (organiser_id, begun_at, begun_by) values (:organiser_id, :now, :who)
on conflict (organiser_id) do nothing;

-- name: renew_request(organiser_id, begun_at, now)!
-- The next request to create an account is a new one at the provider, which has refused the last one: the time is part
-- of its idempotency key, so it is always a later one.
update payments.account set begun_at = greatest(:now, begun_at + interval '1 microsecond')
where organiser_id = :organiser_id and begun_at = :begun_at and ref is null;

-- name: accounts()
-- All accounts that organisers sell on.
select organiser_id, ref, begun_at, may_charge, may_pay_out, requirements, due_at, disabled_reason, read_at,
    fee_permille, fee_cents, returns_fee, available_cents, pending_cents, negative_since
from payments.account order by begun_at, organiser_id;

-- name: former_accounts()
-- All accounts that were replaced, the latest first.
select organiser_id, ref, begun_at, may_charge, may_pay_out, requirements, due_at, disabled_reason, read_at,
    available_cents, pending_cents, negative_since, replaced_at
from payments.former_account order by replaced_at desc, ref;

-- name: accounts_of(organiser_ids)
-- Accounts of some organisers.
select organiser_id, ref, begun_at, may_charge, may_pay_out, requirements, due_at, disabled_reason, read_at,
    fee_permille, fee_cents, returns_fee, available_cents, pending_cents, negative_since
from payments.account where organiser_id = any(:organiser_ids::uuid[]);

-- name: lock_accounts(organiser_ids, refs)
-- Accounts of some organisers or with some ids of the provider, locked in order.
select organiser_id, ref, begun_at, may_charge, may_pay_out, requirements, due_at, disabled_reason, read_at,
    fee_permille, fee_cents, returns_fee, available_cents, pending_cents, negative_since
from payments.account where organiser_id = any(:organiser_ids::uuid[]) or ref = any(:refs::text[])
order by organiser_id for no key update;

-- name: lock_former_accounts(refs)
-- Replaced accounts with some ids of the provider, locked in order.
select organiser_id, ref, begun_at, may_charge, may_pay_out, requirements, due_at, disabled_reason, read_at,
    available_cents, pending_cents, negative_since, replaced_at
from payments.former_account where ref = any(:refs::text[]) order by ref for no key update;

-- name: replace_account(organiser_id, ref, who, now)!
-- A locked account with this id becomes a replaced one; a new one of its organiser begins, with the same fee.
with former as (
    insert into payments.former_account (
        ref, organiser_id, begun_at, begun_by, replaced_at, replaced_by, may_charge, may_pay_out, requirements, due_at,
        disabled_reason, read_at, available_cents, pending_cents, negative_since
    )
    select ref, organiser_id, begun_at, begun_by, :now, :who, may_charge, may_pay_out, requirements, due_at,
        disabled_reason, read_at, available_cents, pending_cents, negative_since
    from payments.account where organiser_id = :organiser_id and ref = :ref
    returning organiser_id
)
update payments.account
set ref = null, begun_at = :now, begun_by = :who, may_charge = false, may_pay_out = false, requirements = '{}',
    due_at = null, disabled_reason = null, read_at = null, available_cents = null, pending_cents = null,
    negative_since = null
from former where account.organiser_id = former.organiser_id;

-- name: name_account(organiser_id, begun_at, ref)!
-- The provider's id of a locked account, once, unless another one has begun since.
update payments.account set ref = :ref where organiser_id = :organiser_id and begun_at = :begun_at and ref is null;

-- name: put_fee(organiser_id, permille, cents, is_returned)!
-- The fee rule of a locked account.
update payments.account set fee_permille = :permille, fee_cents = :cents, returns_fee = :is_returned
where organiser_id = :organiser_id;

-- name: put_report(organiser_id, may_charge, may_pay_out, requirements, due_at, disabled_reason, available_cents, pending_cents, negative_since, now)!
-- What the provider says of a locked account.
update payments.account
set may_charge = :may_charge, may_pay_out = :may_pay_out, requirements = :requirements::text[],
    due_at = :due_at::timestamptz, disabled_reason = :disabled_reason::text, available_cents = :available_cents::bigint,
    pending_cents = :pending_cents::bigint, negative_since = :negative_since::timestamptz, read_at = :now
where organiser_id = :organiser_id;

-- name: put_former_report(ref, may_charge, may_pay_out, requirements, due_at, disabled_reason, available_cents, pending_cents, negative_since, now)!
-- What the provider says of a locked account that was replaced.
update payments.former_account
set may_charge = :may_charge, may_pay_out = :may_pay_out, requirements = :requirements::text[],
    due_at = :due_at::timestamptz, disabled_reason = :disabled_reason::text, available_cents = :available_cents::bigint,
    pending_cents = :pending_cents::bigint, negative_since = :negative_since::timestamptz, read_at = :now
where ref = :ref;
