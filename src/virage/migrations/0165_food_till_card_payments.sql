-- expand: the payment at a card reader that brought the money of a sale, or gets it back.
alter table food_till.booking add column card_payment_id uuid;

create view food_till.public_card_payment as
select device_id, record_id, card_payment_id, cents from food_till.booking where card_payment_id is not null;

-- Parts of offline sales that name a payment at a card reader which did not pay them: losses, not money of a terminal.
create view food_till.public_card_payment_loss as
select device_id, loss_cents from food_till.booking where loss_reason like 'card_payment_%';
