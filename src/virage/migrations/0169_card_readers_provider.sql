-- expand: readers are registered and removed at the provider after the intent is stored.

-- A reader that is being registered at the provider, until its answer is stored. `code` is what the reader shows.
create table card_readers.registration (
    id uuid primary key,
    code text not null,
    label text not null,
    outlet text not null,
    location_id text not null,
    begun_at timestamptz not null,
    begun_by uuid
);

-- When the provider has confirmed that it removed the reader.
alter table card_readers.reader add column deregistered_at timestamptz;
