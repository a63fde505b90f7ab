-- Refunds whose sale nobody knew before refunds named its till: as if it were the till that gave the money back.
update concessions.booking set refund_till = device_id where refund_of is not null and refund_till is null;
