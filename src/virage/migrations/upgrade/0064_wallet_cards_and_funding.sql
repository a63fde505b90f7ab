-- Cards and the funding of purses are domains of their own, and nothing is left of the schema that had all of them.
-- Programs of before find its tables no more: they end before this migration.
create schema wallet_cards;
-- squawk-ignore ban-set-schema
alter table wallet.card set schema wallet_cards;
-- squawk-ignore ban-set-schema
alter table wallet.tap set schema wallet_cards;
-- squawk-ignore ban-set-schema
alter table wallet.card_day set schema wallet_cards;
-- squawk-ignore ban-set-schema
alter table wallet.card_pin set schema wallet_cards;
-- squawk-ignore ban-set-schema
alter table wallet.phone_key set schema wallet_cards;
-- squawk-ignore ban-set-schema
alter table wallet.proof set schema wallet_cards;

create schema wallet_funding;
-- squawk-ignore ban-set-schema
alter table wallet.top_up set schema wallet_funding;
-- squawk-ignore ban-set-schema
alter table wallet.payout set schema wallet_funding;
-- squawk-ignore ban-set-schema
alter table wallet.gift set schema wallet_funding;
-- squawk-ignore ban-set-schema
alter table wallet.load set schema wallet_funding;
-- squawk-ignore ban-set-schema
alter table wallet.auto_top_up set schema wallet_funding;

-- squawk-ignore ban-drop-schema
drop schema wallet;
