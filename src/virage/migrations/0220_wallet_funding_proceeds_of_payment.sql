-- expand, concurrent: the proceeds of a payment that is disputed.
create index concurrently if not exists proceeds_of_payment on wallet_funding.proceeds (payment_id);
