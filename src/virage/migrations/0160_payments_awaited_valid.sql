-- expand: read the payments that 0158 constrained, without a lock that a sale waits for.
alter table payments.payment validate constraint payment_state_check;
