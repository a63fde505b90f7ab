-- expand: events that were moved to another version of their venue, and the labels of places that it does not have.

-- The current version of the venue of each event that was moved. A process whose copy of the sale is of another version
-- claims no place.
create table ticketing.moved_event (
    event_id uuid primary key,
    venue_version text not null
);

-- The label of the place of a ticket that was refunded, or of an order that ended, where the current version of the
-- venue has no such place; the place itself is then -1. A ticket's id is that of the order's line.
create table ticketing.former_label (
    ticket_id uuid primary key,
    event_id uuid not null,
    label jsonb not null
);
