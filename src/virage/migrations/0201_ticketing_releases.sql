-- expand: seats that their holders give back for one match without money.

-- Whether holders may give back seats of an event, by its rules.
alter table ticketing.exchange_terms add column give_back boolean not null default false;
