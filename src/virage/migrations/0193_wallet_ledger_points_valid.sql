-- expand: read the accounts that 0192 constrained, without a lock that a sale waits for.
alter table wallet_ledger.account validate constraint account_kind_check;
