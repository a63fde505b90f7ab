-- Food and shop: the catalogue with its versions, the calendar of derogations, the stock of each outlet.
create schema concessions;

-- The one draft of the catalogue. Whoever changes or publishes it locks this row first, so that what is published is
-- what was looked at.
create table concessions.draft (
    is_the_one boolean primary key default true check (is_the_one),
    revision bigint not null default 0
);
insert into concessions.draft default values;

-- What the draft sells. A product, menu or deposit is one document: it is written, read and published as a whole.
create table concessions.item (
    id uuid primary key,
    content jsonb not null,
    revision integer not null default 1,
    changed_at timestamptz not null,
    changed_by uuid
);

-- What it costs: at one outlet or at all, in a window of minutes around the event's start or at any time.
create table concessions.price (
    item_id uuid not null references concessions.item (id) on delete cascade,
    outlet text,
    from_min integer,
    until_min integer,
    cents integer not null check (cents >= 0),
    unique nulls not distinct (item_id, outlet, from_min),
    check ((from_min is null) = (until_min is null)),
    check (from_min < until_min)
);

-- A published content by its hash, with its rows: kept for ever, for a sale of an hour or a year ago names it.
create table concessions.version (
    version text primary key,
    published_at timestamptz not null
);

create table concessions.version_item (
    version text not null references concessions.version (version),
    position integer not null,
    item_id uuid not null,
    content jsonb not null,
    primary key (version, position)
);

create table concessions.version_price (
    version text not null references concessions.version (version),
    item_id uuid not null,
    outlet text,
    from_min integer,
    until_min integer,
    cents integer not null,
    unique nulls not distinct (version, item_id, outlet, from_min)
);

-- When which version came into force: the last one is. The same content may be published again.
create table concessions.publication (
    number integer primary key,
    id uuid not null unique,
    version text not null references concessions.version (version),
    published_at timestamptz not null,
    published_by uuid
);

create trigger version_never_changes before update or delete or truncate on concessions.version
for each statement execute function kernel.refuse_change();
create trigger version_item_never_changes before update or delete or truncate on concessions.version_item
for each statement execute function kernel.refuse_change();
create trigger version_price_never_changes before update or delete or truncate on concessions.version_price
for each statement execute function kernel.refuse_change();
create trigger publication_never_changes before update or delete or truncate on concessions.publication
for each statement execute function kernel.refuse_change();

-- A picture in the object store; its name is its hash.
create table concessions.picture (
    name text primary key,
    uploaded_at timestamptz not null,
    uploaded_by uuid
);

-- What the mayor allows an organiser (code de la santé publique, L3335-4).
create table concessions.derogation (
    id uuid primary key,
    organiser_id uuid not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    reference text not null,
    entered_at timestamptz not null,
    entered_by uuid,
    withdrawn_at timestamptz,
    check (starts_at < ends_at and ends_at <= starts_at + interval '48 hours')
);
create index derogation_organiser on concessions.derogation (organiser_id, starts_at);

-- What an outlet has of a product: the sum of its movements, kept beside them.
create table concessions.stock (
    outlet text not null,
    product_id uuid not null,
    level integer not null default 0,
    low_at integer check (low_at >= 0),
    primary key (outlet, product_id)
) with (fillfactor = 70);

-- A delivery, waste, count or transfer as somebody wrote it down. `request_digest` tells the same document from another.
create table concessions.stock_document (
    id uuid primary key,
    request_digest bytea not null
);

-- So many more or fewer, once and for ever. `id` is the document's, or the sale's.
create table concessions.movement (
    id uuid not null,
    outlet text not null,
    product_id uuid not null,
    kind text not null check (kind in ('delivery', 'sale', 'waste', 'count', 'transfer')),
    quantity integer not null,
    at timestamptz not null,
    who uuid,
    primary key (id, outlet, product_id)
);
create index movement_outlet on concessions.movement (outlet, at desc);

create trigger movement_never_changes before update or delete or truncate on concessions.movement
for each statement execute function kernel.refuse_change();
