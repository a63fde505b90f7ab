-- expand, concurrent: failed refunds are listed, and counted by the metrics.
create index concurrently if not exists refund_failed on payments.refund (failed_at) where failed_at is not null;
