-- expand: the tickets of a review, so that it holds when a ticket is offered to the same person anew.

-- Empty for what is no ticket, and for reviews from before.
alter table access.ban_review add column ticket_ids uuid[] not null default '{}';
