-- expand, concurrent: the orders of a bundle.
create index concurrently if not exists orders_bundle on ticketing.orders (bundle_id) where bundle_id is not null;
