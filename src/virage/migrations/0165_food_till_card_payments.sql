-- expand: the payment at a card reader that paid a sale, or receives its refund.
alter table food_till.booking add column card_payment_id uuid;

create view food_till.public_card_payment as
select device_id, record_id, card_payment_id, cents from food_till.booking where card_payment_id is not null;

-- Parts of offline sales that name a payment at a card reader which did not pay them: losses, not money of a terminal.
create view food_till.public_card_payment_loss as
select device_id, loss_cents from food_till.booking where starts_with(loss_reason, 'card_payment_');
