-- expand: payouts of organisers' accounts show what is not the operator's affair.

-- Net amount of the entries of an organiser's payout that are about no payment of Virage.
alter table settlement.payout add column other_business_cents bigint not null default 0;
