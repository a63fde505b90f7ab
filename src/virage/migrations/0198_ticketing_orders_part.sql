-- expand, concurrent: the orders of a part of a bundle.
create index concurrently if not exists orders_part on ticketing.orders (part_id) where part_id is not null;
