-- expand: the waiting list of an event that is sold out.

-- People who wait for seats of an event. `wheelchairs` of the party are in wheelchair spaces, stored with the person's
-- consent. `category_ids` are the categories that they want; none: any. `turn_at` orders the list: the moment of joining,
-- then that of the end of the last invitation. Rows are deleted when the sale is over.
create table ticketing.waiting (
    event_id uuid not null,
    person_id uuid not null,
    joined_at timestamptz not null,
    turn_at timestamptz not null,
    invited_until timestamptz,
    size integer not null check (size between 1 and 9),
    wheelchairs integer not null,
    invitations integer not null default 0,
    category_ids uuid [] not null,
    primary key (event_id, person_id),
    constraint wheelchairs_are_of_the_party check (wheelchairs between 0 and size)
);
create index waiting_person on ticketing.waiting (person_id);
