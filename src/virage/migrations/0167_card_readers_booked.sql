-- expand: which sales and top-ups payments at card readers have paid.
create view card_readers.public_booked_payment as
select id as payment_id, till_id, record_id, amount_cents from card_readers.payment where booked_at is not null;
