-- expand, concurrent: debits are few, and are found by when they are due to be asked about.
create index concurrently if not exists payment_debit on payments.payment (ask_at, debited_at)
where debited_at is not null;
