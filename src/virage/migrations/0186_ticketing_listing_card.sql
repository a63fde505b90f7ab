-- expand: a keyed digest of the card that paid the tickets of a listing, while the sale of their event is open.

alter table ticketing.listing add column card_key bytea;
