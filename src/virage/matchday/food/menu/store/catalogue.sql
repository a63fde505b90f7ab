-- name: lock_draft()$
-- Keep the draft for one who changes or publishes it, and count the change.
update food_menu.draft set revision = revision + 1 returning revision;

-- name: draft_items()
-- What the draft sells.
select content, revision from food_menu.item order by id;

-- name: draft_prices()
-- What it costs.
select item_id, outlet, from_min, until_min, cents from food_menu.price order by item_id;

-- name: draft_item(id)^
-- One item of the draft.
select content, revision from food_menu.item where id = :id;

-- name: stocked_products(ids)
-- Which of these are products whose stock is counted: in the draft, or at an outlet since before.
select id from food_menu.item
where id = any(:ids::uuid[]) and content ->> 'kind' = 'product' and coalesce((content ->> 'is_stocked')::boolean, true)
union
select product_id from food_menu.stock where product_id = any(:ids::uuid[]);

-- name: put_item(id, content, now, who)$
-- Insert or update an item; its revision.
insert into food_menu.item (id, content, changed_at, changed_by) values (:id, :content, :now, :who)
on conflict (id) do update
set content = excluded.content, revision = item.revision + 1, changed_at = excluded.changed_at,
    changed_by = excluded.changed_by
returning revision;

-- name: delete_item(id)!
-- Delete an item of the draft with its prices.
delete from food_menu.item where id = :id;

-- name: clear_prices(item_id)!
-- Nothing is said of an item's price.
delete from food_menu.price where item_id = :item_id;

-- name: insert_prices(item_id, outlets, from_mins, until_mins, cents)!
-- What is said of an item's price.
insert into food_menu.price (item_id, outlet, from_min, until_min, cents)
select :item_id, said.outlet, said.from_min, said.until_min, said.cents
from unnest(:outlets::text[], :from_mins::integer[], :until_mins::integer[], :cents::integer[])
    as said (outlet, from_min, until_min, cents);

-- name: insert_version(version, now)$
-- A content by its name; null where it was published before.
insert into food_menu.version (version, published_at) values (:version, :now)
on conflict (version) do nothing returning version;

-- name: insert_version_items(version, item_ids, contents)!
-- What a version sells, in the order of the board.
insert into food_menu.version_item (version, position, item_id, content)
select :version, item.position, item.item_id, item.content
from unnest(:item_ids::uuid[], :contents::jsonb[]) with ordinality as item (item_id, content, position);

-- name: insert_version_prices(version, item_ids, outlets, from_mins, until_mins, cents)!
-- What it costs in a version.
insert into food_menu.version_price (version, item_id, outlet, from_min, until_min, cents)
select :version, said.item_id, said.outlet, said.from_min, said.until_min, said.cents
from unnest(
    :item_ids::uuid[], :outlets::text[], :from_mins::integer[], :until_mins::integer[], :cents::integer[]
) as said (item_id, outlet, from_min, until_min, cents);

-- name: insert_publication(id, version, now, who)^
-- A version comes into force; the draft is locked, so numbers have no gaps.
insert into food_menu.publication (number, id, version, published_at, published_by)
select coalesce(max(number), 0) + 1, :id::uuid, :version::text, :now::timestamptz, :who::uuid
from food_menu.publication
returning number, id, version, published_at, published_by;

-- name: publication(id)^
-- A publication by the id that its asker made.
select number, id, version, published_at, published_by from food_menu.publication where id = :id;

-- name: publications(most)
-- What came into force, the latest first.
select number, id, version, published_at, published_by from food_menu.publication
order by number desc limit :most;

-- name: version_in_force()$
-- The version that came into force last.
select version from food_menu.publication order by number desc limit 1;

-- name: known_versions(versions)
-- Which of these were ever published.
select version from food_menu.version where version = any(:versions::text[]);

-- name: version_items(versions)
-- What versions sell, in the order of the board.
select version, content from food_menu.version_item where version = any(:versions::text[])
order by version, position;

-- name: version_prices(versions)
-- What it costs in versions.
select version, item_id, outlet, from_min, until_min, cents from food_menu.version_price
where version = any(:versions::text[]) order by version, item_id;

-- name: insert_picture(name, now, who)$
-- A picture that was stored; null where it was before.
insert into food_menu.picture (name, uploaded_at, uploaded_by) values (:name, :now, :who)
on conflict (name) do nothing returning name;

-- name: knows_picture(name)$
-- Whether a picture was stored.
select exists(select from food_menu.picture where name = :name);
