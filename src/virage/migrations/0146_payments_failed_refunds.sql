-- expand: refunds on their way at the provider, failed ones that a person decides on, and those paid another way.
alter table payments.refund
add column provider_ref text,
add column sent_at timestamptz,
add column failed_at timestamptz,
add column paid_by text not null default 'provider' check (paid_by in ('provider', 'bank_transfer', 'cash')),
add column paid_reference text,
add column decided_by uuid;
