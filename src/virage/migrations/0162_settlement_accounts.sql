-- expand: payouts of organisers' accounts, and the operator's share of their payments.

-- `account` is the account that is paid out; null: the operator's own.
alter table settlement.payout
add column account text,
add column share_cents bigint not null default 0;

-- `account` is the account that took the payment of the entry: that of the payout or, for the operator's share in the
-- operator's payout, that of the organiser.
alter table settlement.entry add column account text;
