-- expand: payouts know which of their money card readers took, because the books hold that in another account.

-- Captures less refunds of payments at card readers among the entries of a payout.
alter table settlement.payout add column reader_cents bigint not null default 0;

create view payments.public_reader_payment as
select id as payment_id from payments.payment where purpose = 'card_reader';
