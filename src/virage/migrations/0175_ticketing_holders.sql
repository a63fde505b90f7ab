-- expand, concurrent: transferred tickets are found by their present holder; few tickets are in it.
create index concurrently if not exists ticket_holder on ticketing.ticket (holder_id)
where holder_id is not null;
