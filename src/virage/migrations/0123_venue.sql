-- expand: venues are data with versions; until now one venue was part of the program.
-- A venue. The codes of its gates, outlets, lifts and ramps begin with its prefix, which the first venue does not have.
create table venue.venue (
    code text primary key,
    prefix text not null unique check (prefix = '' or prefix = code || '.'),
    current_version text not null,
    created_at timestamptz not null
);

-- A version of a venue, which never changes. `file` is the venue file as canonical JSON, compressed by gzip.
create table venue.version (
    version text primary key,
    venue_code text not null references venue.venue (code),
    number integer not null check (number > 0),
    name text not null,
    time_zone text not null,
    seats integer not null check (seats >= 0),
    places integer not null check (places >= seats),
    file bytea not null,
    based_on text,
    imported_at timestamptz not null,
    imported_by uuid,
    unique (venue_code, number)
);

-- For domains above, which know an event's version.
create view venue.public_version as select version, venue_code, name, time_zone from venue.version;
