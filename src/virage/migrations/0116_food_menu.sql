-- baseline: the catalogue of food and shop: its draft and published versions, alcohol permits, stock of the outlets.
create schema food_menu;

-- The draft of the catalogue. A change or publication locks this row first, so that what is published is what was
-- reviewed.
create table food_menu.draft (
    is_the_one boolean primary key default true check (is_the_one),
    revision bigint not null default 0
);
insert into food_menu.draft default values;

-- A product, menu or deposit of the draft: one document, which is written, read and published as a whole.
create table food_menu.item (
    id uuid primary key,
    content jsonb not null,
    revision integer not null default 1,
    changed_at timestamptz not null,
    changed_by uuid
);

-- Its price: at one outlet or at all, in a window of minutes around the event's start or at any time.
create table food_menu.price (
    item_id uuid not null references food_menu.item (id) on delete cascade,
    outlet text,
    from_min integer,
    until_min integer,
    cents integer not null check (cents >= 0),
    unique nulls not distinct (item_id, outlet, from_min),
    check ((from_min is null) = (until_min is null)),
    check (from_min < until_min)
);

-- A published catalogue by the hash of its content, with its rows. It is never deleted, since sales of any age name it.
create table food_menu.version (
    version text primary key,
    published_at timestamptz not null
);

create table food_menu.version_item (
    version text not null references food_menu.version (version),
    position integer not null,
    item_id uuid not null,
    content jsonb not null,
    primary key (version, position)
);

create table food_menu.version_price (
    version text not null references food_menu.version (version),
    item_id uuid not null,
    outlet text,
    from_min integer,
    until_min integer,
    cents integer not null,
    unique nulls not distinct (version, item_id, outlet, from_min)
);

-- Publications in order: the last one is in force. The same content may be published again.
create table food_menu.publication (
    number integer primary key,
    id uuid not null unique,
    version text not null references food_menu.version (version),
    published_at timestamptz not null,
    published_by uuid
);

create trigger version_never_changes before update or delete or truncate on food_menu.version
for each statement execute function kernel.refuse_change();
create trigger version_item_never_changes before update or delete or truncate on food_menu.version_item
for each statement execute function kernel.refuse_change();
create trigger version_price_never_changes before update or delete or truncate on food_menu.version_price
for each statement execute function kernel.refuse_change();
create trigger publication_never_changes before update or delete or truncate on food_menu.publication
for each statement execute function kernel.refuse_change();

-- A picture in the object store; its name is its hash.
create table food_menu.picture (
    name text primary key,
    uploaded_at timestamptz not null,
    uploaded_by uuid
);

-- An alcohol permit of the mayor for an organiser (code de la santé publique, L3335-4).
create table food_menu.derogation (
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
create index derogation_organiser on food_menu.derogation (organiser_id, starts_at);

-- Stock level of a product at an outlet: the sum of its movements, kept beside them.
create table food_menu.stock (
    outlet text not null,
    product_id uuid not null,
    level bigint not null default 0,
    low_at bigint check (low_at >= 0),
    primary key (outlet, product_id)
) with (fillfactor = 70);

-- A delivery, waste, count or transfer. `request_digest` distinguishes a repeated request from another document.
create table food_menu.stock_document (
    id uuid primary key,
    request_digest bytea not null
);

-- A change of a stock level, append-only. `id` is that of the document or sale; `kind` is in the key, so that a
-- document cannot take the id of a sale.
create table food_menu.movement (
    id uuid not null,
    outlet text not null,
    product_id uuid not null,
    kind text not null check (kind in ('delivery', 'sale', 'waste', 'count', 'transfer')),
    quantity bigint not null,
    at timestamptz not null,
    who uuid,
    primary key (id, outlet, product_id, kind)
);
create index movement_outlet on food_menu.movement (outlet, at desc);
create trigger movement_never_changes before update or delete or truncate on food_menu.movement
for each statement execute function kernel.refuse_change();

-- For domains above: stock levels, their movements, and the names of products in each publication.
create view food_menu.public_stock as select outlet, product_id, level from food_menu.stock;

create view food_menu.public_movement as select id, outlet, product_id, kind, quantity, at from food_menu.movement;

create view food_menu.public_product_name as
select item.item_id as product_id, item.content -> 'name' as name, publication.number as publication
from food_menu.version_item as item
inner join food_menu.publication on publication.version = item.version;
