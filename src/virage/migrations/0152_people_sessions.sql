-- expand: names of sessions, and the browsers in which a person has signed in.

-- What a person calls a session; null: its device alone.
alter table people.session add column name text;

-- The browsers in which a person has signed in; keys are HMACs of person and browser.
create table people.known_browser (
    browser_key bytea primary key,
    person_id uuid not null references people.person (id),
    seen_at timestamptz not null
);
create index known_browser_of_person on people.known_browser (person_id);
