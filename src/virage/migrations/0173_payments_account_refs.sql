-- expand, concurrent: payouts name an organiser's payment by the provider's id of it.
create index concurrently if not exists payment_account_ref on payments.payment (provider_ref) where account is not null;
