-- expand, concurrent: the figures of shifts look payments up by the record that they paid.
create index concurrently if not exists payment_record on card_readers.payment (record_id);
