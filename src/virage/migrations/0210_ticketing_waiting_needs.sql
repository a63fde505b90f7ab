-- expand: parties on a waiting list name features that a seat must have.

-- `needs` are stored with the person's consent, like `wheelchairs`.
alter table ticketing.waiting add column needs text [] not null default '{}';
